"""From printed lines to fields: size and document code tell the format, and every check digit is verified."""

from collections.abc import Sequence

from app.vocabulary.mrz.errors import MrzError
from app.vocabulary.mrz.fields import Mrz
from app.vocabulary.mrz.layout import CHARACTERS, FILLER, LAYOUTS, LONG_NUMBER_FORMATS, Format, check_digit

_WIDTHS = {3: (30,), 2: (36, 44)}
_FORMATS = {30: (Format.TD1, Format.TD1), 36: (Format.TD2, Format.MRV_B), 44: (Format.TD3, Format.MRV_A)}


def parse(lines: Sequence[str]) -> Mrz:
    """Read two or three lines as printed.

    Wrong content (a failed check digit, an impossible date, an unknown state) is told by the result only.
    Raises MrzError for a number of lines, a length or a character that no machine readable zone has.
    """
    code = _recognise(lines)
    layout = LAYOUTS[code]
    printed = {name: span.of(lines) for name, span in layout.fields.items()}
    digits = {name: check.at.of(lines) for name, check in layout.checks.items()}
    covered = {name: "".join(span.of(lines) for span in check.covers) for name, check in layout.checks.items()}
    number, digits["document_number"], optional = _document_number(code, printed, digits["document_number"])
    covered["document_number"] = number
    surname, _, given_names = printed["names"].strip(FILLER).partition(FILLER * 2)
    return Mrz(
        format=code,
        document_code=printed["document_code"].strip(FILLER),
        issuer=printed["issuer"].strip(FILLER),
        surname=_words(surname),
        given_names=_words(given_names),
        document_number=number.rstrip(FILLER),
        document_number_check=digits["document_number"],
        nationality=printed["nationality"].strip(FILLER),
        birth_date=printed["birth_date"],
        sex_printed=printed["sex"],
        expiry_date=printed["expiry_date"],
        optional_data=optional.strip(FILLER),
        optional_data_2=printed.get("optional_data_2", "").strip(FILLER),
        checks={name: _holds(name, covered[name], digits[name]) for name in layout.checks},
    )


def _recognise(lines: Sequence[str]) -> Format:
    """Tell the format by number and length of lines; a document code that begins with V makes it a visa."""
    widths = _WIDTHS.get(len(lines))
    if widths is None:
        what = f"a machine readable zone of {len(lines)} {'line' if len(lines) == 1 else 'lines'}"
        raise MrzError(what, "two lines of 36 or 44 characters, or three lines of 30")
    for index, line in enumerate(lines):
        _check_line(index, line, widths if index == 0 else (len(lines[0]),))
    document, visa = _FORMATS[len(lines[0])]
    return visa if lines[0].startswith("V") else document


def _check_line(index: int, line: str, widths: tuple[int, ...]) -> None:
    """Refuse a foreign character first: it explains more than the length does."""
    for column, character in enumerate(line, start=1):
        if character not in CHARACTERS:
            what = f"{character!r} is not a character of a machine readable zone"
            raise MrzError(what, "only A to Z in upper case, 0 to 9 and < are", index, column)
    if len(line) not in widths:
        right = f"it must have {' or '.join(map(str, widths))}"
        raise MrzError(f"the line has {len(line)} characters", right, index, min(len(line), max(widths)) + 1)


def _document_number(code: Format, printed: dict[str, str], digit: str) -> tuple[str, str, str]:
    """Return number, check digit and what is left of the optional data.

    A number longer than nine characters has a filler for its check digit, and runs on in the optional data up
    to the next filler; the last character before that filler is the check digit.
    """
    number, optional = printed["document_number"], printed["optional_data"]
    if code not in LONG_NUMBER_FORMATS or digit != FILLER or optional.startswith(FILLER):
        return number, digit, optional
    rest, _, optional = optional.partition(FILLER)
    return number + rest[:-1], rest[-1], optional


def _words(name: str) -> str:
    return name.strip(FILLER).replace(FILLER, " ")


def _holds(name: str, covered: str, digit: str) -> bool:
    """Compare a check digit; that of an empty personal number may be a filler (Doc 9303-4)."""
    empty = name == "personal_number" and not covered.strip(FILLER)
    return digit == check_digit(covered) or (empty and digit == FILLER)

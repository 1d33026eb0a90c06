"""From fields to printed lines with right check digits, for the demonstration and the tests."""

from app.vocabulary.mrz.errors import MrzError
from app.vocabulary.mrz.fields import MrzFields
from app.vocabulary.mrz.layout import (
    CHARACTERS,
    FILLER,
    LAYOUTS,
    LONG_NUMBER_FORMATS,
    VISA_FORMATS,
    Format,
    Layout,
    Span,
    check_digit,
)
from app.vocabulary.mrz.names import name_field

_NUMBER_WIDTH = 9
_DATE_WIDTH = 6


def compose(code: Format, fields: MrzFields) -> tuple[str, ...]:
    """Write a zone of the given format; names are transliterated and, where too long, truncated.

    Raises MrzError for fields that do not fit the format or have characters that cannot be printed in it.
    """
    layout = LAYOUTS[code]
    texts, number_digit = _texts(code, layout, fields)
    lines = [FILLER * layout.width] * layout.lines
    for name, text in texts.items():
        _print(lines, name, layout.fields.get(name), text)
    for name, check in layout.checks.items():
        covered = "".join(span.of(lines) for span in check.covers)
        _print(lines, name, check.at, number_digit if name == "document_number" else check_digit(covered))
    return tuple(lines)


def _texts(code: Format, layout: Layout, fields: MrzFields) -> tuple[dict[str, str], str]:
    """Return what goes into each field, and what stands in place of the document number's check digit."""
    number, digit, optional = _document_number(code, fields)
    if fields.document_code.startswith("V") is not (code in VISA_FORMATS):
        what = f"the document code {fields.document_code!r} on {code}"
        raise MrzError(what, "the code begins with V on visas (MRV-A, MRV-B), and only there")
    for name, date in (("birth_date", fields.birth_date), ("expiry_date", fields.expiry_date)):
        if len(date) != _DATE_WIDTH:
            raise MrzError(f"{name} is {date!r}", "six characters, YYMMDD, with < for what is unknown")
    texts = {
        "document_code": fields.document_code,
        "issuer": fields.issuer,
        "names": name_field(fields.surname, fields.given_names, layout.fields["names"].width),
        "document_number": number,
        "nationality": fields.nationality,
        "birth_date": fields.birth_date,
        "sex": fields.sex_printed,
        "expiry_date": fields.expiry_date,
        "optional_data": optional,
        "optional_data_2": fields.optional_data_2,
    }
    return texts, digit


def _document_number(code: Format, fields: MrzFields) -> tuple[str, str, str]:
    """Return number, character in its check digit's place and optional data; see parsing for long numbers."""
    number, rest = fields.document_number[:_NUMBER_WIDTH], fields.document_number[_NUMBER_WIDTH:]
    _only_mrz_characters("document_number", fields.document_number)
    digit = check_digit(fields.document_number)
    if not rest:
        return number, digit, fields.optional_data
    if code not in LONG_NUMBER_FORMATS or FILLER in rest:
        what = f"the document number {fields.document_number!r} cannot be printed on {code}"
        raise MrzError(what, "at most nine characters; on TD1 and TD2 more, without fillers after the ninth")
    optional = f"{FILLER}{fields.optional_data}" if fields.optional_data else ""
    return number, FILLER, f"{rest}{digit}{optional}"


def _print(lines: list[str], name: str, span: Span | None, text: str) -> None:
    if not text:
        return
    _only_mrz_characters(name, text)
    if span is None or len(text) > span.width:
        width = 0 if span is None else span.width
        raise MrzError(f"{name} {text!r} has {len(text)} characters", f"this format has room for {width}")
    line = lines[span.line]
    lines[span.line] = line[: span.first - 1] + text.ljust(span.width, FILLER) + line[span.last :]


def _only_mrz_characters(name: str, text: str) -> None:
    for character in text:
        if character not in CHARACTERS:
            raise MrzError(f"{name} has {character!r}", "only A to Z in upper case, 0 to 9 and < can be printed")

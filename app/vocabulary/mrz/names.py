"""Names as the zone writes them: Latin capitals, fillers between parts, cut to the width of the field.

The table of Cyrillic letters is that of Doc 9303-3 section 6 (data/icao_transliteration_cyrillic.csv).
Letters outside it, such as Latin ones with diacritics, may be rendered in several ways, so none is guessed.
"""

from string import ascii_uppercase
from types import MappingProxyType
from unicodedata import normalize

from app.vocabulary.data import read_table
from app.vocabulary.mrz.errors import MrzError
from app.vocabulary.mrz.layout import FILLER

# Doc 9303-3 section 4: a hyphen or a comma becomes a filler, an apostrophe or a full stop is left out.
_PUNCTUATION = {" ": FILLER, "-": FILLER, ",": FILLER, "'": "", "’": "", "ʼ": "", ".": ""}
_CYRILLIC = {row["cyrillic"]: row["latin"] for row in read_table("icao_transliteration_cyrillic")}
_RENDERINGS = MappingProxyType({letter: letter for letter in ascii_uppercase} | _PUNCTUATION | _CYRILLIC)


def transliterate(name: str) -> str:
    """Return a Latin or Cyrillic name in MRZ letters, one space between its parts.

    Raises MrzError for a character that has no single rendering.
    """
    text = normalize("NFC", name).upper()
    for character in text:
        if character not in _RENDERINGS:
            what = f"{character!r} in the name {name!r} has no single transliteration"
            raise MrzError(what, "give the name as it is printed in the machine readable zone")
    rendered = "".join(_RENDERINGS[character] for character in text)
    return " ".join(rendered.replace(FILLER, " ").split())


def name_field(surname: str, given_names: str, width: int) -> str:
    """Write both names into at most `width` characters.

    Too long names are cut so that something of each remains, and a letter in the last position shows the cut.
    """
    first, second = (transliterate(name).replace(" ", FILLER) for name in (surname, given_names))
    if not first:
        raise MrzError("there is no surname", "a single name goes into the surname")
    if not second:
        return _cut(first, width)
    if len(first) + len(second) + 2 > width:
        first = _cut(first, width - 3)
    return f"{first}{FILLER * 2}{_cut(second, width - 2 - len(first))}"


def _cut(name: str, width: int) -> str:
    """Cut to `width`; where that ends on a filler, the part before gives up a letter to the part after."""
    if len(name) <= width or name[width - 1] != FILLER:
        return name[:width]
    single = width == 2 or name[width - 3] == FILLER  # noqa: PLR2004 - a letter and a filler
    return name[: width - 1] if single else name[: width - 2] + name[width - 1 : width + 1]

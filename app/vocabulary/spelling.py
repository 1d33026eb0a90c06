"""Names and numbers as they are looked for: in whatever script, and with the mistakes that people make.

    text -> words -> sound -> neighbours

`words` writes a name in Latin capitals, after ICAO Doc 9303-3 section 6 (data/icao_transliteration_cyrillic.csv) where
it is Cyrillic. `sound` joins what transliterations and ears mix up. `neighbours` are what is left of a sound when one
or two letters are taken out of it: two words that differ in as many mistakes have one of them in common, so that the
one is found by the other in an index (the symmetric delete method of W. Garbe's SymSpell).
"""

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from unicodedata import combining, normalize

from app.vocabulary.data import read_table

LONGEST: Final = 64
# Letters of Kazakh, Kyrgyz, Mongolian, Tajik, Ukrainian and Uzbek that the table of ICAO does not have, as passports of
# these states commonly render them; and Latin ones that do not decompose into a letter and a mark.
_BEYOND: Final = {
    pair[0]: pair[1:]
    for pair in (
        *("ІI", "ӘA", "ҒG", "ҚK", "ҢN", "ӨO", "ҰU", "ҮU", "ҲKH", "ҶJ", "ӢI", "ӮU", "ҺH"),
        *("ÆAE", "ŒOE", "ØO", "ŁL", "ĐD", "ÐD", "ÞTH", "ẞSS", "ĦH", "ŦT", "ŊN", "ƏA"),
    )
}
_LATIN: Final = MappingProxyType(
    _BEYOND | {row["cyrillic"]: row["latin"] for row in read_table("icao_transliteration_cyrillic")}
)
# Plates bear letters that look alike in both scripts (GOST R 50577; Vienna Convention on Road Traffic, annex 2).
_ALIKE: Final = str.maketrans("АВЕЁКМНОРСТУХІЈЅ", "ABEEKMHOPCTYXIJS")
_APOSTROPHES: Final = re.compile("['’ʼ`ʹ.]")
_WORD: Final = re.compile(r"[^\W_]+")
# Of a name of a company, its legal form says nothing.
_LEGAL_FORM: Final = re.compile(
    "OOO|OAO|ZAO|PAO|AO|IP|TOO|ODO|UP|CHUP|CHP|LLC|LLP|LTD|LIMITED|CO|CORP|INC|PLC|GMBH|AG|KG|OY|OU|AB|AS|SA|SRL|SIA"
    "|UAB|SP|ZOO|COMPANY|AND|THE"
)
# From the longest on: what transliterations write otherwise, or keyboards and ears leave out.
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("SHCH|SCH|SH", "S"),
        ("TSCH|TCH|CH|CZ", "c"),
        ("DZH|ZH|DZ", "Z"),
        ("KH|KS|X|GH(?=[^AEIOUY]|$)", "H"),
        ("TS|TZ|C(?=[EIY])", "S"),
        ("PH", "F"),
        ("TH", "T"),
        ("CK|C|Q", "K"),
        ("W", "V"),
        ("[EIJY]", "I"),
        ("[OU]", "U"),
    )
)
_LETTERS: Final = str.maketrans("CEJOQWXY", "KIIUKVHI")
_TWICE: Final = re.compile(r"(.)\1+")
_LONGEST_SOUND: Final = 12
_ONE_MISTAKE: Final = 3
_TWO_MISTAKES: Final = 5


def words(text: str) -> tuple[str, ...]:
    """The parts of a name in Latin capitals without marks, each once, in their order."""
    plain = _APOSTROPHES.sub("", normalize("NFC", text).upper())
    latin = normalize("NFKD", "".join(_LATIN.get(letter, letter) for letter in plain)).upper()
    found = _WORD.findall("".join(letter for letter in latin if not combining(letter)))
    return tuple(dict.fromkeys(word[:LONGEST] for word in found))


def company_words(text: str) -> tuple[str, ...]:
    """As `words`, of a company: without its legal form, unless it has no other name."""
    found = words(text)
    return tuple(word for word in found if not _LEGAL_FORM.fullmatch(word)) or found


def number(text: str) -> str:
    """The number of a paper or a plate: letters and digits alone, in the script in which they look the same."""
    alike = normalize("NFKC", text).upper().translate(_ALIKE)
    return "".join(words("".join(filter(str.isalnum, alike))))[:LONGEST]


@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """A word as `words` gives it, spelt so that variants of one name are the same or nearly so."""
    for pattern, letter in _SOUNDS:
        word = pattern.sub(letter, word)
    return _TWICE.sub(r"\1", word)


def neighbours(word: str) -> frozenset[str]:
    """The sound of a word and of its letters one by one, and what is left of each without one, of a longer one two."""
    # A wrong letter makes or breaks a pair that sounds as one (PETR, PHTR); then only the single ones are still alike.
    wholes = {sound(word)[:_LONGEST_SOUND], word.translate(_LETTERS)[:_LONGEST_SOUND]}
    return frozenset(itertools.chain.from_iterable(map(_without_some, wholes)))


def _without_some(whole: str) -> Iterator[str]:
    most = (len(whole) >= _ONE_MISTAKE) + (len(whole) >= _TWO_MISTAKES)
    for kept in range(len(whole) - most, len(whole) + 1):
        yield from map("".join, itertools.combinations(whole, kept))

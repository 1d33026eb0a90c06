"""Where each format prints what: the tables of Doc 9303 parts 4 (TD3), 5 (TD1), 6 (TD2) and 7 (visas)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle
from string import ascii_uppercase, digits
from typing import NamedTuple

FILLER = "<"
CHARACTERS = digits + ascii_uppercase + FILLER
_VALUES = {character: value for value, character in enumerate(digits + ascii_uppercase)} | {FILLER: 0}


class Format(StrEnum):
    """Sizes of travel documents (TD) and of visas (MRV)."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRV_A = "MRV-A"
    MRV_B = "MRV-B"


class Span(NamedTuple):
    """Positions `first` to `last` of a line, inclusive, from 1 as in Doc 9303; `line` counts from 0."""

    line: int
    first: int
    last: int

    @property
    def width(self) -> int:
        """How many characters fit."""
        return self.last - self.first + 1

    def of(self, lines: Sequence[str]) -> str:
        """Return the characters printed there."""
        return lines[self.line][self.first - 1 : self.last]


class Check(NamedTuple):
    """A check digit: where it is printed and what it covers, in this order."""

    at: Span
    covers: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """One format: its size, its fields, its check digits in the order they are printed."""

    lines: int
    width: int
    fields: Mapping[str, Span]
    checks: Mapping[str, Check]


def check_digit(text: str) -> str:
    """Return the check digit of MRZ characters: weights 7-3-1, A=10 to Z=35, `<`=0, modulus 10."""
    return str(sum(_VALUES[character] * weight for character, weight in zip(text, cycle((7, 3, 1)), strict=False)) % 10)


def _checks(fields: Mapping[str, Span]) -> dict[str, Check]:
    """Give the three checks that every format has, each one position after its field."""
    return {
        name: Check(Span(span.line, span.last + 1, span.last + 1), (span,))
        for name in ("document_number", "birth_date", "expiry_date")
        for span in (fields[name],)
    }


def _two_lines(width: int, optional: Span, extra: Mapping[str, Check]) -> Layout:
    """Lay out TD2, TD3 and visas, which differ only in width and in what follows the expiry date."""
    fields = {
        "document_code": Span(0, 1, 2),
        "issuer": Span(0, 3, 5),
        "names": Span(0, 6, width),
        "document_number": Span(1, 1, 9),
        "nationality": Span(1, 11, 13),
        "birth_date": Span(1, 14, 19),
        "sex": Span(1, 21, 21),
        "expiry_date": Span(1, 22, 27),
        "optional_data": optional,
    }
    return Layout(2, width, fields, _checks(fields) | dict(extra))


_TD1_FIELDS = {
    "document_code": Span(0, 1, 2),
    "issuer": Span(0, 3, 5),
    "document_number": Span(0, 6, 14),
    "optional_data": Span(0, 16, 30),
    "birth_date": Span(1, 1, 6),
    "sex": Span(1, 8, 8),
    "expiry_date": Span(1, 9, 14),
    "nationality": Span(1, 16, 18),
    "optional_data_2": Span(1, 19, 29),
    "names": Span(2, 1, 30),
}
_TD1_COMPOSITE = Check(Span(1, 30, 30), (Span(0, 6, 30), Span(1, 1, 7), Span(1, 9, 15), Span(1, 19, 29)))
_TD2_COMPOSITE = Check(Span(1, 36, 36), (Span(1, 1, 10), Span(1, 14, 20), Span(1, 22, 35)))
_TD3_COMPOSITE = Check(Span(1, 44, 44), (Span(1, 1, 10), Span(1, 14, 20), Span(1, 22, 43)))
_TD3_PERSONAL_NUMBER = Check(Span(1, 43, 43), (Span(1, 29, 42),))

LAYOUTS: Mapping[Format, Layout] = {
    Format.TD1: Layout(3, 30, _TD1_FIELDS, _checks(_TD1_FIELDS) | {"composite": _TD1_COMPOSITE}),
    Format.TD2: _two_lines(36, Span(1, 29, 35), {"composite": _TD2_COMPOSITE}),
    Format.TD3: _two_lines(44, Span(1, 29, 42), {"personal_number": _TD3_PERSONAL_NUMBER, "composite": _TD3_COMPOSITE}),
    Format.MRV_A: _two_lines(44, Span(1, 29, 44), {}),
    Format.MRV_B: _two_lines(36, Span(1, 29, 36), {}),
}

# Only these let a number of more than nine characters run on into the optional data (Doc 9303-5 and 9303-6).
LONG_NUMBER_FORMATS = frozenset({Format.TD1, Format.TD2})

VISA_FORMATS = frozenset({Format.MRV_A, Format.MRV_B})

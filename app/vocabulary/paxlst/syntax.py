"""Segments of an EDIFACT interchange (ISO 9735), whatever they are of."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.vocabulary.paxlst.manifest import Flaw

_ADVICE = "UNA"
_QUOTED = 40
# The longest value of the directories is a free text.
_LONGEST = 512


class Signs(NamedTuple):
    """Characters that are no data, in the order of UNA; `repetition` is empty where there is none.

    Without UNA the asterisk is data, though syntax 4 says otherwise: senders write it in their identification.
    """

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    repetition: str = ""
    terminator: str = "'"


@dataclass(frozen=True, slots=True)
class Segment:
    """A tag and what follows it; `elements` are made of components, and of repeated ones only the first is kept.

    `cut` tells that the content ended before the segment did.
    """

    position: int
    tag: str
    elements: Sequence[Sequence[str]]
    cut: bool

    def at(self, element: int, component: int = 0) -> str:
        """Return a component, its element counted from 1 and itself from 0; empty if it is not there."""
        try:
            return self.elements[element - 1][component]
        except IndexError:
            return ""

    def flaw(self, message: str, right: str) -> Flaw:
        return Flaw(self.position, quoted(self.tag), message, right)


def quoted(text: str) -> str:
    """The text, of a length that can be shown."""
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def decode(content: bytes) -> str:
    """UTF-8 where it is that, else ISO 8859-1, which any bytes are."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def segments(text: str) -> Iterator[tuple[Segment, list[Flaw]]]:
    """Each segment with what is wrong in how it is written; spaces and lines around it are nothing."""
    signs, start, flaws = _signs(text)
    position = 0
    for raw in _raw(text[start:], signs):
        tag, *elements = raw.values
        if not elements and tag == [""]:
            continue
        position += 1
        segment = Segment(position, tag[0], elements, raw.cut)
        yield segment, flaws + _flaws(segment, raw, signs)
        flaws = []


def _signs(text: str) -> tuple[Signs, int, list[Flaw]]:
    """What UNA says, where the text goes on, and what is wrong with it."""
    start = len(text) - len(text.lstrip())
    if not text.startswith(_ADVICE, start):
        return Signs(), start, []
    start += len(_ADVICE)
    end = start + len(Signs())
    said = Signs(*text[start:end].ljust(len(Signs())))
    said = said._replace(repetition=said.repetition.strip())
    used = [said.component, said.element, said.release, said.terminator, *said.repetition]
    if len(set(used)) == len(used) and not any(sign.isalnum() or sign == " " for sign in used):
        return said, end, []
    flaw = Flaw(1, _ADVICE, "the separators are letters, digits, spaces or twice the same", "UNA:+.?*'")
    return Signs(), end, [flaw]


class _Raw:
    """A segment in the making: its values are complete once its end is reached."""

    def __init__(self) -> None:
        self.values: list[list[str]] = [[]]
        self.repeated = self.unprintable = self.too_long = False
        self.cut = True
        self._pieces: list[str] = []
        self._skipping = False

    def add(self, text: str) -> None:
        if not text.isprintable():
            self.unprintable |= not "".join(text.split()).isprintable()
            text = "".join(filter(str.isprintable, text))
        self._pieces.append(text)

    def separate(self, sign: str, signs: Signs) -> None:
        value = "".join(self._pieces).strip()
        self._pieces.clear()
        self.too_long |= len(value) > _LONGEST
        if not self._skipping:
            self.values[-1].append(value if len(value) <= _LONGEST else "")
        if sign == signs.element:
            self.values.append([])
            self._skipping = False
        elif sign == signs.repetition:
            self.repeated = self._skipping = True


def _raw(text: str, signs: Signs) -> Iterator[_Raw]:
    release = re.escape(signs.release)
    special = re.escape(signs.component + signs.element + signs.repetition + signs.terminator)
    # Lines may be broken anywhere, even after a release character.
    tokens = re.compile(rf"{release}[\r\n]*(.?)|([{special}])|([^{release}{special}]+)", re.DOTALL)
    raw = _Raw()
    for released, sign, run in (token.groups("") for token in tokens.finditer(text)):
        if not sign:
            raw.add(released or run)
            continue
        raw.separate(sign, signs)
        if sign == signs.terminator:
            raw.cut = False
            yield raw
            raw = _Raw()
    raw.separate(signs.terminator, signs)
    yield raw


def _flaws(segment: Segment, raw: _Raw, signs: Signs) -> list[Flaw]:
    flaws = []
    if raw.unprintable:
        flaws.append(segment.flaw("characters that cannot be printed are left out", "letters, digits and signs only"))
    if raw.too_long:
        flaws.append(segment.flaw("a value that is too long is left out", f"at most {_LONGEST} characters"))
    if raw.repeated:
        right = f"one value; {signs.release}{signs.repetition} where {signs.repetition} is part of it"
        flaws.append(segment.flaw("a value is repeated; only the first is read", right))
    return flaws

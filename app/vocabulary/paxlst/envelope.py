"""Messages of an interchange, and whether what is around them fits: UNB to UNZ, UNG to UNE, UNH to UNT."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.vocabulary.paxlst.manifest import Flaw
from app.vocabulary.paxlst.syntax import Segment, quoted

# A head's tag: that of its end, where the head has its reference, and what the end counts.
_LEVELS = {"UNB": ("UNZ", 5, "groups or messages"), "UNG": ("UNE", 5, "messages"), "UNH": ("UNT", 1, "segments")}
_ORDER = tuple(_LEVELS)
_HEADS = {end: head for head, (end, _, _) in _LEVELS.items()}
_TAG = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(slots=True)
class Message:
    """One message with its flaws so far; `interchange` is UNB, None where there is none."""

    interchange: Segment | None
    head: Segment
    body: list[Segment] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


@dataclass(slots=True)
class _Level:
    head: Segment
    count: int = 0


def number(text: str) -> int | None:
    """Return a count as EDIFACT writes it, leading zeros and all; None for anything else."""
    return int(text) if _NUMBER.fullmatch(text) else None


def messages(segments: Iterable[tuple[Segment, list[Flaw]]], kind: str) -> list[Message]:
    """Every message of this kind; a flaw outside of them is kept with the one before, else with the first."""
    found: list[Message] = []
    waiting: list[Flaw] = []
    for message, flaws in _Reading(kind).run(segments):
        if message:
            found.append(message)
        (found[-1].flaws if found else waiting).extend(flaws)
    if found:
        found[0].flaws[:0] = waiting
    return found


class _Reading:
    """What is open at a segment, outermost first, and the interchange that was closed last."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._open: list[_Level] = []
        self._message: Message | None = None
        self._closed = False

    def run(self, segments: Iterable[tuple[Segment, list[Flaw]]]) -> Iterator[tuple[Message | None, list[Flaw]]]:
        """Each message where it begins, and the flaws of each segment."""
        segment = None
        for segment, flaws in segments:
            known = self._message
            found = [*flaws, *self._take(segment)]
            yield (self._message if self._message is not known else None), found
        if segment:
            yield None, list(self._close_below(-1, segment))

    def _take(self, segment: Segment) -> Iterator[Flaw]:
        if self._closed and segment.tag not in _LEVELS:
            yield segment.flaw("text after UNZ", "nothing after the end of the interchange")
        elif segment.cut:
            yield segment.flaw("the segment is cut, and not read", "a segment ends with its terminator")
        elif segment.tag in _LEVELS:
            yield from self._begin(segment)
        elif segment.tag in _HEADS:
            yield from self._end(segment)
        else:
            yield from self._inside(segment)

    def _inside(self, segment: Segment) -> Iterator[Flaw]:
        if self._open and self._open[-1].head.tag == "UNH":
            self._open[-1].count += 1
            if self._message:
                self._message.body.append(segment)
        else:
            yield segment.flaw("the segment is in no message", "segments stand between UNH and UNT")
        if not _TAG.fullmatch(segment.tag):
            yield segment.flaw("there is no such tag", "three letters in upper case")

    def _begin(self, segment: Segment) -> Iterator[Flaw]:
        yield from self._close_below(_ORDER.index(segment.tag) - 1, segment)
        if segment.tag != "UNB" and not self._open:
            yield segment.flaw("UNB is missing", "an interchange begins with UNB")
        self._closed = False
        if self._open:
            self._open[-1].count += 1
        self._open.append(_Level(segment, count=int(segment.tag == "UNH")))
        if segment.tag == "UNH":
            yield from self._begin_message(segment)

    def _begin_message(self, segment: Segment) -> Iterator[Flaw]:
        kind = segment.at(2)
        self._message = None
        if kind == self._kind:
            self._message = Message(self._open[0].head if self._open[0].head.tag == "UNB" else None, segment)
        else:
            yield segment.flaw(f"a message of kind {quoted(kind)!r} is not read", f"UNH+…+{self._kind}:D:…")

    def _end(self, segment: Segment) -> Iterator[Flaw]:
        head = _HEADS[segment.tag]
        yield from self._close_below(_ORDER.index(head), segment)
        self._closed = segment.tag == "UNZ"
        if not self._open or self._open[-1].head.tag != head:
            yield segment.flaw(f"{head} is missing", f"{segment.tag} ends what {head} begins")
            return
        level = self._open.pop()
        yield from _compared(level, segment)

    def _close_below(self, rank: int, segment: Segment) -> Iterator[Flaw]:
        """Close what is still open inside the level of this rank."""
        while self._open and _ORDER.index(self._open[-1].head.tag) > rank:
            head = self._open.pop().head
            end = _LEVELS[head.tag][0]
            yield segment.flaw(f"{end} is missing", f"{end} ends what {head.tag} begins in segment {head.position}")


def _compared(level: _Level, end: Segment) -> Iterator[Flaw]:
    """Compare an end with what it ends; a message's own end is one of its segments."""
    _, place, what = _LEVELS[level.head.tag]
    count = level.count + (end.tag == "UNT")
    if number(end.at(1)) != count:
        yield end.flaw(f"{quoted(end.at(1)) or 'nothing'} is given as the count of {what}", f"{count}")
    reference = level.head.at(place)
    if end.at(2) != reference:
        message = f"the reference {quoted(end.at(2))!r} is not that of {level.head.tag}"
        yield end.flaw(message, repr(quoted(reference)))

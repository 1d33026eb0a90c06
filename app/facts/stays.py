"""Days in a territory: stays become days that count, each once, in runs that are quick to ask about."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import TypeAlias

from app.errors import Invalid

# First and last day, both included, as ordinals (`date.toordinal`): arithmetic that cannot fall off the calendar.
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stay:
    """From entry to exit, both included; without an exit it goes on. Raises Invalid for an exit before the entry.

    `counted` is false for days under a residence permit or a long-stay visa (Schengen Borders Code, Article 6(2)).
    """

    entry: date
    exit: date | None
    counted: bool = True

    def __post_init__(self) -> None:
        if self.exit is not None and self.exit < self.entry:
            raise Invalid(f"A stay cannot end on {self.exit} that began on {self.entry}.")


@dataclass(frozen=True, slots=True)
class Presence:
    """The days that count up to a day; make it with `of`.

    `stays` are the counted ones, cut at `until`; `runs` the unbroken runs of days that count; `left_out` the days
    authorised otherwise. All are in order; neither runs nor spans left out overlap or touch.
    """

    until: int
    stays: Sequence[Span]
    runs: Sequence[Span]
    left_out: Sequence[Span]
    _starts: Sequence[int]
    _before: Sequence[int]

    @classmethod
    def of(cls, stays: Iterable[Stay], until: date) -> "Presence":
        """From stays in any order (those already in order sort in no time); those that begin later are ignored.

        A day left out does not count even where a counted stay covers it too: that is the milder reading.
        """
        end = until.toordinal()
        counted: list[Span] = []
        left_out: list[Span] = []
        for stay in stays:
            first = stay.entry.toordinal()
            if first <= end:
                last = end if stay.exit is None else min(stay.exit.toordinal(), end)
                (counted if stay.counted else left_out).append((first, last))
        return cls.of_spans(counted, left_out, end)

    @classmethod
    def of_spans(cls, counted: list[Span], left_out: list[Span], end: int) -> "Presence":
        """As `of`, from lists that are the caller's no more; no span may begin or end after `end`."""
        counted.sort()
        left_out.sort()
        without = merged(left_out)
        runs = list(_cut(merged(counted), without)) if without else merged(counted)
        before = list(accumulate((last - first + 1 for first, last in runs), initial=0))
        return cls(end, counted, runs, without, [first for first, _ in runs], before)

    def days(self, first: date, last: date) -> int:
        """How many days count from first to last, both included."""
        return self.between(first.toordinal(), last.toordinal())

    def covers(self, day: date) -> bool:
        """Whether the day counts."""
        return self.run_of(day.toordinal()) > 0

    def run_ending(self, day: date) -> int:
        """Length of the unbroken run of days that ends on the day, 0 if the day does not count.

        Leaving and coming back on the same or the next day does not break it.
        """
        return self.run_of(day.toordinal())

    def between(self, first: int, last: int) -> int:
        """As `days`, for ordinals."""
        return self._up_to(last) - self._up_to(first - 1) if first <= last else 0

    def run_of(self, day: int) -> int:
        """As `run_ending`, for an ordinal."""
        index = bisect_right(self._starts, day)
        if not index or day > self.runs[index - 1][1]:
            return 0
        return day - self._starts[index - 1] + 1

    def here(self) -> bool:
        """Whether the person is there on the last day, counted or left out."""
        spans = (self.runs, self.left_out)
        return any(each[-1][1] == self.until for each in spans if each)

    def within(self, first: int, last: int) -> Iterator[Span]:
        """The parts of the runs from first to last."""
        for index in range(max(bisect_right(self._starts, first) - 1, 0), bisect_right(self._starts, last)):
            start, end = self.runs[index]
            if end >= first:
                yield max(start, first), min(end, last)

    def listed(self, first: int, last: int) -> Iterator[date]:
        """The days that count from first to last, one by one."""
        for start, end in self.within(first, last):
            yield from map(date.fromordinal, range(start, end + 1))

    def _up_to(self, day: int) -> int:
        index = bisect_right(self._starts, day)
        if not index:
            return 0
        first, last = self.runs[index - 1]
        return self._before[index - 1] + min(day, last) - first + 1


def merged(spans: Iterable[Span], reach: int = 1) -> list[Span]:
    """Spans in order, joined where one begins at most `reach` days after the end of those before it."""
    joined: list[Span] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + reach:
            if last > joined[-1][1]:
                joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return joined


def _cut(spans: Iterable[Span], holes: Sequence[Span]) -> Iterator[Span]:
    """The spans without the holes; each in order, and free of overlaps."""
    index = 0
    for first, last in spans:
        start = first
        while index < len(holes) and holes[index][1] < start:
            index += 1
        at = index
        while at < len(holes) and holes[at][0] <= last:
            if start < holes[at][0]:
                yield start, holes[at][0] - 1
            start = holes[at][1] + 1
            at += 1
        if start <= last:
            yield start, last

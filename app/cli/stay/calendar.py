"""Months side by side with a mark on each day that matters, readable without colour."""

from calendar import Calendar, month_name
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from itertools import zip_longest

from rich.text import Text

from app.cli.terminal import counted

_WIDTH = 7 * 3
_GAP = "  "


class Mark(Enum):
    """Sign, colour and meaning."""

    PRESENT = ("+", "green", "counted")
    LEFT_OUT = ("-", "cyan", "left out")
    LAST_LAWFUL = ("=", "bold yellow", "last lawful day")
    OVER = ("!", "bold red", "over a limit")
    ASKED = ("?", "bold", "the day asked about")

    @property
    def sign(self) -> str:
        return self.value[0]

    @property
    def style(self) -> str:
        return self.value[1]


def drawn(marks: Mapping[date, Mark], width: int) -> Iterator[Text]:
    """Lines of the months that have a mark, with an ellipsis for those between; and a legend."""
    across = max((width + len(_GAP)) // (_WIDTH + len(_GAP)), 1)
    before = None
    for group in _consecutive(sorted({day.year * 12 + day.month - 1 for day in marks})):
        if before is not None:
            yield Text(f"… {counted(group[0] - before - 1, 'month')} without a mark …\n", "dim")
        before = group[-1]
        for start in range(0, len(group), across):
            blocks = [_block(*divmod(month, 12), marks) for month in group[start : start + across]]
            for parts in zip_longest(*blocks, fillvalue=Text(" " * _WIDTH)):
                line = Text(_GAP).join(parts)
                line.rstrip()
                yield line
            yield Text()
    there = set(marks.values())
    yield Text("   ").join(
        Text.assemble((mark.sign, mark.style), f" {mark.value[2]}") for mark in Mark if mark in there
    )


def _consecutive(months: Sequence[int]) -> Iterator[list[int]]:
    group: list[int] = []
    for month in months:
        if group and month > group[-1] + 1:
            yield group
            group = []
        group.append(month)
    if group:
        yield group


def _block(year: int, month: int, marks: Mapping[date, Mark]) -> list[Text]:
    """The lines of a month (0 to 11), each _WIDTH wide."""
    name = Text(f"{month_name[month + 1]} {year}", "bold")
    name.align("center", _WIDTH)
    weeks = Calendar().monthdayscalendar(year, month + 1)
    return [name, Text("Mo Tu We Th Fr Sa Su ", "dim"), *(_week(year, month + 1, week, marks) for week in weeks)]


def _week(year: int, month: int, days: Iterable[int], marks: Mapping[date, Mark]) -> Text:
    line = Text()
    for day in days:
        mark = marks.get(date(year, month, day)) if day else None
        line.append(f"{day or '':>2}{mark.sign if mark else ' '}", mark.style if mark else "")
    return line

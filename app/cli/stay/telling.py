"""What a person at the desk is told of stays, in lines that can be read aloud, and what the calendar shows."""

from collections.abc import Iterator, Sequence
from datetime import date
from textwrap import fill
from typing import TypeAlias

from rich.text import Text

from app.cli.stay.calendar import Mark, drawn
from app.cli.stay.reading import Row
from app.cli.terminal import counted, out
from app.facts.limits import (
    Assessment,
    CalendarYear,
    Continuous,
    Limit,
    PerEntry,
    Rolling,
    as_day,
    counted_from,
    over,
)
from app.facts.stays import Presence

Found: TypeAlias = Sequence[tuple[Limit, Assessment]]

# Without a limit there is no span that counts; a year back is what a traveller is asked about.
_YEAR = 365


def told(rows: Sequence[Row], presence: Presence, found: Found, day: date, *, today: bool) -> Iterator[Text]:
    there = "there" if presence.here() else "not there"
    sums = [f"{counted(presence.between(1, presence.until), 'day')} counted"]
    if left_out := sum(last - first + 1 for first, last in presence.left_out):
        sums.append(f"{left_out:,} left out")
    if later := sum(row.stay.entry > day for row in rows):
        sums.append(f"{counted(later, 'stay')} not begun yet and ignored")
    yield Text(f"On {day}{' (today, UTC)' if today else ''} the person is {there}; {', '.join(sums)}.")
    for limit, assessment in found:
        yield _line(limit, assessment, day, there=presence.here())
    first = _first_drawn(presence, [limit for limit, _ in found])
    yield Text()
    yield from drawn(_marks(presence, found, first), out.width)
    earlier = sum((row.stay.exit or day).toordinal() < first for row in rows)
    also = f"; {counted(earlier, 'stay')} before it not drawn" if earlier else ""
    yield Text(f"Drawn from {as_day(first)}{also}.", "dim")


def _line(limit: Limit, found: Assessment, day: date, *, there: bool) -> Text:
    """One limit, kept or not, in words that can be read aloud at a desk."""
    said = f"{_name(limit)}: {found.days_used:,} used, {_left(found, day, there=there)}."
    if found.first_violation_day:
        said += f" Exceeded on {counted(found.overstay_days, 'day')}, first on {found.first_violation_day}."
    folded = fill(said, out.width - 2, subsequent_indent="  ")
    return Text.assemble(("✗", "bold red") if found.first_violation_day else ("✓", "green"), f" {folded}")


def _left(found: Assessment, day: date, *, there: bool) -> str:
    last = found.last_lawful_day
    if found.days_remaining is None:
        return "no last day in this calendar"
    if found.days_remaining:
        return f"{found.days_remaining:,} remain{'' if there else f' from {day}'}; last lawful day {last}"
    if last is None:
        return f"none remain: may not be there on {day}"
    return f"none remain; last lawful day {'was ' if last < day else ''}{last}"


def _name(limit: Limit) -> str:
    days = counted(limit.limit, "day")
    match limit:
        case Rolling():
            return f"At most {days} in any {limit.window:,}"
        case CalendarYear():
            return f"At most {days} in a calendar year"
        case Continuous():
            return f"At most {days} without a day away"
        case PerEntry():
            return f"At most {days} from each entry"


def _first_drawn(presence: Presence, limits: Sequence[Limit]) -> int:
    """What counts now is drawn, a year if no limit says what that is, never more than two; in whole months."""
    on = presence.until
    since = min((counted_from(limit, presence) for limit in limits), default=on - _YEAR + 1)
    return date.fromordinal(max(min(since, on), on - 2 * _YEAR, 1)).replace(day=1).toordinal()


def _marks(presence: Presence, found: Found, first: int) -> dict[date, Mark]:
    """What is drawn on each day from the first on; where several marks fit, the gravest."""
    marks: dict[date, Mark] = {}
    exceeded = [span for limit, _ in found for span in over(limit, presence)]
    for mark, spans in ((Mark.LEFT_OUT, presence.left_out), (Mark.PRESENT, presence.runs), (Mark.OVER, exceeded)):
        for start, end in spans:
            marks |= {date.fromordinal(each): mark for each in range(max(start, first), end + 1)}
    # The strictest limit decides; None of one that leaves nothing allows no day at all.
    last = [assessment.last_lawful_day for _, assessment in found if assessment.days_remaining is not None]
    if last and None not in last and marks.get(strictest := min(filter(None, last))) is not Mark.OVER:
        marks[strictest] = Mark.LAST_LAWFUL
    marks.setdefault(date.fromordinal(presence.until), Mark.ASKED)
    return marks

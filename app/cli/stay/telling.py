"""What a person at the desk is told of stays, in lines that can be read aloud, and what the calendar shows."""

from collections.abc import Iterator, Sequence
from datetime import date
from textwrap import fill
from typing import NamedTuple, TypeAlias

from rich.text import Text

from app.cli.stay.calendar import Mark, drawn
from app.cli.stay.exits import Stays
from app.cli.stay.reading import LEFT_OUT
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


class Judged(NamedTuple):
    """A limit and where the person stands with it, if the days are the most and the least that they can be."""

    limit: Limit
    most: Assessment
    least: Assessment


Found: TypeAlias = Sequence[Judged]

# Without a limit there is no span that counts; a year back is what a traveller is asked about.
_YEAR = 365


def told(stays: Stays, found: Found, day: date, name: str, *, today: bool) -> Iterator[Text]:
    presence = stays.most
    there = "there" if presence.here() else "not there"
    least, most = (each.between(1, each.until) for each in (stays.least, presence))
    sums = [f"{f'{least:,} to ' if least != most else ''}{counted(most, 'day')} counted"]
    if left_out := sum(last - first + 1 for first, last in presence.left_out):
        sums.append(f"{left_out:,} left out")
    if later := sum(row.stay.entry > day for row in stays.rows):
        sums.append(f"{counted(later, 'stay')} not begun yet and ignored")
    yield Text(f"On {day}{' (today, UTC)' if today else ''} the person is {there}; {', '.join(sums)}.")
    yield from _without_exit(stays, name)
    for each in found:
        yield _line(each, day, there=presence.here())
    first = _first_drawn(presence, [each.limit for each in found])
    yield Text()
    yield from drawn(_marks(presence, found, first), out.width)
    earlier = sum((stays.last_day(row) or day).toordinal() < first for row in stays.rows)
    also = f"; {counted(earlier, 'stay')} before it not drawn" if earlier else ""
    yield Text(f"Drawn from {as_day(first)}{also}.", "dim")


def _without_exit(stays: Stays, name: str) -> Iterator[Text]:
    for row in stays.rows:
        if following := stays.without_exit.get(row.line):
            said = f"{name}:{row.line}: the entry on {row.stay.entry} has no exit, but the next is on {following}: "
            said += (
                "the stay is left out; the days left out are at least that one."
                if row.basis in LEFT_OUT
                else "the stay is counted up to that day, the most that it can have been."
            )
            yield Text.assemble(("!", "bold yellow"), f" {fill(said, out.width - 2, subsequent_indent='  ')}")


def _line(judged: Judged, day: date, *, there: bool) -> Text:
    """One limit, kept or not, in words that can be read aloud at a desk."""
    limit, found, least = judged
    open_ = least != found
    said = f"{_name(limit)}: {'at most ' if open_ else ''}{found.days_used:,} used, {_left(found, day, there=there)}."
    if found.first_violation_day:
        exceeded = "Possibly exceeded" if open_ else "Exceeded"
        said += f" {exceeded} on {counted(found.overstay_days, 'day')}, first on {found.first_violation_day}."
    if open_:
        said += f" If each exit that is missing was on the day of entry: {_at_least(least)}."
    folded = fill(said, out.width - 2, subsequent_indent="  ")
    return Text.assemble(_sign(judged), f" {folded}")


def _sign(judged: Judged) -> tuple[str, str]:
    """Exceeded, possibly exceeded, or kept."""
    if judged.least.first_violation_day:
        return "✗", "bold red"
    return ("!", "bold yellow") if judged.most.first_violation_day else ("✓", "green")


def _at_least(least: Assessment) -> str:
    if least.first_violation_day:
        return f"{least.days_used:,} used, exceeded on {counted(least.overstay_days, 'day')}"
    return f"{least.days_used:,} used, never exceeded"


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
    exceeded = [span for each in found for span in over(each.limit, presence)]
    for mark, spans in ((Mark.LEFT_OUT, presence.left_out), (Mark.PRESENT, presence.runs), (Mark.OVER, exceeded)):
        for start, end in spans:
            marks |= {date.fromordinal(each): mark for each in range(max(start, first), end + 1)}
    # The strictest limit decides; None of one that leaves nothing allows no day at all.
    last = [each.most.last_lawful_day for each in found if each.most.days_remaining is not None]
    if last and None not in last and marks.get(strictest := min(filter(None, last))) is not Mark.OVER:
        marks[strictest] = Mark.LAST_LAWFUL
    marks.setdefault(date.fromordinal(presence.until), Mark.ASKED)
    return marks

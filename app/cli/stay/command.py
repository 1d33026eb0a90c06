"""`gerege stay`: days used, days that remain and the last lawful day, told and drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from textwrap import fill
from typing import Annotated, Any, TypeAlias

import typer
from rich.text import Text

from app.cli.stay.calendar import Mark, drawn
from app.cli.stay.reading import Row, read
from app.cli.terminal import ExitCode, Format, FormatOption, WrongUseError, counted, out, write_json
from app.clock import SystemClock
from app.facts.limits import (
    Assessment,
    CalendarYear,
    Continuous,
    Limit,
    PerEntry,
    Rolling,
    as_day,
    counted_from,
    judge,
    over,
)
from app.facts.stays import Presence

Found: TypeAlias = Sequence[tuple[Limit, Assessment]]

# Without a limit there is no span that counts; a year back is what a traveller is asked about.
_YEAR = 365


def stay(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="STAYS.csv", help="Table with the columns entry,exit,basis; - is standard input."),
    ],
    rolling: Annotated[
        list[str] | None, typer.Option(metavar="DAYS/WINDOW", help="At most so many days in any window, as 90/180.")
    ] = None,
    calendar_year: Annotated[
        list[int] | None, typer.Option(metavar="DAYS", help="At most so many days from 1 January to 31 December.")
    ] = None,
    continuous: Annotated[
        list[int] | None, typer.Option(metavar="DAYS", help="At most so many days without a day away.")
    ] = None,
    per_entry: Annotated[
        list[int] | None, typer.Option(metavar="DAYS", help="At most so many days from each entry.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The day asked about; else today, UTC."),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Count a person's days of stay against limits, and show the last lawful day.

    Entry and exit day both count; without an exit the stay goes on. Each limit may be given several times.

    Days on a residence permit or a long-stay visa (column basis) are left out. An exceeded limit is exit code 1.
    """
    limits: list[Limit] = [_rolling(each) for each in rolling or ()]
    limits += [CalendarYear(each) for each in calendar_year or ()]
    limits += [Continuous(each) for each in continuous or ()]
    limits += [PerEntry(each) for each in per_entry or ()]
    day = on.date() if on else SystemClock().now().date()
    rows = read(file.read(), file.name)
    presence = Presence.of((row.stay for row in rows), day)
    found = [(limit, judge(limit, presence)) for limit in limits]
    if form is Format.JSON:
        write_json(_plain(rows, presence, found, day))
    else:
        for line in _told(rows, presence, found, day, today=on is None):
            out.print(line)
    if any(assessment.overstay_days for _, assessment in found):
        raise typer.Exit(ExitCode.FAULTS)


def _rolling(text: str) -> Rolling:
    days, _, window = text.partition("/")
    if not (days.isdecimal() and window.isdecimal()):
        raise WrongUseError(f"--rolling {text} has not the form DAYS/WINDOW. For instance: --rolling 90/180")
    return Rolling(int(days), int(window))


def _plain(rows: Sequence[Row], presence: Presence, found: Found, day: date) -> dict[str, Any]:
    return {
        "on": day,
        "present": presence.here(),
        "days_counted": presence.between(1, presence.until),
        "days_left_out": sum(last - first + 1 for first, last in presence.left_out),
        "stays": [
            {
                "entry": row.stay.entry,
                "exit": row.stay.exit,
                "days": max((min(row.stay.exit or day, day) - row.stay.entry).days + 1, 0),
                "counted": row.stay.counted,
                "basis": row.basis,
            }
            for row in rows
        ],
        "limits": [
            {
                "limit": str(limit),
                "kind": str(limit).partition(" ")[0].replace("-", "_"),
                "days": limit.limit,
                "window": limit.window if isinstance(limit, Rolling) else None,
                **asdict(assessment),
                "counted_days": list(presence.listed(counted_from(limit, presence), presence.until)),
            }
            for limit, assessment in found
        ],
    }


def _told(rows: Sequence[Row], presence: Presence, found: Found, day: date, *, today: bool) -> Iterator[Text]:
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

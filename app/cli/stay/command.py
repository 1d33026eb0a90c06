"""`gerege stay`: days used, days that remain and the last lawful day.

STAYS.csv  ->  reading  ->  app.facts (stays, limits)  ->  JSON, or telling and calendar
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer

from app.cli.stay.reading import Row, read
from app.cli.stay.telling import Found, told
from app.cli.terminal import ExitCode, Format, FormatOption, WrongUseError, out, write_json
from app.clock import SystemClock
from app.facts.limits import CalendarYear, Continuous, Limit, PerEntry, Rolling, counted_from, judge
from app.facts.stays import Presence


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
        for line in told(rows, presence, found, day, today=on is None):
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

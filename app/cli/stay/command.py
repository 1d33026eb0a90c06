"""`gerege stay`: days used, days that remain and the last lawful day.

STAYS.csv  ->  reading  ->  exits  ->  app.facts (stays, limits)  ->  JSON, or telling and calendar
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

import typer

from app.cli.stay.exits import Stays, counted_up_to
from app.cli.stay.reading import read
from app.cli.stay.telling import Judged, told
from app.cli.terminal import ExitCode, Format, FormatOption, WrongUseError, out, write_json
from app.clock import SystemClock
from app.facts.limits import CalendarYear, Continuous, Limit, PerEntry, Rolling, counted_from, judge


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

    Where an entry follows an entry, an exit is missing: days are then counted at most and at least.

    Days on a residence permit or a long-stay visa (column basis) are left out. An exceeded limit is exit code 1.
    """
    limits: list[Limit] = [_rolling(each) for each in rolling or ()]
    limits += [CalendarYear(each) for each in calendar_year or ()]
    limits += [Continuous(each) for each in continuous or ()]
    limits += [PerEntry(each) for each in per_entry or ()]
    day = on.date() if on else SystemClock().now().date()
    rows = read(file.read(), file.name)
    stays = counted_up_to(rows, day)
    found = [Judged(limit, judge(limit, stays.most), judge(limit, stays.least)) for limit in limits]
    if form is Format.JSON:
        write_json(_plain(stays, found, day))
    else:
        for line in told(stays, found, day, file.name, today=on is None):
            out.print(line)
    if any(each.most.overstay_days for each in found):
        raise typer.Exit(ExitCode.FAULTS)


def _rolling(text: str) -> Rolling:
    days, _, window = text.partition("/")
    if not (days.isdecimal() and window.isdecimal()):
        raise WrongUseError(f"--rolling {text} has not the form DAYS/WINDOW. For instance: --rolling 90/180")
    return Rolling(int(days), int(window))


def _plain(stays: Stays, found: Sequence[Judged], day: date) -> dict[str, Any]:
    """Where an exit is missing, figures are the most that they can be; the least stand beside them."""
    most = stays.most
    return {
        "on": day,
        "present": most.here(),
        "days_counted": most.between(1, most.until),
        "days_counted_at_least": stays.least.between(1, most.until),
        "days_left_out": sum(last - first + 1 for first, last in most.left_out),
        "without_exit": [
            {"line": row.line, "entry": row.stay.entry, "next_entry": stays.without_exit[row.line]}
            for row in stays.rows
            if row.line in stays.without_exit
        ],
        "stays": [
            {
                "entry": row.stay.entry,
                "exit": row.stay.exit,
                "days": max((min(stays.last_day(row) or day, day) - row.stay.entry).days + 1, 0),
                "counted": row.stay.counted,
                "basis": row.basis,
            }
            for row in stays.rows
        ],
        "limits": [
            {
                "limit": str(each.limit),
                "kind": str(each.limit).partition(" ")[0].replace("-", "_"),
                "days": each.limit.limit,
                "window": each.limit.window if isinstance(each.limit, Rolling) else None,
                **asdict(each.most),
                "at_least": asdict(each.least) if stays.without_exit else None,
                "counted_days": list(most.listed(counted_from(each.limit, most), most.until)),
            }
            for each in found
        ],
    }

"""Drafts rules/calendars/<STATE>.yaml from the PyPI package `holidays`, which the service does not need.

    python3 -m venv scratch && scratch/bin/pip install holidays==0.109 && scratch/bin/python tools/calendars.py

The committed files are the source: read the difference before keeping it. A year is covered only if the package cites
the act that moved that year's days of rest, or the state moves none. Tajikistan and Mongolia are left out: the package
knows neither the days in lieu of Tajik holidays on a weekend nor the Mongolian days of rest added by decree.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import holidays

FOLDER = Path(__file__).parents[1] / "rules" / "calendars"
# First and last year covered, and what an author should know of it.
STATES = {
    "BLR": (2020, 2026, "An employer may move the day to work to another Saturday."),
    "CHN": (2020, 2026, "Of each year's notice of the State Council."),
    "IND": (2021, 2026, "Offices of the central government in Delhi; those of a state have days of their own."),
    "KAZ": (2021, 2025, "Five-day week. The moved days of 2026 are not in the package."),
    "KGZ": (2021, 2025, "Five-day week. Moving 8 and 9 January 2026 was proposed; whether it was done is not known."),
    "RUS": (
        2022,
        2027,
        "Five-day week, without days of the regions. Those decreed in 2020-2021 are not in.",
    ),
    "UZB": (2021, 2026, "Five-day week, with the days of rest added by decree."),
}
_MOVED = re.compile(r"Day off \(substituted from (\d\d)/(\d\d)/(\d{4})\)")
_IN_PLACE = r"in place of \3-\1-\2"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for state, (first, last, note) in STATES.items():
        found = holidays.country_holidays(state, years=range(first, last + 1), language="en_US")
        if estimated := [day for day, name in found.items() if "estimated" in name]:
            raise SystemExit(f"{state}: the dates {estimated} are estimates")
        lines = "\n".join(_lines(found, first, last, note))
        (FOLDER / f"{state}.yaml").write_text(lines + "\n", encoding="utf-8")


def _lines(found: holidays.HolidayBase, first: int, last: int, note: str) -> Iterator[str]:
    yield f"source: PyPI package holidays {holidays.__version__} (MIT), which cites the acts"
    yield "verification: secondary_source"
    yield f"note: {note}"
    yield "weekend: [saturday, sunday]"
    yield f"covers: {{from: {first}-01-01, until: {last}-12-31}}"
    yield "holidays:"
    yield from (f"  {day}: {_MOVED.sub(_IN_PLACE, name)}" for day, name in sorted(found.items()))
    if working := [day for day in sorted(getattr(found, "weekend_workdays", ())) if _within(day, first, last)]:
        yield "working:"
        yield from (f"  - {day}" for day in working)


def _within(day: date, first: int, last: int) -> bool:
    return first <= day.year <= last


if __name__ == "__main__":
    main()

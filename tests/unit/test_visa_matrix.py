"""The dated visa matrix: on the day before, of and after each change, facts say what its half-open rows say."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest

from app.evaluation.engine import Engine
from app.facts.reference_data import ReferenceData, parse
from app.language.load import load, read_sources
from tests.factories import crossing

RULES: Final = Path(__file__).parents[2] / "rules"
DAY: Final = timedelta(days=1)
SAMPLE: Final = 400
# The source's words, as facts have them; a closed border says nothing of visas.
WORDS: Final = {
    "visa required": "visa",
    "visa free": "none",
    "visa on arrival": "visa_on_arrival",
    "e-visa": "e_visa",
    "eta": "electronic_authorisation",
    "no admission": "no_admission",
    "covid ban": None,
}
RENAMED: Final = {"XKX": "RKS"}


class Row(NamedTuple):
    """What was seen from a day on until another, which is no more of it."""

    since: date
    until: date
    requirement: str


class Change(NamedTuple):
    """A day on which the matrix says something else than the day before."""

    passport: str
    destination: str
    day: date


def _matrix() -> Mapping[tuple[str, str], list[Row]]:
    found = defaultdict(list)
    with (RULES / "lists/visa_requirements.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            since, until = (
                date.fromisoformat(row[name] or "9999-12-31") for name in ("observed_from", "observed_until")
            )
            found[row["passport"], row["destination"]].append(Row(since, until, row["requirement"]))
    return found


MATRIX: Final = _matrix()
CHANGES: Final = [
    Change(*pair, day)
    for pair, rows in MATRIX.items()
    for day in sorted({day for row in rows for day in (row.since, row.until) if day.year < date.max.year})
]


def said(passport: str, destination: str, day: date) -> tuple[str | None, int | None]:
    """Requirement and visa-free days on that day."""
    rows = [row for row in MATRIX[passport, destination] if row.since <= day < row.until]
    assert len(rows) <= 1
    text = rows[0].requirement if rows else "covid ban"
    return ("visa_free_days", int(text)) if text.isdecimal() else (WORDS[text], None)


def around(change: Change) -> Iterator[date]:
    yield from (change.day - DAY, change.day, change.day + DAY)


@pytest.fixture(scope="module")
def reference() -> ReferenceData:
    data, diagnostics = parse(read_sources(RULES))
    assert diagnostics == ()
    return data


def test_the_matrix_says_on_each_day_around_a_change_what_its_rows_say(reference: ReferenceData) -> None:
    assert len(CHANGES) > 3000
    for change in CHANGES:
        for day in around(change):
            passport = RENAMED.get(change.passport, change.passport)
            rule = reference.visa(passport, change.destination, day)
            told = (rule.requirement, rule.days) if rule else (None, None)
            assert told == said(change.passport, change.destination, day), (change, day)


def test_an_event_is_judged_by_the_matrix_of_its_day_at_the_checkpoint(reference: ReferenceData) -> None:
    """The first and last minute of each day by the checkpoint's own clock, for a sample of the changes."""
    places = {each.state: each for each in reference.checkpoints.values()}
    rulebook = load(read_sources(RULES)).rulebook
    assert rulebook is not None
    engine = Engine(rulebook, reference, cross_check=False)
    changes = [change for change in CHANGES if change.destination in places]
    for change in Random(0).sample(changes, SAMPLE):
        place = places[change.destination]
        passport = RENAMED.get(change.passport, change.passport)
        for day in around(change):
            for clock in (time(0, 0), time(23, 59)):
                at = datetime.combine(day, clock, place.time_zone).isoformat()
                event = crossing(checkpoint=place.code, occurred_at=at, persons__0__nationality=passport)
                (_, facts), *_ = engine.prepare(event).subjects
                told = (facts.get("subject.visa_requirement"), facts.get("subject.visa_free_days"))
                assert told == said(change.passport, change.destination, day), (change, at)
    engine.close()

"""The guide for rule authors: its rule, cases and conditions are run, and its tables are those of the code."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from textwrap import indent
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from app.backends.reference import verdict_of
from app.evaluation.cases import Failure, run
from app.language.diagnostics import Diagnostic, Severity
from app.language.from_surface.measures import FORMS
from app.language.ir import Operator, Quantifier, Status
from app.language.load import Loaded, load, read_sources
from app.language.operators import FITTING
from app.language.truth import Truth
from app.language.units import UNITS
from app.vocabulary.codes import UnknownReason, Verdict
from app.vocabulary.fields import FieldType

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
ID = "EUE-DOC-901"
FOLDER = "EUE/documents"
RULE, CASES, *CONDITIONS = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
# The blocks of the section on history, by what they are.
TIME: Final = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
COUNTING: Final = f"{FOLDER}/EUE-DOC-902"


@pytest.fixture(scope="module")
def sources() -> Mapping[str, str]:
    """The rulebook, the guide's rule and cases, and for each of the guide's conditions a draft that asks it."""
    drafts = {f"{FOLDER}/{ID}-{place}.yaml": _draft(place, text) for place, text in enumerate(CONDITIONS)}
    guide = {f"{FOLDER}/{ID}.yaml": RULE, f"{FOLDER}/{ID}.cases.yaml": CASES}
    shipped = read_sources(ROOT / "rules")
    time = {
        "measures.yaml": shipped["measures.yaml"] + TIME["measures.yaml"],
        f"{COUNTING}.yaml": _counting(),
        f"{COUNTING}.cases.yaml": TIME["cases"],
        "calendars/MNG.yaml": TIME["calendar"],
        "calendars/checkpoints.yaml": shipped["calendars/checkpoints.yaml"] + TIME["hours"],
    }
    return {**shipped, **guide, **drafts, **time}


def _counting() -> str:
    head, _, _ = RULE.partition("versions:")
    version = "versions:\n  - in_force: {from: 2026-01-01}\n    basis: [{provision: EU-SBC-6-1}]\n"
    return f"{head.replace(ID, 'EUE-DOC-902')}{version}{indent(TIME['rule'], ' ' * 4)}"


@pytest.fixture(scope="module")
def loaded(sources: Mapping[str, str]) -> Loaded:
    return load(sources)


def _draft(place: int, condition: str) -> str:
    head, _, _ = RULE.partition("versions:")
    head = head.replace(ID, f"{ID}-{place}").replace("status: shadow", "status: draft")
    # From 2025 on, when every parameter of the guide has a value.
    version = "versions:\n  - in_force: {from: 2025-01-01}\n    basis: [{provision: EU-SBC-6-1}]\n    require:\n"
    return f"{head}{version}{indent(condition, ' ' * 6)}"


def test_the_rule_and_every_condition_of_the_guide_compile(loaded: Loaded) -> None:
    assert len(CONDITIONS) == 3
    assert [each for each in loaded.diagnostics if _of_guide(each)] == []
    assert loaded.rulebook is not None
    assert {ID, *(f"{ID}-{place}" for place in range(len(CONDITIONS)))} <= loaded.rulebook.rules.keys()


def _of_guide(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR or ID in diagnostic.at.file or "EUE-DOC-902" in diagnostic.at.file


@pytest.mark.parametrize("name", [ID, "EUE-DOC-902"])
def test_the_cases_of_the_guide_pass_and_show_all_four_verdicts(loaded: Loaded, name: str) -> None:
    chosen = Loaded(loaded.rulebook, {name: loaded.cases[name]}, ())
    outcomes = list(run(chosen))
    failures: list[Failure] = [each for each in outcomes if each and each.rule == name]
    assert failures == []
    assert {case.expect for case in loaded.cases[name]} == set(Verdict)


def test_a_case_of_the_guide_fails_where_the_rule_says_otherwise(sources: Mapping[str, str]) -> None:
    other = load({**sources, f"{FOLDER}/{ID}.yaml": RULE.replace("plus: 3 months", "plus: 2 months")})
    failures = [each for each in run(Loaded(other.rulebook, {ID: other.cases[ID]}, ())) if each and each.rule == ID]
    assert any("one day short: expected violated, got compliant" in str(each) for each in failures)


def test_the_table_of_operators_is_that_of_the_language() -> None:
    told = {row[0]: tuple(re.findall(r"`(\w+)`", row[1])) for row in _table("field type")}
    quantifiers = {FieldType.RECORDS: tuple(Quantifier)}
    assert told == {
        kind.value: tuple(str(each) for each in (*fitting, *quantifiers.get(kind, ())))
        for kind, fitting in FITTING.items()
    }
    assert {each for operators in told.values() for each in operators} == {*Operator, *Quantifier}


def test_the_table_of_verdicts_is_that_of_the_reference_evaluator() -> None:
    truths = {"true": [Truth.TRUE], "false": [Truth.FALSE], "unknown": [Truth.UNKNOWN], "any": list(Truth)}
    rows = [
        (applies, holds, re.findall(r"`(\w+)`", row[2])[0])
        for row in _table("applies")
        for applies in truths[row[0]]
        for holds in truths[row[1]]
    ]
    assert {(applies, holds) for applies, holds, _ in rows} == {(a, b) for a in Truth for b in Truth}
    assert all(verdict_of(applies, holds) == told for applies, holds, told in rows)


def test_statuses_and_units_are_told_in_full() -> None:
    assert [row[0].strip("`") for row in _table("status")] == list(Status)
    (line,) = re.findall(r"# units: (.*)", GUIDE)
    assert set(re.findall(r"\w+", line)) == set(UNITS)


def test_the_measures_calendar_and_hours_of_the_guide_are_what_it_says(loaded: Loaded) -> None:
    book = loaded.rulebook
    assert book is not None
    named = re.findall(r"^(\S+):$|^(\S+):  ", TIME["measures.yaml"], re.MULTILINE)
    assert {one or other for one, other in named} <= book.measures.keys()
    calendar = book.calendars["MNG"]
    assert calendar.is_working(date(2026, 3, 14))
    assert not calendar.is_working(date(2026, 3, 9))
    hours, zone = book.opening["RUS-IVANGOROD"], ZoneInfo("Europe/Moscow")
    asked = {"2026-05-02T01:00": False, "2026-06-06T01:00": True, "2026-06-07T12:00": False, "2025-12-31T12:00": None}
    assert {at: hours.open_at(datetime.fromisoformat(at).replace(tzinfo=zone), zone) for at in asked} == asked


def test_the_table_of_counts_is_that_of_the_language() -> None:
    told = {
        row[0].strip("`"): tuple(tuple(re.findall(r"`(\w+)`", cell)) for cell in row[2:4]) for row in _table("count")
    }
    assert told == {count.value: (form.needs, form.may) for count, form in FORMS.items()}
    units = {row[0].strip("`"): row[4] or None for row in _table("count")}
    assert units == {count.value: form.unit for count, form in FORMS.items()}


def test_every_reason_why_something_is_unknown_is_told() -> None:
    assert [row[0].strip("`") for row in _table("reason")] == list(UnknownReason)


def _table(first: str) -> list[list[str]]:
    """Rows of the table whose head begins so."""
    _, _, after = GUIDE.partition(f"| {first} |")
    body = after.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]

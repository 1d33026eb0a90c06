"""The guide for rule authors: its rule, cases and conditions are run, and its tables are those of the code."""

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

import pytest

from app.backends.reference import verdict_of
from app.evaluation.cases import Failure, run
from app.language.diagnostics import Diagnostic
from app.language.ir import Operator, Quantifier, Status
from app.language.load import Loaded, load, read_sources
from app.language.operators import FITTING
from app.language.truth import Truth
from app.language.units import UNITS
from app.vocabulary.codes import Verdict
from app.vocabulary.fields import FieldType

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
ID = "EUE-DOC-901"
FOLDER = "EUE/documents"
RULE, CASES, *CONDITIONS = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def sources() -> Mapping[str, str]:
    """The rulebook, the guide's rule and cases, and for each of the guide's conditions a draft that asks it."""
    drafts = {f"{FOLDER}/{ID}-{place}.yaml": _draft(place, text) for place, text in enumerate(CONDITIONS)}
    guide = {f"{FOLDER}/{ID}.yaml": RULE, f"{FOLDER}/{ID}.cases.yaml": CASES}
    return {**read_sources(ROOT / "rules"), **guide, **drafts}


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
    return ID in diagnostic.at.file


def test_the_cases_of_the_guide_pass_and_show_all_four_verdicts(loaded: Loaded) -> None:
    chosen = Loaded(loaded.rulebook, {ID: loaded.cases[ID]}, ())
    outcomes = list(run(chosen))
    failures: list[Failure] = [each for each in outcomes if each and each.rule == ID]
    assert failures == []
    assert {case.expect for case in loaded.cases[ID]} == set(Verdict)


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


def _table(first: str) -> list[list[str]]:
    """Rows of the table whose head begins so."""
    _, _, after = GUIDE.partition(f"| {first} |")
    body = after.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]

"""Lex mitior: a violation says so, as information, if the law in force when an officer looks is milder."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.factories import event
from tests.service.serving import EXPIRED, RULES, MovedClock, Service, serving

RULE = "RUS/documents/RUS-TDOC-001.yaml"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def violated(service: Service) -> str:
    answer = service.post(event(persons__0__document__expires_on=EXPIRED)).json()
    return next(str(each["violation"]) for each in answer["findings"] if each["rule"] == "RUS-TDOC-001")


def milder(service: Service, violation: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = service.get(f"/v1/violations/{violation}").json()["milder_law"]
    return found


def changed(rules: Path, before: str, after: str) -> None:
    path = rules / RULE
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_the_same_law_is_not_milder(database_url: str) -> None:
    with serving(database_url) as service:
        assert milder(service, violated(service)) is None


def test_law_that_ended_since_is_milder_on_the_first_day_without_it(database_url: str, rules: Path) -> None:
    changed(rules, "  - basis:", "  - in_force: {from: 2020-01-01, until: 2026-11-23}\n    basis:")
    clock = MovedClock()
    with serving(database_url, rules, clock) as service:
        violation = violated(service)
        assert milder(service, violation) is None
        clock.move(timedelta(days=1))
        assert milder(service, violation) == {"why": "no_version_in_force", "version": None, "subject_classes": None}
        assert service.get(f"/v1/violations/{violation}").json()["status"] == "open"


def test_a_rule_that_asks_less_today_is_milder_only_for_facts_it_lets_pass(database_url: str, rules: Path) -> None:
    with serving(database_url, rules) as service:
        violation = violated(service)
    changed(rules, "before: crossing.date", "before: 2026-03-01")
    with serving(database_url, rules) as service:
        assert milder(service, violation) is None
    changed(rules, "before: 2026-03-01", "before: {field: crossing.date, minus: 2 months}")
    with serving(database_url, rules) as service:
        found = milder(service, violation)
        assert found is not None
        assert found["why"] == "not_violated"


def test_a_smaller_sanction_is_milder_for_its_class_of_subject(database_url: str, rules: Path) -> None:
    with serving(database_url, rules) as service:
        violation = violated(service)
    provisions = rules / "provisions" / "RUS.yaml"
    text = provisions.read_text()
    provisions.write_text(text.replace("max: 5000", "max: 6000"))
    with serving(database_url, rules) as service:
        assert milder(service, violation) is None
    provisions.write_text(text.replace("max: 5000", "max: 4000"))
    with serving(database_url, rules) as service:
        found = milder(service, violation)
        assert found is not None
        assert (found["why"], found["subject_classes"]) == ("smaller_sanction", ["foreign_citizen"])

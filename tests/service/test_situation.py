"""Figures of violations and compliance: each is what the list behind it has, whatever order events came in."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from app.identity.remit import Remit
from app.violations.figures import wilson
from tests.factories import event
from tests.service.serving import EXPIRED, Person, Service, serving, several

SPAN = {"from": "2026-03-01", "until": "2026-03-03"}


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        for day in (1, 1, 2):
            running.post(several(id=f"s{running.count('crossings')}", occurred_at=f"2026-03-0{day}T23:30:00Z"))
        running.post(event(id="fine", occurred_at="2026-03-03T00:00:00Z"))
        running.post(several(id="before", occurred_at="2026-02-28T23:59:59Z"))
        running.post(several(id="after", occurred_at="2026-03-04T00:00:00Z"))
        yield running


@pytest.fixture(scope="module")
def officer(service: Service) -> Person:
    return service.person("officer")


def figures(person: Person, **asked: Any) -> Any:  # noqa: ANN401 (any JSON)
    answer = person.get("/v1/situation", params={**SPAN, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(told: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 (any JSON)
    yield told["violations"]
    for name in ("by_day", "by_rule", "by_regime", "by_checkpoint", "by_subject_kind"):
        yield from told[name]


@pytest.mark.parametrize("asked", [{}, {"regime": "carriage"}, {"subject_kind": "individual", "severity": "serious"}])
def test_each_count_is_what_the_list_behind_it_has(officer: Person, asked: dict[str, str]) -> None:
    told = figures(officer, **asked)
    assert told["violations"]["count"] == sum(each["count"] for each in told["by_day"]) > 0
    for each in counts(told):
        assert len(officer.get(each["listed_at"]).json()["items"]) == each["count"], each


def test_days_are_told_one_by_one_those_without_a_violation_too(officer: Person) -> None:
    days = {each["day"]: each["count"] for each in figures(officer)["by_day"]}
    assert list(days) == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert days["2026-03-01"] == 2 * days["2026-03-02"] > 0 == days["2026-03-03"]


def test_compliance_is_compliant_over_all_that_applied(officer: Person) -> None:
    told = figures(officer)["compliance"]
    assert told["crossings"] == 4
    assert told["rate"] == told["compliant"] / (told["compliant"] + told["violated"] + told["undetermined"])
    assert told["violated"] == figures(officer)["violations"]["count"]
    rules = {each["rule"]: each for each in told["by_rule"]}
    assert (rules["RUS-TDOC-001"]["violated"], rules["RUS-TDOC-001"]["compliant"]) == (3, 4)
    assert "RUS-TDOC-003" not in rules, "a shadow rule accuses nobody"
    of_companies = figures(officer, subject_kind="legal_entity")["compliance"]
    assert 0 < of_companies["compliant"] + of_companies["violated"] < told["compliant"] + told["violated"]


def test_of_too_many_crossings_the_newest_days_are_counted_and_it_says_so(
    officer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.violations.figures.MOST_CROSSINGS", 2)
    told = figures(officer)["compliance"]
    assert (told["crossings"], told["since"]) == (2, "2026-03-02")


def test_rules_that_fire_together_are_told(service: Service, officer: Person) -> None:
    both = {
        "persons__0__role": "passenger",
        "persons__0__visa": None,
        "persons__0__document__expires_on": EXPIRED,
        "occurred_at": "2026-04-01T00:00:00Z",
    }
    for number in (1, 2):
        service.post(event(id=f"both-{number}", **both))
    told = figures(officer, **{"from": "2026-04-01", "until": "2026-04-01"})
    assert told["together"] == [{"rules": ["RUS-TDOC-001", "RUS-TDOC-002"], "count": 2}]
    assert told["together_complete"]


def test_the_precision_of_a_rule_comes_from_what_officers_decided(officer: Person) -> None:
    items = officer.get("/v1/violations", params={"rule": "RUS-TDOC-001"}).json()["items"]
    made = [each["violation"] for each in items if each["id"].startswith("s")]
    for violation, action in zip(made, ("confirm", "confirm", "dismiss"), strict=True):
        officer.do(violation, "take")
        ground = {"ground": "data_error"} if action == "dismiss" else {}
        assert officer.do(violation, action, reason="misread", **ground).status_code == 200
    (told,) = figures(officer)["precision"]
    assert (told["rule"], told["agreed"], told["rejected"]) == ("RUS-TDOC-001", 2, 1)
    assert told["interval"] == pytest.approx(wilson(2, 3))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"), [(2, 3, 0.2077, 0.9385), (0, 10, 0, 0.2775), (81, 263, 0.2553, 0.3662)]
)
def test_intervals_are_those_of_published_examples(successes: int, trials: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), has 81 of 263; the others are by R's `binom.confint`."""
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_figures_are_those_of_the_remit(service: Service) -> None:
    inside = service.person("inside", remit=Remit(("RUS",), ("RUS-*",)))
    outside = service.person("outside", remit=Remit(("FIN",)))
    assert figures(inside)["violations"]["count"] > 0
    told = figures(outside)
    assert (told["violations"]["count"], told["compliance"]["crossings"]) == (0, 0)
    assert told["compliance"]["rate"] is None


@pytest.mark.parametrize("asked", [{"from": "2026-03-04"}, {"from": "2025-01-01"}, {"until": "x"}, {"rules": "R"}])
def test_a_span_or_filter_that_is_none_is_refused(officer: Person, asked: dict[str, str]) -> None:
    assert officer.get("/v1/situation", params={**SPAN, **asked}).status_code == 422


def test_law_6_figures_are_the_same_in_whatever_order_it_became_known(database_url: str) -> None:
    ends = []
    with serving(database_url) as running:
        person = running.person("officer")
        for day, order in enumerate(permutations((1, 2, 3)), 1):
            made = {}
            for number in order:
                at = f"2026-05-{day:02}T0{number}:00:00Z"
                body = several(id=f"{day}-{number}", occurred_at=at)
                made[number] = running.post(body).json()["crossing"]
                if number == 2:
                    right = event(id=f"{day}-2", occurred_at=at, persons__0__document__expires_on=EXPIRED)
                    answer = person.post(f"/v1/crossings/{made[2]}/corrections", {"reason": "r", "event": right})
                    assert answer.status_code == 201, answer.text
            assert person.post(f"/v1/crossings/{made[3]}/withdrawal", {"reason": "never was"}).status_code == 201
            told = figures(person, **{"from": f"2026-05-{day:02}", "until": f"2026-05-{day:02}"})
            rules = {each["rule"]: each["count"] for each in told["by_rule"]}
            ends.append((told["violations"]["count"], rules, told["compliance"]["by_rule"]))
    assert ends[0][0] > 0
    assert all(each == ends[0] for each in ends)

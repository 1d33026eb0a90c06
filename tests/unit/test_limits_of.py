"""Limits that rules set whoever leaves on a day, where a requirement counts days in two ways."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final

import orjson
import pytest

from app.evaluation.reload import InForce, compile_sources
from app.evaluation.stays import as_if_leaving, count, limits_of, sojourns_in
from app.language.ir import Rulebook, Status
from app.language.load import read_sources
from app.vocabulary.values import Facts
from tests.factories import event
from tests.pasts import legs
from tests.strategies import RULES

BLR: Final = frozenset({"BLR"})
# Days of the year and days since the entry are both limited, but to keep one of the limits is enough.
RULE: Final = "BLR-STAY-001"
SERB: Final[Facts] = {
    "crossing.direction": "exit",
    "subject.nationality": "SRB",
    "subject.role": "passenger",
    "subject.purpose": "private",
    "subject.stay_extension_until": None,
    "document.kind": "passport",
    "permits": (),
    "visa": None,
    "visa.kind": None,
    "visa.issuer": None,
}


@cache
def shipped() -> InForce:
    in_force, _ = compile_sources(read_sources(RULES))
    assert in_force
    return in_force


def rulebook() -> Rulebook:
    found = shipped().rulebook
    return replace(found, rules={RULE: replace(found.rules[RULE], status=Status.ACTIVE)})


def told(on: str, *past: str, facts: Facts = SERB) -> Mapping[str, tuple[bool, int]]:
    """By limit: whether it is certain, and the days it is exceeded by."""
    day = date.fromisoformat(on)
    found = sojourns_in(legs(*past), BLR, {}, day)
    asked = list(limits_of(rulebook(), "BLR", {**facts, "crossing.date": day}, found, day))
    return {
        str(each.asked.limit): (each.asked.certain, each.least.overstay_days)
        for each in count(found, day, asked).limits
    }


@pytest.mark.parametrize(
    ("on", "past", "expected"),
    [
        # Neither is exceeded: which of the two will bind is open.
        ("2026-02-01", ("2026-01-10 entry BLR",), {"calendar-year 90": (False, 0), "per-entry 90": (False, 0)}),
        # The year's are used up: this stay must be short. That those are exceeded is no breach as long as it is.
        (
            "2026-07-01",
            ("2026-01-01 entry BLR", "2026-03-31 exit BLR", "2026-06-01 entry BLR"),
            {"per-entry 90": (True, 0)},
        ),
        # Both are exceeded, and so neither is left to be kept.
        ("2026-05-01", ("2026-01-10 entry BLR",), {"calendar-year 90": (True, 22), "per-entry 90": (True, 22)}),
        # Of the year before, whose 107 days were too many, nothing is asked any more.
        ("2026-02-10", ("2025-09-16 entry BLR",), {"calendar-year 90": (True, 0)}),
        # How long the stay has been is not known, nor then whether the year's days break the law.
        ("2026-07-01", ("2026-07-01 exit BLR",), {"calendar-year 90": (False, 0), "per-entry 90": (False, 0)}),
    ],
)
def test_of_two_limits_of_which_one_is_to_be_kept_none_is_told_as_broken_while_the_other_is_kept(
    on: str, past: tuple[str, ...], expected: Mapping[str, tuple[bool, int]]
) -> None:
    assert told(on, *past) == expected


def test_a_rule_of_which_it_is_open_whether_it_applies_sets_a_limit_that_is_not_certain() -> None:
    unsaid = {path: value for path, value in SERB.items() if path != "subject.role"}
    assert told("2026-05-01", "2026-01-10 entry BLR", facts=unsaid)["per-entry 90"] == (False, 22)
    assert told("2026-05-01", "2026-01-10 entry BLR", facts={**SERB, "subject.nationality": "RUS"}) == {}


def test_whoever_leaves_does_so_by_the_tables_and_at_the_age_of_that_day() -> None:
    """In 2021 no German was let in to Kazakhstan; since 2022 they are for thirty days."""
    event_ = event(
        checkpoint="KAZ-KHORGOS",
        occurred_at="2021-03-01T09:00:00+06:00",
        persons__0__nationality="DEU",
        observations=[{"kind": "moved_without_permission", "person": 0}],
    )
    facts = as_if_leaving(shipped().reference, orjson.dumps(event_), 0, date(2026, 4, 1))
    assert facts
    asked = ("crossing.date", "crossing.direction", "subject.visa_requirement", "subject.visa_free_days")
    assert [facts[path] for path in asked] == [date(2026, 4, 1), "exit", "visa_free_days", 30]
    assert facts["subject.age_years"] == 35
    assert facts["observations"] != ()
    # How, where and with what it leaves is not known.
    assert not {"crossing.mode", "crossing.checkpoint", "checkpoint.open", "vehicle", "cargo"} & facts.keys()
    for body in (orjson.dumps(event_ | {"checkpoint": "KAZ-GONE"}), b'{"id": 1}'):
        assert as_if_leaving(shipped().reference, body, 0, date.max) is None


def test_of_a_stay_that_is_over_no_overstay_is_told_and_of_an_extended_one_only_what_came_after() -> None:
    past = ("2026-01-10 entry BLR", "2026-06-20 exit BLR")
    assert told("2026-06-20", *past)["per-entry 90"] == (True, 72)
    assert {exceeded for _, exceeded in told("2026-07-05", *past).values()} == {0}


def test_an_extended_stay_was_lawful_until_the_extension_ran_out() -> None:
    told_of: dict[str, Any] = {"nationality": "SRB", "role": "passenger", "purpose": "tourism", "visa": None}
    told_of |= {"permits": [], "stay_extension_until": "2026-07-01"}
    body = orjson.dumps(event(**{f"persons__0__{name}": value for name, value in told_of.items()}))
    day = date(2026, 8, 2)
    found = sojourns_in(legs("2026-01-10 entry RUS"), frozenset({"RUS"}), {}, day)
    facts = as_if_leaving(shipped().reference, body, 0, day)
    assert facts
    asked = list(limits_of(shipped().rulebook, "RUS", facts, found, day))
    told = [each.least for each in count(found, day, asked).limits]
    assert {(each.last_lawful_day, each.first_violation_day, each.overstay_days) for each in told} == {
        (date(2026, 7, 1), date(2026, 7, 2), 32)
    }

"""What officers are told of a traveller's stays, by the rules that are shipped."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.crossings.history import MOST_LEGS
from app.storage import tables
from app.storage.engine import transaction
from app.vocabulary.codes import SubjectKind
from tests.factories import OMIT, event
from tests.service.serving import Service, serving
from tests.strategies import RULES

GEORGIAN: dict[str, Any] = {
    "checkpoint": "KAZ-KHORGOS",
    "persons__0__role": "passenger",
    "persons__0__nationality": "GEO",
    "persons__0__document": {"kind": "passport", "issuer": "GEO", "number": "12AB34567", "expires_on": "2030-01-01"},
    "persons__0__visa": None,
    "persons__0__permits": [],
    "persons__0__purpose": "private",
    "persons__0__stay_extension_until": None,
}
ENTRY = date(2026, 3, 1)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with serving(database_url, RULES) as running:
        yield running


def crossed(service: Service, day: date, direction: str, **changes: object) -> None:
    at = datetime(day.year, day.month, day.day, 7, tzinfo=UTC).isoformat()
    body = event(id=f"{day}-{direction}", occurred_at=at, direction=direction, **{**GEORGIAN, **changes})
    answer = service.post(body)
    assert answer.status_code == 201, answer.text


def limits(service: Service, on: date, subject: str = "GEO:12AB34567") -> dict[tuple[str, str], dict[str, Any]]:
    answer = service.get(f"/v1/subjects/{subject}/stays", params={"on": on.isoformat()})
    assert answer.status_code == 200, answer.text
    return {(each["rule"], each["limit"]): each for each in answer.json()["limits"]}


def test_a_traveller_within_the_visa_free_days_is_not_told_to_overstay(service: Service) -> None:
    """Thirty days, or more where a treaty says so: Georgians have ninety."""
    crossed(service, ENTRY, "entry")
    told = limits(service, ENTRY + timedelta(days=59))
    assert {key: (each["applies"], each["least"]["overstay_days"]) for key, each in told.items()} == {
        ("KAZ-STAY-001", "per-entry 90"): (True, 0),
        ("KAZ-STAY-002", "rolling 90/180"): (True, 0),
    }
    late = limits(service, ENTRY + timedelta(days=90))
    assert [each["least"]["overstay_days"] for each in late.values()] == [1, 1]


def test_whoever_has_another_right_to_stay_has_no_limit_of_days(service: Service) -> None:
    permit = {"kind": "residence_permit", "issuer": "KAZ", "valid_until": "2026-03-10"}
    crossed(service, ENTRY, "entry", persons__0__permits=[permit])
    assert limits(service, date(2026, 3, 10)) == {}
    # Papers are looked at as they are on the day asked about.
    assert [each["applies"] for each in limits(service, date(2026, 3, 11)).values()] == [True, True]


def test_a_limit_is_not_certain_where_a_right_to_stay_was_not_told_of(service: Service) -> None:
    crossed(service, ENTRY, "entry", persons__0__visa=OMIT)
    told = limits(service, ENTRY + timedelta(days=100))
    assert {key: each["applies"] for key, each in told.items()} == {
        ("KAZ-STAY-001", "per-entry 90"): None,
        ("KAZ-STAY-002", "rolling 90/180"): None,
    }


def test_a_short_stay_in_the_schengen_states_has_its_limit_for_certain(service: Service) -> None:
    crossed(service, ENTRY, "entry", checkpoint="FIN-VAALIMAA")
    told = limits(service, ENTRY + timedelta(days=9))
    assert {key: (each["applies"], each["least"]["days_remaining"]) for key, each in told.items()} == {
        ("EUE-STAY-001", "rolling 90/180"): (True, 80)
    }


def test_an_earlier_stay_of_another_kind_is_no_overstay_of_this_one(service: Service) -> None:
    """In 2025 there was a visa; which limits bound that stay is not told by the papers of this one."""
    visa = {"kind": "business", "issuer": "KAZ", "valid_from": "2025-01-01", "valid_until": "2025-12-31"}
    crossed(service, date(2025, 3, 1), "entry", persons__0__visa=visa)
    crossed(service, date(2025, 7, 31), "exit", persons__0__visa=visa)
    crossed(service, ENTRY, "entry")
    told = limits(service, ENTRY + timedelta(days=5))
    assert [each["least"]["overstay_days"] for each in told.values()] == [0, 0]
    asked = service.get("/v1/subjects/GEO:12AB34567/stays", params={"on": "2026-03-06", "per_entry": [90]}).json()
    assert [each["least"]["overstay_days"] for each in asked["limits"] if each["rule"] is None] == [63]


# --- more than is read of anybody, and who has no stays ------------------------------------------------------


def many(service: Service, crossings: int, days: int, first: date) -> None:
    """Beside those sent: entries and exits by turns, spread over so many days, without what was decided on them."""
    step = timedelta(days=days) / crossings
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    with transaction(service.services.database) as tx:
        crossing = tx.execute(select(tables.crossings)).one()
        subject = tables.crossing_subjects
        person = tx.execute(select(subject).where(subject.c.kind == SubjectKind.INDIVIDUAL)).one()
        rows = []
        for number in range(crossings):
            at = begin + step * number
            named = {"crossing": f"made-up-{number}", "occurred_at": at, "local_date": at.date()}
            direction = "exit" if number % 2 else "entry"
            rows.append(person._asdict() | named | {"direction": direction})
        made = [
            crossing._asdict() | {"id": row["crossing"], "event_id": row["crossing"], "occurred_at": row["occurred_at"]}
            for row in rows
        ]
        tx.execute(insert(tables.crossings), made)
        body = tx.execute(select(tables.crossing_bodies.c.body)).scalar_one()
        tx.execute(insert(tables.crossing_bodies), [{"crossing": row["crossing"], "body": body} for row in rows])
        tx.execute(insert(tables.crossing_subjects), rows)


def test_a_number_under_which_more_cross_than_one_person_can_is_refused(service: Service) -> None:
    crossed(service, ENTRY, "entry")
    many(service, MOST_LEGS + 1, 300, date(2025, 4, 1))
    refused = service.get("/v1/subjects/GEO:12AB34567/stays", params={"on": "2026-03-05"})
    assert refused.status_code == 422
    assert "more than 5,000 crossings since" in refused.json()["detail"]
    # Up to a day before most of them there are few.
    before = service.get("/v1/subjects/GEO:12AB34567/stays", params={"on": "2025-04-10"})
    assert (before.status_code, before.json()["since"]) == (200, None)


def test_of_who_crosses_every_day_for_many_years_the_last_of_them_are_counted(service: Service) -> None:
    crossed(service, ENTRY, "entry")
    many(service, 2 * MOST_LEGS, 14 * 365, date(2012, 2, 2))
    answer = service.get("/v1/subjects/GEO:12AB34567/stays", params={"on": "2026-03-05", "rolling": ["90/180"]})
    told = answer.json()
    since = date.fromisoformat(told["since"])
    assert since.year == 2019
    assert date.fromisoformat(told["days"][0]) - since < timedelta(days=2)
    assert all(each["entry"] for each in told["stays"])
    assert {(each["limit"], each["known"]) for each in told["limits"]} == {
        ("rolling 90/180", True),
        ("per-entry 90", True),
    }
    # What reaches back behind that day is not half counted.
    window = (date(2026, 3, 5) - since).days + 1
    for reach, status in ((window, 200), (window + 1, 422)):
        params = {"on": "2026-03-05", "rolling": [f"90/{reach}"]}
        assert service.get("/v1/subjects/GEO:12AB34567/stays", params=params).status_code == status


def test_a_company_has_no_stays(service: Service) -> None:
    crossed(service, ENTRY, "entry")
    path = "/v1/subjects/cn_uscc:91110000600037341L"
    assert service.get(path).status_code == 200
    refused = service.get(f"{path}/stays", params={"rolling": ["90/180"]})
    assert refused.status_code == 404
    assert "is a company" in refused.json()["detail"]

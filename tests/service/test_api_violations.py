"""What officers look for: filters, pages, and why."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from app.web.api import schemas
from tests.factories import event
from tests.service.serving import EXPIRED, Service, serving, several

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
GRAVITY = ["minor", "serious", "grave"]


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    """Sixteen violations: on each of four days of the driver, the passenger and the carrier, for two rules."""
    with serving(module_database_url) as running:
        for day in DAYS:
            made = several(
                id=f"V-{day}",
                occurred_at=f"{day}T09:15:00+09:00",
                organizations__0__identifiers={"ru_inn": "1234567890"},
            )
            assert running.post(made).json()["outcome"] == "violation"
            running.clock.move(timedelta(hours=1))
        yield running


def items(service: Service, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (any filter)
    response = service.get("/v1/violations", params=asked)
    assert response.status_code == 200, response.text
    page = schemas.ViolationPage.model_validate_json(response.content)
    return [each.model_dump(mode="json") for each in page.items]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 16),
        ({"status": "open"}, 16),
        ({"status": "confirmed"}, 0),
        ({"rule": "RUS-TDOC-001"}, 4),
        ({"rule": ["RUS-TDOC-001", "RUS-TDOC-002"]}, 8),
        ({"regime": "carriage"}, 8),
        ({"regime": ["carriage", "documents"]}, 16),
        ({"jurisdiction": "RUS"}, 16),
        ({"jurisdiction": "CHN"}, 0),
        ({"severity": ["minor", "grave"]}, 8),
        ({"checkpoint": "RUS-ZABAYKALSK"}, 16),
        ({"subject_kind": "legal_entity"}, 8),
        ({"subject": "CHN:E99999999"}, 4),
        ({"occurred_from": "2026-03-03T00:15:00Z"}, 8),
        ({"occurred_until": "2026-03-03T09:15:00+09:00"}, 8),
        ({"occurred_from": "2026-03-02T00:00:00Z", "occurred_until": "2026-03-03T00:00:00Z"}, 4),
        ({"updated_since": "2026-11-23T03:20:00Z"}, 4),
        ({"q": "v-2026-03-04"}, 4),
        ({"q": "tdoc"}, 8),
        ({"q": "%"}, 0),
        ({"q": "_"}, 16 // 2),
        ({"rule": "RUS-TDOC-001", "subject_kind": "legal_entity"}, 0),
    ],
)
def test_all_filters_must_be_met_each_by_any_of_its_values(
    service: Service, asked: dict[str, Any], number: int
) -> None:
    assert len(items(service, **asked)) == number


@pytest.mark.parametrize(
    ("asked", "name", "words"),
    [
        ({"severity": "awful"}, "severity", "'grave'"),
        ({"regime": "feudal"}, "regime", "'border_zone'"),
        ({"sort": "name"}, "sort", "'-severity'"),
        ({"limit": "0"}, "limit", "greater"),
        ({"limit": "501"}, "limit", "500"),
        ({"limit": "ten"}, "limit", "integer"),
        ({"occurred_from": "2026-03-01"}, "occurred_from", "timezone"),
        ({"occurred_from": "0001-01-01T00:00:00+09:00"}, "occurred_from", "1870"),
        ({"updated_since": "9999-12-31T23:59:59-09:00"}, "updated_since", "2200"),
        ({"q": ""}, "q", "1 character"),
        ({"q": "a\x00b"}, "q", "control characters"),
        ({"rule": "a\x00b"}, "rule", "control characters"),
        ({"q": "x" * 201}, "q", "200"),
        ({"cursor": "nonsense"}, "cursor", "begin again"),
        ({"cursor": "ü"}, "cursor", "begin again"),
        ({"cursor": "W1tbW1tbW1tbW1tbW10"}, "cursor", "begin again"),
        ({"chekpoint": "RUS-ZABAYKALSK"}, "chekpoint", "did you mean checkpoint?"),
    ],
)
def test_a_parameter_that_cannot_be_met_is_named_with_what_would_be_right(
    service: Service, asked: dict[str, Any], name: str, words: str
) -> None:
    response = service.get("/v1/violations", params=asked)
    assert response.status_code == 422
    problem = schemas.Problem.model_validate_json(response.content)
    assert problem.errors
    (fault,) = problem.errors
    assert fault.pointer == name
    assert words in f"{fault.message} {fault.hint}"


@pytest.mark.parametrize("sort", ["-occurred_at", "occurred_at", "-updated_at", "updated_at", "-severity", "severity"])
def test_pages_give_every_violation_once_and_in_order(service: Service, sort: str) -> None:
    following, seen = f"/v1/violations?sort={sort}&limit=3&rule=RUS-TDOC-001&rule=RUS-TDOC-002", []
    while following:
        response = service.get(following)
        page = response.json()
        assert len(page["items"]) <= 3
        assert parse_qs(urlsplit(following).query)["rule"] == ["RUS-TDOC-001", "RUS-TDOC-002"]
        seen += page["items"]
        following = page["next"]
        assert (response.headers.get("link") == f'<{following}>; rel="next"') is bool(following)
    assert len({each["violation"] for each in seen}) == len(seen) == 8
    name = sort.removeprefix("-")
    values = [GRAVITY.index(each[name]) if name == "severity" else each[name] for each in seen]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_a_cursor_of_another_sort_is_refused(service: Service) -> None:
    following = service.get("/v1/violations?limit=1").json()["next"]
    response = service.get(f"{following}&sort=severity")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "cursor"


def test_what_is_stored_between_two_pages_neither_repeats_nor_hides_any(service: Service) -> None:
    first = service.get("/v1/violations", params={"limit": 2, "subject": "CHN:E12345678"}).json()
    later = event(
        id="later",
        occurred_at="2026-03-05T09:00:00+09:00",
        persons__0__document__number="E-LATER",
        persons__0__document__expires_on=EXPIRED,
    )
    service.post(later)
    second = service.get(first["next"]).json()
    assert [each["date"] for each in first["items"] + second["items"]] == list(reversed(DAYS))


def test_a_violation_says_why_in_the_words_of_the_law(service: Service) -> None:
    (listed,) = items(service, q="V-2026-03-02", rule="RUS-TDOC-001")
    response = service.get(f"/v1/violations/{listed['violation']}")
    detail = schemas.ViolationDetail.model_validate_json(response.content)
    assert detail.title["ru"] == "Просроченный документ"
    assert detail.law is not None
    assert detail.law["basis"][0]["article"] == "11"
    assert detail.law["basis"][0]["summary"]["zh"]
    assert detail.law["sanction"]["sanctions"]
    assert detail.explanation["version"]["judged_on"] == "2026-03-02"
    assert detail.facts["document.expires_on"] == EXPIRED
    assert (detail.subject.kind, detail.subject.index, detail.subject.key) == ("individual", 0, "CHN:E12345678")


def test_the_facts_are_those_of_the_violations_own_subject(service: Service) -> None:
    for listed in items(service, q="V-2026-03-02"):
        facts = service.get(f"/v1/violations/{listed['violation']}").json()["facts"]
        role = {"CHN:E12345678": "driver", "CHN:E99999999": "passenger"}.get(listed["subject"]["key"], "carrier")
        assert facts["subject.role"] == role


def test_who_looked_at_whom_is_logged_and_names_are_not(service: Service) -> None:
    (listed,) = items(service, q="V-2026-03-02", rule="RUS-TDOC-001")
    with capture_logs() as entries:
        service.get(f"/v1/violations/{listed['violation']}")
        service.get(f"/v1/crossings/{listed['crossing']}")
        service.get("/v1/violations?subject=CHN:E12345678&q=V-2026-03-02&rule=RUS-TDOC-001")
        service.get("/v1/subjects/CHN:E12345678")
        service.get("/v1/subjects/CHN:E12345678/stays")
    looks = [each for each in entries if each["event"] == "looked"]
    newest = service.get("/v1/subjects/CHN:E12345678").json()["crossings"][0]["crossing"]
    assert [(each["what"], each["ids"]) for each in looks] == [
        ("violation", [listed["violation"]]),
        ("crossing", [listed["crossing"]]),
        ("violations", [listed["violation"]]),
        ("subject", [newest]),
        ("stays", [newest]),
    ]
    assert looks[2]["by"] == ["q", "rule", "subject"]
    assert len({each["credential"] for each in looks}) == 1
    for told in ("ERIKSSON", "E12345678", "V-2026"):
        assert told not in repr(entries)


def test_what_was_not_found_is_not_logged_as_looked_at(service: Service) -> None:
    with capture_logs() as entries:
        service.get("/v1/violations/nobody")
        service.get("/v1/crossings/nobody")
    assert [each for each in entries if each["event"] == "looked"] == []

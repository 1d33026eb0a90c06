"""Events in, answers out, crossings read back."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import orjson
import pytest

from app.identity.roles import Role
from app.storage.tables import metadata
from app.web.api import schemas
from tests.factories import OMIT, event
from tests.service.serving import EXPIRED, Service, serving, several

CLOUD_EVENT = "application/cloudevents+json"
_serial = count(1)


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url, max_body_bytes=1 << 16) as running:
        yield running


def fresh(**changes: object) -> dict[str, Any]:
    return event(id=f"A-{next(_serial)}", **changes)


def envelope(data: object, **changes: object) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "border.crossing", "id": "CE-1", "source": "rus-zabaykalsk-lane-3"} | {
        "data": data,
        **changes,
    }


def test_a_stored_event_is_answered_with_its_verdict_and_address(service: Service) -> None:
    body = fresh(persons__0__document__expires_on=EXPIRED)
    response = service.post(body)
    assert response.status_code == 201
    answer = schemas.Answer.model_validate_json(response.content)
    assert response.headers["location"] == f"/v1/crossings/{answer.crossing}"
    assert (answer.id, answer.source) == (body["id"], body["source"])
    assert (answer.outcome, answer.advice) == ("violation", "refer")
    assert answer.rulebook == service.services.pipeline.in_force.rulebook.digest
    (finding,) = answer.findings
    assert (finding.rule, finding.verdict, finding.title) == ("RUS-TDOC-001", "violated", "Expired document")
    assert [each.model_dump() for each in finding.basis] == [
        {"provision": "RU-4730-11", "article": "11"},
        {"provision": "RU-114-24", "article": "24"},
    ]
    assert finding.violation


def test_an_event_in_order_is_compliant_and_gives_no_violation(service: Service) -> None:
    answer = service.post(fresh()).json()
    assert (answer["outcome"], answer["advice"], answer["findings"]) == ("compliant", None, [])


def test_what_an_event_leaves_out_is_named_and_never_compliant(service: Service) -> None:
    answer = service.post(fresh(persons__0__document__expires_on=OMIT)).json()
    (finding,) = answer["findings"]
    assert answer["outcome"] == finding["verdict"] == "undetermined"
    assert finding["missing"] == ["document.expires_on"]
    assert finding["violation"] is None


def test_driver_passenger_and_carrier_each_have_their_findings_stored_and_found(service: Service) -> None:
    answer = service.post(several(id="three")).json()
    found = {(each["subject"]["kind"], each["subject"]["index"], each["rule"]) for each in answer["findings"]}
    expected = {
        ("individual", 0, "RUS-TDOC-001"),
        ("individual", 1, "RUS-TDOC-002"),
        ("legal_entity", 0, "RUS-TCAR-001"),
    }
    assert found == expected
    assert answer["advice"] == "hold"
    page = service.get("/v1/violations", params={"q": "three"}).json()
    listed = {(each["subject"]["kind"], each["subject"]["index"], each["rule"]) for each in page["items"]}
    assert listed == expected
    for each in answer["findings"]:
        assert service.get(f"/v1/violations/{each['violation']}").json()["crossing"] == answer["crossing"]


def test_the_same_event_again_gives_the_same_answer_and_stores_nothing(service: Service) -> None:
    body = fresh()
    first = service.post(body)
    stored = service.count("crossings"), service.count("decisions")
    again = service.post(orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
    assert (service.count("crossings"), service.count("decisions")) == stored


def test_the_same_identifier_with_another_body_is_a_conflict_that_names_the_crossing(service: Service) -> None:
    first = service.post(event(id="other-body"))
    response = service.post(event(id="other-body", direction="exit"))
    assert response.status_code == 409
    assert first.json()["crossing"] in response.json()["detail"]
    assert service.get(f"/v1/crossings/{first.json()['crossing']}").json()["event"]["direction"] == "entry"


def test_a_shadow_finding_is_stored_and_never_shown(service: Service) -> None:
    answer = service.post(fresh(persons__0__document__technical_defect=True)).json()
    assert (answer["outcome"], answer["findings"]) == ("compliant", [])
    stored = service.get(f"/v1/crossings/{answer['crossing']}").json()
    (finding,) = stored["decisions"][0]["findings"]
    assert (finding["rule"], finding["shadow"], finding["verdict"]) == ("RUS-TDOC-003", True, "violated")
    assert service.get("/v1/violations", params={"rule": "RUS-TDOC-003"}).json()["items"] == []


# --- CloudEvents --------------------------------------------------------------------------------------------


def test_an_envelope_lends_the_event_its_id_and_source(service: Service) -> None:
    response = service.post(envelope(event(id=OMIT, source=OMIT)), kind=CLOUD_EVENT)
    assert response.status_code == 201
    assert (response.json()["id"], response.json()["source"]) == ("CE-1", "rus-zabaykalsk-lane-3")


def test_an_event_is_the_same_in_an_envelope_and_without(service: Service) -> None:
    body = fresh()
    first = service.post(body)
    again = service.post(envelope(body, id=body["id"], time="2026-03-01T00:00:00Z", subject="x"), kind=CLOUD_EVENT)
    assert (again.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"specversion": "0.3"}, "/specversion"),
        ({"type": ""}, "/type"),
        ({"id": 5}, "/id"),
        ({"source": None}, "/source"),
        ({"data": event(id="another")}, "/data/id"),
        ({"data": event(id=OMIT, source=OMIT, direction="sideways")}, "/data/direction"),
        ({"data": [1]}, "/data"),
        ({"data": None}, "/data"),
        ({"datacontenttype": "application/xml"}, "/datacontenttype"),
    ],
)
def test_a_fault_of_an_envelope_is_pointed_at(service: Service, changed: dict[str, Any], pointer: str) -> None:
    response = service.post(envelope(event(id=OMIT, source=OMIT)) | changed, kind=CLOUD_EVENT)
    assert response.status_code == 422
    assert pointer in [each["pointer"] for each in response.json()["errors"]]


def test_an_envelope_may_not_lend_a_source_the_key_is_not_bound_to(service: Service) -> None:
    response = service.post(envelope(event(id=OMIT, source=OMIT), source="fin-vaalimaa-lane-1"), kind=CLOUD_EVENT)
    assert response.status_code == 403


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"persons__0__document__expires_on": "tomorrow"}, "/persons/0/document/expires_on", "date"),
        (
            {"persons__0__document__expire_on": "2030-01-01"},
            "/persons/0/document/expire_on",
            "did you mean expires_on?",
        ),
        ({"persons__0__religion": "none"}, "/persons/0/religion", "not a member"),
        ({"direction": OMIT}, "/direction", "required"),
        ({"checkpoint": "RUS-ZABAIKALSK"}, "/checkpoint", "did you mean RUS-ZABAYKALSK?"),
        ({"occurred_at": "2026-03-01T09:15:00"}, "/occurred_at", "timezone"),
        ({"occurred_at": "0001-01-01T00:00:00+09:00"}, "/occurred_at", "1870"),
        ({"occurred_at": "9999-12-31T23:59:59-09:00"}, "/occurred_at", "2200"),
        ({"persons": [], "organizations": []}, "", "names no person"),
        ({"persons__0__surname": "A\x00B"}, "/persons/0/surname", "pattern"),
        ({"organizations__0__identifiers": {"a/b~c": "1"}}, "/organizations/0/identifiers/a~1b~0c", "should be"),
        ({"vehicle__gross_weight_kg": "heavy"}, "/vehicle/gross_weight_kg", "decimal"),
        (
            {"observations": [{"kind": "seal_broken", "person": 0, "organization": 0}]},
            "/observations/0",
            "one observation of each",
        ),
        ({"observations": [{"kind": "seal_broken", "person": 1}]}, "", "person 1"),
        ({"id": "ü"}, "/id", "pattern"),
        ({"id": "x" * 101}, "/id", "pattern"),
    ],
)
def test_each_fault_is_pointed_at_and_nothing_is_stored(
    service: Service, changes: dict[str, Any], pointer: str, words: str
) -> None:
    before = service.count("crossings")
    response = service.post(event(**({"id": "faulty"} | changes)))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = schemas.Problem.model_validate_json(response.content)
    assert problem.errors
    (fault,) = problem.errors
    assert fault.pointer == pointer
    assert words in f"{fault.message} {fault.hint}"
    assert service.count("crossings") == before


def test_every_fault_is_named_up_to_a_hundred(service: Service) -> None:
    two = service.post(event(direction="up", mode="sled")).json()["errors"]
    assert [each["pointer"] for each in two] == ["/direction", "/mode"]
    many = service.post(event() | {f"member{n}": n for n in range(300)}).json()
    assert len(many["errors"]) == 100
    assert "100 of 300 faults" in many["detail"]


DEEP = b'{"id":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
LESS_DEEP = b'{"id":' + b"[" * 300 + b"]" * 300 + b"}"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe{", "application/json", 400),
        (b'{"id": "\\ud800"}', "application/json", 400),
        (DEEP, "application/json", 400),
        (LESS_DEEP, "application/json", 422),
        (b'{"specversion":"1.0","type":"t","id":"i","source":"s","data":' + LESS_DEEP + b"}", CLOUD_EVENT, 422),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"5", CLOUD_EVENT, 422),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"{}", "application/x-ndjson", 415),
        (b" " * ((1 << 16) + 1), "application/json", 413),
    ],
)
def test_a_body_that_is_no_event_is_refused_with_a_problem(
    service: Service, body: bytes, kind: str, status: int
) -> None:
    response = service.post(body, kind=kind)
    assert response.status_code == status
    assert schemas.Problem.model_validate_json(response.content).status == status


@pytest.mark.parametrize(
    ("given", "twice", "pointer"),
    [
        (b'"direction":', b'"direction":"exit","directio\\u006e":', "/direction"),
        (b'"nationality":', b'"nationality":"KAZ","nationality":', "/persons/0/nationality"),
    ],
)
def test_a_member_given_twice_is_refused_with_its_place_and_never_chosen_among(
    service: Service, given: bytes, twice: bytes, pointer: str
) -> None:
    body = orjson.dumps(fresh())
    ambiguous = body.replace(given, twice, 1)
    response = service.post(ambiguous)
    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [pointer]
    answer = service.post(body + b"\n" + ambiguous, path="/v1/crossings/batch", kind="application/x-ndjson")
    assert [orjson.loads(each)["status"] for each in answer.text.splitlines()] == [201, 422]


def test_a_long_and_deep_body_with_a_member_given_twice_is_refused_shortly(service: Service) -> None:
    deep = b'{"a":1,"' + b"b" * 10_000 + b'":' + b'{"b":' * 900 + b'{"c":1,"c":2}' + b"}" * 900 + b"}"
    response = service.post(deep)
    assert response.status_code in {400, 422}
    assert len(response.content) < 2000


def test_a_body_too_large_is_refused_even_if_its_length_is_not_declared(service: Service) -> None:
    parts = (b" " * 1024 for _ in range(65))
    headers = service.header(Role.CHECKPOINT) | {"Content-Type": "application/json"}
    response = service.client.post("/v1/crossings", content=parts, headers=headers)
    assert "content-length" not in response.request.headers
    assert response.status_code == 413


def test_a_body_encoded_in_a_way_nobody_asked_for_is_refused(service: Service) -> None:
    headers = service.header(Role.CHECKPOINT) | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = service.client.post("/v1/crossings", content=orjson.dumps(fresh()), headers=headers)
    assert response.status_code == 415


# --- evaluate, read -----------------------------------------------------------------------------------------


def test_an_evaluation_stores_nothing_and_gives_the_facts(service: Service) -> None:
    before = service.count("crossings")
    response = service.post(several(id="only-tried"), Role.AUTHOR, "/v1/evaluate")
    assert response.status_code == 200
    answer = schemas.Evaluated.model_validate_json(response.content)
    assert answer.crossing is None
    assert answer.outcome == "violation"
    assert [each.violation for each in answer.findings] == [None] * 3
    assert [each.subject.kind for each in answer.facts] == ["individual", "individual", "legal_entity"]
    assert answer.facts[0].values["document.expires_on"] == EXPIRED
    assert service.count("crossings") == before


def test_an_evaluation_of_all_rules_gives_each_verdict_with_its_tree(service: Service) -> None:
    response = service.post(fresh(), Role.AUTHOR, "/v1/evaluate?all=true")
    answer = schemas.Evaluated.model_validate_json(response.content)
    verdicts = {(each.rule, each.subject.kind): each.verdict for each in answer.findings}
    assert verdicts == {
        ("RUS-TDOC-001", "individual"): "compliant",
        ("RUS-TDOC-002", "individual"): "not_applicable",
        ("RUS-TCAR-001", "legal_entity"): "compliant",
        ("RUS-TCAR-002", "legal_entity"): "compliant",
    }
    assert answer.outcome == "compliant"
    (leaf,) = next(each for each in answer.findings if each.rule == "RUS-TDOC-001").explanation["holds"]["parts"]
    assert leaf


def test_a_crossing_is_read_back_as_received_with_its_decision(service: Service) -> None:
    body = several(id="read-back")
    answer = service.post(body).json()
    response = service.get(f"/v1/crossings/{answer['crossing']}")
    crossing = schemas.CrossingOut.model_validate_json(response.content)
    assert crossing.event == body
    assert crossing.date.isoformat() == "2026-03-01"
    assert [(each.kind, each.index, each.key) for each in crossing.subjects] == [
        ("individual", 0, "CHN:E12345678"),
        ("individual", 1, "CHN:E99999999"),
        ("legal_entity", 0, "cn_uscc:91110000600037341L"),
    ]
    (decision,) = crossing.decisions
    assert {each.rule for each in decision.findings} == {each["rule"] for each in answer["findings"]}
    assert decision.facts[1]["visa"] is None
    assert decision.compliant[2] == ["RUS-TCAR-002"]


@pytest.mark.parametrize("resource", ["crossings", "violations", "rules"])
@pytest.mark.parametrize(
    "identifier", ["nothing", "%00", "a%00b", "%ff%fe", "%F0%9F%98%80", "x" * 5000, "'; DROP TABLE crossings;--", "%25"]
)
def test_an_identifier_of_nothing_is_not_found(service: Service, resource: str, identifier: str) -> None:
    response = service.get(f"/v1/{resource}/{identifier}")
    assert response.status_code == 404
    assert schemas.Problem.model_validate_json(response.content).status == 404


def test_names_of_people_are_nowhere_but_in_the_body_unless_officers_work_on_it(service: Service) -> None:
    """What officers work on is found by name: its words are in two tables more."""
    complies = {"persons__0__surname": "XYLOPHONOV", "persons__0__document__number": "E55555551"}
    assert service.post(event(id="complies", **complies)).json()["findings"] == []
    worked_on = {"persons__0__surname": "QUIRINUS", "organizations__0__name": "ZEPHYR ROADS"}
    answer = service.post(several(id="worked-on", **worked_on))
    assert answer.status_code == 201, answer.text
    found = set()
    with service.services.database.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()).mappings():
                told = repr({name: value for name, value in row.items() if name != "body"}).upper()
                assert "XYLOPHONOV" not in told, table.name
                found |= {table.name for name in ("QUIRINUS", "ZEPHYR") if name in told}
    assert found == {"search_terms", "spellings"}


def test_an_event_that_has_not_happened_yet_is_refused(service: Service) -> None:
    now = service.clock.now()
    late = service.post(fresh(occurred_at=(now + timedelta(days=1)).isoformat()))
    assert late.status_code == 201
    refused = service.post(fresh(occurred_at=(now + timedelta(days=1, seconds=1)).isoformat()))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/occurred_at"

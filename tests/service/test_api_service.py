"""Keys and roles, rules, health, metrics, and what every answer has in common."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from structlog.testing import capture_logs

from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import transaction
from app.web.api import schemas
from app.web.security import REMEMBERED
from tests.factories import event
from tests.service.serving import EXPIRED, SOURCE, Service, serving

SENDING = (Role.CHECKPOINT, Role.POST, Role.ADMIN)
ENDPOINTS: dict[tuple[str, str], set[Role]] = {
    ("POST", "/v1/crossings"): {*SENDING},
    ("POST", "/v1/crossings/batch"): {*SENDING},
    ("POST", "/v1/evaluate"): {Role.OFFICER, Role.AUTHOR, Role.ADMIN},
    ("GET", "/v1/crossings/none"): {Role.OFFICER, Role.ADMIN},
    ("POST", "/v1/crossings/none/corrections"): {*SENDING, Role.OFFICER},
    ("POST", "/v1/crossings/none/withdrawal"): {*SENDING, Role.OFFICER},
    ("POST", "/v1/manifests"): {*SENDING},
    ("GET", "/v1/manifests/none"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/subjects/none"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/subjects/none/stays"): {Role.OFFICER, Role.ADMIN},
    ("POST", "/v1/subjects/none/links"): {Role.OFFICER, Role.ADMIN},
    ("POST", "/v1/links/none/end"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/violations"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/violations.csv"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/violations.xlsx"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/violations.ndjson"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/violations/none"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/violations/none/record.pdf"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/records/none?violation=none"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/find?q=none"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/situation"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/undetermined"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/snoozes"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/attachments/none"): {Role.OFFICER, Role.ADMIN},
    ("GET", "/v1/webhooks"): {Role.ADMIN},
    ("POST", "/v1/webhooks"): {Role.ADMIN},
    ("GET", "/v1/webhooks/none/deliveries"): {Role.ADMIN},
    # Only people do these, who have no key.
    ("POST", "/v1/violations/next"): set(),
    ("POST", "/v1/violations/none/transitions"): set(),
    ("POST", "/v1/violations/transitions"): set(),
    ("POST", "/v1/violations/none/comments"): set(),
    ("POST", "/v1/violations/none/attachments"): set(),
    ("POST", "/v1/snoozes"): set(),
    ("GET", "/v1/rules"): {Role.OFFICER, Role.AUTHOR, Role.ADMIN},
    ("GET", "/v1/rules/RUS-TDOC-001"): {Role.OFFICER, Role.AUTHOR, Role.ADMIN},
    ("GET", "/v1/rulebooks/active"): {Role.POST, Role.ADMIN},
    ("GET", "/metrics"): {Role.ADMIN},
    ("GET", "/openapi.json"): set(Role),
    ("GET", "/healthz"): {*Role},
    ("GET", "/readyz"): {*Role},
}
OPEN = {"/healthz", "/readyz"}
# Whoever has no account is told so there; the other never ends (`test_work`).
ELSEWHERE = {"/v1/session", "/v1/violations/stream", "/v1/snoozes/{identifier}", "/v1/webhooks/{identifier}"}


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        yield running


def ask(service: Service, method: str, path: str, role: Role | None) -> Response:
    body = event(id=f"as-{role}") if path == "/v1/evaluate" else {}
    return service.post(body, role, path) if method == "POST" else service.get(path, role)


# --- who may ------------------------------------------------------------------------------------------------


# A supervisor is a person, and has no key.
@pytest.mark.parametrize("role", [*(role for role in Role if role is not Role.SUPERVISOR), None])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_each_endpoint_is_for_its_roles_and_no_others(
    service: Service, method: str, path: str, role: Role | None
) -> None:
    status = ask(service, method, path, role).status_code
    if role is None:
        assert status == 200 if path in OPEN else status == 401
    else:
        assert (status != 403) is (role in ENDPOINTS[method, path])
        # A batch is of another media type.
        assert status in {200, 403, 404, 415, 422}


def test_every_route_is_in_the_matrix_above(service: Service) -> None:
    described = {(method.upper(), path) for path, item in service.app.openapi()["paths"].items() for method in item}
    paths = {path.partition("?")[0] for _, path in ENDPOINTS}
    named = {path.replace("RUS-TDOC-001", "{identifier}").replace("none", "{identifier}") for path in paths}
    assert {path for _, path in described} | {"/openapi.json"} == named | ELSEWHERE


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic Zm9v", "Bearer gk_nobody_x", "Bearer gk", "Bearer " + "x" * 5000, "Bearer é"],
)
def test_a_key_that_is_nobodys_is_not_authenticated(service: Service, header: str) -> None:
    response = service.client.get("/v1/rules", headers={b"Authorization": header.encode()})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_key_may_send_events_of_its_own_sources_only(service: Service) -> None:
    assert service.post(event(id="own")).status_code == 201
    response = service.post(event(id="other", source="fin-vaalimaa-lane-1"))
    assert response.status_code == 403
    assert service.post(event(id="any", source="fin-vaalimaa-lane-1"), Role.ADMIN).status_code == 201


def test_a_revoked_key_stops_working_within_the_seconds_it_is_remembered(service: Service) -> None:
    database = service.services.database
    with transaction(database) as tx:
        made, key = keys.issue(tx, "to be revoked", Role.CHECKPOINT, [SOURCE], service.clock.now())
    header = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    assert service.client.post("/v1/crossings", json=event(id="r1"), headers=header).status_code == 201
    with transaction(database) as tx:
        keys.revoke(tx, made.id, service.clock.now())
    service.clock.move(REMEMBERED)
    assert service.client.post("/v1/crossings", json=event(id="r2"), headers=header).status_code == 401
    assert timedelta(seconds=5) >= REMEMBERED


def test_a_key_ends_on_time_although_it_is_remembered(service: Service) -> None:
    now = service.clock.now()
    with transaction(service.services.database) as tx:
        _, key = keys.issue(tx, "short", Role.AUTHOR, [], now, now + timedelta(seconds=2))
    header = {"Authorization": f"Bearer {key}"}
    assert service.client.get("/v1/rules", headers=header).status_code == 200
    service.clock.move(timedelta(seconds=2))
    assert service.client.get("/v1/rules", headers=header).status_code == 401


# --- rules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"regime": "carriage"}, ["RUS-TCAR-001", "RUS-TCAR-002"]),
        ({"status": "shadow"}, ["RUS-TDOC-003"]),
        ({"applies_to": "legal_entity", "q": "passenger"}, ["RUS-TCAR-001"]),
        ({"jurisdiction": ["CHN", "EUE"]}, []),
        ({"q": "ПРОСРОЧ"}, ["RUS-TDOC-001"]),
        ({"q": "tdoc-00", "regime": ["documents", "stay"], "status": "active"}, ["RUS-TDOC-001", "RUS-TDOC-002"]),
    ],
)
def test_rules_are_found_by_all_filters(service: Service, asked: dict[str, Any], found: list[str]) -> None:
    response = service.get("/v1/rules", Role.AUTHOR, params=asked)
    page = schemas.RulePage.model_validate_json(response.content)
    assert [each.rule for each in page.items] == found


@pytest.mark.parametrize(("asked", "hint"), [("status=dead", "'retired'"), ("regimes=stay", "did you mean regime?")])
def test_a_filter_of_rules_that_is_none_is_refused(service: Service, asked: str, hint: str) -> None:
    response = service.get(f"/v1/rules?{asked}", Role.AUTHOR)
    assert response.status_code == 422
    assert hint in response.json()["errors"][0]["hint"]


def test_a_rule_comes_with_its_law_its_file_and_its_cases(service: Service) -> None:
    response = service.get("/v1/rules/RUS-TDOC-001", Role.AUTHOR)
    rule = schemas.RuleDetail.model_validate_json(response.content)
    assert rule.title["zh"] == "证件过期"
    assert rule.versions[0].basis[0]["source"].startswith("https://")
    assert rule.versions[0].sanction
    assert rule.source.startswith("id: RUS-TDOC-001")
    assert "last day of validity" in (rule.cases or "")
    assert rule.related == [{"kind": "complements", "rule": "RUS-TDOC-002"}]


def test_a_rule_nearly_named_is_suggested(service: Service) -> None:
    response = service.get("/v1/rules/RUS-TDOC-01", Role.AUTHOR)
    assert response.status_code == 404
    assert "did you mean RUS-TDOC-001?" in response.json()["detail"]


# --- health, metrics ----------------------------------------------------------------------------------------


def test_readiness_names_the_rulebook_and_the_backends(service: Service) -> None:
    body = service.get("/readyz", None).json()
    assert body["ready"] is True
    assert body["rulebook"] == {
        "digest": service.services.pipeline.in_force.rulebook.digest,
        "rules": 5,
        "stale": False,
        "problems": [],
    }
    assert body["backends"]["index"] == "nominates"


def metric(service: Service, name: str) -> float:
    lines = service.get("/metrics", Role.ADMIN).text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def test_metrics_count_crossings_replays_findings_and_requests(service: Service) -> None:
    names = {
        'gerege_crossings_total{outcome="violation"}': 1,
        "gerege_replays_total": 1,
        'gerege_findings_total{rule="RUS-TDOC-001",verdict="violated"}': 1,
        'gerege_requests_total{route="/v1/crossings",status="201"}': 1,
        'gerege_requests_total{route="/v1/crossings",status="200"}': 1,
        'gerege_requests_total{route="/v1/crossings",status="409"}': 1,
        "gerege_ingest_seconds_count": 2,
        "gerege_backend_differences_total": 0,
    }
    before = {name: metric(service, name) for name in names}
    body = event(id="counted", persons__0__document__expires_on=EXPIRED)
    statuses = [service.post(each).status_code for each in (body, body, event(id="counted"))]
    assert statuses == [201, 200, 409]
    assert {name: metric(service, name) - was for name, was in before.items()} == names
    assert metric(service, "gerege_rulebook_stale") == 0


# --- what every answer has in common ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("GET", "/v1/rules/", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/v1/crossings", 405),
        ("DELETE", "/v1/violations", 405),
        ("HEAD", "/v1/violations", 405),
        ("OPTIONS", "/v1/violations", 405),
    ],
)
def test_what_is_not_there_is_a_problem_too(service: Service, method: str, path: str, status: int) -> None:
    headers = service.header(Role.ADMIN)
    response = service.client.request(method, path, headers=headers, follow_redirects=False)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert ("allow" in response.headers) is (status == 405)


@pytest.mark.parametrize("path", ["/healthz", "/v1/violations", "/v1/rules/none", "/nowhere"])
def test_every_answer_is_named_and_kept_out_of_caches(service: Service, path: str) -> None:
    response = service.get(path)
    assert UUID(response.headers["x-request-id"]).version == 7
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    if response.status_code == 404:
        assert response.json()["instance"] == f"urn:uuid:{response.headers['x-request-id']}"


def test_a_fault_of_the_service_tells_nothing_of_the_inside_and_is_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("app.web.api.crossings.records.check_within", broken)
    with capture_logs() as entries:
        response = service.get("/v1/crossings/x")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert schemas.Problem.model_validate_json(response.content).instance.startswith("urn:uuid:")
    faults = [each for each in entries if each["event"] == "unexpected"]
    assert [str(each["exc_info"]) for each in faults] == ["secret inside"]
    # A path may hold the number of somebody's document.
    assert [each["route"] for each in faults] == ["/v1/crossings/{identifier}"]


def test_nothing_is_left_running_when_the_service_stops(database_url: str) -> None:
    before = set(threading.enumerate())
    with serving(database_url) as running:
        assert running.post(event()).status_code == 201
        assert set(threading.enumerate()) - before
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(10)
    assert not any(thread.is_alive() for thread in left)


def test_health_asks_for_a_restart_when_no_event_can_be_judged(database_url: str) -> None:
    with serving(database_url) as running:
        assert running.get("/healthz", None).status_code == 200
        running.services.pipeline.close()
        answer = running.get("/healthz", None)
        assert (answer.status_code, answer.json()) == (503, {"status": "cannot judge events"})

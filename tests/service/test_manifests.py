"""Passenger and crew lists: stored once, told without names, and what they say of a voyage together."""

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types

from app.facts.manifests import OF_MANIFESTS, announced
from app.identity.roles import Role
from app.language.operators import MISSING
from app.vocabulary.listed import Listed
from app.vocabulary.past import Unknown
from tests.factories import event
from tests.service.serving import RULES, SOURCE, Service, serving

EDIFACT = "application/edifact"
RULE = """id: {id}
title: {{en: Test, ru: Проверка, zh: 测试}}
regime: carriage
jurisdiction: RUS
applies_to: {kind}
status: active
owner: Tests
severity: serious
advice: note
review_by: 2030-01-01
versions:
  - basis: [{{provision: RU-FNS-435}}]
    when: {{{when}}}
    require: {{{require}}}
"""
ASKING = {
    "RUS-TMAN-001": ("legal_entity", "vehicle.voyage: {present: true}", "manifest: {present: true}"),
    "RUS-TMAN-002": ("legal_entity", "manifest.complete: true", "manifest.persons: {is: vehicle.persons_aboard}"),
    "RUS-TMAN-003": ("individual", "manifest.complete: true", "manifest.lists_person: true"),
    "RUS-TMAN-004": (
        "legal_entity",
        "manifest: {present: true}",
        "manifest.minutes_before_arrival: {at_least: 60}",
    ),
}
_voyages = count(100)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules") / "rules"
    shutil.copytree(RULES, folder)
    for name, (kind, when, require) in ASKING.items():
        text = RULE.format(id=name, kind=kind, when=when, require=require)
        (folder / f"RUS/carriage/{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def service(module_database_url: str, rules: Path) -> Iterator[Service]:
    with serving(module_database_url, rules) as running:
        yield running


@pytest.fixture
def voyage() -> str:
    """Of another flight each time."""
    return f"SU{next(_voyages)}"


def paxlst(  # an argument for each thing a test changes
    voyage: str,
    documents: Sequence[str] = (),
    *,
    begin: str = "745",
    prepared: str = "260228:2000",
    role: str = "FL",
    part: str = "",
    arrives: str = "2603010900",
) -> bytes:
    persons = "".join(
        f"NAD+{role}+++ROSTOVA:NATASHA'DOC+P:110:111+{number}'LOC+91+{issuer}'"
        for issuer, number in (each.split(":") for each in documents)
    )
    body = (
        f"BGM+{begin}'TDT+20+{voyage}'LOC+125+PEK'DTM+189:2603010600:201'LOC+87+HTA'DTM+232:{arrives}:201'"
        f"{persons}CNT+{41 if role == 'FM' else 42}:{len(documents)}'"
    )
    return (
        f"UNB+UNOA:4+AIR+GOV+{prepared}+REF1'UNH+M1+PAXLST:D:05B:UN:IATA{part}'{body}"
        f"UNT+{body.count(chr(39)) + 2}+M1'UNZ+1+REF1'"
    ).encode()


def passengers(voyage: str, *documents: str, **how: str) -> bytes:
    return paxlst(voyage, documents, **how)


def crew(voyage: str, *documents: str, **how: str) -> bytes:
    return paxlst(voyage, documents, **{"begin": "250", "role": "FM"} | how)


def send(service: Service, body: bytes, *, source: str = SOURCE, role: Role | None = Role.CHECKPOINT) -> Response:
    return service.post(body, role, f"/v1/manifests?source={source}", EDIFACT)


def cross(service: Service, voyage: str, **changes: object) -> dict[str, Any]:
    vehicle = {"vehicle__voyage": voyage, "vehicle__persons_aboard": 2}
    response = service.post(event(**{"id": f"on-{voyage}"} | ({} if "vehicle" in changes else vehicle) | changes))
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def settled(service: Service) -> None:
    """Wait until nothing is due."""
    deadline = time.perf_counter() + 20
    while service.services.pipeline.backlog().waiting:
        assert time.perf_counter() < deadline
        time.sleep(0.02)


def verdicts(service: Service, crossing: str) -> dict[str, str]:
    """What the rules on lists say of a crossing now, those that are violated or undetermined."""
    settled(service)
    newest = service.get(f"/v1/crossings/{crossing}").json()["decisions"][0]
    return {each["rule"][-3:]: each["verdict"] for each in newest["findings"] if each["rule"] in ASKING}


# --- sending and reading ------------------------------------------------------------------------------------


def test_a_list_is_stored_and_told_without_names(service: Service, voyage: str) -> None:
    response = send(service, passengers(voyage, "CHN:E1", "CHN:E2"))
    assert response.status_code == 201
    answer = response.json()
    assert response.headers["Location"] == f"/v1/manifests/{answer['manifest']}"
    (message,) = answer["messages"]
    assert (message["kind"], message["persons"], message["crew"], message["documents"]) == ("passenger_list", 2, 0, 2)
    assert message["whole"]
    assert (message["flaws"], message["flaws_total"]) == ([], 0)
    assert message["legs"] == [
        {
            "voyage": voyage,
            "departure_place": "PEK",
            "departure_local": "2026-03-01T06:00",
            "arrival_place": "HTA",
            "arrival_local": "2026-03-01T09:00",
            "crosses_border": True,
        }
    ]
    read = service.get(f"/v1/manifests/{answer['manifest']}")
    assert read.json() == answer
    assert "ROSTOVA" not in response.text + read.text
    with service.services.database.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM manifest_voyages").all()
    assert rows
    assert "ROSTOVA" not in str(rows)


def test_the_same_list_again_is_the_same_and_of_another_source_another(service: Service, voyage: str) -> None:
    body = passengers(voyage, "CHN:E1")
    first, again = send(service, body), send(service, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    other = send(service, body, source="rus-zabaykalsk-hall")
    assert other.status_code == 201
    assert other.json()["manifest"] != first.json()["manifest"]


def test_lists_sent_by_several_at_once_to_several_servers_are_stored_once(
    service: Service, rules: Path, voyage: str
) -> None:
    body, before = passengers(voyage, "CHN:E1"), service.count("manifests")
    with serving(service.url, rules) as second, ThreadPoolExecutor(8) as senders:
        found = list(senders.map(lambda server: send(server, body), [service, second] * 4))
    assert sorted(each.status_code for each in found) == [200] * 7 + [201]
    assert len({each.content for each in found}) == 1
    assert service.count("manifests") == before + 1


def test_flaws_are_told_with_their_segments_and_their_number(service: Service, voyage: str) -> None:
    body = passengers(voyage, *(f"CHN:E{n}" for n in range(120))).replace(b"NAD+FL", b"NAD+ZZ")
    (message,) = send(service, body).json()["messages"]
    assert len(message["flaws"]) == 100 < message["flaws_total"]
    assert message["flaws"][0] == {
        "segment": 9,
        "tag": "NAD",
        "message": "'ZZ' is no role of a person aboard",
        "right": "FL, FM, DDU, DDT",
    }


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"dear sirs", id="a letter"),
        pytest.param(b"UNB+UNOA:4+A+B+260301:0800+1'UNH+1+CUSRES:D:05B:UN'UNT+2+1'UNZ+1+1'", id="another message"),
        pytest.param(b"UNB+UNOA:4+A+B+260301:0800+1'" + b"UNH+1+PAXLST:D:05B:UN'TDT+20+SU1'" * 101, id="too many"),
        pytest.param(paxlst("SU1").replace(b"LOC+125", b"LOC+125+PEK'LOC+87+HTA'" * 201 + b"LOC+125"), id="too far"),
    ],
)
def test_what_is_no_passenger_list_is_refused(service: Service, body: bytes) -> None:
    before = service.count("manifests")
    response = send(service, body)
    assert response.status_code == 422
    assert response.json()["errors"]
    assert service.count("manifests") == before


def test_a_list_is_taken_from_who_may_send_it_in_a_form_and_size_that_are_read(service: Service) -> None:
    body, path = passengers("SU1"), f"/v1/manifests?source={SOURCE}"
    assert send(service, body, source="chn-manzhouli").status_code == 403
    assert send(service, body, source="-").status_code == 422
    assert send(service, body, role=Role.OFFICER).status_code == 403
    assert send(service, body, role=None).status_code == 401
    assert service.post(body, path=path).status_code == 415
    assert service.post(bytes(1 << 20) + b"'", path=path, kind="text/plain").status_code == 413
    assert service.post(passengers("SU2"), Role.ADMIN, path, f"{EDIFACT}-unoa; charset=x").status_code == 201
    assert service.get("/v1/manifests/none").status_code == 404
    assert service.get("/v1/manifests/none", Role.CHECKPOINT).status_code == 403


def test_the_example_of_the_document_is_a_list_that_is_stored_and_answered_as_described(service: Service) -> None:
    document = service.get("/openapi.json").json()
    described = document["paths"]["/v1/manifests"]["post"]
    response = send(service, described["requestBody"]["content"][EDIFACT]["example"].encode())
    assert response.status_code == 201
    assert response.json()["messages"][0]["flaws"] == []
    schema = {
        **described["responses"]["201"]["content"]["application/json"]["schema"],
        "components": document["components"],
    }
    Draft202012Validator(schema).validate(response.json())


# --- what rules know of lists -------------------------------------------------------------------------------


def test_a_late_list_supersedes_what_was_found_without_it(service: Service, voyage: str) -> None:
    crossing = cross(service, f"{voyage[:2]} 0{voyage[2:]}", id=f"late-{voyage}")["crossing"]
    assert verdicts(service, crossing) == {"001": "violated"}
    manifest = send(service, passengers(voyage, "CHN:E12345678")).json()["manifest"]
    # The clock of the tests stands at months after the crossing.
    assert verdicts(service, crossing) == {"004": "violated"}
    newest, *_ = service.get(f"/v1/crossings/{crossing}").json()["decisions"]
    assert newest["facts"][1]["manifest"] is True
    assert newest["facts"][1]["manifest.minutes_before_arrival"] < 0
    with service.services.database.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT status FROM violations WHERE rule = 'RUS-TMAN-001' AND crossing = '" + crossing + "'"  # noqa: S608 (made here)
        )
        assert rows.scalars().all() == ["superseded"]
        caused = connection.exec_driver_sql(f"SELECT count(*) FROM decisions WHERE caused_by = '{manifest}'")  # noqa: S608 (as above)
        assert caused.scalar_one() == 1


def test_a_list_makes_no_crossing_of_another_week_due(service: Service, voyage: str) -> None:
    crossing = cross(service, voyage, occurred_at="2026-03-04T09:15:00+09:00")["crossing"]
    send(service, passengers(voyage, "CHN:E12345678"))
    assert verdicts(service, crossing) == {"001": "violated"}
    assert len(service.get(f"/v1/crossings/{crossing}").json()["decisions"]) == 1


def test_a_list_stored_by_one_server_is_seen_by_the_other(service: Service, rules: Path, voyage: str) -> None:
    with serving(service.url, rules) as second:
        crossing = cross(second, voyage)["crossing"]
        send(service, passengers(voyage, "CHN:E12345678"))
        assert verdicts(second, crossing) == {"004": "violated"}


def test_a_list_and_a_crossing_that_come_at_once_to_two_servers_find_each_other(service: Service, rules: Path) -> None:
    flights = [f"SU{next(_voyages)}" for _ in range(8)]
    people = {"persons__0__document__number": "E1", "persons__0__surname": "LI"}
    with serving(service.url, rules) as second, ThreadPoolExecutor(4) as senders:
        lists = [senders.submit(send, second, passengers(flight, "CHN:E1")) for flight in flights]
        crossed = [senders.submit(cross, service, flight, **people) for flight in flights]
        assert {each.result().status_code for each in lists} == {201}
        for each in crossed:
            assert verdicts(service, each.result()["crossing"]) == {"004": "violated"}


def test_an_event_that_says_no_voyage_is_undetermined_and_one_without_is_not_concerned(
    service: Service, voyage: str
) -> None:
    unsaid = cross(service, voyage, id=f"unsaid-{voyage}", vehicle={"kind": "bus"})
    assert set(verdicts(service, unsaid["crossing"]).values()) == {"undetermined"}
    without = cross(service, voyage, id=f"without-{voyage}", vehicle__voyage=None)
    assert verdicts(service, without["crossing"]) == {}


@pytest.mark.parametrize("late", [False, True])
def test_parts_amendments_and_cancellations_are_taken_together(service: Service, voyage: str, late: bool) -> None:  # noqa: FBT001 (drawn)
    """Whether the crossing comes before its lists or after them."""
    split = {"begin": "745", "prepared": "260228:2100"}
    steps: list[tuple[bytes, dict[str, str]]] = [
        (passengers(voyage, "CHN:E12345678"), {}),
        (crew(voyage, "RUS:C1"), {}),
        # The driver of the event is on the list, and so are those two.
        (passengers(voyage, "CHN:E7", part="+LIST+01", **split), {}),
        (passengers(voyage, "CHN:E8", part="+LIST+02:F", **split), {"002": "violated", "003": "violated"}),
        (passengers(voyage, "CHN:E8", begin="745+XR", prepared="260228:2200"), {"003": "violated"}),
        (passengers(voyage, begin="745+XR", prepared="260228:2300"), {}),
        (crew(voyage, begin="250++1", prepared="260228:2300"), {"001": "violated"}),
    ]
    crossing = "" if late else cross(service, voyage)["crossing"]
    for number, (body, expected) in enumerate(steps):
        assert send(service, body).status_code == 201
        if late:
            crossing = cross(service, voyage, id=f"{number}-{voyage}")["crossing"]
        found = {rule: verdict for rule, verdict in verdicts(service, crossing).items() if rule != "004"}
        assert found == expected, number


def test_a_list_of_a_voyage_to_another_state_says_nothing_of_a_crossing_here(service: Service, voyage: str) -> None:
    crossing = cross(service, voyage)["crossing"]
    send(service, passengers(voyage, "CHN:E12345678").replace(b"LOC+87+HTA", b"LOC+87+ALA"))
    assert verdicts(service, crossing) == {"001": "violated"}
    send(service, passengers(voyage, "CHN:E12345678"))
    assert verdicts(service, crossing) == {"004": "violated"}


def test_a_list_is_cancelled_by_its_own_source_alone(service: Service, voyage: str) -> None:
    crossing = cross(service, voyage)["crossing"]
    send(service, passengers(voyage, "CHN:E12345678"))
    cancels = passengers(voyage, begin="745++1", prepared="260228:2300")
    assert send(service, cancels, source="rus-zabaykalsk-hall").status_code == 201
    assert verdicts(service, crossing) == {"004": "violated"}
    assert send(service, cancels).status_code == 201
    assert verdicts(service, crossing) == {"001": "violated"}


# --- what lists say together, in whatever order they came ---------------------------------------------------

CHITA = ZoneInfo("Asia/Chita")
DAY = date(2026, 3, 1)
BASE = Listed(
    kind="passenger_list",
    source="airline",
    voyage="SU1",
    received_at=datetime(2026, 2, 28, tzinfo=UTC),
    departure_day=DAY,
    arrival_day=DAY,
    arrival_local=datetime(2026, 3, 1, 9),  # noqa: DTZ001 (local)
    prepared_at=datetime(2026, 2, 28, 20),  # noqa: DTZ001 (local)
    persons=1,
    documents=("CHN:E1",),
)
CREW = replace(BASE, kind="crew_list", persons=1, crew=1, documents=("RUS:C1",))


def facts(
    lists: Sequence[Listed], key: str | None = None, direction: str = "entry", voyage: object = "su 01"
) -> dict[str, Any]:
    known: Any = {"crossing.direction": direction, "crossing.date": DAY, "vehicle.voyage": voyage}
    found = announced(known, CHITA, frozenset({"RUS"}), lists)
    return {path.partition(".")[2]: value for path, value in found.of(key).items()}


def listed() -> st.SearchStrategy[Listed]:
    documents = st.lists(st.sampled_from(["CHN:E1", "CHN:E2", "CHN:E3"]), unique=True, max_size=2).map(sorted)
    return st.builds(
        lambda documents, hours, minutes, shift, **how: replace(
            BASE,
            documents=tuple(documents),
            received_at=BASE.received_at + timedelta(hours=hours),
            prepared_at=BASE.prepared_at and BASE.prepared_at + timedelta(minutes=minutes),
            arrival_day=DAY + timedelta(days=shift),
            **how,
        ),
        documents=documents,
        hours=st.integers(0, 3),
        minutes=st.integers(0, 2),
        shift=st.integers(-1, 1),
        kind=st.sampled_from(["passenger_list", "crew_list", "flight_status", "999"]),
        function=st.sampled_from(["add", "update", "change", "cancel"]),
        persons=st.sampled_from([None, 0, 1, 2]),
        source=st.sampled_from(["airline", "agent"]),
        reference=st.sampled_from(["", "A"]),
        part=st.integers(1, 2),
        final=st.booleans(),
    )


@given(data=st.data(), lists=st.lists(listed(), max_size=6))
def test_law_6_the_order_in_which_lists_came_changes_nothing(data: st.DataObject, lists: list[Listed]) -> None:
    twice = data.draw(st.lists(st.sampled_from(lists), max_size=2)) if lists else []
    again = data.draw(st.permutations(lists + twice))
    assert facts(lists, "CHN:E1") == facts(again, "CHN:E1")


@given(lists=st.lists(listed(), max_size=4), key=st.sampled_from(["CHN:E1", "CHN:E9"]))
def test_law_4_a_document_or_voyage_told_later_changes_nothing_known(lists: list[Listed], key: str) -> None:
    full = facts(lists, key)
    for less in (facts(lists), facts(lists, key, voyage=MISSING)):
        assert all(isinstance(value, Unknown) or value == full[name] for name, value in less.items())


def test_passengers_and_crew_add_up_and_only_both_are_complete() -> None:
    alone, both = facts([BASE]), facts([BASE, CREW])
    assert (alone["complete"], alone["persons"]) == (False, 1)
    assert (both["complete"], both["persons"], both[""]) == (True, 2, True)
    assert facts([replace(BASE, persons=2, crew=1)])["complete"]
    assert not facts([BASE, replace(CREW, kind="999")])["complete"]


def by_another(**changes: Any) -> Listed:  # noqa: ANN401 (of any member)
    """A message of another source, prepared after the others."""
    later = BASE.prepared_at and BASE.prepared_at + timedelta(hours=1)
    return replace(BASE, **{"source": "agent", "prepared_at": later} | changes)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(by_another(function="cancel", persons=0, documents=()), id="the flight"),
        pytest.param(by_another(kind="flight_status", function="cancel", persons=0, documents=()), id="by its status"),
        pytest.param(by_another(function="cancel"), id="a passenger"),
        pytest.param(by_another(kind="crew_list", function="cancel", documents=("RUS:C1",)), id="one of the crew"),
    ],
)
@pytest.mark.parametrize("lists", [[BASE, CREW], [replace(BASE, persons=2, crew=1, documents=("CHN:E1", "RUS:C1"))]])
def test_who_sent_no_list_cancels_none(lists: list[Listed], message: Listed) -> None:
    for key in ("CHN:E1", "CHN:E9"):
        assert facts([*lists, message], key) == facts(lists, key)
    own = facts([*lists, replace(message, source=BASE.source)], "CHN:E9")
    assert own != facts(lists, "CHN:E9")


def test_lists_of_two_sources_replace_each_other_in_nothing() -> None:
    both = [BASE, CREW, by_another(documents=("CHN:E2",))]
    for key in ("CHN:E1", "CHN:E2"):
        assert facts(both, key)["lists_person"] is True
    assert isinstance(facts(both, "CHN:E9")["lists_person"], Unknown)
    assert (facts(both)["complete"], facts(both)["persons"]) == (True, 2)
    assert facts([*both, by_another(kind="crew_list", documents=("RUS:C1",))]) == facts(both)
    assert facts([BASE, by_another(kind="crew_list", crew=1, documents=("RUS:C1",))])["complete"]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(by_another(persons=2), id="more persons"),
        pytest.param(by_another(final=False), id="not the last part"),
        pytest.param(by_another(kind="999"), id="a list of no known kind"),
    ],
)
def test_where_two_sources_differ_nobody_is_accused(message: Listed) -> None:
    found = facts([BASE, CREW, message], "CHN:E9")
    assert found[""] is True
    assert all(isinstance(found[name], Unknown) for name in ("complete", "persons", "lists_person"))


def test_crew_that_two_sources_list_is_not_counted_twice() -> None:
    whole = replace(BASE, persons=2, crew=1, documents=("CHN:E1", "RUS:C1"))
    assert isinstance(facts([whole, replace(CREW, source="agent")])["persons"], Unknown)


def test_a_person_is_on_a_list_on_none_or_maybe() -> None:
    assert facts([BASE, CREW], "CHN:E1")["lists_person"] is True
    assert facts([BASE, CREW], "CHN:E2")["lists_person"] is False
    for lists in ([BASE], [BASE, replace(CREW, persons=2)]):
        assert facts(lists, "CHN:E1")["lists_person"] is True
        assert isinstance(facts(lists, "CHN:E2")["lists_person"], Unknown)
    assert isinstance(facts([BASE, CREW])["lists_person"], Unknown)


def test_minutes_are_known_at_the_end_of_the_voyage_that_is_here() -> None:
    amended = replace(
        BASE,
        received_at=BASE.received_at + timedelta(days=2),
        prepared_at=datetime(2026, 2, 28, 21),  # noqa: DTZ001 (local)
        departure_local=datetime(2026, 3, 1, 6, 30),  # noqa: DTZ001 (local)
    )
    entering, leaving = facts([BASE, amended]), facts([BASE, amended], direction="exit")
    # 9:00 in Chita is midnight in UTC; the first list was there a day before.
    assert entering["minutes_before_arrival"] == 24 * 60
    assert isinstance(entering["minutes_before_departure"], Unknown)
    assert leaving["minutes_before_departure"] == 24 * 60 - 150
    assert isinstance(leaving["minutes_before_arrival"], Unknown)


@pytest.mark.parametrize("direction", ["entry", "exit"])
@pytest.mark.parametrize(("there", "counts"), [("HTA", True), ("XXX", True), (None, True), ("ALA", False)])
def test_a_list_says_nothing_of_a_crossing_in_a_state_where_the_voyage_does_not_cross(
    direction: str, there: str | None, *, counts: bool
) -> None:
    here = replace(BASE, arrival_place=there, departure_place="ALA")
    if direction == "exit":
        here = replace(BASE, arrival_place="ALA", departure_place=there)
    assert (facts([here], direction=direction)[""] is True) is counts


def test_a_list_of_a_leg_elsewhere_hides_none_of_a_day_beside() -> None:
    before = replace(BASE, arrival_day=DAY - timedelta(days=1), arrival_place="HTA")
    assert facts([replace(BASE, arrival_place="ALA"), before])[""] is True


def test_lists_of_the_nearest_day_count_and_the_earlier_of_two() -> None:
    def on(shift: int, document: str) -> Listed:
        return replace(BASE, arrival_day=DAY + timedelta(days=shift), documents=(document,))

    assert facts([on(0, "A:1"), on(-1, "A:2")], "A:1")["lists_person"] is True
    assert facts([on(1, "A:1"), on(-1, "A:2")], "A:2")["lists_person"] is True
    assert isinstance(facts([on(1, "A:1"), on(-1, "A:2")], "A:1")["lists_person"], Unknown)
    assert set(facts([on(2, "A:1"), replace(BASE, voyage="SU2")]).values()) == {None}


def test_a_change_leaves_open_who_is_aboard_until_a_list_is_sent_anew() -> None:
    later = [BASE.prepared_at + timedelta(hours=hours) for hours in (1, 2)] if BASE.prepared_at else []
    changed = replace(BASE, function="change", prepared_at=later[0], documents=("CHN:E2",))
    found = facts([BASE, CREW, changed], "CHN:E2")
    assert (found["complete"], found["lists_person"]) == (False, True)
    assert isinstance(found["persons"], Unknown)
    assert facts([BASE, CREW, changed, replace(BASE, prepared_at=later[1])])["complete"]


def test_a_list_that_cannot_be_counted_accuses_nobody() -> None:
    uncounted = facts([replace(BASE, persons=None), CREW], "CHN:E2")
    assert uncounted["complete"] is False
    assert isinstance(uncounted["persons"], Unknown)
    assert isinstance(uncounted["lists_person"], Unknown)


def test_nothing_is_announced_of_who_is_present_and_no_list_of_no_voyage() -> None:
    assert all(isinstance(value, Unknown) for value in facts([BASE], direction="presence").values())
    assert facts([BASE], voyage=None) == dict.fromkeys(path.partition(".")[2] for path in OF_MANIFESTS)

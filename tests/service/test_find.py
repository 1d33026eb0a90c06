"""Finding by whatever an officer has in hand: names in any script and misspelt, numbers, plates, records."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event as listening
from sqlalchemy import select, text

from app.cli.reindex import reindex
from app.identity.remit import EVERYWHERE, Remit
from app.storage.engine import reading, transaction
from app.storage.tables import search_terms
from app.violations.find import find
from tests.factories import event
from tests.service.serving import EXPIRED, Person, Service, serving

WHO = ("HABIBULLIN", "SERGEY PETROVICH")
COMPANY = "Stepnoy Put LLC"


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        for number, (surname, given) in enumerate(
            (WHO, ("KUZNETSOVA", "ANNA"), ("IVANOV", "IVAN"), ("IVANOVA", "IRINA"), ("ZHANG", "WEI"), ("LI", "WEI"))
        ):
            send(running, f"e-{number}", surname, given)
        yield running


@pytest.fixture
def alone(database_url: str) -> Iterator[Service]:
    with serving(database_url) as running:
        yield running


@pytest.fixture(scope="module")
def officer(service: Service) -> Person:
    return service.person("officer")


def told(identifier: str, surname: str = "PETROV", given: str | None = None, **more: object) -> dict[str, Any]:
    number = f"E{sum(map(ord, identifier)):08}" if identifier != "e-0" else "E77777777"
    changes = {
        "persons__0__surname": surname,
        "persons__0__given_names": given,
        "persons__0__document__number": number,
        "persons__0__document__expires_on": EXPIRED,
        "organizations__0__name": COMPANY,
    }
    return event(**{"id": identifier, **changes, **more})


def send(service: Service, identifier: str, surname: str = "PETROV", given: str | None = None, **more: object) -> str:
    return str(service.post(told(identifier, surname, given, **more)).json()["crossing"])


def found(person: Person, text: str) -> Any:  # noqa: ANN401 (any JSON)
    answer = person.get("/v1/find", params={"q": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(person: Person, text: str) -> list[str]:
    return [each["name"] for each in found(person, text)["subjects"]]


@pytest.mark.parametrize(
    "text",
    [
        "Habibullin",
        "Хабибуллин",
        "Хабибулин Сергей",
        "sergej habibullin",
        "Xabibullin",
        "KHABIBULIN",
        "Habibulln Segrey",
        "Сергей Петрович",
        "E77777777",
        "e 7777 7777",
        "chn:e77777777",
    ],
)
def test_a_person_is_found_first_however_the_name_or_number_is_written(officer: Person, text: str) -> None:
    first = found(officer, text)["subjects"][0]
    assert (first["name"], first["key"]) == (" ".join(WHO), "CHN:E77777777")


@pytest.mark.parametrize(
    "text", ["Steppnoi put", "ООО Степной путь", "stepnoy", "91110000600037341L", "cn_uscc:91110000600037341L"]
)
def test_a_company_is_found_by_its_name_or_number(officer: Person, text: str) -> None:
    first = found(officer, text)["subjects"][0]
    assert (first["name"], first["kind"]) == (COMPANY, "legal_entity")


def test_what_fits_better_comes_first(officer: Person) -> None:
    both = found(officer, "IVANOV IVAN")["subjects"]
    assert [each["name"] for each in both[:2]] == ["IVANOV IVAN", "IVANOVA IRINA"]
    assert both[0]["fit"] == 1 > both[1]["fit"] > 0.5
    assert names(officer, "Zhang") == ["ZHANG WEI"]
    assert names(officer, "Li") == ["LI WEI"]
    assert names(officer, "Brontosaurus") == []


def test_a_crossing_is_found_by_plate_event_or_its_own_name(officer: Person, service: Service) -> None:
    crossing = send(service, "by-plate", vehicle__plate="А 777 ВС 75")
    for asked in ("A777BC75", "а777вс75", "by-plate", crossing):
        result = found(officer, asked)
        assert [each["crossing"] for each in result["crossings"]] == [crossing]
        assert {each["crossing"] for each in result["violations"]} == {crossing}
        assert result["crossings"][0]["plate"] == "А 777 ВС 75"


def test_a_violation_is_found_by_its_record_and_its_own_name(officer: Person, service: Service) -> None:
    send(service, "recorded", "OCHIR", vehicle__plate=None)
    violation = found(officer, "Ochir")["violations"][0]["violation"]
    for action, more in (("take", {}), ("confirm", {}), ("close", {"measure": "fine", "protocol": "RU-18/2026"})):
        assert officer.do(violation, action, **more).status_code == 200
    for asked in ("ru-18/2026", violation):
        assert [each["violation"] for each in found(officer, asked)["violations"]] == [violation]


@pytest.mark.parametrize("remit", [Remit(("FIN",)), Remit((), ("FIN-*",))])
def test_nothing_is_found_outside_the_remit(alone: Service, remit: Remit) -> None:
    crossing = send(alone, "far", *WHO, vehicle__plate="A1")
    inside, outside = alone.person("inside", remit=Remit(("RUS",), ("RUS-*",))), alone.person("outside", remit=remit)
    violation = found(inside, "Habibullin")["violations"][0]["violation"]
    for asked in ("Habibullin", "A12", "far", crossing, violation, found(inside, "far")["subjects"], COMPANY):
        result = found(outside, str(asked)[:200])
        assert result == {"subjects": [], "crossings": [], "violations": []}


def test_whoever_complied_is_found_by_key_alone(alone: Service) -> None:
    person = alone.person("officer")
    complied = event(organizations=[], persons__0__visa=None)
    complied["persons"][0] |= {"nationality": "BLR", "role": "driver"}
    answer = alone.post(complied).json()
    assert answer["outcome"] == "compliant", answer
    assert terms(alone) == set()
    assert found(person, "ERIKSSON")["subjects"] == []
    assert found(person, "CHN:E12345678")["subjects"][0]["name"] == "ERIKSSON ANNA MARIA"


def terms(service: Service) -> set[tuple[str, str]]:
    with reading(service.services.database) as tx:
        return {(each.what, each.term) for each in tx.execute(select(search_terms))}


def test_a_corrected_event_is_found_by_what_it_says_now_and_a_withdrawn_one_not_at_all(alone: Service) -> None:
    person = alone.person("officer")
    crossing = send(alone, "wrong", "WRONG", "NAME")
    corrected = {"reason": "read again", "event": told("wrong", "RIGHT", "NAME")}
    assert person.post(f"/v1/crossings/{crossing}/corrections", corrected).status_code == 201
    assert (names(person, "wrong"), names(person, "right")) == ([], ["RIGHT NAME"])
    mended = told("wrong", "RIGHT", "NAME", persons__0__document__expires_on="2030-01-01")
    answer = person.post(f"/v1/crossings/{crossing}/corrections", {"reason": "and again", "event": mended})
    assert answer.json()["outcome"] == "compliant", answer.json()
    assert terms(alone) == set()
    assert person.post(f"/v1/crossings/{crossing}/corrections", corrected).status_code == 409
    again = corrected | {"revises": 3}
    assert person.post(f"/v1/crossings/{crossing}/corrections", again).status_code == 201
    assert names(person, "right") == ["RIGHT NAME"]
    assert person.post(f"/v1/crossings/{crossing}/withdrawal", {"reason": "never was"}).status_code == 201
    assert terms(alone) == set()


def test_crossings_of_an_earlier_release_are_made_findable(alone: Service) -> None:
    person = alone.person("officer")
    send(alone, "old", *WHO)
    complied = event(id="fine", organizations=[], persons__0__visa=None, persons__0__nationality="BLR")
    assert alone.post(complied).json()["outcome"] == "compliant"
    as_it_was = terms(alone)
    with transaction(alone.services.database) as tx:
        tx.execute(search_terms.delete())
    assert names(person, "Habibullin") == []
    reindex(alone.url)
    assert terms(alone) == as_it_was
    assert names(person, "Habibullin") == [" ".join(WHO)]


@pytest.mark.parametrize("asked", ["", "x", "x" * 201])
def test_too_little_or_too_much_is_refused(officer: Person, asked: str) -> None:
    assert officer.get("/v1/find", params={"q": asked}).status_code == 422


@pytest.mark.parametrize(
    "asked", ["\x00\x00", "%%", "''", "\ud800\ud800".encode("utf-8", "surrogatepass"), "😀😀", "::"]
)
def test_whatever_is_asked_is_answered(officer: Person, asked: str | bytes) -> None:
    assert officer.get("/v1/find", params={"q": asked}).status_code == 200


def test_no_table_is_walked_through_however_long_it_is(service: Service) -> None:
    """With a million terms each of these statements must be a look-up in an index."""
    asked: list[tuple[str, Any]] = []
    database = service.services.database
    keep = lambda *given: asked.append((given[2], given[3]))  # noqa: E731 (as the event calls it)
    listening.listen(database, "before_cursor_execute", keep)
    with reading(database) as tx:
        find(tx, "Habibullin E77777777", EVERYWHERE, "CHN:E77777777")
    listening.remove(database, "before_cursor_execute", keep)
    explain, walked = (
        ("EXPLAIN QUERY PLAN ", "SCAN ") if database.dialect.name == "sqlite" else ("EXPLAIN ", "Seq Scan")
    )
    with transaction(database) as tx:
        if database.dialect.name == "postgresql":
            # Of a table as small as those here it would be the right thing.
            tx.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, values in asked:
            if statement.startswith("SELECT"):
                plan = "\n".join(str(row) for row in tx.exec_driver_sql(explain + statement, values))
                tables = ("search_terms", "spellings", "crossing_subjects", "crossings", "violations")
                assert not any(f"{walked}{on}{table}" in plan for table in tables for on in ("", "on ")), plan

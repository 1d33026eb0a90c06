"""The laws of DESIGN.md, on a whole service: 1, 2, 3 and 9; 4 and 5 on whole events under the rules in force."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Invalid
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine
from app.evaluation.reload import InForce, compile_sources
from app.facts.codec import typed
from app.identity.roles import Role
from app.language.load import read_sources
from app.storage.engine import connect, reading, transaction
from app.storage.rulebooks import sources
from app.vocabulary.codes import Verdict
from app.vocabulary.wire import Crossing
from tests.factories import OMIT, event
from tests.service.events import events, less
from tests.service.serving import EXPIRED, RULES, Service, serving, several

REAL_RULES = Path(__file__).parents[2] / "rules"
_serial = count(1)


@pytest.fixture(scope="module")
def service(module_database_url: str) -> Iterator[Service]:
    with serving(module_database_url) as running:
        yield running


# --- 1, acknowledged is stored; 2, once ---------------------------------------------------------------------


@given(order=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_laws_1_and_2_whoever_sends_an_event_how_often_ever_it_is_stored_once_and_answered_alike(
    service: Service, order: list[tuple[int, bool]]
) -> None:
    run = next(_serial)
    bodies = [several(id=f"once-{run}-{n}") for n in range(4)]
    options = {False: 0, True: orjson.OPT_SORT_KEYS}
    with ThreadPoolExecutor(4) as senders:
        sent = [(n, orjson.dumps(bodies[n], option=options[is_sorted])) for n, is_sorted in order]
        responses = list(senders.map(lambda each: (each[0], service.post(each[1])), sent))
    for n in {n for n, _ in order}:
        answers = [response for which, response in responses if which == n]
        assert sorted(each.status_code for each in answers) == [200] * (len(answers) - 1) + [201]
        assert len({each.content for each in answers}) == 1
        stored = service.get(f"/v1/crossings/{answers[0].json()['crossing']}").json()
        assert len(stored["decisions"]) == 1
        listed = service.get("/v1/violations", params={"q": bodies[n]["id"]}).json()["items"]
        assert {each["violation"] for each in listed} == {each["violation"] for each in answers[0].json()["findings"]}
        assert len(listed) == 3


def test_law_2_holds_between_servers_on_one_database(database_url: str) -> None:
    with serving(database_url) as one, serving(database_url) as other, ThreadPoolExecutor(8) as senders:
        bodies = [event(id=f"S-{n % 10}") for n in range(80)]
        responses = list(senders.map(lambda pair: pair[0].post(pair[1]), zip([one, other] * 40, bodies, strict=True)))
        assert {each.status_code for each in responses} == {200, 201}
        answers = {(each.json()["id"], each.content) for each in responses}
        assert len(answers) == one.count("crossings") == one.count("decisions") == 10


# --- 3, replay ----------------------------------------------------------------------------------------------


def test_law_3_every_stored_decision_comes_out_the_same_from_its_stored_rulebook_and_facts(service: Service) -> None:
    bodies = [
        several(id="replayed"),
        event(id="unknown", persons__0__document={"kind": "passport"}, vehicle__gross_weight_kg=38000.125),
        event(id="none", persons__0__document=None, cargo=[{"hs": "870899", "net_weight_kg": 1.5}]),
        event(id="past", occurred_at="2024-12-31T14:30:00Z", persons__0__role="passenger", persons__0__visa=None),
    ]
    for body in bodies:
        crossing = service.get(f"/v1/crossings/{service.post(body).json()['crossing']}").json()
        (decision,) = crossing["decisions"]
        with reading(service.services.database) as tx:
            book, _ = compile_sources(sources(tx, decision["rulebook"]) or {})
        assert book is not None
        replayed = _rejudged(book, crossing, decision)
        found = {
            (each.subject.kind.value, each.subject.index, each.rule.id, each.verdict.value) for each in replayed.open
        }
        assert found == {
            (each["subject"]["kind"], each["subject"]["index"], each["rule"], each["verdict"])
            for each in decision["findings"]
        }
        assert [list(each.compliant) for each in replayed.judgements] == decision["compliant"]
        assert (replayed.outcome, replayed.advice) == (decision["outcome"], decision["advice"])


def _rejudged(book: InForce, crossing: dict[str, Any], decision: dict[str, Any]) -> Decision:
    made = Crossing.model_validate_json(orjson.dumps(crossing["event"]))
    engine = Engine(book.rulebook, book.reference)
    try:
        first = engine.evaluate(made)
        subjects = [
            (each.subject, typed(values, book.rulebook.fields(each.subject.kind)))
            for each, values in zip(first.judgements, decision["facts"], strict=True)
        ]
        return engine.decide(made, first.checkpoint, first.day, subjects)
    finally:
        engine.close()


# --- 4, monotone; 5, agreement ------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["own rules", "the rules in force"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    book, diagnostics = compile_sources(read_sources(RULES if request.param == "own rules" else REAL_RULES))
    assert book, [str(each) for each in diagnostics]
    made = Engine(book.rulebook, book.reference)
    yield made
    made.close()


@given(body=events())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_5_no_backend_differs_from_the_reference_on_whole_events(engine: Engine, body: dict[str, Any]) -> None:
    assert _judged(engine, body).differences == ()


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_4_filling_in_what_an_event_left_out_changes_no_decided_verdict(
    engine: Engine, data: st.DataObject
) -> None:
    whole = data.draw(events())
    partial = data.draw(less(whole))
    after = _verdicts(_judged(engine, whole, every=True))
    for key, verdict in _verdicts(_judged(engine, partial, every=True)).items():
        assert verdict in {Verdict.UNDETERMINED, after[key]}, (key, verdict, after[key])


def test_law_4_a_carrier_is_not_cleared_of_passengers_the_event_does_not_speak_of(engine: Engine) -> None:
    rules = {"RUS-TCAR-001", "RUS-CARR-002"} & set(engine.rulebook.rules)
    for persons, clears in ((OMIT, False), ([], True)):
        found = _verdicts(_judged(engine, event(persons=persons), every=True))
        for rule in rules:
            verdict = found["legal_entity", 0, rule]
            assert (verdict in {Verdict.COMPLIANT, Verdict.NOT_APPLICABLE}) is clears


def _judged(engine: Engine, body: dict[str, Any], *, every: bool = False) -> Decision:
    return engine.evaluate(Crossing.model_validate_json(orjson.dumps(body)), every=every)


def _verdicts(decision: Decision) -> dict[tuple[str, int, str], Verdict]:
    found = (each for judgement in decision.judgements for each in judgement.findings)
    return {(each.subject.kind.value, each.subject.index, each.rule.id): each.verdict for each in found}


# --- 9, stale is loud ---------------------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def _metric(running: Service) -> str:
    return next(
        line
        for line in running.get("/metrics", Role.ADMIN).text.splitlines()
        if line.startswith("gerege_rulebook_stale ")
    )


@pytest.mark.parametrize("fault", ["a broken rule", "no rules", "no folder", "an unreadable file"])
def test_law_9_rules_that_do_not_load_leave_the_last_good_ones_in_force_and_say_so(
    database_url: str, rules: Path, fault: str
) -> None:
    with serving(database_url, rules) as running:
        digest = running.get("/readyz").json()["rulebook"]["digest"]
        assert _metric(running) == "gerege_rulebook_stale 0.0"
    broken = rules / "RUS/documents/RUS-TDOC-001.yaml"
    match fault:
        case "a broken rule":
            broken.write_text(broken.read_text().replace("expires_on", "expire_on"))
        case "no rules":
            shutil.rmtree(rules / "RUS")
        case "no folder":
            shutil.rmtree(rules)
        case _:
            broken.unlink()
            broken.symlink_to(broken.parent)
            broken.unlink()
            broken.write_bytes(b"\xff\xfe")
    with serving(database_url, rules) as running:
        response = running.get("/readyz", None)
        told = response.json()["rulebook"]
        assert (response.status_code, told["digest"], told["stale"]) == (200, digest, True)
        assert told["problems"]
        assert _metric(running) == "gerege_rulebook_stale 1.0"
        answer = running.post(event(persons__0__document__expires_on=EXPIRED)).json()
        assert (answer["outcome"], answer["rulebook"]) == ("violation", digest)


def test_law_9_mended_rules_are_put_in_force_and_old_decisions_keep_their_words(database_url: str, rules: Path) -> None:
    with serving(database_url, rules) as running:
        old = running.post(event(id="old", persons__0__document__expires_on=EXPIRED)).json()
    changed = rules / "RUS/documents/RUS-TDOC-001.yaml"
    changed.write_text(changed.read_text().replace("en: Expired document", "en: Document out of date"))
    with serving(database_url, rules) as running:
        new = running.post(event(id="new", persons__0__document__expires_on=EXPIRED)).json()
        assert new["rulebook"] != old["rulebook"]
        assert new["findings"][0]["title"] == "Document out of date"
        detail = running.get(f"/v1/violations/{old['findings'][0]['violation']}").json()
        assert (detail["rulebook"], detail["title"]["en"]) == (old["rulebook"], "Expired document")
        assert running.post(event(id="old", persons__0__document__expires_on=EXPIRED)).json() == old


def test_rules_that_do_not_load_and_have_no_forerunner_are_told_with_every_mistake(
    database_url: str, rules: Path
) -> None:
    broken = rules / "RUS/documents/RUS-TDOC-001.yaml"
    broken.write_text(broken.read_text().replace("expires_on", "expire_on"))
    with pytest.raises(Invalid) as refused, serving(database_url, rules):
        pass
    (problem,) = refused.value.problems
    assert problem.pointer.startswith("RUS/documents/RUS-TDOC-001.yaml:")
    assert "expires_on" in str(problem)
    database = connect(database_url)
    with transaction(database) as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM activations").scalar_one() == 0
    database.dispose()

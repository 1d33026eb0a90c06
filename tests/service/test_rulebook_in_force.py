"""A rulebook put in force while services run: all of them judge by it within seconds, and none stops."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from app.cli.main import run
from app.evaluation.reload import put_in_force
from app.identity.roles import Role
from app.storage import rulebooks
from app.storage.engine import connect, transaction
from tests.factories import event
from tests.service.serving import RULES, Service, serving, until

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.evaluation.reload._LOOK_SECONDS", 0.02)


def digest(service: Service) -> str:
    found: str = service.get("/readyz").json()["rulebook"]["digest"]
    return found


@pytest.fixture
def retired(tmp_path: Path) -> Path:
    """Rules without the one on expired documents."""
    rules = copytree(RULES, tmp_path / "retired")
    rule = rules / "RUS/documents/RUS-TDOC-001.yaml"
    rule.write_text(rule.read_text().replace("status: active", "status: retired"))
    return rules


EXPIRED = {"persons__0__document__expires_on": "2026-02-01"}


def test_every_server_takes_a_rulebook_over_that_is_activated(
    database_url: str, retired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(database_url) as one, serving(database_url) as other:
        assert one.post(event(id="before", **EXPIRED)).json()["outcome"] == "violation"
        assert run(["rules", "activate", str(retired), "--database", database_url]) == 0
        new = capsys.readouterr().out.rpartition(" ")[2].strip()
        until(lambda: digest(one) == digest(other) == new)
        for service in (one, other):
            answer = service.post(event(id=f"after-{service is one}", **EXPIRED)).json()
            assert (answer["rulebook"], answer["outcome"]) == (new, "compliant")
        assert run(["rules", "activate", str(retired), "--database", database_url]) == 0
        assert "already" in capsys.readouterr().out


def test_rules_with_errors_are_not_activated(
    database_url: str, retired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(database_url) as service:
        before = digest(service)
        (retired / "RUS/documents/RUS-TDOC-001.yaml").write_text("id: RUS-TDOC-001\n")
        assert run(["rules", "activate", str(retired), "--database", database_url]) == 1
        assert "RUS-TDOC-001.yaml:1:1: error" in capsys.readouterr().err.replace("\n", "")
        assert digest(service) == before


def told(service: Service) -> tuple[bool, str, bool]:
    """Whether `/readyz` says that the rulebook is stale and why, and whether `/metrics` does."""
    rulebook = service.get("/readyz").json()["rulebook"]
    metric = "gerege_rulebook_stale 1.0" in service.get("/metrics", Role.ADMIN).text
    return rulebook["stale"], " ".join(rulebook["problems"]), metric


def test_a_rulebook_that_this_release_cannot_read_leaves_the_last_one_in_force_and_that_is_told(
    database_url: str,
) -> None:
    with serving(database_url) as service:
        before = digest(service)
        with transaction(service.services.database) as tx:
            rulebooks.activate(tx, "sha256:of-the-future", {"rule.yaml": "?"}, service.clock.now(), "tests", "newer")
        until(lambda: told(service)[0])
        stale, why, metric = told(service)
        assert (stale, "sha256:of-the-future" in why, "does not compile" in why, metric) == (True, True, True, True)
        assert digest(service) == before
        assert service.post(event()).json()["rulebook"] == before
        with transaction(service.services.database) as tx:
            rulebooks.activate(tx, before, {}, service.clock.now(), "tests", "back")
        until(lambda: told(service) == (False, "", False))


@pytest.mark.parametrize("what", ["app.evaluation.pipeline.Engine", "app.evaluation.reload.stored"])
def test_a_rulebook_that_cannot_be_taken_over_yet_is_tried_again_and_meanwhile_told(
    database_url: str, retired: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with serving(database_url) as service:
        before = digest(service)

        def failing(*_: object, **__: object) -> None:
            raise MemoryError("no room")

        with monkeypatch.context() as full:
            full.setattr(what, failing)
            put_in_force(service.services.database, retired, service.clock.now(), "tests")
            until(lambda: "MemoryError" in told(service)[1])
            assert digest(service) == before
            assert service.post(event(id="meanwhile")).json()["rulebook"] == before
        until(lambda: digest(service) != before)
        assert told(service) == (False, "", False)
        assert service.post(event(id="after")).json()["rulebook"] == digest(service)


def test_a_start_puts_the_rules_folder_in_force_only_if_that_has_changed_since(
    database_url: str, retired: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = copytree(RULES, tmp_path / "rules")
    with serving(database_url, rules) as service:
        first = digest(service)
    assert run(["rules", "activate", str(retired), "--database", database_url]) == 0
    with serving(database_url, rules) as service:
        second = digest(service)
    assert second != first, "what was activated since is rolled back by a start"
    (rules / "RUS/documents/RUS-TDOC-001.yaml").unlink()
    (rules / "RUS/documents/RUS-TDOC-001.cases.yaml").unlink(missing_ok=True)
    database = connect(database_url)
    assert put_in_force(database, rules, NOW, "serve", first=True).rulebook.digest == second, "of a worker"
    third = put_in_force(database, rules, NOW, "serve").rulebook.digest
    assert third not in {first, second}
    assert put_in_force(database, RULES, NOW, "serve").rulebook.digest == first, "a folder that was edited back"
    # In force already, but from here: later starts from here are to know.
    for folder in (retired, rules):
        assert run(["rules", "activate", str(folder), "--database", database_url]) == 0
    capsys.readouterr()
    assert put_in_force(database, rules, NOW, "serve").rulebook.digest == third
    assert run(["rules", "activate", str(retired), "--database", database_url]) == 0
    assert put_in_force(database, rules, NOW, "serve").rulebook.digest == second
    database.dispose()


def test_nothing_in_flight_is_lost_when_the_rulebook_changes(database_url: str, retired: Path) -> None:
    with serving(database_url) as service, ThreadPoolExecutor(4) as pool:
        changed = threading.Event()

        def send(lane: int) -> list[str]:
            judged, number = [], 0
            while not changed.is_set() or number < 20:
                answer = service.post(event(id=f"e{lane}-{number}", **EXPIRED))
                assert answer.status_code == 201
                judged.append(answer.json()["rulebook"])
                number += 1
            return judged

        before = digest(service)
        lanes = [pool.submit(send, lane) for lane in range(4)]
        until(lambda: service.count("crossings") > 0)
        put_in_force(service.services.database, retired, service.clock.now(), "tests")
        until(lambda: digest(service) != before)
        changed.set()
        judged = [each.result() for each in lanes]
        assert service.post(event(id="last", **EXPIRED)).json()["outcome"] == "compliant"
        assert {rulebook for lane in judged for rulebook in lane} == {before, digest(service)}
        assert all(lane == sorted(lane, key=[before, digest(service)].index) for lane in judged), (
            "the old one came back"
        )
        assert service.count("crossings") == sum(map(len, judged)) + 1

"""A rulebook put in force while services run: all of them judge by it within seconds, and none stops."""

import time
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from app.cli.main import run
from app.evaluation.reload import put_in_force
from app.storage import rulebooks
from app.storage.engine import transaction
from tests.factories import event
from tests.service.serving import RULES, Service, serving

SECONDS = 30


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.evaluation.reload._LOOK_SECONDS", 0.02)


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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


def test_a_rulebook_that_this_release_cannot_read_leaves_the_last_one_in_force(database_url: str) -> None:
    with serving(database_url) as service:
        before = digest(service)
        with transaction(service.services.database) as tx:
            rulebooks.activate(tx, "sha256:of-the-future", {"rule.yaml": "?"}, service.clock.now(), "tests", "newer")
        time.sleep(0.2)
        assert digest(service) == before
        assert service.post(event()).json()["rulebook"] == before


def test_nothing_in_flight_is_lost_when_the_rulebook_changes(database_url: str, retired: Path) -> None:
    with serving(database_url) as service:
        for number in range(60):
            if number % 20 == 10:
                folder = retired if number % 40 == 10 else RULES
                put_in_force(service.services.database, folder, service.clock.now(), "tests")
            assert service.post(event(id=f"e{number}")).status_code == 201
            time.sleep(0.01)
        assert service.count("crossings") == 60

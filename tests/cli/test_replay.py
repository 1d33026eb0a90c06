"""`gerege replay`: a whole database judged again."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.storage.engine import connect, transaction
from tests.cli.conftest import Gerege
from tests.factories import event
from tests.service.histories import RULES
from tests.service.serving import serving
from tests.service.test_time import corrected, sent, settled, withdrawn


@pytest.fixture
def filled(database_url: str) -> str:
    """A database of several rulebooks, with crossings that were late, corrected and withdrawn."""
    with serving(database_url) as service:
        service.post(event(id="by-other-rules", persons__0__document__expires_on="2026-02-01"))
    with serving(database_url, RULES) as service:
        sent(service, "in", 0, "entry")
        again = sent(service, "in-again", 20, "entry")
        sent(service, "late-exit", 2, "exit")
        corrected(service, again["crossing"], event(id="in-again", direction="exit"))
        withdrawn(service, sent(service, "never", 3, "entry")["crossing"])
        settled(service)
    return database_url


def test_every_decision_comes_out_the_same_from_its_own_rulebook_facts_and_revision(
    filled: str, gerege: Gerege
) -> None:
    ran = gerege("replay", "--database", filled, "--format", "json")
    told = ran.json
    database = connect(filled)
    with transaction(database) as tx:
        stored = tx.execute(text("SELECT count(*) FROM decisions")).scalar_one()
    database.dispose()
    assert (ran.code, told) == (0, {"decisions": stored, "differences": []})
    assert stored > 6
    assert f"{stored} decisions judged again, 0 differences." in gerege("replay", "--database", filled).said


def test_what_does_not_come_out_as_stored_is_told_with_its_place_and_by_the_exit_code(
    filled: str, gerege: Gerege
) -> None:
    database = connect(filled)
    with transaction(database) as tx:
        tx.execute(text("UPDATE findings SET verdict = 'undetermined' WHERE rule = 'RUS-HIST-003'"))
    database.dispose()
    ran = gerege("replay", "--database", filled)
    assert ran.code == 1
    assert "RUS-HIST-003 of individual 0: stored undetermined, now violated" in ran.said


def test_a_decision_that_cannot_be_judged_is_told_and_the_others_are_judged(filled: str, gerege: Gerege) -> None:
    database = connect(filled)
    with transaction(database) as tx:
        of_it = "crossing = (SELECT id FROM crossings WHERE event_id = 'in')"
        tx.execute(text(f"UPDATE crossing_bodies SET body = :body WHERE {of_it}"), {"body": b"{}"})  # noqa: S608 (ours)
    database.dispose()
    ran = gerege("replay", "--database", filled, "--format", "json")
    differences = ran.json["differences"]
    assert (ran.code, {each["rule"] for each in differences}) == (1, {None})
    assert len({each["crossing"] for each in differences}) == 1
    assert ran.json["decisions"] > 6


def test_an_empty_database_has_nothing_to_differ(tmp_path: Path, gerege: Gerege) -> None:
    url = f"sqlite:///{tmp_path}/gerege.db"
    gerege("migrate", "--database", url)
    ran = gerege("replay", "--database", url)
    assert (ran.code, ran.said) == (0, "0 decisions judged again, 0 differences.")


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, gerege: Gerege) -> None:
    ran = gerege("replay", "--database", f"sqlite:///{tmp_path}/misspelt.db")
    assert (ran.code, (tmp_path / "misspelt.db").exists()) == (3, False)

"""Holders of documents are stored as digests that nobody can guess without the secret of the installation."""

import hashlib
from typing import Any

import orjson
import pytest

from app.errors import Conflict
from app.facts.subjects import keyed
from app.settings import Settings, from_environment
from app.storage.engine import connect, transaction
from tests.factories import event
from tests.service.serving import Service, serving

SECRET = "s3" * 16
# What anybody who knows the person can work out.
GUESSED = hashlib.sha256(orjson.dumps(["ERIKSSON", "ANNAMARIA", "1990-04-02", "F", "CHN"])).hexdigest()[:32]
PERSON: dict[str, object] = {
    "persons__0__surname": "ERIKSSON",
    "persons__0__given_names": "ANNA MARIA",
    "persons__0__birth_date": "1990-04-02",
    "persons__0__sex": "F",
    "persons__0__nationality": "CHN",
}
RENEWED = {"persons__0__document__number": "E2", "persons__0__document__issued_on": "2026-03-10"}


def entered(service: Service, name: str, on: str = "2026-03-01", **changes: object) -> None:
    body = event(id=name, occurred_at=f"{on}T09:15:00+09:00", **PERSON | changes)
    assert service.post(body).status_code == 201


def asked(url: str, statement: str) -> list[Any]:
    """Rows of a statement, which may change what is stored."""
    database = connect(url)
    with transaction(database) as tx:
        result = tx.exec_driver_sql(statement)
        rows = [tuple(row) for row in result] if result.returns_rows else []
    database.dispose()
    return rows


def holders(url: str) -> set[str]:
    return {row[0] for row in asked(url, "SELECT holder FROM crossing_subjects WHERE holder IS NOT NULL")}


def test_a_holder_is_keyed_with_the_secret_which_is_not_in_the_database(database_url: str) -> None:
    with serving(database_url, secret=SECRET) as running:
        entered(running, "one")
    assert holders(database_url) == {keyed(SECRET.encode(), GUESSED)}
    assert SECRET not in str(asked(database_url, "SELECT * FROM installation"))


def test_without_a_secret_the_database_keeps_one_for_all_servers(database_url: str) -> None:
    with serving(database_url) as first, serving(database_url) as second:
        entered(first, "one")
        entered(second, "two", "2026-03-20", **RENEWED)
        assert second.get("/v1/subjects/CHN:E2").json()["keys"] == ["CHN:E12345678", "CHN:E2"]
    assert len(holders(database_url)) == 1
    assert GUESSED not in holders(database_url)


@pytest.mark.parametrize("given", [None, "another" * 8])
def test_a_server_without_the_secret_or_with_another_does_not_start(database_url: str, given: str | None) -> None:
    with serving(database_url, secret=SECRET):
        pass
    with pytest.raises(Conflict, match="GEREGE_SECRET"), serving(database_url, secret=given):
        pass


def test_holders_stored_before_are_keyed_once_and_found_again(database_url: str) -> None:
    with serving(database_url) as running:
        entered(running, "one")
    asked(database_url, f"UPDATE crossing_subjects SET holder = '{GUESSED}' WHERE holder IS NOT NULL")  # noqa: S608 (hexadecimal)
    asked(database_url, "DELETE FROM installation")
    for _ in range(2):
        with serving(database_url, secret=SECRET) as running:
            assert holders(database_url) == {keyed(SECRET.encode(), GUESSED)}
    with serving(database_url, secret=SECRET) as running:
        entered(running, "two", "2026-03-20", **RENEWED)
        assert running.get("/v1/subjects/CHN:E2").json()["keys"] == ["CHN:E12345678", "CHN:E2"]


def test_the_secret_that_a_database_keeps_leaves_it_once_it_is_given(database_url: str) -> None:
    with serving(database_url):
        pass
    ((kept,),) = asked(database_url, "SELECT secret FROM installation")
    with serving(database_url, secret=kept):
        assert asked(database_url, "SELECT secret FROM installation") == [(None,)]
    with pytest.raises(Conflict, match="does not keep"), serving(database_url):
        pass


def test_a_secret_is_long_and_is_not_shown() -> None:
    assert SECRET not in repr(from_environment({"GEREGE_SECRET": SECRET}))
    assert from_environment({"GEREGE_SECRET": f" {SECRET}\n"}) == Settings(secret=SECRET)
    with pytest.raises(Exception, match="32 characters") as caught:
        from_environment({"GEREGE_SECRET": "hunter2"})
    assert "hunter2" not in str(caught.value)

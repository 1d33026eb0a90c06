"""`gerege keys`: the whole life of a key, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import Unauthenticated
from app.identity import keys
from app.identity.keys import Credential
from app.storage.engine import connect, transaction
from tests.cli.conftest import Gerege
from tests.databases import Postgres

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LANE = ("--role", "checkpoint", "--source", "rus-zabaykalsk-*")


def _authenticate(key: str, now: datetime = NOW) -> Credential:
    database = connect("sqlite:///var/gerege.db")
    try:
        with transaction(database) as tx:
            return keys.authenticate(tx, key, now)
    finally:
        database.dispose()


def test_a_key_is_alone_on_standard_output_and_opens_what_its_role_and_sources_allow(gerege: Gerege) -> None:
    outcome = gerege("keys", "create", "lane 3", *LANE)
    assert outcome.code == 0
    credential = _authenticate(outcome.out.strip())
    assert (credential.name, credential.sources) == ("lane 3", ("rus-zabaykalsk-*",))


def test_the_list_shows_every_key_and_no_secret(gerege: Gerege) -> None:
    key = gerege("keys", "create", "lane 3", *LANE).out.strip()
    gerege("keys", "create", "an officer", "--role", "officer", "--expires", "2999-01-31")
    listed = gerege("keys", "list", "--format", "json")
    assert [(each["name"], each["role"], each["state"]) for each in listed.json] == [
        ("lane 3", "checkpoint", "valid"),
        ("an officer", "officer", "valid"),
    ]
    assert listed.json[1]["expires_at"] == "2999-01-31T00:00:00+00:00"
    secret = key.rpartition("_")[2]
    assert secret not in listed.out
    assert secret not in gerege("keys", "list").out


def test_a_revoked_key_opens_nothing_and_says_so_in_the_list(gerege: Gerege) -> None:
    made = gerege("keys", "create", "lane 3", *LANE, "--format", "json").json
    assert gerege("keys", "revoke", made["id"]).code == 0
    assert gerege("keys", "list", "--format", "json").json[0]["state"] == "revoked"
    with pytest.raises(Unauthenticated):
        _authenticate(made["key"])


def test_an_expired_key_opens_nothing(gerege: Gerege) -> None:
    key = gerege("keys", "create", "lane 3", *LANE, "--expires", "2998-12-31").out.strip()
    assert _authenticate(key).name == "lane 3"
    with pytest.raises(Unauthenticated):
        _authenticate(key, datetime(2998, 12, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "lane", "--role", "checkpoint"), "is bound to the sources it sends for"),
        (("create", "o", "--role", "officer", "--source", "x"), "sends no events"),
        (("create", "o", "--role", "boss"), "'boss' is not one of"),
        (("create", "o", "--role", "officer", "--expires", "soon"), "is not a date such as 2027-01-31"),
        (("create", "o", "--role", "officer", "--expires", "2020-01-01"), "has passed already"),
        (("revoke", "nobody"), "There is no key nobody"),
    ],
)
def test_what_cannot_be_done_is_wrong_use_and_is_said(gerege: Gerege, arguments: tuple[str, ...], words: str) -> None:
    outcome = gerege("keys", *arguments)
    assert outcome.code == 2
    assert words in outcome.said
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("url", "code"),
    [("mysql://x", 2), ("postgresql+psycopg://u:secret-word@127.0.0.1:1/x", 3), ("sqlite:////dev/null/x/y.db", 3)],
)
def test_a_database_that_cannot_be_used_is_said_without_its_password(gerege: Gerege, url: str, code: int) -> None:
    outcome = gerege("keys", "list", "--database", url)
    assert outcome.code == code
    assert "secret-word" not in outcome.said


def test_a_file_that_is_no_database_is_said(gerege: Gerege, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear sir or madam, " * 100)
    outcome = gerege("keys", "list", "--database", "sqlite:///letter.txt")
    assert outcome.code == 3
    assert "file is not a database" in outcome.said


def test_a_database_server_is_migrated_only_when_asked(gerege: Gerege, postgres: Postgres) -> None:
    with postgres.fresh_database() as url:
        refused = gerege("keys", "list", "--database", url)
        assert refused.code == 3
        assert "Run `gerege migrate` first" in refused.said
        assert "went from revision none to" in gerege("migrate", "--database", url).said
        assert "already" in gerege("migrate", "--database", url).said
        assert gerege("keys", "list", "--database", url).code == 0

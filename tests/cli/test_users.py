"""`gerege users`: the whole life of an account, each change with its entry in the audit log."""

import io

import pytest
from sqlalchemy import select

from app.identity import passwords, users
from app.storage.engine import connect, reading
from app.storage.tables import audit_log
from tests.cli.conftest import Gerege, Outcome

FIRST, SECOND = "correct horse battery staple", "another horse of twelve"


@pytest.fixture
def typing(gerege: Gerege, monkeypatch: pytest.MonkeyPatch) -> Gerege:
    """As `gerege users`, with a password on standard input."""

    def command(password: str, *arguments: object) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return gerege("users", *arguments)

    return command


@pytest.fixture
def officer(typing: Gerege) -> str:
    made = typing(FIRST, "create", "officer", "--name", "An Officer", "--role", "officer", "--jurisdiction", "RUS")
    assert made.code == 0, made.said
    return "officer"


def kept() -> str:
    database = connect("sqlite:///var/gerege.db")
    with reading(database) as tx:
        row = users.by_login(tx, "officer")
        assert row
        found: str = row.password_hash
    database.dispose()
    return found


def test_an_account_is_given_another_password(typing: Gerege, officer: str) -> None:
    changed = typing(SECOND, "password", officer)
    assert (changed.code, "signed out everywhere" in changed.said) == (0, True)
    assert (passwords.fits(FIRST, kept()), passwords.fits(SECOND, kept())) == (False, True)


def test_a_user_is_given_another_remit_in_place_of_the_old(gerege: Gerege, officer: str) -> None:
    def remit() -> tuple[list[str], list[str]]:
        (listed,) = gerege("users", "list", "--format", "json").json
        return listed["jurisdictions"], listed["checkpoints"]

    assert remit() == (["RUS"], [])
    lanes = ("--checkpoint", "RUS-ZABAYKALSK", "--checkpoint", "RUS-V*")
    assert "RUS-ZABAYKALSK RUS-V*" in gerege("users", "remit", officer, *lanes).out
    assert remit() == ([], ["RUS-ZABAYKALSK", "RUS-V*"])
    assert gerege("users", "remit", officer, "--everywhere").code == 0
    assert remit() == ([], [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("password", "nobody"), "There is no user nobody"),
        (("remit", "nobody", "--everywhere"), "There is no user nobody"),
        # Whoever forgets what to say gives nobody all there is.
        (("remit", "officer"), "or else --everywhere"),
        (("remit", "officer", "--everywhere", "--jurisdiction", "RUS"), "or else --everywhere"),
        (("remit", "officer", "--jurisdiction", "RUSX"), "Did you mean RUS?"),
        (("remit", "officer", "--checkpoint", "NOPE-NOPE"), "is no code of a checkpoint"),
    ],
)
def test_what_cannot_be_done_is_wrong_use_and_is_said(
    typing: Gerege, officer: str, arguments: tuple[str, ...], words: str
) -> None:
    assert officer
    outcome = typing(SECOND, *arguments)
    assert (outcome.code, words in outcome.said) == (2, True)


def test_a_short_password_and_one_of_a_disabled_account_are_refused(
    typing: Gerege, gerege: Gerege, officer: str
) -> None:
    assert "must have 12 to 1000 characters" in typing("short", "password", officer).said
    assert gerege("users", "disable", officer).code == 0
    refused = typing(SECOND, "password", officer)
    assert (refused.code, "is disabled" in refused.said) == (2, True)
    assert passwords.fits(FIRST, kept())


def test_the_audit_log_names_who_worked_at_the_machine(
    typing: Gerege, gerege: Gerege, officer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    typing(SECOND, "password", officer)
    # A user of a container, whom its system does not know.
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_001)
    gerege("users", "remit", officer, "--everywhere")
    gerege("users", "disable", officer)
    database = connect("sqlite:///var/gerege.db")
    with reading(database) as tx:
        rows = tx.execute(select(audit_log.c.action, audit_log.c.actor).order_by(audit_log.c.number)).all()
    database.dispose()
    assert [row.action for row in rows] == ["account.create", "account.password", "account.remit", "account.disable"]
    assert [row.actor for row in rows[1:]] == ["root", "command line", "command line"]

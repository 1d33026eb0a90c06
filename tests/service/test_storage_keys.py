"""Who may send and ask, and for how long."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from app.errors import Forbidden, Invalid, NotFound, Unauthenticated
from app.identity import keys
from app.identity.keys import Credential
from app.identity.roles import PERMISSIONS, Permission, Role
from app.storage.engine import reading, transaction
from app.storage.tables import credentials
from tests.service.rows import NOW

names = st.text("abc-", min_size=1, max_size=5).map("s".__add__)


def _issued(engine: Engine, **options: object) -> tuple[Credential, str]:
    with transaction(engine) as tx:
        return keys.issue(tx, "Lane 3", Role.CHECKPOINT, ["lane-3", "rail-*"], NOW, **options)  # type: ignore[arg-type]


def test_a_key_is_known_by_what_was_shown_once(engine: Engine) -> None:
    credential, key = _issued(engine)
    with reading(engine) as tx:
        assert keys.authenticate(tx, key, NOW) == credential
        assert keys.every(tx) == [credential]


def test_the_database_does_not_hold_what_was_shown(engine: Engine) -> None:
    _, key = _issued(engine)
    with reading(engine) as tx:
        stored = str(tx.execute(select(credentials)).all())
    assert key.split("_", 2)[2] not in stored


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: "gx" + key[2:],
        lambda key: "gk_" + "0" * 16 + key[19:],
        lambda key: key[:20],
        lambda key: "gk_\x00_" + key,
        lambda key: key + "\udcff",
        lambda _: "",
    ],
)
def test_a_key_that_differs_anywhere_is_nobodys(engine: Engine, spoil: object) -> None:
    assert callable(spoil)
    _, key = _issued(engine)
    with pytest.raises(Unauthenticated), reading(engine) as tx:
        keys.authenticate(tx, spoil(key), NOW)


def test_a_revoked_key_is_refused_and_keeps_the_time_it_was_first_revoked(engine: Engine) -> None:
    credential, key = _issued(engine)
    with transaction(engine) as tx:
        keys.revoke(tx, credential.id, NOW)
        again = keys.revoke(tx, credential.id, NOW + timedelta(days=1))
    assert again.revoked_at == NOW
    with pytest.raises(Unauthenticated), reading(engine) as tx:
        keys.authenticate(tx, key, NOW)


def test_a_key_serves_until_it_expires(engine: Engine) -> None:
    end = NOW + timedelta(days=1)
    _, key = _issued(engine, expires_at=end)
    with reading(engine) as tx:
        assert keys.authenticate(tx, key, end - timedelta(microseconds=1)).expires_at == end
    with pytest.raises(Unauthenticated), reading(engine) as tx:
        keys.authenticate(tx, key, end)


def test_revoking_a_key_that_is_not_there_says_so(engine: Engine) -> None:
    for identifier in ("0", "\udc80"):
        with pytest.raises(NotFound, match="no key"), transaction(engine) as tx:
            keys.revoke(tx, identifier, NOW)


@pytest.mark.parametrize(
    ("role", "sources", "name", "complaint"),
    [
        (Role.CHECKPOINT, [], "lane", "bound to the sources"),
        (Role.OFFICER, ["lane-3"], "officer", "sends no events"),
        (Role.CHECKPOINT, ["la*ne"], "lane", "is not the name of a source"),
        (Role.CHECKPOINT, ["lane-3\n"], "lane", "is not the name of a source"),
        (Role.AUTHOR, [], " ", "printable"),
        (Role.AUTHOR, [], "a\x1b[31m", "printable"),
        (Role.AUTHOR, [], "a" * 201, "printable"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    engine: Engine, role: Role, sources: list[str], name: str, complaint: str
) -> None:
    with pytest.raises(Invalid, match=complaint), transaction(engine) as tx:
        keys.issue(tx, name, role, sources, NOW)
    with reading(engine) as tx:
        assert tx.execute(text("SELECT count(*) FROM credentials")).scalar_one() == 0


def _credential(role: Role, *sources: str) -> Credential:
    return Credential("0" * 16, "name", role, sources, NOW)


@given(pattern=names, source=names, is_prefix=st.booleans())
def test_a_key_sends_for_its_own_sources_only(pattern: str, source: str, is_prefix: bool) -> None:  # noqa: FBT001 (drawn)
    credential = _credential(Role.CHECKPOINT, pattern + "*" * is_prefix)
    assert credential.may_send(source) is (source.startswith(pattern) if is_prefix else source == pattern)


def test_an_administrator_sends_only_where_sources_were_given() -> None:
    assert not _credential(Role.ADMIN).may(Permission.CROSSINGS_WRITE)
    assert _credential(Role.ADMIN, "*").may_send("any")


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUTHOR])
def test_only_checkpoints_and_administrators_can_send(role: Role) -> None:
    assert not _credential(role, "*").may_send("lane-3")


def test_every_permission_is_somebodys_and_every_role_has_some() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == frozenset(Permission)
    assert all(PERMISSIONS.values())


def test_a_checkpoint_reads_nothing_back() -> None:
    with pytest.raises(Forbidden, match="violations:read"):
        keys.require(_credential(Role.CHECKPOINT, "*"), Permission.VIOLATIONS_READ)
    keys.require(_credential(Role.OFFICER), Permission.VIOLATIONS_READ)

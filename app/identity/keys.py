"""Bearer keys of systems: `gk_<id>_<secret>`, shown once, kept as a hash.

The secret is 256 random bits, so a plain SHA-256 suffices: the slow hashes made for passwords defend what can be
guessed, and would cost every request what they cost an attacker.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, Select, insert, select, update

from app.errors import Forbidden, Invalid, NotFound, Problem, Unauthenticated
from app.identity.remit import EVERYWHERE, Remit
from app.identity.roles import PERMISSIONS, Permission, Role
from app.storage.engine import Transaction
from app.storage.tables import credentials, users
from app.storage.types import is_storable

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}\*?|\*")
_LONGEST_NAME = 200
_SENDING = frozenset({Role.CHECKPOINT, Role.POST, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Credential:
    """A key as it is known here. `sources` are exact names of sending systems or, with a final `*`, prefixes."""

    id: str
    name: str
    role: Role
    sources: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def remit(self) -> Remit:
        return EVERYWHERE

    def may(self, permission: Permission) -> bool:
        # Without a source there is nothing it could send.
        if permission is Permission.CROSSINGS_WRITE and not self.sources:
            return False
        return permission in PERMISSIONS[self.role]

    def may_send(self, source: str) -> bool:
        """Whether this key may send events in the name of `source`."""
        return self.may(Permission.CROSSINGS_WRITE) and any(_covers(pattern, source) for pattern in self.sources)


class Actor(Protocol):
    """A system or a person."""

    @property
    def role(self) -> Role: ...

    def may(self, permission: Permission) -> bool: ...


def require(actor: Actor, permission: Permission) -> None:
    """Raise `Forbidden` unless the role has the permission."""
    if not actor.may(permission):
        raise Forbidden(f"Whoever has the role {actor.role} does not have the permission {permission}.")


def issue(
    tx: Transaction,
    name: str,
    role: Role,
    sources: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[Credential, str]:
    """Make a key; the second part of the answer is the whole key, to be seen now or never.

    Raises `Invalid` if the sources do not fit the role or are not well formed, or the name is empty or too long.
    """
    _check(name, role, sources)
    made = Credential(secrets.token_hex(8), name, role, tuple(sources), now, expires_at)
    secret = secrets.token_urlsafe(32)
    tx.execute(
        insert(credentials).values(
            id=made.id,
            name=name,
            role=role.value,
            sources=list(sources),
            key_hash=_hash(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return made, f"gk_{made.id}_{secret}"


def adopt(tx: Transaction, key: str, name: str, role: Role, now: datetime) -> None:
    """Let a whole key of another installation work here too, for any source, in the place of others of this name.

    Raises `Invalid` if it is none.
    """
    prefix, _, rest = key.partition("_")
    identifier, _, secret = rest.partition("_")
    if prefix != "gk" or not identifier or not secret or not is_storable(identifier):
        raise Invalid("That is no key of Gerege; `gerege keys create` at the centre makes one.")
    others = (credentials.c.name == name, credentials.c.id != identifier, credentials.c.revoked_at.is_(None))
    tx.execute(update(credentials).where(*others).values(revoked_at=now))
    values = {"name": name, "role": role.value, "sources": ["*"], "key_hash": _hash(secret), "revoked_at": None}
    if _find(tx, identifier):
        tx.execute(update(credentials).where(credentials.c.id == identifier).values(values))
    else:
        tx.execute(insert(credentials).values(values | {"id": identifier, "created_at": now}))


def authenticate(tx: Transaction, key: str, now: datetime) -> Credential:
    """Whose key it is; raises `Unauthenticated`, with one and the same words, if it is nobody's or no longer valid."""
    prefix, _, rest = key.partition("_")
    identifier, _, secret = rest.partition("_")
    row = _find(tx, identifier)
    if prefix == "gk" and row is not None and hmac.compare_digest(row.key_hash, _hash(secret)):
        found = _credential(row)
        if found.revoked_at is None and (found.expires_at is None or now < found.expires_at):
            return found
    raise Unauthenticated("The key is not known here, has expired or was revoked.")


def revoke(tx: Transaction, identifier: str, now: datetime) -> Credential:
    """End a key; one that is revoked already keeps its first time. Raises `NotFound`."""
    if _find(tx, identifier) is None:
        raise NotFound(f"There is no key {identifier}.")
    still_valid = (credentials.c.id == identifier, credentials.c.revoked_at.is_(None))
    tx.execute(update(credentials).where(*still_valid).values(revoked_at=now))
    return _credential(tx.execute(_by_id(identifier)).one())


def every(tx: Transaction) -> list[Credential]:
    """All keys ever made, oldest first."""
    of_systems = credentials.c.id.not_in(select(users.c.id))
    rows = tx.execute(select(credentials).where(of_systems).order_by(credentials.c.created_at, credentials.c.id))
    return [_credential(row) for row in rows]


def _check(name: str, role: Role, sources: Sequence[str]) -> None:
    problems = [
        Problem("sources", f"{source!r} is not the name of a source", "a name such as rus-zabaykalsk-lane-3, or rus-*")
        for source in sources
        if not _SOURCE.fullmatch(source)
    ]
    if not (name.strip() and len(name) <= _LONGEST_NAME and name.isprintable()):
        problems.append(Problem("name", f"must be 1 to {_LONGEST_NAME} printable characters"))
    if role is Role.SUPERVISOR:
        hint = "`gerege users create` makes an account"
        problems.append(Problem("role", "a supervisor is a person, who signs in", hint))
    if role is Role.CHECKPOINT and not sources:
        problems.append(
            Problem("sources", "a checkpoint's key is bound to the sources it sends for", "give one or more")
        )
    if sources and role not in _SENDING:
        problems.append(Problem("sources", f"a key of role {role} sends no events", "leave them out"))
    if problems:
        raise Invalid("The key cannot be made.", problems)


def _find(tx: Transaction, identifier: str) -> Row[Any] | None:
    return tx.execute(_by_id(identifier)).one_or_none() if is_storable(identifier) else None


def _by_id(identifier: str) -> Select[Any]:
    return select(credentials).where(credentials.c.id == identifier)


def _covers(pattern: str, source: str) -> bool:
    return source.startswith(pattern[:-1]) if pattern.endswith("*") else source == pattern


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        row.id, row.name, Role(row.role), tuple(row.sources), row.created_at, row.expires_at, row.revoked_at
    )

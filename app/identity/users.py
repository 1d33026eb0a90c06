"""People who sign in: local accounts with a password, and sessions kept here.

What changes accounts or sessions is done through `app.audit.accounts`, which keeps an entry of it.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from app.errors import Conflict, Invalid, NotFound, Problem, Unauthenticated
from app.identity import passwords
from app.identity.keys import revoke
from app.identity.remit import EVERYWHERE, Remit
from app.identity.roles import PEOPLE, PERMISSIONS, Permission, Role
from app.language.suggest import did_you_mean
from app.storage.engine import Transaction, Work, alone_at
from app.storage.tables import credentials, sessions, users
from app.storage.types import is_storable
from app.vocabulary.countries import ISO3

LANGUAGES: Final = ("en", "ru", "zh")
LASTS: Final = timedelta(hours=12)
"""A working day: after it one signs in anew."""
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")
_CHECKPOINT: Final = re.compile(r"[A-Z]{3}(-[A-Z0-9-]{0,60})?\*?")
_LONGEST_NAME: Final = 200
_USERS: Final = select(
    users, credentials.c.name, credentials.c.role, credentials.c.created_at, credentials.c.revoked_at
).join(credentials, credentials.c.id == users.c.id)


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in."""

    id: str
    login: str
    name: str
    role: Role
    language: str
    remit: Remit
    created_at: datetime
    disabled_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        # People send no events.
        return permission in PERMISSIONS[self.role] and permission is not Permission.CROSSINGS_WRITE

    def may_send(self, source: str) -> bool:
        """As `Credential.may_send`: nobody sends events by hand."""
        del source
        return False


@dataclass(frozen=True, slots=True)
class Account:
    """What an account is made of."""

    login: str
    name: str
    role: Role
    password: str
    language: str = "en"
    remit: Remit = EVERYWHERE


def create(tx: Transaction, account: Account, now: datetime) -> User:
    """Make an account; raises `Invalid` with all that is wrong, `Conflict` where the login is taken."""
    _check(account)
    if tx.execute(select(users.c.id).where(users.c.login == account.login)).first():
        raise Conflict(f"There is a user {account.login} already.")
    identifier = secrets.token_hex(8)
    tx.execute(
        insert(credentials).values(
            id=identifier,
            name=account.name,
            role=account.role.value,
            sources=[],
            # Of a key that nobody has.
            key_hash=_hash(secrets.token_urlsafe(32)),
            created_at=now,
        )
    )
    tx.execute(
        insert(users).values(
            id=identifier,
            login=account.login,
            language=account.language,
            jurisdictions=list(account.remit.jurisdictions),
            checkpoints=list(account.remit.checkpoints),
            password_hash=passwords.hashed(account.password),
        )
    )
    return User(identifier, account.login, account.name, account.role, account.language, account.remit, now)


def every(tx: Transaction) -> list[User]:
    """All accounts, by login."""
    return [_user(row) for row in tx.execute(_USERS.order_by(users.c.login))]


def get(tx: Transaction, identifier: str) -> User | None:
    """The user of an identifier, disabled or not."""
    row = by_id(tx, identifier)
    return _user(row) if row else None


def names(tx: Transaction, identifiers: Collection[str]) -> dict[str, str]:
    """Names of users and keys, by identifier."""
    if not identifiers:
        return {}
    rows = tx.execute(select(credentials.c.id, credentials.c.name).where(credentials.c.id.in_(identifiers)))
    return {row.id: row.name for row in rows}


def disable(tx: Transaction, login: str, now: datetime) -> User:
    """End an account and its sessions; one that is disabled keeps its first time. Raises `NotFound`."""
    found = _held(tx, login)
    revoke(tx, found.id, now)
    tx.execute(delete(sessions).where(sessions.c.user == found.id))
    return replace(found, disabled_at=found.disabled_at or now)


def set_password(tx: Transaction, login: str, password_hash: str) -> User:
    """Let another password open an account, and end its sessions. Raises `NotFound`, `Conflict` if it is disabled."""
    found = _held(tx, login)
    if found.disabled_at:
        raise Conflict(f"{login} is disabled.")
    tx.execute(update(users).where(users.c.id == found.id).values(password_hash=password_hash))
    tx.execute(delete(sessions).where(sessions.c.user == found.id))
    return found


def set_remit(tx: Transaction, login: str, remit: Remit) -> User:
    """Have somebody work for other checkpoints, also in sessions that last. Raises `NotFound` and `Invalid`."""
    if problems := _faults(remit):
        raise Invalid("The remit stays as it was.", problems)
    found = _held(tx, login)
    values = {"jurisdictions": list(remit.jurisdictions), "checkpoints": list(remit.checkpoints)}
    tx.execute(update(users).where(users.c.id == found.id).values(values))
    return replace(found, remit=remit)


def _held(tx: Transaction, login: str) -> User:
    """The user, whom nobody signs in as or changes until the end of the transaction; raises `NotFound`."""
    alone_at(Work.SIGNING_IN, tx)
    row = by_login(tx, login)
    if row is None:
        raise NotFound(f"There is no user {login}.")
    return _user(row)


def set_language(tx: Transaction, user: User, language: str) -> None:
    """Keep in which language somebody reads."""
    tx.execute(update(users).where(users.c.id == user.id).values(language=language))


def begin_session(tx: Transaction, row: Row[Any], now: datetime) -> tuple[User, str]:
    """The user and the token of a new session; `signing_in` alone asks for it."""
    token = secrets.token_urlsafe(32)
    tx.execute(delete(sessions).where(sessions.c.user == row.id, sessions.c.expires_at <= now))
    values = {"token_hash": _hash(token), "user": row.id, "created_at": now, "expires_at": now + LASTS}
    tx.execute(insert(sessions).values(values))
    return _user(row), token


def signed_in(tx: Transaction, token: str, now: datetime) -> User:
    """Whose session it is; raises `Unauthenticated`."""
    still = (sessions.c.token_hash == _hash(token)) & (sessions.c.expires_at > now) & credentials.c.revoked_at.is_(None)
    row = tx.execute(_USERS.join(sessions, sessions.c.user == users.c.id).where(still)).one_or_none()
    if row is None:
        raise Unauthenticated("You are not signed in, or no longer; sign in again.")
    return _user(row)


def sign_out(tx: Transaction, token: str) -> str | None:
    """End a session, if there is one; whose it was."""
    ended = delete(sessions).where(sessions.c.token_hash == _hash(token)).returning(sessions.c.user)
    return tx.execute(ended).scalar_one_or_none()


def _check(account: Account) -> None:
    problems = []
    if not _LOGIN.fullmatch(account.login):
        problems.append(Problem("login", "must be 1 to 100 small Latin letters, digits and . _ @ -", "as a.officer"))
    if not (account.name.strip() and len(account.name) <= _LONGEST_NAME and account.name.isprintable()):
        problems.append(Problem("name", f"must be 1 to {_LONGEST_NAME} printable characters"))
    if account.role not in PEOPLE:
        problems.append(
            Problem("role", f"{account.role} is for systems, which have keys", f"one of {', '.join(PEOPLE)}")
        )
    problems += passwords.faults(account.password)
    if account.language not in LANGUAGES:
        problems.append(Problem("language", f"is {account.language!r}", f"one of {', '.join(LANGUAGES)}"))
    problems += _faults(account.remit)
    if problems:
        raise Invalid("The account cannot be made.", problems)


def _faults(remit: Remit) -> list[Problem]:
    """A code that nothing has would keep somebody from all work, without a word."""
    states = [
        Problem("remit", f"{code!r} is no code of a state", did_you_mean(code, ISO3, "Give ISO 3166 alpha-3, as RUS"))
        for code in remit.jurisdictions
        if code not in ISO3
    ]
    return states + [
        Problem("remit", f"{code!r} is no code of a checkpoint", "as RUS-ZABAYKALSK, or RUS-*")
        for code in remit.checkpoints
        if not (_CHECKPOINT.fullmatch(code) and code[:3] in ISO3)
    ]


def by_login(tx: Transaction, login: str) -> Row[Any] | None:
    """All that is kept of the user who has a login."""
    return tx.execute(_USERS.where(users.c.login == login)).one_or_none() if is_storable(login) else None


def by_id(tx: Transaction, identifier: str) -> Row[Any] | None:
    """As `by_login`."""
    return tx.execute(_USERS.where(users.c.id == identifier)).one_or_none() if is_storable(identifier) else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _user(row: Row[Any]) -> User:
    remit = Remit(tuple(row.jurisdictions), tuple(row.checkpoints))
    return User(row.id, row.login, row.name, Role(row.role), row.language, remit, row.created_at, row.revoked_at)

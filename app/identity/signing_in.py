"""Signing in: what makes a session, and what stands against guessing. A second factor has its place here.

In three steps, so that nobody waits for a password that is compared: `sought` reads, `passwords.fits` compares outside
of any transaction, `sign_in` writes.

Wrong passwords are counted by login and by address: whoever guesses keeps nobody out who signs in from elsewhere. Those
of logins that nobody has are counted alike, so that neither the words nor the time of a refusal tell which there are.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select

from app.identity import users
from app.identity.users import User
from app.storage.engine import Transaction, Work, alone_at
from app.storage.tables import failed_sign_ins

# Guessing costs a minute after every few tries; whoever knows the password is kept out no longer than that.
_FAILURES: Final = 5
_LOCKED: Final = timedelta(minutes=1)
_FORGOTTEN: Final = timedelta(hours=1)
_C = failed_sign_ins.c


@dataclass(frozen=True, slots=True)
class Sought:
    """By a login: the user, None if nobody has it, with the hash of the password; `counted` is what tries count for."""

    user: str | None
    password_hash: str | None
    counted: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody was signed in. `is_counted` unless there were too many tries already; `locks` if this was the last."""

    is_counted: bool
    locks: bool = False


def sought(tx: Transaction, login: str) -> Sought:
    """Whose login it is."""
    row = users.by_login(tx, login)
    if row:
        return Sought(row.id, row.password_hash, row.id)
    # What is typed here may be a password; of so few numbers none tells which.
    number = int.from_bytes(hashlib.sha256(login.encode("utf-8", "surrogateescape")).digest()[:2]) % 4096
    return Sought(None, None, f"nobody {number}")


def is_locked(tx: Transaction, found: Sought, address: str, now: datetime) -> bool:
    """Whether no password is looked at now: to compare one takes a turn that somebody else may be waiting for."""
    locked = _same(found, address) & (_C.locked_until > now)
    return tx.execute(select(_C.counted).where(locked)).first() is not None


def sign_in(tx: Transaction, found: Sought, address: str, now: datetime, *, fits: bool) -> tuple[User, str] | Refused:
    """The user and a new session's token if the password fits; a refusal may be counted, so commit in either case.

    It is looked at under a lock, however many were compared at once: after a few wrong ones no other is told from them.
    """
    alone_at(Work.SIGNING_IN, tx)
    if is_locked(tx, found, address, now):
        return Refused(is_counted=False)
    same = _same(found, address)
    before = tx.execute(select(failed_sign_ins).where(same)).one_or_none()
    row = users.by_id(tx, found.counted)
    # The password may have been changed meanwhile, or the account disabled.
    if row and fits and row.password_hash == found.password_hash and not row.revoked_at:
        tx.execute(delete(failed_sign_ins).where(same))
        return users.begin_session(tx, row, now)
    failures = before.failures + 1 if before else 1
    locks = failures >= _FAILURES
    kept = {"counted": found.counted, "address": _network(address), "last_at": now}
    kept |= {"failures": 0, "locked_until": now + _LOCKED} if locks else {"failures": failures, "locked_until": None}
    tx.execute(delete(failed_sign_ins).where(same | (_C.last_at < now - _FORGOTTEN)))
    tx.execute(insert(failed_sign_ins).values(kept))
    return Refused(is_counted=True, locks=locks)


def _same(found: Sought, address: str) -> ColumnElement[bool]:
    """That tries were for the same login and from the same place."""
    return (_C.counted == found.counted) & (_C.address == _network(address))


def _network(address: str) -> str:
    """As far as whoever has the address cannot change it at will."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)  # noqa: PLR2004

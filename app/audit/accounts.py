"""Accounts and sessions, each change with its entry in the audit log.

Of a sign-in that failed the login is not kept where nobody has it: what is typed there may be a password.
"""

from dataclasses import asdict
from datetime import datetime

from app.audit import log
from app.audit.log import Entry
from app.identity import signing_in, users
from app.identity.remit import Remit
from app.identity.signing_in import Refused, Sought
from app.identity.users import Account, User
from app.storage.engine import Transaction

_UNKNOWN = "unknown"


def create(tx: Transaction, account: Account, now: datetime, by: str) -> User:
    """As `users.create`."""
    made = users.create(tx, account, now)
    log.append(tx, Entry(now, by, "account.create", made.id, {"role": made.role, **_plain(made.remit)}))
    return made


def disable(tx: Transaction, login: str, now: datetime, by: str) -> User:
    """As `users.disable`."""
    ended = users.disable(tx, login, now)
    log.append(tx, Entry(now, by, "account.disable", ended.id, {}))
    return ended


def set_password(tx: Transaction, login: str, password_hash: str, now: datetime, by: str) -> User:
    """As `users.set_password`."""
    changed = users.set_password(tx, login, password_hash)
    log.append(tx, Entry(now, by, "account.password", changed.id, {}))
    return changed


def set_remit(tx: Transaction, login: str, remit: Remit, now: datetime, by: str) -> User:
    """As `users.set_remit`."""
    changed = users.set_remit(tx, login, remit)
    log.append(tx, Entry(now, by, "account.remit", changed.id, _plain(remit)))
    return changed


def sign_in(tx: Transaction, found: Sought, address: str, now: datetime, *, fits: bool) -> tuple[User, str] | None:
    """As `signing_in.sign_in`; None for a refusal. What is refused without being counted leaves no entry."""
    made = signing_in.sign_in(tx, found, address, now, fits=fits)
    if not isinstance(made, Refused):
        log.append(tx, Entry(now, made[0].id, "session.begin", made[0].id, {}))
        return made
    if made.is_counted:
        log.append(tx, Entry(now, _UNKNOWN, "session.fail", found.user or _UNKNOWN, {"locks": made.locks}))
    return None


def sign_out(tx: Transaction, token: str, now: datetime) -> None:
    """As `users.sign_out`."""
    if user := users.sign_out(tx, token):
        log.append(tx, Entry(now, user, "session.end", user, {}))


def _plain(remit: Remit) -> dict[str, list[str]]:
    return {name: list(codes) for name, codes in asdict(remit).items()}

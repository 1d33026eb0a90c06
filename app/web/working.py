"""What officers do, for the API and the console alike: each in one transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from app.audit import accounts
from app.clock import uuid7
from app.errors import GeregeError, Unauthenticated, Unavailable
from app.identity import passwords, signing_in
from app.identity.users import User
from app.storage.engine import Transaction, reading, transaction
from app.violations import attachments, records, work
from app.violations.attachments import Attachment
from app.violations.paging import Sort
from app.violations.workflow import Action, Asked
from app.web import problems
from app.web.services import Services

_T = TypeVar("_T")
MOST_AT_ONCE = 200
"""Violations that one request decides on."""
REFUSED: Final = (
    "The name or the password is not right, or the account is disabled. After five wrong passwords, wait a minute."
)
CROWDED: Final = "Too many sign in at this moment; wait a moment, then try again."


def acted(services: Services, user: User, identifier: str, asked: Asked, seen: str = "") -> str:
    """Do something with a violation; its status after it. Raises Conflict if it is not as it was `seen`, if given."""

    def act(tx: Transaction, now: datetime) -> str:
        if seen:
            work.check_seen(tx, user, identifier, seen)
        return work.act(tx, user, identifier, asked, now, services.zone_of).status.value

    return in_one(services, act)


def taken(services: Services, user: User) -> str | None:
    """The violation handed out to the user."""

    def take(tx: Transaction, now: datetime) -> str | None:
        found = work.take_next(tx, user, now, services.zone_of)
        return found.id if found else None

    return in_one(services, take)


def attached(  # one argument for each thing that it hangs on
    services: Services, user: User, violation: str, name: str, content: bytes, seen: str = ""
) -> Attachment:
    """Keep a file with a violation; `seen` as of `acted`."""

    def attach(tx: Transaction, now: datetime) -> Attachment:
        if seen:
            work.check_seen(tx, user, violation, seen)
        made = str(uuid7(now))
        # The violation first: nothing is kept of one that is not in the user's remit.
        work.act(tx, user, violation, Asked(Action.ATTACH, name, attachment=made), now, services.zone_of)
        return attachments.store(tx, made, violation, name, content)

    return in_one(services, attach)


def in_one(services: Services, what: Callable[[Transaction, datetime], _T]) -> _T:
    """One transaction of an officer, of whose outcome later crossings may hang."""
    with transaction(services.database) as tx:
        made = what(tx, services.clock.now())
    # What was decided may bear on later crossings.
    services.pipeline.wake()
    return made


def acted_on_many(services: Services, user: User, chosen: Mapping[str, str], asked: Asked) -> list[dict[str, Any]]:
    """As `acted` of each, with its problem where it was refused; `chosen` has what was seen of each."""
    items: list[dict[str, Any]] = []
    for identifier, seen in chosen.items():
        try:
            status = acted(services, user, identifier, asked, seen)
            items.append({"violation": identifier, "status": status, "problem": None})
        except GeregeError as error:
            items.append({"violation": identifier, "status": None, "problem": problems.document(error)})
    return items


def changed(services: Services, filters: records.Filters) -> list[records.Violation]:
    """Those changed of late, the first to change first; nothing while the database is away."""
    found: list[records.Violation] = []
    cursor: str | None = None
    try:
        with reading(services.database) as tx:
            while True:
                page = records.search(tx, filters, Sort.FIRST_UPDATED, records.LARGEST_PAGE, cursor)
                found += (each.violation for each in page.items)
                cursor = page.next_cursor
                if cursor is None:
                    return found
    except Unavailable:
        return []


def entered(services: Services, login: str, password: str, address: str) -> tuple[User, str]:
    """The user and a new session's token; raises Unauthenticated, and Busy where too many sign in at once.

    A refusal says the same whatever it is for.
    """
    with reading(services.database) as tx:
        found = signing_in.sought(tx, login.strip().lower())
        if signing_in.is_locked(tx, found, address, services.clock.now()):
            raise Unauthenticated(REFUSED)
    with services.passwords.turn(CROWDED):
        fits = passwords.fits(password, found.password_hash)
    with transaction(services.database) as tx:
        made = accounts.sign_in(tx, found, address, services.clock.now(), fits=fits)
    if made is None:
        raise Unauthenticated(REFUSED)
    return made


def left(services: Services, token: str) -> None:
    """End a session."""
    with transaction(services.database) as tx:
        accounts.sign_out(tx, token, services.clock.now())

"""Webhooks, and the outbox of what they are to be told.

A delivery is stored in the transaction that stores or changes the violation, so that none is lost and none is sent of
what was rolled back. It is sent at least once: who receives it knows it again by its identifier. Of one violation the
next is not tried before the one before it was delivered or given up.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Row, delete, exists, insert, select, update

from app.audit import log
from app.clock import uuid7
from app.errors import Invalid, NotFound, Problem
from app.language.ir import Rulebook
from app.language.suggest import did_you_mean
from app.storage.engine import Transaction
from app.storage.tables import webhook_deliveries, webhooks
from app.storage.types import is_storable
from app.vocabulary.codes import Outcome, ViolationStatus

LEASE: Final = timedelta(seconds=60)
"""So long nobody else tries a delivery that is being tried; a multiple of what a try may take."""
KEPT_TRYING: Final = timedelta(days=1)
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_KEPT: Final = timedelta(days=30)
_LONGEST_URL: Final = 2000
_PREFIX: Final = "whsec_"
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,99}")
# Addresses with one of IPv4 as their last 32 bits: compatible ones, and those that a NAT64 translates.
_EMBEDDING: Final = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
_C, _D = webhooks.c, webhook_deliveries.c


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to send, with which secret signed, and of which jurisdictions and rules; of an empty list, of all."""

    id: str
    url: str
    secret: str = field(repr=False)
    jurisdictions: tuple[str, ...]
    rules: tuple[str, ...]
    made_at: datetime
    made_by: str

    def is_told(self, jurisdiction: str, rule: str) -> bool:
        return (not self.jurisdictions or jurisdiction in self.jurisdictions) and (not self.rules or rule in self.rules)


@dataclass(frozen=True, slots=True)
class Message:
    """A violation that was found (`number` 0) or changed. Nobody's names, papers or words are in it."""

    violation: str
    number: int
    at: datetime
    jurisdiction: str
    rule: str
    checkpoint: str
    status: ViolationStatus
    outcome: Outcome | None
    needs_review: bool

    @property
    def body(self) -> bytes:
        data = {
            "violation": self.violation,
            "change": self.number,
            "status": self.status,
            "outcome": self.outcome,
            "needs_review": self.needs_review,
            "rule": self.rule,
            "checkpoint": self.checkpoint,
            "updated_at": self.at,
        }
        kind = "violation.changed" if self.number else "violation.found"
        return orjson.dumps({"type": kind, "timestamp": self.at, "data": data}, option=orjson.OPT_UTC_Z)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to a webhook, and how far it came."""

    id: str
    webhook: str
    violation: str
    number: int
    body: bytes
    made_at: datetime
    state: DeliveryState
    due_at: datetime
    attempts: int
    answered: int | None = None
    fault: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying a delivery: the status answered, or why there was no answer."""

    delivery: Delivery
    answered: int | None
    fault: str | None

    @property
    def is_delivered(self) -> bool:
        return self.answered is not None and self.answered // 100 == 2  # noqa: PLR2004 (success)


# --- who is told --------------------------------------------------------------------------------------------


def add(  # one argument for each thing that it has
    tx: Transaction,
    url: str,
    jurisdictions: Sequence[str],
    rules: Sequence[str],
    now: datetime,
    by: str,
    rulebook: Rulebook | None,
) -> Webhook:
    """Make one, with a secret to be seen now or never. `rulebook` is that in force, None if there is none yet.

    Raises `Invalid`, also for what no rule has: the other system would wait for ever.
    """
    problems = [Problem("/url", fault, "https://other.example/gerege") for fault in _faults(url)]
    known = rulebook.rules if rulebook else {}
    of = {each.jurisdiction for each in known.values()}
    for name, codes, has in (("jurisdictions", jurisdictions, of), ("rules", rules, known)):
        bad = [each for each in codes if not (each in has if rulebook else _CODE.fullmatch(each))]
        problems += [
            Problem(
                f"/{name}", f"the rulebook in force has no {each!r}", did_you_mean(each, has) or "as RUS, RUS-DOC-001"
            )
            for each in bad
        ]
    if problems:
        raise Invalid("The webhook was not made.", problems)
    secret = _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    made = Webhook(str(uuid7(now)), url, secret, tuple(jurisdictions), tuple(rules), now, by)
    values = {name: getattr(made, name) for name in made.__slots__}
    tx.execute(insert(webhooks).values(values | {"jurisdictions": [*jurisdictions], "rules": [*rules]}))
    detail = {"url_sha256": log.digest(url), "jurisdictions": [*jurisdictions], "rules": [*rules]}
    log.append(tx, log.Entry(now, by, "webhook.add", made.id, detail))
    return made


def remove(tx: Transaction, identifier: str, now: datetime, by: str) -> None:
    """Tell it nothing more, nor what still waits; raises `NotFound`."""
    there = (_C.id == identifier) & _C.removed_at.is_(None)
    if not is_storable(identifier) or not tx.execute(update(webhooks).where(there).values(removed_at=now)).rowcount:
        raise NotFound(f"There is no webhook {identifier}.")
    waiting = (_D.webhook == identifier) & (_D.state == DeliveryState.WAITING)
    ended = {"state": DeliveryState.GIVEN_UP, "fault": "the webhook was removed", "ended_at": now}
    tx.execute(update(webhook_deliveries).where(waiting).values(ended))
    log.append(tx, log.Entry(now, by, "webhook.remove", identifier, {}))


def every(tx: Transaction) -> list[Webhook]:
    """All that were not removed, the oldest first."""
    query = select(webhooks).where(_C.removed_at.is_(None)).order_by(_C.id)
    return [_webhook(row) for row in tx.execute(query)]


def _faults(url: str) -> Iterable[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "is no address"
        return
    if parts.scheme not in {"http", "https"} or not host:
        yield "must begin with https:// or http:// and name a server"
    if parts.username is not None or parts.password is not None or parts.fragment:
        yield "must have no name, password or fragment"
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST_URL:
        yield f"must be at most {_LONGEST_URL} ASCII characters without spaces"


def is_public(address: str) -> bool:
    """Whether an address of the internet is for everybody, rather than of this machine or its neighbourhood.

    One that leads to addresses of IPv4 is no more public than they are.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if not all(each.is_global and not each.is_multicast for each in _reached(found)):
            return False
        found = found.ipv4_mapped or found
    return found.is_global and not found.is_multicast


def _reached(address: ipaddress.IPv6Address) -> Collection[ipaddress.IPv4Address]:
    """Addresses of IPv4 to which what is sent to this one may be passed on."""
    if any(address in network for network in _EMBEDDING):
        return (ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF),)
    return address.teredo or ((address.sixtofour,) if address.sixtofour else ())


# --- the outbox ---------------------------------------------------------------------------------------------


def put(tx: Transaction, hooks: Collection[Webhook], messages: Iterable[Message]) -> None:
    """Keep messages for those of the webhooks that are to be told, to be sent after the transaction."""
    rows = [
        {
            "id": str(uuid7(message.at)),
            "webhook": hook.id,
            "violation": message.violation,
            "number": message.number,
            "body": message.body,
            "made_at": message.at,
            "state": DeliveryState.WAITING,
            "due_at": message.at,
            "attempts": 0,
        }
        for message in messages
        for hook in hooks
        if hook.is_told(message.jurisdiction, message.rule)
    ]
    if rows:
        tx.execute(insert(webhook_deliveries), rows)


def ready(tx: Transaction, now: datetime) -> list[Webhook]:
    """Webhooks for which something may be tried."""
    waits = exists().where(_D.webhook == _C.id, _D.state == DeliveryState.WAITING, _D.due_at <= now)
    query = select(webhooks).where(_C.removed_at.is_(None), waits).order_by(_C.id)
    return [_webhook(row) for row in tx.execute(query)]


def claim(tx: Transaction, webhook: str, now: datetime, most: int) -> list[Delivery]:
    """Deliveries to try now, of each violation the first; nobody else is given them for the time of `LEASE`."""
    earlier = webhook_deliveries.alias("earlier")
    blocked = exists().where(
        earlier.c.webhook == _D.webhook,
        earlier.c.violation == _D.violation,
        earlier.c.state == DeliveryState.WAITING,
        earlier.c.number < _D.number,
    )
    query = (
        select(webhook_deliveries)
        .where(_D.webhook == webhook, _D.state == DeliveryState.WAITING, _D.due_at <= now, ~blocked)
        .order_by(_D.due_at, _D.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = [_delivery(row) for row in tx.execute(query)]
    mine = _D.id.in_([each.id for each in found])
    if found:
        tx.execute(update(webhook_deliveries).where(mine).values(due_at=now + LEASE, attempts=_D.attempts + 1))
    return found


def settle(tx: Transaction, tried: Iterable[Tried], now: datetime) -> None:
    """Keep what came of it: delivered, to be tried later, or given up after `KEPT_TRYING`."""
    for each in tried:
        was = each.delivery
        values: dict[str, Any] = {"answered": each.answered, "fault": each.fault}
        there = (_D.id == was.id) & (_D.state == DeliveryState.WAITING)
        if each.is_delivered:
            values |= {"state": DeliveryState.DELIVERED, "ended_at": now}
        else:
            # Unless somebody else has tried since, because this took longer than its lease.
            there &= _D.attempts == was.attempts + 1
            if now - was.made_at >= KEPT_TRYING:
                values |= {"state": DeliveryState.GIVEN_UP, "ended_at": now}
            else:
                values["due_at"] = now + pause(was.attempts + 1)
        tx.execute(update(webhook_deliveries).where(there).values(values))


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts."""
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)


def forget(tx: Transaction, now: datetime) -> None:
    """Drop from the log what ended long ago."""
    tx.execute(delete(webhook_deliveries).where(_D.ended_at < now - _KEPT))


def deliveries(tx: Transaction, webhook: str, limit: int = 50, cursor: str | None = None) -> list[Delivery]:
    """The newest first, below the identifier `cursor`; raises `NotFound` if there never was such a webhook."""
    known = is_storable(webhook) and tx.execute(select(_C.id).where(_C.id == webhook)).first()
    if not known:
        raise NotFound(f"There is no webhook {webhook}.")
    query = select(webhook_deliveries).where(_D.webhook == webhook).order_by(_D.id.desc()).limit(limit)
    if cursor:
        query = query.where(_D.id < cursor)
    return [_delivery(row) for row in tx.execute(query)]


def headers(hook: Webhook, delivery: Delivery, now: datetime) -> dict[str, str]:
    """After Standard Webhooks: the identifier, the time of this attempt, and both with the body signed."""
    timestamp = str(int(now.astimezone(UTC).timestamp()))
    signed = b".".join([delivery.id.encode(), timestamp.encode(), delivery.body])
    key = base64.b64decode(hook.secret.removeprefix(_PREFIX))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": delivery.id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def _webhook(row: Row[Any]) -> Webhook:
    lists = tuple(row.jurisdictions), tuple(row.rules)
    return Webhook(row.id, row.url, row.secret, *lists, row.made_at, row.made_by)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**row._asdict() | {"state": DeliveryState(row.state)})

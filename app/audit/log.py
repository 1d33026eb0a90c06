"""The audit log: each entry's hash covers the entry before it, so that none can be altered or taken out unseen."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import insert, select

from app.storage.engine import Transaction, Work, alone_at
from app.storage.tables import audit_log

BEGINNING: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """What an actor did to an object, with a detail that names no person and holds no text of anybody's own."""

    at: datetime
    actor: str
    action: str
    object: str
    detail: Mapping[str, Any]


def digest(text: str) -> str:
    """What stands in a detail for a text, which is kept elsewhere: it proves the text, and outlives its erasure."""
    return hashlib.sha256(text.encode()).hexdigest()


def append(tx: Transaction, entry: Entry) -> None:
    """Write the entry as the last of the chain; other writers wait for the end of this transaction."""
    alone_at(Work.AUDITING, tx)
    column = audit_log.c
    last = tx.execute(select(column.number, column.hash).order_by(column.number.desc()).limit(1)).one_or_none()
    number, before = (last.number, last.hash) if last else (0, BEGINNING)
    values = {"at": entry.at, "actor": entry.actor, "action": entry.action, "object": entry.object}
    values |= {"number": number + 1, "detail": dict(entry.detail), "hash": _hash(before, number + 1, entry)}
    tx.execute(insert(audit_log).values(values))


def broken(tx: Transaction) -> Iterator[int]:
    """Numbers of the entries that do not fit those before them."""
    before, expected = BEGINNING, 1
    for row in tx.execute(select(audit_log).order_by(audit_log.c.number)):
        entry = Entry(row.at, row.actor, row.action, row.object, row.detail)
        if row.number != expected or row.hash != _hash(before, row.number, entry):
            yield row.number
        before, expected = row.hash, row.number + 1


def _hash(before: str, number: int, entry: Entry) -> str:
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    told = [before, number, at, entry.actor, entry.action, entry.object, entry.detail]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()

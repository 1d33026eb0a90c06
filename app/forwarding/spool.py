"""What a post keeps beside its own record: which events the centre has not acknowledged, and what it said of others.

An event enters the outbox by a trigger, in the transaction that stores it, after those that were stored before. It
leaves when the centre's word on it is kept. The clock has no part in it, so that one that jumps back loses nothing.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    text,
)

from app.storage.engine import Transaction, transaction
from app.storage.tables import crossing_bodies, crossings, decisions
from app.storage.types import Instant

ACKNOWLEDGED = frozenset({200, 201})
_METADATA = MetaData()
_outbox = Table(
    "outbox",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("crossing", String(36), nullable=False, unique=True),
    sqlite_autoincrement=True,
)
_forwarded = Table(
    "forwarded",
    _METADATA,
    Column("crossing", String(36), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("differs", Boolean, nullable=False, index=True),
)
_TRIGGER = text(
    "CREATE TRIGGER IF NOT EXISTS into_outbox AFTER INSERT ON crossings "
    "BEGIN INSERT INTO outbox (crossing) VALUES (NEW.id); END"
)


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that the centre has not acknowledged, with what was decided here."""

    crossing: str
    body: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the centre said of an event: its status and answer, or the problem; `differs` from what was said here."""

    crossing: str
    at: datetime
    status: int
    answer: bytes
    differs: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """How many events the centre has not acknowledged, since when the first waits, and how many it refused."""

    waiting: int
    since: datetime | None
    refused: int


def own(folder: Path, *names: str) -> None:
    """Make the folder, and let nobody else into it or into these files of it: they hold personal data."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in names:
        os.close(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600))
        (folder / name).chmod(0o600)


def prepare(database: Engine) -> None:
    """Make the tables and the trigger, and put what the centre has refused into the outbox again.

    Somebody may have mended what it was refused for: the key's sources, the register of checkpoints.
    """
    with transaction(database) as tx:
        _METADATA.create_all(tx)
        tx.execute(_TRIGGER)
        refused = select(_forwarded.c.crossing).where(_forwarded.c.status.not_in(ACKNOWLEDGED))
        tx.execute(insert(_outbox).from_select(["crossing"], refused.order_by(_forwarded.c.crossing)))
        tx.execute(delete(_forwarded).where(_forwarded.c.status.not_in(ACKNOWLEDGED)))


def pending(tx: Transaction, most: int, most_bytes: int, but: Collection[str] = ()) -> list[Pending]:
    """The first events in the outbox without these, so many, of so many bytes in all; but one if there is any."""
    query = (
        select(crossing_bodies.c.crossing, crossing_bodies.c.body, decisions.c.answer)
        .join(_outbox, _outbox.c.crossing == crossing_bodies.c.crossing)
        .join(decisions, (decisions.c.crossing == crossing_bodies.c.crossing) & (decisions.c.number == 1))
        .where(_outbox.c.crossing.not_in(but))
        .order_by(_outbox.c.number)
        .limit(most)
    )
    found: list[Pending] = []
    size = 0
    with tx.execute(query) as rows:
        for row in rows:
            each = Pending(*row)
            size += len(each.body)
            if found and size > most_bytes:
                break
            found.append(each)
    return found


def settle(tx: Transaction, verdicts: Sequence[Verdict]) -> None:
    """Keep what the centre said, and take these out of the outbox."""
    if verdicts:
        rows = insert(_forwarded).prefix_with("OR REPLACE")
        tx.execute(rows, [{name: getattr(each, name) for name in each.__slots__} for each in verdicts])
        tx.execute(delete(_outbox).where(_outbox.c.crossing.in_([each.crossing for each in verdicts])))


def verdict(tx: Transaction, crossing: str) -> Verdict | None:
    """What the centre said of an event; None if it has not yet."""
    row = tx.execute(select(_forwarded).where(_forwarded.c.crossing == crossing)).one_or_none()
    return Verdict(*row) if row else None


def lag(tx: Transaction) -> Lag:
    """What waits, and what was refused."""
    first = select(func.min(_outbox.c.number)).scalar_subquery()
    since = (
        select(crossings.c.received_at)
        .join(_outbox, _outbox.c.crossing == crossings.c.id)
        .where(_outbox.c.number == first)
    )
    waiting = tx.execute(select(func.count()).select_from(_outbox)).scalar_one()
    is_refused = _forwarded.c.differs & _forwarded.c.status.not_in(ACKNOWLEDGED)
    refused = tx.execute(select(func.count()).select_from(_forwarded).where(is_refused)).scalar_one()
    return Lag(waiting, tx.execute(since).scalar_one_or_none(), refused)


def differences(tx: Transaction, most: int) -> list[tuple[Verdict, str, str]]:
    """What the centre decided otherwise or refused, newest first, with source and identifier of the event."""
    query = (
        select(_forwarded, crossings.c.source, crossings.c.event_id)
        .join(crossings, crossings.c.id == _forwarded.c.crossing)
        .where(_forwarded.c.differs)
        .order_by(_forwarded.c.at.desc(), _forwarded.c.crossing.desc())
        .limit(most)
    )
    rows: list[Any] = list(tx.execute(query))
    return [(Verdict(*row[:5]), row[5], row[6]) for row in rows]

"""Corrections and withdrawals: what a crossing was before is kept, and can be shown as it was known at any time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from app.crossings.records import Crossing, store_subjects
from app.storage import tables
from app.storage.engine import Transaction
from app.storage.tables import crossing_revisions


@dataclass(frozen=True, slots=True)
class Revision:
    """A crossing as it was known from an instant on; `reason` is None for the event as first received."""

    number: int
    body: bytes
    body_digest: str
    known_from: datetime
    known_by: str
    reason: str | None
    withdrawn: bool
    subjects: Any


def all_of(tx: Transaction, crossing: Crossing) -> tuple[Revision, ...]:
    """Every revision, first to last."""
    if crossing.revision == 1:
        return (first(crossing),)
    columns = [each for each in crossing_revisions.c if each.name != "crossing"]
    query = select(*columns).where(_of(crossing)).order_by(crossing_revisions.c.number)
    return tuple(Revision(**row._asdict()) for row in tx.execute(query))


def first(crossing: Crossing) -> Revision:
    """A crossing that was never revised, as its first revision."""
    subjects = [each.named() for each in crossing.subjects]
    by, digest = crossing.received_by, crossing.body_digest
    return Revision(1, crossing.body, digest, crossing.received_at, by, None, withdrawn=False, subjects=subjects)


def revise(tx: Transaction, before: Crossing, after: Crossing, revision: Revision) -> None:
    """Put `after`, which `revision` records, in the place of `before`; both have the same identifier."""
    made = [first(before), revision] if before.revision == 1 else [revision]
    rows = [{name: getattr(each, name) for name in each.__slots__} | {"crossing": before.id} for each in made]
    tx.execute(insert(crossing_revisions), rows)
    kept = {"id", "source", "event_id", "received_at", "received_by"}
    values = {each.name: getattr(after, each.name) for each in tables.crossings.c if each.name not in kept}
    tx.execute(update(tables.crossings).where(tables.crossings.c.id == before.id).values(values))
    of_it = tables.crossing_bodies.c.crossing == before.id
    tx.execute(update(tables.crossing_bodies).where(of_it).values(body=after.body))
    tx.execute(delete(tables.crossing_subjects).where(tables.crossing_subjects.c.crossing == before.id))
    if not after.withdrawn:
        store_subjects(tx, [after])


def _of(crossing: Crossing) -> ColumnElement[bool]:
    return crossing_revisions.c.crossing == crossing.id

"""A subject across its crossings, as officers look at it."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import func, select, update

from app.storage.engine import Transaction
from app.storage.tables import crossing_subjects, decisions, violations
from app.vocabulary.past import Leg

_COLUMN = crossing_subjects.c


def legs(tx: Transaction, keys: Collection[str], most: int | None = None) -> list[Leg]:
    """Crossings of the subject that these keys name, the newest first."""
    columns = (getattr(_COLUMN, name) for name in _AS_LEG)
    query = select(*columns).where(_COLUMN.key.in_(keys)).order_by(_COLUMN.occurred_at.desc(), _COLUMN.crossing.desc())
    return [Leg(*row) for row in tx.execute(query.limit(most) if most else query)]


def rekey(tx: Transaction, keyed: Callable[[str], str]) -> None:
    """Replace the digests of all holders by what is made of each."""
    for holder in tx.execute(select(_COLUMN.holder).where(_COLUMN.holder.is_not(None)).distinct()).scalars().all():
        tx.execute(update(crossing_subjects).where(_COLUMN.holder == holder).values(holder=keyed(holder)))


_AS_LEG = ("occurred_at", "direction", "checkpoint", "basis", "local_date", "state", "key", "crossing")


def violations_by_status(tx: Transaction, keys: Collection[str]) -> dict[str, int]:
    """How many violations of the subject have each status."""
    column = violations.c
    query = select(column.status, func.count()).where(column.subject_key.in_(keys)).group_by(column.status)
    return {row[0]: row[1] for row in tx.execute(query.order_by(column.status))}


def facts_at(tx: Transaction, crossing: str, key: str) -> Any:  # noqa: ANN401 (JSON)
    """The facts by which the newest decision on a crossing judged the subject; None if there are none."""
    place = tx.execute(
        select(_COLUMN.kind, _COLUMN.position).where(_COLUMN.crossing == crossing, _COLUMN.key == key)
    ).first()
    newest = select(decisions.c.facts).where(decisions.c.crossing == crossing).order_by(decisions.c.number.desc())
    facts = tx.execute(newest.limit(1)).scalar()
    if place is None or not facts:
        return None
    return [each for each in facts if each["subject.kind"] == place.kind][place.position]

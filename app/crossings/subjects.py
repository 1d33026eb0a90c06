"""A subject across its crossings, as officers look at it."""

from collections.abc import Collection

from sqlalchemy import func, select

from app.storage.engine import Transaction
from app.storage.tables import crossing_subjects, decisions, findings, violations
from app.vocabulary.past import Leg

_COLUMN = crossing_subjects.c


def legs(tx: Transaction, keys: Collection[str], most: int | None = None) -> list[Leg]:
    """Crossings of the subject that these keys name, the newest first."""
    columns = (getattr(_COLUMN, name) for name in _AS_LEG)
    query = select(*columns).where(_COLUMN.key.in_(keys)).order_by(_COLUMN.occurred_at.desc(), _COLUMN.crossing.desc())
    return [Leg(*row) for row in tx.execute(query.limit(most) if most else query)]


_AS_LEG = ("occurred_at", "direction", "checkpoint", "basis", "local_date", "state", "key", "crossing")


def violations_by_status(tx: Transaction, keys: Collection[str]) -> dict[str, int]:
    """How many violations of the subject have each status."""
    column = violations.c
    query = select(column.status, func.count()).where(column.subject_key.in_(keys)).group_by(column.status)
    return {row[0]: row[1] for row in tx.execute(query.order_by(column.status))}


def governing(tx: Transaction, crossing: str, key: str) -> list[str]:
    """Rules that applied to the subject at a crossing, by the newest decision on it."""
    place = tx.execute(
        select(_COLUMN.kind, _COLUMN.position).where(_COLUMN.crossing == crossing, _COLUMN.key == key)
    ).first()
    newest = (
        select(decisions.c.id, decisions.c.facts, decisions.c.compliant)
        .where(decisions.c.crossing == crossing)
        .order_by(decisions.c.number.desc())
        .limit(1)
    )
    row = tx.execute(newest).first()
    if place is None or row is None:
        return []
    of_kind = [number for number, facts in enumerate(row.facts) if facts["subject.kind"] == place.kind]
    return [*row.compliant[of_kind[place.position]], *_found(tx, row.id, place.kind, place.position)]


def _found(tx: Transaction, decision: str, kind: object, position: int) -> list[str]:
    column = findings.c
    query = select(column.rule).where(
        column.decision == decision, column.subject_kind == kind, column.subject_position == position
    )
    return list(tx.execute(query).scalars())

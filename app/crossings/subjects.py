"""A subject across its crossings, as officers look at it."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select

from app.identity.remit import Remit
from app.storage.engine import Transaction
from app.storage.tables import crossing_bodies, crossing_subjects, violations
from app.vocabulary.codes import SubjectKind
from app.vocabulary.past import Leg

_COLUMN = crossing_subjects.c


def legs(tx: Transaction, keys: Collection[str], most: int, until: date = date.max) -> list[Leg]:
    """Crossings up to a day of the subject that these keys name, the newest first."""
    columns = (getattr(_COLUMN, name) for name in _AS_LEG)
    query = select(*columns).where(_COLUMN.key.in_(keys), _COLUMN.local_date <= until).limit(most)
    return [Leg(*row) for row in tx.execute(query.order_by(_COLUMN.occurred_at.desc(), _COLUMN.crossing.desc()))]


def crossed_within(tx: Transaction, keys: Collection[str], remit: Remit) -> bool:
    """Whether the subject ever crossed at a checkpoint of the remit."""
    query = select(_COLUMN.key).where(_COLUMN.key.in_(keys), remit.condition(_COLUMN.state, _COLUMN.checkpoint))
    return tx.execute(query.limit(1)).first() is not None


def within(tx: Transaction, keys: Collection[str], remit: Remit) -> set[str]:
    """Those of the keys that a crossing at a checkpoint of the remit names."""
    query = select(_COLUMN.key).where(_COLUMN.key.in_(keys), remit.condition(_COLUMN.state, _COLUMN.checkpoint))
    return {key for key in tx.execute(query.distinct()).scalars() if key is not None}


def kind_of(tx: Transaction, keys: Collection[str]) -> SubjectKind:
    """What the subject is that these keys name, one of which is on record."""
    return SubjectKind(tx.execute(select(_COLUMN.kind).where(_COLUMN.key.in_(keys)).limit(1)).scalar_one())


_AS_LEG = ("occurred_at", "direction", "checkpoint", "basis", "local_date", "state", "key", "crossing")


def violations_by_status(tx: Transaction, keys: Collection[str]) -> dict[str, int]:
    """How many violations of the subject have each status."""
    column = violations.c
    query = select(column.status, func.count()).where(column.subject_key.in_(keys)).group_by(column.status)
    return {row[0]: row[1] for row in tx.execute(query.order_by(column.status))}


def event_at(tx: Transaction, crossing: str, key: str) -> tuple[bytes, int]:
    """The event of a crossing as it is now, and the subject's position among those of its kind there."""
    query = (
        select(crossing_bodies.c.body, _COLUMN.position)
        .join(crossing_bodies, crossing_bodies.c.crossing == _COLUMN.crossing)
        .where(crossing_bodies.c.crossing == crossing, _COLUMN.crossing == crossing, _COLUMN.key == key)
        .order_by(_COLUMN.position)
    )
    row = tx.execute(query.limit(1)).one()
    return row.body, row.position

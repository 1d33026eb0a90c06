"""What crossed where on which day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.storage.engine import Transaction
from app.storage.tables import crossings


@dataclass(frozen=True, slots=True)
class Load:
    """Crossings that were not taken back, with the vehicles and persons in them."""

    crossings: int
    vehicles: int
    persons: int


def by_day(tx: Transaction, places: Sequence[str], first: date, last: date) -> Mapping[tuple[str, date], Load]:
    """The load of checkpoints by checkpoint and day there."""
    column = crossings.c
    query = (
        select(column.checkpoint, column.local_date, func.count(), func.sum(column.vehicles), func.sum(column.persons))
        .where(column.checkpoint.in_(places), column.local_date.between(first, last), column.withdrawn.is_(False))
        .group_by(column.checkpoint, column.local_date)
    )
    return {(place, day): Load(*map(int, counts)) for place, day, *counts in tx.execute(query)}

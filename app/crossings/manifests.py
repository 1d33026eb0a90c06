"""Passenger and crew lists in the database: the body as it came, and what it says of each voyage, without names."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, or_, select
from sqlalchemy.exc import IntegrityError

from app.crossings import due
from app.crossings.due import Trigger
from app.crossings.records import Cause, Raced
from app.errors import NotFound
from app.storage.engine import Transaction, is_duplicate
from app.storage.tables import manifest_voyages, manifests
from app.storage.types import is_storable
from app.vocabulary.listed import Listed

_DAY: Final = timedelta(days=1)
_NOT_LISTED: Final = {"manifest", "number"}
_OF_MANIFEST: Final = {"source", "received_at"}


@dataclass(frozen=True, slots=True)
class Stored:
    """A list as it came; `body_digest` is the SHA-256 of `body` in hexadecimal."""

    id: str
    source: str
    body: bytes
    body_digest: str
    received_at: datetime
    received_by: str


def store(tx: Transaction, new: Stored, lists: Iterable[Listed]) -> None:
    """Insert it, with what it says of each voyage; the crossings of these are due. Raises Raced."""
    try:
        tx.execute(insert(manifests).values(asdict(new)))
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("The same list is being stored by another request; send it again.") from error
        raise
    named = list(lists)
    rows = [
        {name: value for name, value in asdict(each).items() if name not in _OF_MANIFEST}
        | {"manifest": new.id, "number": number, "documents": list(each.documents)}
        for number, each in enumerate(named)
    ]
    if rows:
        tx.execute(insert(manifest_voyages), rows)
    days = {(each.voyage, day) for each in named for day in (each.departure_day, each.arrival_day)}
    near = {(voyage, day - _DAY, day + _DAY) for voyage, day in days}
    due.mark_voyages(tx, near, Trigger(Cause.MANIFEST, new.id, new.received_at))


def find(tx: Transaction, source: str, body_digest: str) -> Stored | None:
    """The same list of the same source, if it came before."""
    return _one(tx, (manifests.c.source == source) & (manifests.c.body_digest == body_digest))


def get(tx: Transaction, identifier: str) -> Stored:
    """A list by its identifier; raises NotFound."""
    found = _one(tx, manifests.c.id == identifier) if is_storable(identifier) else None
    if found is None:
        raise NotFound(f"There is no manifest {identifier}.")
    return found


def of_voyages(tx: Transaction, asked: Collection[tuple[str, date]]) -> Mapping[str, tuple[Listed, ...]]:
    """Lists by voyage, of each asked for those of its day and of the days beside it, and maybe others."""
    if not asked:
        return {}
    row = manifest_voyages.c
    first, last = min(day for _, day in asked) - _DAY, max(day for _, day in asked) + _DAY
    query = (
        select(manifest_voyages, manifests.c.source, manifests.c.received_at)
        .join(manifests, manifests.c.id == row.manifest)
        .where(
            row.voyage.in_({voyage for voyage, _ in asked}),
            or_(row.departure_day.between(first, last), row.arrival_day.between(first, last)),
        )
    )
    found: defaultdict[str, list[Listed]] = defaultdict(list)
    for each in tx.execute(query):
        found[each.voyage].append(_listed(each._asdict()))
    return {voyage: tuple(lists) for voyage, lists in found.items()}


def _listed(row: Mapping[str, Any]) -> Listed:
    members = {name: value for name, value in row.items() if name not in _NOT_LISTED}
    return Listed(**members | {"documents": tuple(row["documents"])})


def _one(tx: Transaction, which: ColumnElement[bool]) -> Stored | None:
    row = tx.execute(select(manifests).where(which)).one_or_none()
    return Stored(*row) if row else None

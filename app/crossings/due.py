"""Crossings that must be judged again: kept with the change that made it necessary, in the same transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.crossings.records import Cause
from app.storage.engine import Transaction
from app.storage.tables import crossing_subjects, crossings, due

# PostgreSQL takes 65,535 parameters at most.
_AT_ONCE = 10_000
_INSERT: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What made it necessary, and when."""

    cause: Cause
    caused_by: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A crossing that waits to be judged again."""

    crossing: str
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Share:
    """How much is taken at once: so many crossings, with so many persons in all; but always one crossing."""

    crossings: int
    persons: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many crossings wait, since when the first of them does, and how many are set aside for a fault."""

    waiting: int
    since: datetime | None
    faulty: int


def mark(tx: Transaction, identifiers: Collection[str], trigger: Trigger) -> None:
    """These crossings are due; one that is already stays so for its first reason."""
    ordered = sorted(identifiers)
    for start in range(0, len(ordered), _AT_ONCE):
        _mark(tx, crossings.c.id.in_(ordered[start : start + _AT_ONCE]), trigger)


def mark_subjects(tx: Transaction, keys: Collection[str], trigger: Trigger) -> None:
    """All crossings of these subjects are due."""
    column = crossing_subjects.c
    of_them = select(column.crossing).where(column.key.in_(keys))
    _mark(tx, crossings.c.id.in_(of_them), trigger)


def mark_voyages(tx: Transaction, voyages: Collection[tuple[str, date, date]], trigger: Trigger) -> None:
    """All crossings on voyages of these numbers between these days, included, are due."""
    column = crossings.c
    named = [
        (column.voyage == voyage) & column.local_date.between(first, last) for voyage, first, last in sorted(voyages)
    ]
    if named:
        _mark(tx, or_(*named), trigger)


def mark_day(  # one argument for each condition
    tx: Transaction, checkpoint: str, day: date, after: datetime, trigger: Trigger, but: Collection[str] = ()
) -> None:
    """What crossed at a checkpoint later on that day is due, but these crossings are not."""
    column = crossings.c
    there = (column.checkpoint == checkpoint) & (column.local_date == day)
    _mark(tx, there & (column.occurred_at > after) & column.id.not_in(but), trigger)


def _mark(tx: Transaction, which: ColumnElement[bool], trigger: Trigger) -> None:
    chosen: Select[Any] = select(
        crossings.c.id,
        crossings.c.occurred_at,
        literal(trigger.since, due.c.since.type),
        literal(trigger.cause.value),
        literal(trigger.caused_by, due.c.caused_by.type),
    ).where(which, crossings.c.withdrawn.is_(False))
    # In one order for all, so that no two transactions wait for each other.
    chosen = chosen.order_by(crossings.c.id)
    columns = ("crossing", "occurred_at", "since", "cause", "caused_by")
    insert = _INSERT[tx.dialect.name](due).from_select(columns, chosen)
    tx.execute(insert.on_conflict_do_nothing())


def first(tx: Transaction, share: Share, apart_from: Collection[str] = ()) -> list[Due]:
    """The earliest crossings that are due, as far as nobody else has them; later ones may hang on what becomes of them.

    Nobody else has them until the transaction ends. None of them has a subject in common with those crossings.
    """
    query = (
        select(due, crossings.c.persons)
        .join(crossings, crossings.c.id == due.c.crossing)
        .where(due.c.fault.is_(None))
        .order_by(due.c.occurred_at, due.c.crossing)
        .limit(share.crossings)
        .with_for_update(of=due, skip_locked=True)
    )
    if apart_from:
        one, other = crossing_subjects.alias().c, crossing_subjects.alias().c
        theirs = select(other.key).where(other.crossing.in_(apart_from))
        query = query.where(~select(one.key).where(one.crossing == due.c.crossing, one.key.in_(theirs)).exists())
    rows = tx.execute(query).all()
    persons = accumulate(row.persons for row in rows)
    taken = [row for row, so_far in zip(rows, persons, strict=True) if so_far <= share.persons]
    return [Due(row.crossing, Trigger(Cause(row.cause), row.caused_by, row.since)) for row in taken or rows[:1]]


def take(tx: Transaction, identifiers: Collection[str]) -> set[str]:
    """Strike these off, and tell which of them nobody else is at."""
    chosen = select(due.c.crossing).where(due.c.crossing.in_(identifiers)).with_for_update(skip_locked=True)
    mine = set(tx.execute(chosen).scalars())
    tx.execute(delete(due).where(due.c.crossing.in_(mine)))
    return mine


def set_aside(tx: Transaction, crossing: str, fault: str) -> None:
    """Keep one that could not be judged again until somebody starts over."""
    tx.execute(update(due).where(due.c.crossing == crossing).values(fault=fault[:200]))


def start_over(tx: Transaction) -> None:
    """What was set aside is tried again."""
    tx.execute(update(due).where(due.c.fault.is_not(None)).values(fault=None))


def is_due(tx: Transaction, crossing: str) -> bool:
    """Whether this one waits."""
    return tx.execute(select(due.c.crossing).where(due.c.crossing == crossing)).first() is not None


def backlog(tx: Transaction) -> Backlog:
    """What waits."""
    faulty = func.count(due.c.fault)
    waits = func.min(due.c.since).filter(due.c.fault.is_(None))
    row = tx.execute(select(func.count() - faulty, waits, faulty).select_from(due)).one()
    return Backlog(*row)

"""Rulebooks as they were put in force: their sources are kept, so any decision can be derived again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from app.storage.engine import Transaction, Work, alone_at
from app.storage.tables import activations, rulebooks


@dataclass(frozen=True, slots=True)
class Activation:
    """When a rulebook (by its digest) was put in force, and the how manieth that was."""

    revision: int
    rulebook: str
    activated_at: datetime


@dataclass(frozen=True, slots=True)
class Logged:
    """By whom and why a rulebook was put in force."""

    rulebook: str
    activated_at: datetime
    actor: str
    reason: str


def activations_of(tx: Transaction, most: int) -> list[Logged]:
    """The activations there were, the newest first."""
    column = activations.c
    query = select(column.rulebook, column.activated_at, column.actor, column.reason)
    return [Logged(*row) for row in tx.execute(query.order_by(column.id.desc()).limit(most))]


def newest(tx: Transaction) -> Activation | None:
    """The activation of the rulebook in force; None if none ever was."""
    column = activations.c
    query = select(column.id, column.rulebook, column.activated_at).order_by(column.id.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return Activation(*row) if row else None


def active(tx: Transaction) -> str | None:
    """Digest of the rulebook in force; None if none ever was."""
    found = newest(tx)
    return found.rulebook if found else None


def sources(tx: Transaction, digest: str) -> Mapping[str, str] | None:
    """Files of a stored rulebook by path; None if there is no such rulebook."""
    found: Mapping[str, str] | None = tx.execute(
        select(rulebooks.c.sources).where(rulebooks.c.digest == digest)
    ).scalar_one_or_none()
    return found


def last_put(tx: Transaction, actor: str, reason: str) -> str | None:
    """Digest of the rulebook that was put in force last by this actor or for this reason; None if none ever was."""
    column = activations.c
    ours = (column.actor == actor) | (column.reason == reason)
    found: str | None = tx.execute(
        select(column.rulebook).where(ours).order_by(column.id.desc()).limit(1)
    ).scalar_one_or_none()
    return found


def activate(tx: Transaction, digest: str, files: Mapping[str, str], now: datetime, actor: str, reason: str) -> None:
    """Put a rulebook in force, storing its files if they are new.

    What is in force already is put so again only by somebody else, from elsewhere: `last_put` must tell it later.
    """
    alone_at(Work.ACTIVATING, tx)
    if active(tx) == digest == last_put(tx, actor, reason):
        return
    if sources(tx, digest) is None:
        tx.execute(insert(rulebooks).values(digest=digest, sources=dict(files), created_at=now))
    last = tx.execute(select(func.max(activations.c.id))).scalar_one() or 0
    tx.execute(insert(activations).values(id=last + 1, rulebook=digest, activated_at=now, actor=actor, reason=reason))

"""Undetermined findings: where papers or particulars are missing, and which."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import false, func, select

from app.identity.remit import EVERYWHERE, Remit
from app.storage.engine import Transaction
from app.storage.tables import crossings, decisions, findings
from app.storage.types import is_storable
from app.vocabulary.codes import Severity, SubjectKind, Verdict


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A finding of the newest decision on a crossing that cannot be told for want of `missing` (paths of fields)."""

    id: str
    crossing: str
    event_id: str
    source: str
    checkpoint: str
    occurred_at: datetime
    rule: str
    version: str
    severity: Severity
    subject_kind: SubjectKind
    subject_position: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The newest first; `next` is None on the last page, else the cursor of the next."""

    items: tuple[Undetermined, ...]
    next: str | None


def search(
    tx: Transaction,
    *,
    remit: Remit = EVERYWHERE,
    rule: str | None = None,
    checkpoint: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """A page of what is undetermined now, within a remit."""
    found, decision, crossing = findings.c, decisions.c, crossings.c
    other = decisions.alias("other")
    newest = select(func.max(other.c.number)).where(other.c.crossing == decision.crossing).correlate(decisions)
    query = (
        select(
            found.id,
            decision.crossing,
            crossing.event_id,
            crossing.source,
            crossing.checkpoint,
            crossing.occurred_at,
            found.rule,
            found.version,
            found.severity,
            found.subject_kind,
            found.subject_position,
            found.missing,
        )
        .join(decisions, (decision.crossing == found.crossing) & (decision.id == found.decision))
        .join(crossings, crossing.id == decision.crossing)
        .where(
            found.verdict == Verdict.UNDETERMINED,
            found.shadow.is_(False),
            crossing.withdrawn.is_(False),
            decision.number == newest.scalar_subquery(),
            remit.condition(crossing.jurisdiction, crossing.checkpoint),
        )
        .order_by(found.id.desc())
        .limit(limit + 1)
    )
    if rule:
        query = query.where(found.rule == rule)
    if checkpoint:
        query = query.where(crossing.checkpoint == checkpoint)
    if cursor:
        query = query.where(found.id < cursor) if is_storable(cursor) else query.where(false())
    rows = [Undetermined(**row._asdict() | {"missing": tuple(row.missing)}) for row in tx.execute(query)]
    return Page(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)

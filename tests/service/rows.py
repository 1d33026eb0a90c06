"""Crossings and violations with which storage is tested; nobody in them exists."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from sqlalchemy import insert

from app.crossings.records import Crossing, Decision, Difference, Finding, Subject
from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import Transaction
from app.storage.tables import rulebooks
from app.violations.records import Violation
from app.vocabulary.codes import Advice, Direction, Mode, Regime, Severity, SubjectKind, Verdict

NOW = datetime(2026, 3, 1, 0, 15, 0, 123456, tzinfo=UTC)
DIGEST = "sha256:" + "0" * 64
_serial = count(1)


def identifier() -> str:
    """Another one each time, in the form of those made at run time and sorting as made."""
    return f"01950000-0000-7000-8000-{next(_serial):012x}"


def prepare(tx: Transaction) -> str:
    """Store what every crossing refers to; gives the credential."""
    tx.execute(insert(rulebooks).values(digest=DIGEST, sources={"lists/a.yaml": "а: 界"}, created_at=NOW))
    credential, _ = keys.issue(tx, "lane 3", Role.CHECKPOINT, ["lane-*"], NOW)
    return credential.id


def finding(**changes: Any) -> Finding:  # noqa: ANN401 (any attribute)
    made = Finding(
        id=identifier(),
        rule="RUS-STAY-001",
        version="2025-01-01",
        verdict=Verdict.VIOLATED,
        severity=Severity.SERIOUS,
        shadow=False,
        subject_kind=SubjectKind.INDIVIDUAL,
        subject_position=0,
        missing=("document.expires_on",),
        explanation={"all": [{"field": "stay.continuous_days", "value": 91, "truth": "false", "名": "ё"}]},
    )
    return replace(made, **changes)


def decision(findings: Sequence[Finding] = (), **changes: Any) -> Decision:  # noqa: ANN401 (any attribute)
    made = Decision(
        id=identifier(),
        rulebook=DIGEST,
        evaluated_at=NOW,
        outcome="violation" if findings else "compliant",
        advice=Advice.REFER if findings else None,
        answer=b'{"outcome": "as sent,  to the byte"}',
        facts=[{"subject": {"kind": "individual", "index": 0}, "values": {"document.mrz_valid": True}}],
        compliant=[["RUS-STAY-002"]],
        findings=tuple(findings),
        differences=(
            Difference(identifier(), "INT-DOC-1", SubjectKind.INDIVIDUAL, 0, "rete", "missed", Verdict.VIOLATED, NOW),
        ),
    )
    return replace(made, **changes)


def crossing(credential: str, *decisions: Decision, **changes: Any) -> Crossing:  # noqa: ANN401 (any attribute)
    name = identifier()
    made = Crossing(
        id=name,
        source="lane-3",
        event_id=f"ZBK-{name}",
        body=b'{"id":  "as received"}\x00',
        body_digest="0" * 64,
        received_at=NOW,
        received_by=credential,
        occurred_at=NOW,
        local_date=date(2026, 3, 1),
        checkpoint="RUS-ZABAYKALSK",
        jurisdiction="RUS",
        direction=Direction.ENTRY,
        mode=Mode.ROAD,
        voyage=None,
        vehicles=1,
        persons=1,
        subjects=(subject(),),
        decisions=decisions or (decision(),),
    )
    return replace(made, **changes)


def subject(**changes: Any) -> Subject:  # noqa: ANN401 (any attribute)
    made = Subject(
        kind=SubjectKind.INDIVIDUAL,
        position=0,
        key="CHN:E12345678",
        role="driver",
        country="CHN",
        occurred_at=NOW,
        direction=Direction.ENTRY,
        checkpoint="RUS-ZABAYKALSK",
        basis="short_stay",
        local_date=date(2026, 3, 1),
        state="RUS",
        holder=None,
        issued_on=None,
    )
    return replace(made, **changes)


def violation(of: Crossing, found: Finding, **changes: Any) -> Violation:  # noqa: ANN401 (any attribute)
    made = Violation(
        id=identifier(),
        finding=found.id,
        crossing=of.id,
        event_id=of.event_id,
        rule=found.rule,
        version=found.version,
        regime=Regime.STAY,
        jurisdiction=of.jurisdiction,
        state=of.jurisdiction,
        severity=found.severity,
        advice=Advice.REFER,
        checkpoint=of.checkpoint,
        direction=of.direction,
        mode=of.mode,
        subject_kind=found.subject_kind,
        subject_position=found.subject_position,
        subject_key="CHN:E12345678",
        occurred_at=of.occurred_at,
        local_date=of.local_date,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **changes)

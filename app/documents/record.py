"""What the record of a violation tells, and the code by which a print of it can be checked.

The code is a digest over what is told: the decision, which never changes, by its identifier, and what officers have
done since. It needs no key, for it is compared with what the database says; with a code nobody can make a print say
something else unseen, because whoever checks it is told what it must say. It is the same in each language.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import select

from app.crossings import records as crossings
from app.documents.labels import ACTION
from app.evaluation.reload import InForce
from app.identity import users
from app.storage.engine import Transaction
from app.storage.tables import decisions
from app.violations import records
from app.violations.records import Change, Detail, Violation
from app.vocabulary.codes import Outcome, ViolationStatus

# Crockford's: without letters that are misread; O, I and L are taken for what they look like.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011", "- \u200b")
_LENGTH, _GROUP = 20, 4


@dataclass(frozen=True, slots=True)
class State:
    """What a record tells of the officers' work: where it stands, and what was done that is told."""

    status: ViolationStatus
    needs_review: bool
    outcome: Outcome | None
    protocol: str | None
    told: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """All that is told, in no language yet. `in_force` is the rulebook of the decision, None if it compiles no more.

    `said` is what the event says of the subject: it is kept nowhere else, and no part of the code.
    """

    detail: Detail
    state: State
    names: Mapping[str, str]
    in_force: InForce | None
    code: str
    said: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        """Since when it is what it is."""
        return self.state.told[-1].at if self.state.told else self.detail.listed.violation.created_at


@dataclass(frozen=True, slots=True)
class Checked:
    """What a genuine print says; `newest` unless something was decided or judged since."""

    violation: Violation
    state: State
    newest: bool


def gather(tx: Transaction, identifier: str) -> tuple[Detail, State, dict[str, str], Mapping[str, Any]]:
    """The parts of a record that the database holds, the names of officers and what the event says of the subject.

    Raises `NotFound`.
    """
    detail = records.get(tx, identifier)
    state = _after(records.changes_of(tx, identifier))
    found = detail.listed.violation
    crossing = crossings.get(tx, found.crossing, 0)
    said = crossings.said_of(crossing, found.subject_kind, found.subject_key, found.subject_position)
    return detail, state, users.names(tx, {each.actor for each in state.told}), said


def code(violation: str, decision: str, rulebook: str, state: State) -> str:
    """Twenty characters in groups, 100 bits."""
    content: dict[str, Any] = {
        "violation": violation,
        "decision": decision,
        "rulebook": rulebook,
        "status": state.status,
        "needs_review": state.needs_review,
        "outcome": state.outcome,
        "protocol": state.protocol,
        "told": [_plain(each) for each in state.told],
    }
    number = int.from_bytes(hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest())
    letters = "".join(_LETTERS[number >> (256 - 5 * place) & 31] for place in range(1, _LENGTH + 1))
    return "-".join(letters[place : place + _GROUP] for place in range(0, _LENGTH, _GROUP))


def check(tx: Transaction, identifier: str, given: str) -> Checked | None:
    """What the print with this code says, whenever it was made; None if there never was one."""
    violation = records.find(tx, identifier)
    if violation is None:
        return None
    detail = records.get(tx, identifier)
    changes = records.changes_of(tx, identifier)
    wanted = given.upper().translate(_MISREAD)
    made = tx.execute(select(decisions.c.id, decisions.c.rulebook).where(decisions.c.crossing == violation.crossing))
    found_by = sorted(((row.id, row.rulebook) for row in made), key=lambda each: each[0] != detail.decision)
    newest = code(violation.id, detail.decision, detail.rulebook, _after(changes))
    for number in range(len(changes), -1, -1):
        state = _after(changes[:number])
        for decision, rulebook in found_by:
            known = code(violation.id, decision, rulebook, state)
            if known.replace("-", "") == wanted:
                return Checked(violation, state, known == newest)
    return None


def _after(changes: Sequence[Change]) -> State:
    told = tuple(each for each in changes if each.action in ACTION)
    protocol = next((each.detail["protocol"] for each in reversed(changes) if each.detail.get("protocol")), None)
    if not changes:
        return State(ViolationStatus.OPEN, False, None, protocol, told)
    last = changes[-1]
    return State(last.status, last.needs_review, last.outcome, protocol, told)


def _plain(change: Change) -> list[Any]:
    at = change.at.astimezone(UTC).isoformat(timespec="microseconds")
    return [at, change.actor, change.action, change.status, change.outcome, change.reason, change.detail]

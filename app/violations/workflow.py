"""The state machine of a violation: who may do what with it, from where, and where that leads.

Only what `STEPS` names can be done. Superseding is not among it: that is the engine's, when a crossing is judged again.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.errors import Conflict, Forbidden, Invalid, Problem
from app.vocabulary.codes import Ground, Outcome, Severity, ViolationStatus

_S = ViolationStatus
TO_TAKE: Final = frozenset({_S.OPEN, _S.REOPENED})
"""Nobody has them in hand."""
UNDECIDED: Final = TO_TAKE | {_S.IN_REVIEW}
_DECIDED: Final = frozenset({_S.CONFIRMED, _S.DISMISSED, _S.INCONCLUSIVE, _S.UPHELD, _S.OVERTURNED})
_ALL: Final = frozenset(_S) - {_S.SUPERSEDED}
DUE: Final[Mapping[Severity, timedelta]] = {
    Severity.GRAVE: timedelta(days=1),
    Severity.SERIOUS: timedelta(days=7),
    Severity.MINOR: timedelta(days=30),
}
"""Within which time after it was found a violation is to be decided; a rule of this service, not of law."""
REPLY_DAYS: Final = 45
"""Days the person concerned has for a reply to a notice, unless it says otherwise."""
FALLEN: Final = frozenset({Outcome.DISMISSED, Outcome.OVERTURNED})
STANDS: Final = frozenset({Outcome.CONFIRMED, Outcome.UPHELD})
_ON_APPEAL: Final = frozenset({Outcome.UPHELD, Outcome.OVERTURNED})


class Action(StrEnum):
    """What an officer does with a violation."""

    TAKE = "take"
    HAND_BACK = "hand_back"
    HAND_OVER = "hand_over"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    LEAVE_INCONCLUSIVE = "leave_inconclusive"
    CLOSE = "close"
    REOPEN = "reopen"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    REVIEW = "review"
    COMMENT = "comment"
    ATTACH = "attach"
    ISSUE_NOTICE = "issue_notice"
    RECEIVE_REBUTTAL = "receive_rebuttal"
    RECTIFY = "rectify"


class Who(StrEnum):
    """Which of those who work on violations in whose remit it is; each is told in a sentence of a refusal."""

    ANYBODY = "any officer"
    ASSIGNEE = "the officer who has it in hand"
    HOLDER_OR_SUPERVISOR = "the officer who has it in hand, or a supervisor"
    SUPERVISOR = "a supervisor (where an appeal was judged, one who never decided it)"
    ANOTHER = "another officer than those who decided it"
    ANOTHER_IF_GRAVE = "another officer than the one who decided it (it is grave)"


@dataclass(frozen=True, slots=True)
class Step:
    """From which statuses, by whom, and to which status; `ends` None leaves it. `needs` must be given with it.

    `outcome` is what it decides; `forgets` takes back what was decided.
    """

    starts: Collection[ViolationStatus]
    ends: ViolationStatus | None = None
    who: Who = Who.ANYBODY
    needs: tuple[str, ...] = ()
    outcome: Outcome | None = None
    forgets: bool = False


STEPS: Final[Mapping[Action, Step]] = {
    Action.TAKE: Step(TO_TAKE, _S.IN_REVIEW),
    Action.HAND_BACK: Step({_S.IN_REVIEW}, _S.OPEN, Who.HOLDER_OR_SUPERVISOR),
    Action.HAND_OVER: Step({_S.IN_REVIEW}, None, Who.HOLDER_OR_SUPERVISOR, ("to",)),
    Action.CONFIRM: Step({_S.IN_REVIEW}, _S.CONFIRMED, Who.ASSIGNEE, outcome=Outcome.CONFIRMED),
    Action.DISMISS: Step({_S.IN_REVIEW}, _S.DISMISSED, Who.ASSIGNEE, ("ground",), Outcome.DISMISSED),
    Action.LEAVE_INCONCLUSIVE: Step({_S.IN_REVIEW}, _S.INCONCLUSIVE, Who.ASSIGNEE, ("reason",), Outcome.INCONCLUSIVE),
    Action.CLOSE: Step(_DECIDED, _S.CLOSED, Who.ANOTHER_IF_GRAVE),
    Action.REOPEN: Step(_DECIDED | {_S.CLOSED}, _S.REOPENED, Who.SUPERVISOR, ("reason",), forgets=True),
    Action.APPEAL: Step({_S.CONFIRMED, _S.CLOSED}, _S.UNDER_APPEAL, needs=("reason",)),
    Action.UPHOLD: Step({_S.UNDER_APPEAL}, _S.UPHELD, Who.ANOTHER, ("reason",), Outcome.UPHELD),
    Action.OVERTURN: Step({_S.UNDER_APPEAL}, _S.OVERTURNED, Who.ANOTHER, ("reason",), Outcome.OVERTURNED),
    Action.REVIEW: Step(_ALL, None, Who.ANOTHER_IF_GRAVE, ("reason",)),
    Action.COMMENT: Step(frozenset(_S), needs=("reason",)),
    Action.ATTACH: Step(frozenset(_S), needs=("attachment",)),
    Action.ISSUE_NOTICE: Step(_ALL, needs=("reason",)),
    Action.RECEIVE_REBUTTAL: Step(_ALL, needs=("reason",)),
    Action.RECTIFY: Step(_ALL, needs=("reason",)),
}


DECIDING: Final = tuple(action for action, step in STEPS.items() if step.outcome)
"""What decides it."""


@dataclass(frozen=True, slots=True)
class State:
    """What the machine looks at of a violation; `decided_by` decided last, `deciders` are all who ever did."""

    status: ViolationStatus
    severity: Severity
    outcome: Outcome | None = None
    assignee: str | None = None
    decided_by: str | None = None
    needs_review: bool = False
    deciders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What an officer asks for. `to` is the user it is handed over to; `reply_by` the last day for a reply."""

    action: Action
    reason: str = ""
    ground: Ground | None = None
    measure: str = ""
    protocol: str = ""
    to: str | None = None
    attachment: str | None = None
    reply_by: date | None = None


@dataclass(frozen=True, slots=True)
class By:
    """Who asks: a user, and whether one who supervises others."""

    user: str
    supervises: bool


def possible(state: State, by: By) -> list[Action]:
    """All that this officer may do with it, in the order of `Action`."""
    return [action for action in STEPS if _leads(action, state) and _fits(action, state, by)]


def after(state: State, asked: Asked, by: By) -> State:
    """Where it leads.

    Raises `Conflict` where it cannot be done in that status, `Forbidden` where another must do it, `Invalid` for what
    is not given; each says what is possible.
    """
    step = STEPS[asked.action]
    if not _leads(asked.action, state):
        raise Conflict(f"A violation that is {state.status} cannot be handled so: {_choice(asked, state, by)}")
    if not _fits(asked.action, state, by):
        raise Forbidden(f"Only {step.who} may do that: {_choice(asked, state, by)}")
    if problems := [*_missing(asked, step, state), *_foreign(asked)]:
        raise Invalid(f"Nothing was changed: what is given does not fit `{asked.action}`.", problems)
    return State(
        status=step.ends or state.status,
        severity=state.severity,
        outcome=step.outcome or (None if step.forgets else state.outcome),
        assignee=_assignee(state, asked, by),
        decided_by=by.user if step.outcome else (None if step.forgets else state.decided_by),
        needs_review=state.needs_review and not (asked.action is Action.REVIEW or step.outcome or step.forgets),
        deciders=state.deciders | ({by.user} if step.outcome else set()),
    )


def due_at(severity: Severity, found_at: datetime) -> datetime:
    """Until when it is to be decided."""
    return found_at + DUE[severity]


def _leads(action: Action, state: State) -> bool:
    """Whether it can be done, by whomever."""
    if action is Action.REVIEW and not state.needs_review:
        return False
    # Against what was dismissed there is nothing to appeal; what was judged on appeal is not judged so again, or there
    # would soon be nobody left who may.
    if action is Action.APPEAL and state.outcome is not Outcome.CONFIRMED:
        return False
    return state.status in STEPS[action].starts


def _fits(action: Action, state: State, by: By) -> bool:
    has_it, decided = state.assignee == by.user, state.decided_by == by.user
    match STEPS[action].who:
        case Who.ANYBODY:
            return True
        case Who.ASSIGNEE:
            return has_it
        case Who.HOLDER_OR_SUPERVISOR:
            return has_it or by.supervises
        case Who.SUPERVISOR:
            return by.supervises and not (state.outcome in _ON_APPEAL and by.user in state.deciders)
        case Who.ANOTHER:
            return by.user not in state.deciders
        case Who.ANOTHER_IF_GRAVE:
            return not decided or state.severity is not Severity.GRAVE


def _choice(asked: Asked, state: State, by: By) -> str:
    names = ", ".join(f"`{action}`" for action in possible(state, by))
    return f"not `{asked.action}`; you may {names or 'only read it'}."


def _assignee(state: State, asked: Asked, by: By) -> str | None:
    match asked.action:
        case Action.TAKE:
            return by.user
        case Action.HAND_OVER:
            return asked.to
        case Action.HAND_BACK | Action.REOPEN:
            return None
        case _:
            return state.assignee


_HINTS: Final = {
    "reason": "say why",
    "to": "the user it is handed over to",
    "ground": f"one of {', '.join(Ground)}",
    "measure": "the measure that was taken",
    "protocol": "the number of the record of the violation",
    "attachment": "a file",
}


_BELONG: Final = {
    "ground": Action.DISMISS,
    "measure": Action.CLOSE,
    "protocol": Action.CLOSE,
    "to": Action.HAND_OVER,
    "attachment": Action.ATTACH,
    "reply_by": Action.ISSUE_NOTICE,
}


def belonging(action: Action, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is given, what this action takes."""
    return {name: value for name, value in given.items() if _BELONG.get(name, action) is action}


def _foreign(asked: Asked) -> Iterator[Problem]:
    """What would be kept as if it had been decided."""
    for name, action in _BELONG.items():
        if getattr(asked, name) and asked.action is not action:
            yield Problem(f"/{name}", f"belongs to `{action}` alone", "leave it out")


def _missing(asked: Asked, step: Step, state: State) -> list[Problem]:
    needed = [*step.needs]
    if asked.ground is Ground.OTHER:
        needed.append("reason")
    if asked.action is Action.CLOSE and state.outcome in STANDS:
        needed += ["measure", "protocol"]
    return [
        Problem(f"/{name}", "is missing", _HINTS[name])
        for name in needed
        if not str(getattr(asked, name) or "").strip()
    ]

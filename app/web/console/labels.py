"""What the codes of the service are called, each in one place; the catalogues have them in the other languages."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.identity.roles import Permission, Role
from app.violations.workflow import Action
from app.vocabulary.codes import (
    Advice,
    Direction,
    Ground,
    Mode,
    Outcome,
    Regime,
    Severity,
    Sought,
    SubjectKind,
    Verdict,
    ViolationStatus,
)
from app.web.console.languages import marked

NAMES: Final[Mapping[type[StrEnum], Mapping[str, str]]] = {
    ViolationStatus: {
        ViolationStatus.OPEN: marked("open"),
        ViolationStatus.IN_REVIEW: marked("in review"),
        ViolationStatus.CONFIRMED: marked("confirmed"),
        ViolationStatus.DISMISSED: marked("dismissed"),
        ViolationStatus.INCONCLUSIVE: marked("inconclusive"),
        ViolationStatus.CLOSED: marked("closed"),
        ViolationStatus.REOPENED: marked("reopened"),
        ViolationStatus.UNDER_APPEAL: marked("under appeal"),
        ViolationStatus.UPHELD: marked("upheld"),
        ViolationStatus.OVERTURNED: marked("overturned"),
        ViolationStatus.SUPERSEDED: marked("superseded"),
    },
    Outcome: {
        Outcome.CONFIRMED: marked("confirmed"),
        Outcome.DISMISSED: marked("dismissed"),
        Outcome.INCONCLUSIVE: marked("inconclusive"),
        Outcome.UPHELD: marked("upheld"),
        Outcome.OVERTURNED: marked("overturned"),
    },
    Severity: {
        Severity.MINOR: marked("minor"),
        Severity.SERIOUS: marked("serious"),
        Severity.GRAVE: marked("grave"),
    },
    Regime: {
        Regime.STATE_BORDER: marked("State border regime"),
        Regime.CHECKPOINT: marked("Checkpoint regime"),
        Regime.BORDER_ZONE: marked("Border zone regime"),
        Regime.STAY: marked("Stay"),
        Regime.DOCUMENTS: marked("Documents"),
        Regime.CARRIAGE: marked("Carriage"),
        Regime.CARGO: marked("Cargo"),
    },
    Advice: {
        Advice.NOTE: marked("note it"),
        Advice.REFER: marked("refer to an officer"),
        Advice.HOLD: marked("hold"),
        Advice.REFUSE: marked("refuse passage"),
    },
    Direction: {
        Direction.ENTRY: marked("entry"),
        Direction.EXIT: marked("exit"),
        Direction.PRESENCE: marked("presence"),
    },
    Mode: {
        Mode.ROAD: marked("road"),
        Mode.RAIL: marked("rail"),
        Mode.AIR: marked("air"),
        Mode.WATER: marked("water"),
        Mode.PEDESTRIAN: marked("on foot"),
    },
    SubjectKind: {
        SubjectKind.INDIVIDUAL: marked("person"),
        SubjectKind.LEGAL_ENTITY: marked("company"),
    },
    Sought: {
        Sought.NAME: marked("by name"),
        Sought.COMPANY: marked("by name"),
        Sought.DOCUMENT: marked("by document"),
        Sought.IDENTIFIER: marked("by register number"),
        Sought.PLATE: marked("by plate"),
        Sought.EVENT: marked("by event"),
        Sought.CROSSING: marked("by identifier"),
        Sought.VIOLATION: marked("by identifier"),
        Sought.PROTOCOL: marked("by protocol"),
    },
    Verdict: {
        Verdict.NOT_APPLICABLE: marked("does not apply"),
        Verdict.COMPLIANT: marked("no violation"),
        Verdict.VIOLATED: marked("violated"),
        Verdict.UNDETERMINED: marked("cannot be told"),
    },
    Ground: {
        Ground.DATA_ERROR: marked("error in the data"),
        Ground.LAWFUL_EXCEPTION: marked("lawful exception"),
        Ground.RULE_WRONG: marked("the rule is wrong"),
        Ground.IDENTITY_WRONG: marked("wrong identity"),
        Ground.OTHER: marked("another ground"),
    },
    Action: {
        Action.TAKE: marked("Take"),
        Action.HAND_BACK: marked("Hand back"),
        Action.HAND_OVER: marked("Hand over"),
        Action.CONFIRM: marked("Confirm"),
        Action.DISMISS: marked("Dismiss"),
        Action.LEAVE_INCONCLUSIVE: marked("Leave inconclusive"),
        Action.CLOSE: marked("Close"),
        Action.REOPEN: marked("Reopen"),
        Action.APPEAL: marked("Enter an appeal"),
        Action.UPHOLD: marked("Uphold"),
        Action.OVERTURN: marked("Overturn"),
        Action.REVIEW: marked("Mark as reviewed"),
        Action.COMMENT: marked("Comment"),
        Action.ATTACH: marked("Attach a file"),
        Action.ISSUE_NOTICE: marked("Issue a notice"),
        Action.RECEIVE_REBUTTAL: marked("Enter a rebuttal"),
        Action.RECTIFY: marked("Enter a rectification"),
    },
    Role: {
        Role.CHECKPOINT: marked("checkpoint system"),
        Role.POST: marked("post"),
        Role.OFFICER: marked("officer"),
        Role.SUPERVISOR: marked("supervisor"),
        Role.AUTHOR: marked("rule author"),
        Role.ADMIN: marked("administrator"),
    },
    Permission: {
        Permission.CROSSINGS_WRITE: marked("send crossings"),
        Permission.MANIFESTS_WRITE: marked("send passenger lists"),
        Permission.CROSSINGS_READ: marked("read crossings"),
        Permission.CROSSINGS_CORRECT: marked("correct crossings"),
        Permission.SUBJECTS_LINK: marked("link documents of one person"),
        Permission.VIOLATIONS_READ: marked("read violations"),
        Permission.VIOLATIONS_WORK: marked("decide on violations"),
        Permission.VIOLATIONS_SUPERVISE: marked("supervise officers"),
        Permission.RULES_READ: marked("read rules"),
        Permission.RULES_EVALUATE: marked("try rules on events"),
        Permission.RULES_ACTIVATE: marked("put rules in force"),
        Permission.RULEBOOKS_FETCH: marked("fetch rulebooks"),
        Permission.KEYS_MANAGE: marked("manage keys"),
        Permission.USERS_MANAGE: marked("manage users"),
        Permission.METRICS_READ: marked("read metrics"),
    },
}
HAPPENED: Final[Mapping[Action, str]] = {
    Action.TAKE: marked("Taken"),
    Action.HAND_BACK: marked("Handed back"),
    Action.HAND_OVER: marked("Handed over"),
    Action.CONFIRM: marked("Confirmed"),
    Action.DISMISS: marked("Dismissed"),
    Action.LEAVE_INCONCLUSIVE: marked("Left inconclusive"),
    Action.CLOSE: marked("Closed"),
    Action.REOPEN: marked("Reopened"),
    Action.APPEAL: marked("Appeal entered"),
    Action.UPHOLD: marked("Upheld"),
    Action.OVERTURN: marked("Overturned"),
    Action.REVIEW: marked("Reviewed"),
    Action.COMMENT: marked("Comment"),
    Action.ATTACH: marked("File attached"),
    Action.ISSUE_NOTICE: marked("Notice issued"),
    Action.RECEIVE_REBUTTAL: marked("Rebuttal received"),
    Action.RECTIFY: marked("Rectification entered"),
}
"""What a timeline calls what was done."""
DONE: Final[Mapping[str, str]] = {
    Action.TAKE: marked("You have it in hand now."),
    Action.HAND_BACK: marked("It is back in the queue."),
    Action.HAND_OVER: marked("It was handed over."),
    Action.CONFIRM: marked("The violation is confirmed, in your name."),
    Action.DISMISS: marked("The violation is dismissed, in your name."),
    Action.LEAVE_INCONCLUSIVE: marked("It was left inconclusive, in your name."),
    Action.CLOSE: marked("The violation is closed."),
    Action.REOPEN: marked("It is open again and back in the queue."),
    Action.APPEAL: marked("The appeal is entered; another officer decides on it."),
    Action.UPHOLD: marked("The decision is upheld."),
    Action.OVERTURN: marked("The decision is overturned."),
    Action.REVIEW: marked("It is marked as reviewed."),
    Action.COMMENT: marked("Your comment is in the timeline."),
    Action.ATTACH: marked("The file is kept with the violation."),
    Action.ISSUE_NOTICE: marked("The notice is entered; the time for a reply runs."),
    Action.RECEIVE_REBUTTAL: marked("The rebuttal is entered."),
    Action.RECTIFY: marked("The rectification is entered."),
    "nothing": marked("Nothing waits in your remit."),
    "snooze": marked("The rule sleeps for this subject."),
}
"""What is said after each, under the name that a cookie has for it (`pages.DONE_COOKIE`)."""


OUTCOMES: Final[Mapping[str, str]] = {
    "violation": marked("a violation was found"),
    "undetermined": NAMES[Verdict][Verdict.UNDETERMINED],
    "compliant": NAMES[Verdict][Verdict.COMPLIANT],
    "withdrawn": marked("taken back by its sender"),
}
"""What became of a crossing as a whole."""


def label(value: StrEnum) -> str:
    """The English name of a code, which is its message."""
    return NAMES[type(value)][value]

"""Why something was not done, in the words of the officer: lower layers tell systems, with codes and in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import CONFLICT, FORBIDDEN, NOT_FOUND
from typing import Any, Final, NamedTuple

from app.violations.work import CHANGED
from app.violations.workflow import STEPS, Action, Who
from app.vocabulary.codes import ViolationStatus
from app.web.console.labels import label
from app.web.console.languages import Language, marked

_WHO: Final[Mapping[Who, str]] = {
    Who.ANYBODY: marked("any officer"),
    Who.ASSIGNEE: marked("the officer who has it in hand"),
    Who.HOLDER_OR_SUPERVISOR: marked("the officer who has it in hand, or a supervisor"),
    Who.SUPERVISOR: marked("a supervisor (where an appeal was judged, one who never decided it)"),
    Who.ANOTHER: marked("another officer than those who decided it"),
    Who.ANOTHER_IF_GRAVE: marked("another officer than the one who decided it (it is grave)"),
}
_FIELDS: Final[Mapping[str, str]] = {
    "": marked("File"),
    "ground": marked("Ground"),
    "measure": marked("Measure taken"),
    "name": marked("Name of the file"),
    "protocol": marked("Number of the protocol"),
    "reason": marked("Reason"),
    "rule": marked("Rule"),
    "reply_by": marked("Last day for a reply"),
    "subject": marked("Subject"),
    "to": marked("Hand over to"),
    "until": marked("Until and including"),
}


def field_named(name: str) -> str | None:
    """The message for a field of a form."""
    return _FIELDS.get(name)


# Said by lower layers.
_MESSAGES: Final = (
    marked("did not cross in your remit where the rule holds"),
    marked("is missing"),
    marked("is neither PDF, PNG nor JPEG"),
    marked("is no rule in force"),
    marked("is no user who works on violations there"),
    marked("must have 1 to 10485760 bytes"),
    marked("must be 1 to 200 printable characters without a slash"),
    marked("must lie after today"),
    marked("must lie within 90 days from now"),
)


class Fault(NamedTuple):
    """What is wrong with a field of the form, and what the page calls it."""

    field: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not done and why; `action` is the form that was sent."""

    told: str
    faults: tuple[Fault, ...]
    action: str


def refusal(language: Language, problem: Mapping[str, Any], action: str, status: ViolationStatus | None) -> Refusal:
    """Of the problem of something that was tried on a violation, which has this status now."""
    faults = tuple(_fault(language, each) for each in problem.get("errors", ()))
    return Refusal(_told(language, problem, action, status), faults, action)


def _told(language: Language, problem: Mapping[str, Any], action: str, status: ViolationStatus | None) -> str:
    say, code = language.say, problem["status"]
    if problem["detail"] == CHANGED:
        return say(marked("It has changed since you opened the page: nothing more was done. Look at it as it is now."))
    known = Action(action) if action in set(Action) else None
    name = say(label(known)) if known else ""
    if code == CONFLICT and status:
        told = say(marked("“%(action)s” is not possible: it is %(status)s now."))
        return told % {"action": name, "status": say(label(status))}
    if code == FORBIDDEN and known:
        told = say(marked("“%(action)s” is not for you to do, but for: %(who)s."))
        return told % {"action": name, "who": say(_WHO[STEPS[known].who])}
    if code == NOT_FOUND:
        return say(marked("There is no such violation in your remit."))
    return say(marked("Nothing was changed: something is missing or not as it should be."))


def _fault(language: Language, fault: Mapping[str, str]) -> Fault:
    field = fault["pointer"].lstrip("/")
    return Fault(field, language.say(_FIELDS.get(field, field)), language.say(fault["message"]))

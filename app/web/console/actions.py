"""What is done with a violation, as a form sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, field_validator

from app.errors import GeregeError
from app.violations.workflow import STEPS, Action, Asked, belonging
from app.vocabulary.codes import Ground
from app.web import problems
from app.web.console.pages import local

_Line = Annotated[str, Field(max_length=200)]
SeenField = Annotated[str, Field(max_length=64)]
"""What the page showed of the violation (`work.seen`)."""

_DECIDING: Final = (Action.CONFIRM, Action.DISMISS, Action.LEAVE_INCONCLUSIVE, Action.CLOSE)


@dataclass(frozen=True, slots=True)
class Offer:
    """A form for one action: which fields it has, and which of them must be filled in."""

    action: Action
    fields: tuple[str, ...]
    needs: tuple[str, ...]
    is_main: bool


def offer(action: Action, *, stands: bool) -> Offer:
    """The form for an action on a violation, which `stands` if it was confirmed or upheld."""
    needs = tuple(each for each in STEPS[action].needs if each != "attachment")
    more: tuple[str, ...] = ()
    match action:
        case Action.CLOSE if stands:
            needs, more = ("measure", "protocol"), ("reason",)
        case Action.CONFIRM | Action.CLOSE | Action.DISMISS | Action.HAND_OVER | Action.HAND_BACK:
            more = ("reason",)
        case Action.ISSUE_NOTICE:
            more = ("reply_by",)
        case _:
            pass
    return Offer(action, (*needs, *more), needs, action in _DECIDING)


class Given(BaseModel):
    """Fields of the forms; which of them an action needs is told where one is missing."""

    action: Action
    reason: Annotated[str, Field(max_length=2000)] = ""
    ground: Ground | None = None
    measure: _Line = ""
    protocol: Annotated[str, Field(max_length=64)] = ""
    to: Annotated[str, Field(max_length=36)] = ""
    reply_by: date | None = None
    back: Annotated[str, Field(max_length=2000)] = ""
    seen: SeenField = ""

    @field_validator("reason", "measure", "protocol", mode="before")
    @classmethod
    def _in_one_line(cls, given: object) -> object:
        """No control characters: they would reach logs, terminals and exports."""
        return " ".join(given.split()) if isinstance(given, str) else given

    @field_validator("reason", "measure", "protocol")
    @classmethod
    def _printable(cls, given: str) -> str:
        if not given.isprintable():
            raise ValueError("has control characters")
        return given

    @field_validator("ground", "reply_by", mode="before")
    @classmethod
    def _none_chosen(cls, given: object) -> object:
        return given or None

    def asked(self) -> Asked:
        """Of a form for several actions, what this one takes."""
        given = {name: getattr(self, name) or None for name in ("ground", "to", "reply_by")}
        texts = {name: getattr(self, name) for name in ("measure", "protocol")}
        return Asked(self.action, self.reason, **belonging(self.action, given | texts))

    def returns(self) -> str:
        """Where the form came from."""
        return local(self.back)


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was sent and refused; what was filled in is not lost."""

    error: GeregeError
    action: str
    given: BaseModel | None = None

    @property
    def problem(self) -> Mapping[str, Any]:
        return problems.document(self.error)

    @property
    def values(self) -> dict[str, str]:
        return self.given.model_dump(mode="json", exclude={"seen", "back"}, exclude_none=True) if self.given else {}

"""How a member of the wire model is declared: its type, its bounds and its words in one place."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

EARLIEST, LATEST = date(1870, 1, 1), date(2200, 12, 31)

# No control characters: they would reach logs, terminals and exports.
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
Text: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE, strip_whitespace=False)
]
ShortText: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_PRINTABLE)]
Day: TypeAlias = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
# Their days too: beyond them an offset from UTC, or one added by a rule, may leave the calendar.
Instant: TypeAlias = Annotated[
    AwareDatetime,
    Field(ge=datetime.combine(EARLIEST, time.min, UTC), le=datetime.combine(LATEST, time.max, UTC)),
]
Kilograms: TypeAlias = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=3, strict=False)]
HsCode: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{2}|[0-9]{4})?$")]
UnNumber: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


@dataclass(frozen=True, slots=True)
class About:
    """The words of a member beside its type. `in_rules` is false for what no rule needs to see (names)."""

    en: str
    ru: str
    zh: str
    unit: str | None = None
    in_rules: bool = True


def member(description: str, en: str, ru: str, zh: str, /, **about: Any) -> Any:  # noqa: ANN401 (pydantic's Field)
    """Declare an optional member: omitted says nothing, so the default is never read as a value."""
    return Field(default=None, description=description, json_schema_extra=_extra(About(en, ru, zh, **about)))


def required(description: str, en: str, ru: str, zh: str, /, **about: Any) -> Any:  # noqa: ANN401 (pydantic's Field)
    """Declare a member without which an event says too little to be judged."""
    return Field(description=description, json_schema_extra=_extra(About(en, ru, zh, **about)))


def _extra(about: About) -> dict[str, Any]:
    extra: dict[str, Any] = {"x-label": {"en": about.en, "ru": about.ru, "zh": about.zh}}
    if about.unit:
        extra["x-unit"] = about.unit
    if not about.in_rules:
        extra["x-in-rules"] = False
    return extra


class Strict(BaseModel):
    """Base of all wire models: exact types, unknown members refused, never changed once read."""

    # Errors that reach the log hold nothing of what was sent.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

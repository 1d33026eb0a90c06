"""What an event says of somebody or something, in the order of the wire model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.vocabulary.wire import COUNTRY, STATE, Observation
from app.web.console.wording import Words

_MOST: Final = 12
_SUBJECTS: Final = frozenset({"person", "organization"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper or the like: its members, each with what stands in it, and what is below."""

    title: str
    rows: tuple[tuple[str, str], ...]
    parts: tuple["Sheet", ...] = ()


def sheet(title: str, model: BaseModel, words: Words, leave_out: frozenset[str] = frozenset()) -> Sheet:
    """What an event says of something; what it leaves out is not there."""
    rows, parts = list[tuple[str, str]](), list[Sheet]()
    for name, info in type(model).model_fields.items():
        if name not in model.model_fields_set or name in leave_out:
            continue
        given, extra = getattr(model, name), _extra(info)
        label = words.language.text(extra["x-label"]) if extra else name
        if isinstance(given, BaseModel):
            parts.append(sheet(label, given, words))
        elif isinstance(given, list) and given and isinstance(given[0], BaseModel):
            parts += [sheet(f"{label} {number}", each, words) for number, each in enumerate(given, 1)]
        else:
            # Events count subjects from nought, people from one.
            shown = given + 1 if isinstance(model, Observation) and name in _SUBJECTS and given is not None else given
            is_state = any(each in (STATE, COUNTRY) for each in info.metadata)
            rows.append((label, value(shown, words, extra.get("x-unit"), is_state=is_state)))
    return Sheet(title, tuple(rows), tuple(parts))


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def value(given: Any, words: Words, unit: str | None = None, *, is_state: bool = False) -> str:  # noqa: ANN401 (any member)
    """A value of the wire model as people write it."""
    match given:
        case StrEnum():
            return words.code(given.value)
        case datetime():
            return words.language.instant(given, words.zone)
        case date():
            return words.language.day(given)
        case str():
            return words.code(given) if is_state else given
        case bool():
            return words.value("", given)
        case int() | float() | Decimal():
            return words.language.measured(given, unit)
        case list():
            shown = [value(each, words) for each in given[:_MOST]]
            return words.language.listed(shown + ["…"] * (len(given) > _MOST)) or words.value("", None)
        case dict():
            return words.language.listed([f"{words.code(name)} {each}" for name, each in given.items()])
        case _:
            return words.value("", given)

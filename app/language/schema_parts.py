"""Small parts of a JSON Schema."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


@dataclass(slots=True)
class Definitions:
    """Shared parts of a schema by name, each made when it is first referred to."""

    made: dict[str, Schema] = field(default_factory=dict)

    def ref(self, name: str, make: Callable[[], Schema]) -> Schema:
        """A reference to the part of that name."""
        if name not in self.made:
            self.made[name] = {}  # conditions nest: the name must stand before what it names
            self.made[name] = make()
        return {"$ref": f"#/$defs/{name}"}


def mapping(properties: Mapping[str, Schema], required: Iterable[str] = (), least: int = 0) -> Schema:
    """A mapping with these keys only, at least so many of them."""
    made: Schema = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    needed = list(required)
    return made | ({"required": needed} if needed else {}) | ({"minProperties": least} if least else {})


def choice(values: Iterable[str] | type[StrEnum], description: str = "") -> Schema:
    """One of these texts."""
    return {"enum": [str(value) for value in values]} | _described(description)


def several(item: Schema, description: str = "", least: int = 0) -> Schema:
    """A list."""
    return {"type": "array", "items": item} | ({"minItems": least} if least else {}) | _described(description)


def text(description: str = "") -> Schema:
    """A text that is not empty."""
    return {"type": "string", "minLength": 1} | _described(description)


def day(description: str) -> Schema:
    """A calendar day."""
    return {"type": "string", "pattern": DAY} | _described(description)


def titles(description: str) -> Schema:
    """A text in three languages."""
    languages = {"en": text("English."), "ru": text("Russian."), "zh": text("Chinese.")}
    return mapping(languages, required=languages) | _described(description)


def _described(words: str) -> Schema:
    return {"description": words} if words else {}

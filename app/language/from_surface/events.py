"""Faults of a case's event, in an author's words and where they were written."""

import re

from pydantic_core import ErrorDetails

from app.language.ir import Position
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar, Sequence

# By the beginning of the validator's own name for the fault, the first that fits.
_WORDS = (
    ("extra_forbidden", "there is no such member", "Misspelt, or not part of an event"),
    ("missing", "it is missing", "Add it"),
    ("timezone", "the instant does not say its offset from UTC", "Write YYYY-MM-DDThh:mm:ss+hh:mm"),
    ("datetime", "this is no instant", "Write YYYY-MM-DDThh:mm:ss+hh:mm"),
    ("date", "this is no day of the calendar", "Write YYYY-MM-DD"),
    ("model", "this is no mapping", "Write `member: value`"),
    ("dict", "this is no mapping", "Write `member: value`"),
    ("list_type", "this is no list", "Begin each item with `- `"),
    ("string_type", "this is no text", "Put it in quotes"),
    ("bool", "this is neither true nor false", "Write true or false"),
    ("int", "this is no whole number", "Write one without quotes"),
    ("decimal", "this is no number that fits", "Write one without quotes, with at most three decimals"),
)


def in_words(fault: ErrorDetails) -> tuple[str, str]:
    """What is wrong and what would be right."""
    if fault["type"] == "enum":
        known = re.findall(r"'([^']+)'", fault["ctx"]["expected"])
        given = fault["input"] if isinstance(fault["input"], str) else "this"
        return f"{given} is not in its code list", did_you_mean(given, known, one_of(known))
    own = (fault["msg"][:1].lower() + fault["msg"][1:], "")
    return next(((message, hint) for sign, message, hint in _WORDS if fault["type"].startswith(sign)), own)


def where_in(location: tuple[int | str, ...], case: Mapping, base: Mapping) -> tuple[Position, str]:
    """Place of the innermost node on the way there, in the case's `set` if that made it, else in the base."""
    steps = [str(step) for step in location]
    changes = case.get("set")
    made: list[tuple[Scalar, Node]] = []
    if isinstance(changes, Mapping):
        made = [
            (key, value) for key, value in changes.entries if steps[: len(key.text.split("."))] == key.text.split(".")
        ]
    path = ".".join(steps) or "its top"
    if made:
        key, value = max(made, key=lambda each: len(each[0].text))
        return innermost(value, steps[len(key.text.split(".")) :], key.at), path
    omitted = case.get("omit")
    for item in omitted.items if isinstance(omitted, Sequence) else ():
        if isinstance(item, Scalar) and item.text == path:
            return item.at, path
    return innermost(base, steps, base.at), path


def innermost(node: Node, steps: list[str], at: Position) -> Position:
    """Place of the last node on these steps that is there; `at` is the first one's."""
    for step in steps:
        match node:
            case Mapping():
                key = next((key for key, _ in node.entries if key.text == step), None)
                inner = node.get(step)
                if key is None or inner is None:
                    return at
                node, at = inner, key.at
            case Sequence(items) if step.isdecimal() and int(step) < len(items):
                node = items[int(step)]
                at = node.at
            case _:
                return at
    return at

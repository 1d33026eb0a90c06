"""Where in a file of cases a fault of an event was written."""

from app.language.ir import Position
from app.language.surface import Mapping, Node, Scalar, Sequence


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
        return _innermost(value, steps[len(key.text.split(".")) :], key.at), path
    omitted = case.get("omit")
    for item in omitted.items if isinstance(omitted, Sequence) else ():
        if isinstance(item, Scalar) and item.text == path:
            return item.at, path
    return _innermost(base, steps, base.at), path


def _innermost(node: Node, steps: list[str], at: Position) -> Position:
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

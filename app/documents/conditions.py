"""The conditions that decided a verdict, out of the tree of its explanation, which may hold many more."""

from collections.abc import Iterator
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]


def deciding(node: Node) -> Iterator[Node]:
    """Leaves on which the truth of a node rests, in their order; of an empty list the node that asks for it."""
    match node["condition"]:
        case "leaf":
            yield node
        case "all" | "any":
            # Of a false `all` the false parts, of a true one every part; `any` is its mirror.
            yield from _of([each for each in node["parts"] if each["truth"] == node["truth"]])
        case "not" | "definition":
            yield from _of(node["parts"])
        case quantifier:
            yield from _quantified(node, quantifier)


def _of(parts: list[Node]) -> Iterator[Node]:
    for part in parts:
        yield from deciding(part)


def _quantified(node: Node, quantifier: str) -> Iterator[Node]:
    # `some` that fails, and `none` that holds, rest on that each record fails.
    wanted = node["truth"] if quantifier != "none" else {"true": "false", "false": "true"}.get(node["truth"])
    parts = [each for each in node.get("parts", ()) if each["truth"] == wanted]
    if parts:
        yield from _of(parts)
    else:
        yield node

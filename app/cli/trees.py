"""An explanation as the API gives it, for a terminal: conditions as a tree with what was found, and the law."""

from typing import Any, TypeAlias

from rich.text import Text
from rich.tree import Tree

Json: TypeAlias = dict[str, Any]
_MARKS = {"true": ("✓", "green"), "false": ("✗", "red"), "unknown": ("?", "yellow")}
_OPPOSITE = {"true": "false", "false": "true", "unknown": "unknown"}
_SHOWN, _RECORDS = 12, 2


def tree(title: str, root: Json) -> Tree:
    """The parts of a conjunction hang on the title itself."""
    trunk = Tree(_marked(root["truth"], title, "bold"), guide_style="dim")
    for part in root["parts"] if root["condition"] == "all" else [root]:
        _grow(trunk, part)
    return trunk


def _grow(parent: Tree, node: Json) -> None:
    branch = parent.add(_marked(node["truth"], _label(node)))
    parts = _telling(node)
    for part in parts:
        _grow(branch, part)
    if hidden := node.get("records", len(node.get("parts", ()))) - len(parts):
        branch.add(Text(f"… and {hidden} more", "dim"))


def _telling(node: Json) -> list[Json]:
    """Of a long list of records, those that make the condition what it is come first, and only a few are shown."""
    parts: list[Json] = node.get("parts", [])
    if "field" not in node:
        return parts
    told = node["truth"] if node["condition"] != "none" else _OPPOSITE[node["truth"]]
    return sorted(parts, key=lambda part: (part["truth"] != told, _nearness(part)))[:_RECORDS]


def _nearness(record: Json) -> list[bool]:
    """Least for a record that meets the first questions, which by habit ask what it is (its kind, its rule)."""
    return [part["truth"] != "true" for part in record.get("parts", ())]


def _marked(truth: str, text: str, style: str = "") -> Text:
    mark, colour = _MARKS[truth]
    return Text.assemble((f"{mark} ", colour), (text, style))


def _label(node: Json) -> str:
    match node["condition"]:
        case "leaf":
            return f"{node['text']}  — {_found(node)}"
        case "definition":
            return str(node["name"]).replace("_", " ")
        case "all" | "any":
            return f"{node['condition']} of" if node["parts"] else "always"
        case "not":
            return "not"
        case quantifier:
            known = ": not said" if node.get("unknown") else "" if node["parts"] else ": there are none"
            return f"{quantifier} of {node['field']}{known}"


def _found(node: Json) -> str:
    """What stood in the event, and what it was compared with where the question names it only."""
    known = f"is {_value(node)}"
    against = [_value(each) for each in node["operands"] if "field" in each or ("name" in each and "value" in each)]
    return ", ".join([known, *(f"compared with {each}" for each in against)])


def _value(node: Json) -> str:
    if node.get("unknown"):
        return "not said"
    value: Any = node["value"]
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            more = f" and {len(value) - _SHOWN} more" if len(value) > _SHOWN else ""
            return f"{', '.join(map(str, value[:_SHOWN]))}{more}" or "empty"
        case _:
            return str(value)


def article(found: Json) -> Text:
    return Text.assemble(
        (f"{found['act']}, article {found['article']}", "bold"),
        f" ({found['provision']}): {found['summary'].get('en', '')}\n",
        (f"source: {found['source']}\nverification: {found['verification'].replace('_', ' ')}", "dim"),
    )


def sanction(found: Json) -> Text:
    ranges = [f"{_class(each)}: {_range(each)}" for each in found["sanctions"]]
    return Text.assemble(
        (f"sanction under {found['act']}, article {found['article']}: ", "bold"),
        "; ".join(ranges) or found["summary"].get("en", ""),
    )


def _class(found: Json) -> str:
    return str(found["subject_class"]).replace("_", " ")


def _range(found: Json) -> str:
    low, high, unit = found.get("min"), found.get("max"), str(found.get("unit", "")).replace("_", " ")
    note = f" ({found['note']})" if "note" in found else ""
    if low is None and high is None:
        return f"{unit}{note}"
    if low is None or low == high:
        amount = f"{'up to ' if low is None else ''}{high:,}"
    else:
        amount = f"{low:,} to {high:,}" if high is not None else f"at least {low:,}"
    return f"{amount} {unit}{note}"

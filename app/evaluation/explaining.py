"""A finding's explanation as JSON: the version and why, the law with its source, and the tree of what was asked.

What was compared, with what, and what came out is there for every leaf, so that a person can follow it without the
rule file. Long operands (a list of states) are named and counted, and the words of the law and the labels of fields
are left to the stored rulebook and the catalogue, for an explanation is kept with every finding.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Generic, TypeAlias, TypeVar

from app.backends.reference import Explained
from app.evaluation.decision import Finding
from app.facts.codec import plain
from app.language.ir import (
    All,
    AnyOf,
    FieldOperand,
    Leaf,
    Literal,
    Named,
    Not,
    Operand,
    Provision,
    Quantified,
    Rulebook,
    Sanction,
    Version,
)
from app.language.operators import MISSING
from app.language.printer import leaf_text
from app.language.truth import Truth
from app.vocabulary.past import Unknown

Json: TypeAlias = dict[str, Any]
_SHOWN = 12
_MOST: Final = 1 << 16
_TRUTHS: Final = tuple(truth.name.lower() for truth in sorted(Truth))
_K = TypeVar("_K")
_V = TypeVar("_V")


class _Remembered(Generic[_K, _V]):
    """What was made of a part of a rulebook, by the part itself: to hash it would cost as much as to make it again."""

    def __init__(self, make: Callable[[_K], _V]) -> None:
        self._make = make
        # With the part, so that no other one can get its identity.
        self._made: dict[int, tuple[_K, _V]] = {}

    def __call__(self, part: _K) -> _V:
        found = self._made.get(id(part))
        if found is None:
            if len(self._made) >= _MOST:
                self._made.clear()
            found = self._made[id(part)] = part, self._make(part)
        return found[1]


def explanation(found: Finding, rulebook: Rulebook, day: date) -> Json:
    """All that is needed to see why a verdict was reached."""
    version = found.resolved.version
    return {
        "version": _version(version, day),
        "basis": [_cited_once(rulebook.provisions[name]) for name in version.basis],
        "sanction": version.sanction,
        "applies": tree(found.judged.applies, found.reasons),
        "holds": tree(found.judged.holds, found.reasons),
    }


def reason(unknown: Unknown) -> Json:
    """Why a fact of the past cannot be known, with the day of the crossing that leaves it open."""
    return {"reason": unknown.reason.value} | ({"day": unknown.day.isoformat()} if unknown.day else {})


def law(found: Version, rulebook: Rulebook) -> Json:
    """What a version rests on, in words: the provisions of its basis and of its sanction."""
    return {
        "basis": [provision(rulebook.provisions[name]) for name in found.basis],
        "sanction": provision(rulebook.provisions[found.sanction]) if found.sanction else None,
    }


def provision(found: Provision) -> Json:
    """An article in words, with its source, how far it was verified, and its sanctions by class of subject."""
    return _cited(found) | {
        "summary": dict(found.summary),
        "sanctions": [_sanction(each) for each in found.sanctions],
        "note": found.note or None,
    }


def _cited(found: Provision) -> Json:
    return {
        "provision": found.id,
        "act": found.act,
        "article": found.article,
        "source": found.source,
        "verification": found.verification,
    }


_cited_once = _Remembered(_cited)


def tree(explained: Explained, reasons: Mapping[str, Unknown]) -> Json:
    """One node with its truth and what is below it."""
    node: Json = {"truth": _TRUTHS[explained.truth]}
    if isinstance(explained.node, Leaf):
        return _leaf(node, explained.node, explained, reasons)
    below: Json = {"parts": [tree(part, reasons) for part in explained.parts]}
    match explained.node:
        case All():
            return node | {"condition": "all"} | below
        case AnyOf():
            return node | {"condition": "any"} | below
        case Not():
            return node | {"condition": "not"} | below
        case Named(name):
            return node | {"condition": "definition", "name": name} | below
        case Quantified(field, quantifier):
            node |= {"condition": quantifier.value, "field": field.path}
            return node | ({"unknown": True} if explained.value is MISSING else {"records": explained.value} | below)


def _leaf(node: Json, leaf: Leaf, explained: Explained, reasons: Mapping[str, Unknown]) -> Json:
    always, constants = _of_leaf(leaf)
    node |= always
    node["operands"] = [
        _operand(operand, value) if constant is None else constant
        for operand, constant, value in zip(leaf.operands, constants, explained.operands, strict=True)
    ]
    node |= {"unknown": True} if explained.value is MISSING else {"value": plain(explained.value)}
    if leaf.field.path in reasons:
        node |= reason(reasons[leaf.field.path])
    return node


@_Remembered
def _of_leaf(leaf: Leaf) -> tuple[Json, tuple[Json | None, ...]]:
    """What is told of a leaf whatever the facts are: of itself, and of each operand that is a constant."""
    always = {
        "condition": "leaf",
        "text": leaf_text(leaf),
        "field": leaf.field.path,
        "operator": leaf.operator.value,
    }
    constants = (_operand(each, each.value) if isinstance(each, Literal) else None for each in leaf.operands)
    return always, tuple(constants)


def _operand(operand: Operand, value: Any) -> Json:  # noqa: ANN401 (any fact, or MISSING)
    shown: Json = {"unknown": True} if value is MISSING else {"value": plain(value)}
    if isinstance(operand, FieldOperand):
        shown["field"] = operand.field.path
        if operand.offset:
            shown["offset"] = operand.offset.text
    if isinstance(operand, Literal) and operand.name:
        shown["name"] = operand.name
        if isinstance(value, frozenset) and len(value) > _SHOWN:
            shown = {"name": operand.name, "members": len(value)}
    return shown


def _version(version: Version, day: date) -> Json:
    first, last = version.in_force.first, version.in_force.last
    return {
        "id": version.id,
        "from": plain(first),
        "until": plain(last),
        "judged_on": day.isoformat(),
        "why": "in force on the day of the crossing in the checkpoint's time zone",
    }


def _sanction(sanction: Sanction) -> Mapping[str, Any]:
    known = {
        "subject_class": sanction.subject_class,
        "unit": sanction.unit,
        "min": plain(sanction.minimum),
        "max": plain(sanction.maximum),
        "note": sanction.note or None,
    }
    return {name: value for name, value in known.items() if value is not None}

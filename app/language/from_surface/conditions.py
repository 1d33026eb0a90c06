"""Conditions: a mapping is a conjunction; `all`, `any`, `not` nest; `definition` names a shared one."""

from collections.abc import Iterator
from dataclasses import replace

from app.language.from_surface.findings import check_findings, otherwise
from app.language.from_surface.questions import fitting, question, short_question
from app.language.from_surface.scope import Scope
from app.language.from_surface.shapes import shown
from app.language.ir import All, AnyOf, Condition, Named, Not, Operator, Quantified, Quantifier
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar, Sequence
from app.language.walk import parts_of
from app.vocabulary.fields import Field, FieldType


def condition(node: Node, scope: Scope) -> Condition | None:
    """The condition, or None if any part of it is wrong (reported)."""
    if not isinstance(node, Mapping):
        scope.report.error(
            node.at, "not-a-condition", f"a condition is a mapping of fields, not {shown(node)}", "Write `field: value`"
        )
        return None
    if not node.entries:
        scope.report.error(
            node.at, "empty-condition", "an empty condition asks nothing", "Leave it out, or ask something"
        )
        return None
    parts = [part for key, value in node.entries for part in _entry(key, value, scope)]
    if any(part is None for part in parts):
        return None
    found = tuple(part for part in parts if part is not None)
    return found[0] if len(found) == 1 else All(found)


def _entry(key: Scalar, value: Node, scope: Scope) -> Iterator[Condition | None]:
    match key.text:
        case "all" | "any":
            yield _several(key, value, scope)
        case "not":
            part = condition(value, scope)
            yield Not(part) if part else None
        case "definition":
            yield _definition(value, scope)
        case path:
            field = scope.field(path)
            if field:
                yield from _questions(field, value, scope, key)
            else:
                scope.no_such_field(path, key.at) if not _is_operator(path) else _misplaced(key, scope)
                yield None


def _several(key: Scalar, value: Node, scope: Scope) -> Condition | None:
    if isinstance(value, Sequence) and not value.items:
        scope.report.error(
            value.at, "empty-list", f"{key.text} is given no conditions", "Leave it out, or ask something"
        )
        return None
    if not isinstance(value, Sequence):
        scope.report.error(
            value.at,
            "not-a-list",
            f"{key.text} takes a list of conditions, not {shown(value)}",
            "Begin each of them with `- `",
        )
        return None
    parts = [condition(item, scope) for item in value.items]
    found = tuple(part for part in parts if part)
    if len(found) < len(parts):
        return None
    return All(found) if key.text == "all" else AnyOf(found)


def _definition(value: Node, scope: Scope) -> Condition | None:
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        scope.report.error(
            value.at, "not-a-name", f"definition takes the name of a definition, not {shown(value)}", "Write one name"
        )
        return None
    name = value.value
    mine = scope.names.definitions.get(scope.kind, {})
    if name not in mine:
        _no_such_definition(name, value, scope)
        return None
    if scope.record and any(isinstance(part, Quantified) for part in parts_of(mine[name])):
        _nested(value, scope)
        return None
    return Named(name, mine[name])


def _no_such_definition(name: str, value: Scalar, scope: Scope) -> None:
    by_kind = scope.names.definitions
    if f"definitions.{name}" in scope.names.broken:
        return
    if any(name in definitions for definitions in by_kind.values()):
        scope.report.error(
            value.at,
            "definition-of-other-kind",
            f"the definition {name} asks about fields that {scope.kind.replace('_', ' ')} rules do not have",
            "Make a definition for this kind of subject",
        )
        return
    known = sorted({name for definitions in by_kind.values() for name in definitions})
    hint = did_you_mean(name, known, one_of(known))
    scope.report.error(value.at, "unknown-definition", f"there is no definition {name}", hint)


def _is_operator(word: str) -> bool:
    return word in set(Operator) or word in set(Quantifier)


def _misplaced(key: Scalar, scope: Scope) -> None:
    scope.report.error(
        key.at,
        "misplaced-operator",
        f"the operator {key.text} stands where a field should",
        f"Write `field: {{{key.text}: …}}`",
    )


def _questions(field: Field, value: Node, scope: Scope, key: Scalar) -> Iterator[Condition | None]:
    """The leaves of `field: value`, of `field: [a, b]` or of `field: {operator: operand, …}`."""
    match value:
        case Mapping(entries) if entries:
            for name, operand in entries:
                if field.type is FieldType.RECORDS and name.text in set(Quantifier):
                    yield _quantified(field, Quantifier(name.text), operand, scope, name)
                else:
                    yield question(field, name, operand, scope)
        case Mapping():
            scope.report.error(value.at, "empty-condition", f"nothing is asked of {key.text}", fitting(field))
            yield None
        case Sequence():
            yield short_question(field, Operator.IN, value, scope, key)
        case Scalar(None):
            scope.report.error(
                value.at,
                "null",
                f"{key.text} is compared with nothing",
                f"Write `{key.text}: {{present: false}}` for 'there is none'",
            )
            yield None
        case Scalar():
            yield short_question(field, Operator.IS, value, scope, key)


def _quantified(field: Field, quantifier: Quantifier, node: Node, scope: Scope, name: Scalar) -> Condition | None:
    if scope.record:
        _nested(name, scope)
        return None
    part = condition(node, replace(scope, record=field.path))
    if part is None:
        return None
    if field.path == "findings":
        if not check_findings(part, name.at, scope):
            return None
        if quantifier is Quantifier.EVERY:
            return Quantified(field, Quantifier.NONE, otherwise(part), name.at)
    return Quantified(field, quantifier, part, name.at)


def _nested(where: Scalar, scope: Scope) -> None:
    scope.report.error(
        where.at,
        "nested-quantifier",
        f"{where.text} asks about a list of records from inside {scope.record}",
        "Put the two questions beside each other",
    )

"""Operands: literals, other fields, dated parameters and lists, and which of them an operator takes."""

import re2

from app.language.from_surface.literals import literal
from app.language.from_surface.references import field_operand, list_operand, parameter_operand
from app.language.from_surface.scope import Scope
from app.language.from_surface.shapes import shown
from app.language.ir import Literal, Operand, Operator
from app.language.operators import pattern
from app.language.surface import Mapping, Node, Scalar, Sequence
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Scalar as Value

_SETS = {Operator.IN, Operator.NOT_IN, Operator.CONTAINS_ANY, Operator.CONTAINS_ALL}
_ENDS = 2


def operands_of(operator: Operator, node: Node, field: Field, scope: Scope) -> tuple[Operand, ...] | None:
    """The operands of one question; None if one of them is wrong (reported)."""
    match operator:
        case Operator.PRESENT | Operator.EMPTY:
            found: Operand | None = _boolean(operator, node, scope)
        case Operator.BETWEEN:
            return _between(node, field, scope)
        case Operator.MATCHES:
            found = _pattern(node, field, scope)
        case _ if operator in _SETS:
            found = _set(operator, node, field, scope)
        case _:
            found = _one(operator, node, field, scope)
    return None if found is None else (found,)


def _boolean(operator: Operator, node: Node, scope: Scope) -> Operand | None:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return Literal(node.value)
    scope.report.error(
        node.at, "wrong-type", f"{operator} takes true or false, not {shown(node)}", "Write true or false"
    )
    return None


def _one(operator: Operator, node: Node, field: Field, scope: Scope) -> Operand | None:
    if isinstance(node, Sequence):
        scope.report.error(node.at, "wrong-operand", f"{operator} takes one value, not a list", _instead(operator))
        return None
    if isinstance(node, Mapping):
        return field_operand(node, field, scope)
    if not node.quoted and isinstance(node.value, str):
        name = node.value
        if name.startswith("lists."):
            scope.report.error(node.at, "wrong-operand", f"{operator} takes one value, not a list", _instead(operator))
            return None
        if name.startswith("parameters."):
            return parameter_operand(name.removeprefix("parameters."), node, field, scope)
        if _is_reference(name, field, scope):
            return field_operand(node, field, scope)
    value = literal(node, field, scope)
    return None if value is None else Literal(value)


def _instead(operator: Operator) -> str:
    several = {Operator.IS: "in", Operator.IS_NOT: "not_in", Operator.CONTAINS: "contains_any or contains_all"}
    return f"Use {several[operator]}" if operator in several else "Write one value"


def _is_reference(name: str, field: Field, scope: Scope) -> bool:
    """Whether an unquoted text names a field (or tries to): a code of the field's own list never does."""
    if field.codes and name in field.codes:
        return False
    if scope.field(name):
        return True
    section, dot, rest = name.partition(".")
    return bool(dot and rest) and any(path.startswith(f"{section}.") for path in scope.known)


def _set(operator: Operator, node: Node, field: Field, scope: Scope) -> Operand | None:
    if isinstance(node, Scalar) and not node.quoted and node.text.startswith("lists."):
        return list_operand(node.text.removeprefix("lists."), node, field, scope)
    if not isinstance(node, Sequence):
        hint = "Write [a, b] or lists.NAME"
        scope.report.error(node.at, "wrong-operand", f"{operator} takes a list, not {shown(node)}", hint)
        return None
    if not node.items:
        scope.report.error(node.at, "empty-list", f"{operator} is given an empty list", "Write at least one value")
        return None
    values = [_member(item, field, scope) for item in node.items]
    found = frozenset(value for value in values if value is not None)
    return Literal(found) if all(value is not None for value in values) else None


def _member(node: Node, field: Field, scope: Scope) -> Value | None:
    """A list's items are constants: what looks like a reference is said to be out of place."""
    if isinstance(node, Scalar) and not node.quoted and isinstance(node.value, str):
        name = node.value
        if name.startswith(("lists.", "parameters.")) or (not field.codes and scope.field(name) and "." in name):
            hint = f"Use any: with one question for {name}, or put it in quotes if the text is meant"
            scope.report.error(node.at, "wrong-operand", f"a list holds constants, and {name} is a reference", hint)
            return None
    return literal(node, field, scope)


def _between(node: Node, field: Field, scope: Scope) -> tuple[Operand, ...] | None:
    if not isinstance(node, Sequence) or len(node.items) != _ENDS:
        given = f"a list of {len(node.items)}" if isinstance(node, Sequence) else shown(node)
        message = f"between takes two ends, not {given}"
        scope.report.error(node.at, "wrong-operand", message, "Write between: [lowest, highest]")
        return None
    low, high = (_one(Operator.BETWEEN, item, field, scope) for item in node.items)
    if low is None or high is None:
        return None
    if isinstance(low, Literal) and isinstance(high, Literal) and low.value > high.value:  # type: ignore[operator] # one type
        scope.report.error(
            node.at, "reversed-between", "between has its ends the wrong way round, so nothing lies in it", "Swap them"
        )
        return None
    return low, high


def _pattern(node: Node, field: Field, scope: Scope) -> Operand | None:
    value = literal(node, field, scope)
    if not isinstance(value, str):
        return None
    try:
        pattern(value)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        scope.report.error(
            node.at, "bad-pattern", f"the pattern is not RE2: {reason}", "RE2 has no look-around and no back-references"
        )
        return None
    return Literal(value) if field.type is FieldType.TEXT else None

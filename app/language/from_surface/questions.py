"""Questions to one field: an operator that fits its type, and the operator's operands."""

from app.language.from_surface.operands import operands_of
from app.language.from_surface.scope import Scope
from app.language.ir import Leaf, Operator, Quantifier
from app.language.operators import FITTING
from app.language.suggest import a, did_you_mean
from app.language.surface import Node, Scalar
from app.vocabulary.fields import Field, FieldType


def short_question(field: Field, operator: Operator, value: Node, scope: Scope, key: Scalar) -> Leaf | None:
    """`field: value` and `field: [a, b]`, which not every type allows."""
    if operator not in FITTING[field.type]:
        given = "a list" if operator is Operator.IN else "a bare value"
        message = f"{key.text} is {a(field.type)}, which {given} cannot be compared with"
        scope.report.error(value.at, "needs-operator", message, fitting(field))
        return None
    operands = operands_of(operator, value, field, scope)
    return Leaf(field, operator, operands, key.at) if operands else None


def question(field: Field, name: Scalar, operand: Node, scope: Scope) -> Leaf | None:
    """One `operator: operand` asked of a field."""
    word = name.text
    if word not in set(Operator):
        _unknown_operator(field, name, scope)
        return None
    operator = Operator(word)
    if operator not in FITTING[field.type]:
        scope.report.error(
            name.at,
            "operator-does-not-fit",
            f"{word} does not fit {field.path}, which is {a(field.type)}",
            fitting(field),
        )
        return None
    if field.path == "findings":
        scope.report.error(
            name.at,
            "findings-without-rule",
            "findings must name the rule they are of",
            "Write findings: {some: {rule: ID, verdict: violated}}",
        )
        return None
    operands = operands_of(operator, operand, field, scope)
    return Leaf(field, operator, operands, name.at) if operands else None


def _unknown_operator(field: Field, name: Scalar, scope: Scope) -> None:
    known = _operators(field)
    if field.type is FieldType.RECORDS and f"{field.path}.{name.text}" in scope.known:
        hint = f"Write {field.path}: {{some: {{{name.text}: …}}}} (or every, none)"
    elif name.text == "field":
        hint = "Write the operator before it, `{is: {field: …}}`"
    elif name.text in set(Quantifier):
        hint = f"It is for lists of records. {fitting(field)}"
    else:
        hint = did_you_mean(name.text, known, fitting(field))
    scope.report.error(
        name.at,
        "unknown-operator",
        f"there is no operator {name.text} for {field.path}, which is {a(field.type)}",
        hint,
    )


def _operators(field: Field) -> tuple[str, ...]:
    quantifiers: tuple[str, ...] = tuple(Quantifier) if field.type is FieldType.RECORDS else ()
    return (*quantifiers, *(str(operator) for operator in FITTING[field.type]))


def fitting(field: Field) -> str:
    """A hint naming what can be asked of the field."""
    return f"Operators that fit: {', '.join(_operators(field))}"

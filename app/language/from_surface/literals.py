"""Constants: a value of the field's own type, code list and unit, or a diagnostic saying what would be one."""

from datetime import UTC, date, datetime
from decimal import Decimal

from app.language.from_surface.scope import Scope
from app.language.from_surface.shapes import shown
from app.language.scalars import as_time, looks_like_time, whole
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Node, Scalar
from app.language.units import UNITS, converted, convertible, quantity, unit_named
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Scalar as Value


def literal(node: Node, field: Field, scope: Scope) -> Value | None:
    """The constant, or None (reported)."""
    if not isinstance(node, Scalar) or node.value is None:
        hint = "Use present: false for 'there is none'" if isinstance(node, Scalar) else "Write one value"
        scope.report.error(node.at, "wrong-type", f"{field.path} is {_TYPES[field.type]}, not {shown(node)}", hint)
        return None
    match field.type:
        case FieldType.BOOLEAN:
            if isinstance(node.value, bool):
                return node.value
            _wrong(node, field, scope, "Write true or false")
        case FieldType.NUMBER:
            return _number(node, field, scope)
        case FieldType.DATE | FieldType.INSTANT:
            return _time(node, field, scope)
        case FieldType.TEXT | FieldType.CODE | FieldType.TEXTS:
            return _text(node, field, scope)
        case FieldType.OBJECT | FieldType.RECORDS:
            _wrong(node, field, scope, "Ask whether it is present")
    return None


_TYPES = {
    FieldType.TEXT: "a text",
    FieldType.CODE: "a code",
    FieldType.BOOLEAN: "true or false",
    FieldType.NUMBER: "a number",
    FieldType.DATE: "a date",
    FieldType.INSTANT: "an instant",
    FieldType.TEXTS: "a list of texts",
    FieldType.OBJECT: "an object",
    FieldType.RECORDS: "a list of records",
}


def _wrong(node: Scalar, field: Field, scope: Scope, hint: str) -> None:
    if node.quoted and scope.field(node.text):
        hint = f"Write {node.text} without quotes if the field is meant"
    scope.report.error(node.at, "wrong-type", f"{field.path} is {_TYPES[field.type]}, not {shown(node)}", hint)


def _number(node: Scalar, field: Field, scope: Scope) -> Value | None:
    value = node.value
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return value
    if not node.quoted and node.text in (scope.names.parameters or {}):
        _wrong(node, field, scope, f"Write parameters.{node.text} if the parameter is meant")
        return None
    amount = quantity(node.text)
    if not isinstance(value, str) or amount is None:
        unit = f" in {field.unit}" if field.unit else ""
        _wrong(node, field, scope, f"Write a number{unit}")
        return None
    return _with_unit(*amount, node, field, scope)


def _with_unit(number: Decimal, word: str, node: Scalar, field: Field, scope: Scope) -> Value | None:
    unit = unit_named(word)
    allowed = convertible(field.unit)
    if unit is None:
        hint = did_you_mean(word, allowed or UNITS, one_of(allowed or UNITS))
        scope.report.error(node.at, "unknown-unit", f"there is no unit {word}", hint)
    elif not allowed:
        scope.report.error(node.at, "unit", f"{field.path} has no unit, {node.text} has one", "Write the bare number")
    elif unit not in allowed:
        message = f"{field.path} is in {field.unit}, which {unit} cannot be turned into"
        scope.report.error(node.at, "unit", message, one_of(allowed))
    elif (value := converted(number, unit, field.unit or unit)) is not None:
        return whole(value)
    else:
        scope.report.error(
            node.at, "unit", f"{node.text} is no exact number of {field.unit}", f"Write it in {field.unit}"
        )
    return None


def _time(node: Scalar, field: Field, scope: Scope) -> Value | None:
    value = node.value if isinstance(node.value, date) else as_time(node.text)
    wanted = "Write YYYY-MM-DD" if field.type is FieldType.DATE else "Write YYYY-MM-DDThh:mm:ss+hh:mm"
    if value is None:
        if looks_like_time(node.text):
            what = "day" if len(node.text) == len("2026-01-01") else "instant"
            scope.report.error(node.at, "impossible-date", f"there is no {what} {node.text}", wanted)
        else:
            _wrong(node, field, scope, wanted)
        return None
    if isinstance(value, datetime) is not (field.type is FieldType.INSTANT):
        _wrong(node, field, scope, wanted)
        return None
    if isinstance(value, datetime) and value.tzinfo is None:
        scope.report.error(node.at, "no-offset", f"the instant {node.text} does not say its offset from UTC", wanted)
        return None
    return _utc(value) if isinstance(value, datetime) else value


def _utc(value: datetime) -> datetime:
    """In UTC, so that two ways to write one instant are one constant; as written at the calendar's edges."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return value


def _text(node: Scalar, field: Field, scope: Scope) -> str | None:
    if not isinstance(node.value, str) and not (field.codes and node.text in field.codes):
        _wrong(node, field, scope, f'Put it in quotes, "{node.text}", if the text is meant')
        return None
    if field.codes and node.text not in field.codes:
        hint = did_you_mean(node.text, field.codes, one_of(field.codes))
        scope.report.error(node.at, "unknown-code", f"{node.text} is not in the code list of {field.path}", hint)
        return None
    return node.text

"""Facts as JSON and back, by the types of the catalogue; a stored decision is judged again from these (law 3)."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Facts


def plain(value: Any) -> Any:  # noqa: ANN401 (any fact)
    """A value as JSON: days and instants as ISO 8601 text, sets sorted, numbers as numbers.

    Wire numbers have at most twelve digits, which a double holds exactly.
    """
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {key: plain(each) for key, each in value.items()}
        case frozenset():
            return sorted(plain(each) for each in value)
        case tuple() | list():
            return [plain(each) for each in value]
        case _:
            return value


def typed(values: Mapping[str, Any], fields: Mapping[str, Field]) -> Facts:
    """Facts read back from what `plain` made of them, by the fields of their rulebook."""
    return {path: _typed(value, fields[path], fields) for path, value in values.items()}


def _typed(value: Any, field: Field, fields: Mapping[str, Field]) -> Any:  # noqa: ANN401 (any fact)
    if value is None:
        return None
    match field.type:
        case FieldType.DATE:
            return date.fromisoformat(value)
        case FieldType.INSTANT:
            return datetime.fromisoformat(value)
        case FieldType.NUMBER:
            return Decimal(str(value))
        case FieldType.TEXTS:
            return tuple(value)
        case FieldType.RECORDS:
            return tuple(
                {path: _typed(each, fields[path], fields) for path, each in record.items()} for record in value
            )
        case FieldType.TEXT | FieldType.CODE | FieldType.BOOLEAN | FieldType.OBJECT:
            return value

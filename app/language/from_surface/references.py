"""References: another field with or without an offset, a dated parameter, a dated list; each must fit the field."""

from datetime import timedelta

from app.language.dates import parse_offset
from app.language.from_surface.scope import Scope
from app.language.from_surface.shapes import shown, text
from app.language.ir import FieldOperand, ListOperand, NamedSet, Offset, Operand, ParameterOperand
from app.language.suggest import SHOWN, a, did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar
from app.vocabulary.countries import ISO3
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Scalar as Value

_SHAPE = "Write {field: PATH, plus: 3 months} (or minus)"


def field_operand(node: Node, field: Field, scope: Scope) -> Operand | None:
    """Another field, plain or as `{field: path, plus: …, minus: …}`."""
    if not isinstance(node, Mapping):
        other = _other(node, field, scope)
        return FieldOperand(other, None, other.record is not None) if other else None
    name = node.get("field")
    known = {"field", "plus", "minus"}
    strange = [key for key, _ in node.entries if key.text not in known]
    for key in strange:
        scope.report.error(
            key.at, "unknown-key", f"an operand knows no key {key.text}", did_you_mean(key.text, known, _SHAPE)
        )
    if name is None:
        scope.report.error(node.at, "wrong-operand", "an operand that is a mapping must name a field", _SHAPE)
        return None
    other = _other(name, field, scope)
    offsets = [key for key, _ in node.entries if key.text in {"plus", "minus"}]
    if len(offsets) > 1:
        scope.report.error(offsets[1].at, "two-offsets", "plus and minus cannot stand together", "Keep one of the two")
        return None
    offset = _offset(offsets[0].text, node.get(offsets[0].text), field, scope) if offsets else None
    if other is None or strange or (offsets and offset is None):
        return None
    return FieldOperand(other, offset, other.record is not None)


def _other(node: Node, field: Field, scope: Scope) -> Field | None:
    path = text(node, "the field", scope.report)
    if path is None:
        return None
    other = scope.field(path)
    if other is None:
        scope.no_such_field(path, node.at)
    elif problem := _unlike(field, other):
        scope.report.error(node.at, "types-differ", *problem)
    else:
        return other
    return None


def _unlike(field: Field, other: Field) -> tuple[str, str] | None:
    """Why the two fields cannot be compared, and what could be; None if they can."""
    wanted = FieldType.CODE if field.type is FieldType.TEXTS and field.codes else field.type
    wanted = FieldType.TEXT if wanted is FieldType.TEXTS else wanted
    if other.type is not wanted:
        between = {field.type, other.type} == {FieldType.DATE, FieldType.INSTANT}
        hint = "crossing.date is the day of crossing.occurred_at" if between else f"Name a field that is {a(wanted)}"
        return f"{field.path} is {a(field.type)} and {other.path} {a(other.type)}", hint
    if field.unit != other.unit:
        return (
            f"{field.path} is in {field.unit or 'no unit'} and {other.path} in {other.unit or 'no unit'}",
            "Name a field of the same unit",
        )
    if field.codes and other.codes and not set(field.codes) & set(other.codes):
        return f"{field.path} and {other.path} have no code in common", "They can never be equal"
    return None


def _offset(key: str, node: Node | None, field: Field, scope: Scope) -> Offset | None:
    if node is None:
        return None
    offset = parse_offset(node.text, 1 if key == "plus" else -1) if isinstance(node, Scalar) else None
    if field.type not in {FieldType.DATE, FieldType.INSTANT}:
        scope.report.error(
            node.at,
            "offset",
            f"only dates and instants can be moved, and {field.path} is {a(field.type)}",
            f"Leave {key} out",
        )
    elif offset is None:
        hint = "Write 3 months, 10 days or 1 year 2 days"
        if isinstance(node, Scalar) and node.text.startswith("parameters."):
            hint = f"An offset is written out. {hint}"
        scope.report.error(node.at, "offset", f"{shown(node)} is not an offset", hint)
    elif field.type is FieldType.INSTANT and offset.months:
        scope.report.error(
            node.at, "offset", "an instant is not moved by months or years", "Use days, hours or minutes"
        )
    elif field.type is FieldType.DATE and offset.duration % timedelta(days=1):
        scope.report.error(
            node.at, "offset", "a date is not moved by hours or minutes", "Use days, weeks, months or years"
        )
    else:
        return offset
    return None


def parameter_operand(name: str, node: Scalar, field: Field, scope: Scope) -> Operand | None:
    """A dated parameter of the field's type and unit."""
    known = scope.names.parameters
    if known is None:
        return ParameterOperand(name)
    parameter = known.get(name)
    if node.text in scope.names.broken:
        return None
    if parameter is None:
        scope.report.error(
            node.at, "unknown-parameter", f"there is no parameter {name}", did_you_mean(name, known, one_of(known))
        )
    elif not all(_fits(dated.value, field.type) for dated in parameter.values):
        message = f"the parameter {name} does not hold {a(field.type)}, as {field.path} is"
        fitting = [
            n for n, p in known.items() if p.unit == field.unit and all(_fits(d.value, field.type) for d in p.values)
        ]
        scope.report.error(node.at, "parameter-type", message, _that_fit("Parameters", fitting))
    elif parameter.unit != field.unit:
        message = (
            f"{field.path} is in {field.unit or 'no unit'} and the parameter {name} in {parameter.unit or 'no unit'}"
        )
        scope.report.error(node.at, "unit", message, "Name a parameter of the field's unit")
    else:
        return ParameterOperand(name)
    return None


def _fits(value: Value, kind: FieldType) -> bool:
    if kind is FieldType.NUMBER:
        return not isinstance(value, (str, bool)) and not hasattr(value, "year")
    return kind is FieldType.DATE and hasattr(value, "year")


def list_operand(name: str, node: Scalar, field: Field, scope: Scope) -> Operand | None:
    """A dated list whose members can be values of the field."""
    known = scope.names.lists
    if known is None:
        return ListOperand(name)
    if node.text in scope.names.broken:
        return None
    if name not in known:
        scope.report.error(
            node.at, "unknown-list", f"there is no list {name}", did_you_mean(name, known, one_of(known))
        )
        return None
    problem = _misfit(known[name], field)
    if problem:
        fitting = [each.name for each in known.values() if not _misfit(each, field)]
        scope.report.error(node.at, "list-does-not-fit", problem, _that_fit("Lists", fitting))
        return None
    return ListOperand(name)


def _that_fit(what: str, names: list[str]) -> str:
    return f"{what} that fit: {', '.join(names[:SHOWN]) or 'none'}"


def _misfit(named: NamedSet, field: Field) -> str | None:
    if field.type not in {FieldType.TEXT, FieldType.CODE, FieldType.TEXTS}:
        return f"{field.path} is {a(field.type)}, and lists hold texts"
    of_countries = bool(field.codes) and ISO3.issubset(field.codes or ())
    if (named.type == "country") is not of_countries:
        holds = "countries" if named.type == "country" else f"{named.type}s"
        return (
            f"the list {named.name} holds {holds}, and {field.path} is {'a country' if of_countries else 'no country'}"
        )
    if of_countries or not field.codes:
        return None
    strange = [member for member in named.members if member not in field.codes]
    return f"{', '.join(strange[:3])} of the list {named.name} is no code of {field.path}" if strange else None

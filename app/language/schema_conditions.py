"""JSON Schema of conditions.

condition in a place -> property for each field there -> questions of the field's sort -> operands of the sort
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.language.ir import Measure, Operator, Quantifier, fields_with
from app.language.operators import FITTING
from app.language.schema_parts import DAY, Definitions, Schema, choice, mapping, several, text
from app.language.units import convertible
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.countries import ISO3, STATE_CODES, name
from app.vocabulary.fields import Field, FieldType

_INSTANT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*([Zz]|[-+][0-9]{2}(:?[0-9]{2})?)$"
_DURATION: Final = "[0-9]{1,4} (year|month|week|day|hour|minute)s?"
_OFFSET: Final = f"^{_DURATION}(,? {_DURATION})*$"
_TIMES: Final = (FieldType.DATE, FieldType.INSTANT)
_WORDS: Final[Mapping[Operator, str]] = {
    Operator.IS: "Equal to.",
    Operator.IS_NOT: "Not equal to; holds where there is none.",
    Operator.IN: "One of.",
    Operator.NOT_IN: "None of; holds where there is none.",
    Operator.PRESENT: "true: there is one; false: there is none.",
    Operator.BELOW: "Less than.",
    Operator.AT_MOST: "Less than or equal to.",
    Operator.ABOVE: "More than.",
    Operator.AT_LEAST: "More than or equal to.",
    Operator.BETWEEN: "Between two ends, both included.",
    Operator.BEFORE: "Before.",
    Operator.ON_OR_BEFORE: "On or before.",
    Operator.AFTER: "After.",
    Operator.ON_OR_AFTER: "On or after.",
    Operator.CONTAINS: "The list contains this value.",
    Operator.CONTAINS_ANY: "The list contains at least one of these.",
    Operator.CONTAINS_ALL: "The list contains each of these.",
    Operator.EMPTY: "true: the list has no members; false: it has some.",
    Operator.MATCHES: "An RE2 pattern that matches the whole text.",
    Operator.STARTS_WITH: "The text begins with this.",
}
_QUANTIFIERS: Final[Mapping[Quantifier, str]] = {
    Quantifier.SOME: "At least one record meets the condition.",
    Quantifier.EVERY: "Each record meets the condition; holds where there are none.",
    Quantifier.NONE: "No record meets the condition; holds where there are none.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition stands: in a rule on a kind of subject, perhaps inside the quantifier on a list of records."""

    kind: SubjectKind
    record: str | None = None
    measures: tuple[Measure, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the schema."""
        return f"{self.kind}.{self.record}" if self.record else str(self.kind)

    def fields(self) -> dict[str, Field]:
        """Fields by the names they have here; a record's own ones have a short name too."""
        known = fields_with(self.measures, self.kind)
        own = {path: each for path, each in known.items() if self.record and each.record == self.record}
        short = {path.partition(".")[2]: each for path, each in own.items()}
        return short | {path: each for path, each in known.items() if each.record is None} | own

    def home(self, field: Field) -> "Place":
        """The outermost place in which the field is asked the same questions."""
        own = (other for other in self.fields().values() if other.record)
        differs = field.type is FieldType.RECORDS or any(_comparable(field, other) for other in own)
        return self if differs else Place(self.kind, measures=self.measures)


def condition(place: Place, shared: Definitions) -> Schema:
    """A mapping of fields, `all`, `any`, `not` and `definition`."""
    return shared.ref(f"condition.{place.name}", lambda: _condition(place, shared))


def named_codes(codes: Iterable[str]) -> Schema:
    """Codes of states with their names."""
    ordered = sorted(codes)
    return {**choice(ordered), "enumDescriptions": [name(code) or code for code in ordered]}


def _condition(place: Place, shared: Definitions) -> Schema:
    again = condition(place, shared)
    properties: dict[str, Schema] = {
        "all": several(again, "Each of these conditions holds.", least=1),
        "any": several(again, "At least one of these conditions holds.", least=1),
        "not": {**again, "description": "This condition does not hold."},
        "definition": text("The name of a condition in definitions.yaml."),
    }
    asked = {path: _property(field, place, shared) for path, field in place.fields().items()}
    return mapping(properties | asked, least=1)


def _property(field: Field, place: Place, shared: Definitions) -> Schema:
    home = place.home(field)
    questions = shared.ref(f"question.{home.name}.{_sort(field)}", lambda: _questions(field, home, shared))
    unit = f" In {field.unit}." if field.unit else ""
    return {"title": field.labels["en"], "description": field.description + unit, **questions}


def _sort(field: Field) -> str:
    """Fields of one sort are asked the same questions."""
    if field.codes:
        states = {frozenset(ISO3): "country", frozenset(STATE_CODES): "state"}
        return states.get(frozenset(field.codes), field.path)
    if field.type is FieldType.RECORDS:
        return field.path
    return (
        f"{field.type} in {field.unit}".removesuffix(" in None").replace(" ", "_").replace("/", "_per_")
    )  # a / would part the reference


def _questions(field: Field, place: Place, shared: Definitions) -> Schema:
    """`field: value`, `field: [a, b]` or `field: {operator: operand}`, as far as they fit.

    The mapping's keys stand beside the alternatives, not among them: so an editor names the wrong operator. The empty
    `properties` change nothing; yaml-language-server takes alternatives that agree in them for one in a hover.
    """
    operators = FITTING[field.type] if field.path != "findings" else ()
    asked = {str(each): {**_operand(each, field, place, shared), "description": _WORDS[each]} for each in operators}
    if field.type is FieldType.RECORDS and not place.record:
        inner = condition(Place(place.kind, field.path, place.measures), shared)
        asked |= {str(each): {**inner, "description": words} for each, words in _QUANTIFIERS.items()}
    questions = mapping(asked, least=1)
    if Operator.IS not in operators:
        return questions
    del questions["type"]
    listed = [_list(field, shared)] if Operator.IN in operators else []
    return questions | {"anyOf": [*_values(field, place, shared), *listed, {"type": "object", "properties": {}}]}


def _operand(operator: Operator, field: Field, place: Place, shared: Definitions) -> Schema:
    match operator:
        case Operator.PRESENT | Operator.EMPTY:
            return {"type": "boolean"}
        case Operator.IN | Operator.NOT_IN | Operator.CONTAINS_ANY | Operator.CONTAINS_ALL:
            named = {"title": "Named list", "type": "string", "pattern": r"^lists\.[a-z][a-z0-9_]*$"}
            return {"anyOf": [_list(field, shared), named]}
        case Operator.BETWEEN:
            return several(_any_operand(field, place, shared), least=2) | {"maxItems": 2}
        case Operator.MATCHES:
            return {"type": "string"}
        case _:
            return _any_operand(field, place, shared)


def _any_operand(field: Field, place: Place, shared: Definitions) -> Schema:
    def make() -> Schema:
        offset = {"type": "string", "pattern": _OFFSET, "examples": ["3 months"]}
        offsets = {"plus": offset, "minus": offset} if field.type in _TIMES else {}
        other = mapping({"field": choice(_others(field, place)), **offsets}, required=["field"])
        return {"anyOf": [*_values(field, place, shared), {"title": "Another field", **other}]}

    return shared.ref(f"operand.{place.name}.{_sort(field)}", make)


def _values(field: Field, place: Place, shared: Definitions) -> Iterator[Schema]:
    """A constant, a parameter or the name of another field."""
    yield from _constants(field, shared)
    if field.type in {FieldType.NUMBER, FieldType.DATE}:
        yield {"type": "string", "pattern": r"^parameters\.[a-z][a-z0-9_]*$"}
    yield choice(_others(field, place))


def _list(field: Field, shared: Definitions) -> Schema:
    return several({"anyOf": list(_constants(field, shared))}, least=1)


def _others(field: Field, place: Place) -> Iterator[str]:
    return (path for path, other in place.fields().items() if _comparable(field, other))


def _comparable(field: Field, other: Field) -> bool:
    kind = field.type
    if kind is FieldType.TEXTS:
        kind = FieldType.CODE if field.codes else FieldType.TEXT
    if other.type is not kind or other.unit != field.unit:
        return False
    return not (field.codes and other.codes) or not set(field.codes).isdisjoint(other.codes)


def _constants(field: Field, shared: Definitions) -> Iterator[Schema]:
    match field.type:
        case _ if field.codes:
            sort = _sort(field)
            # No condition may ask whether a finding is undetermined (law 4).
            codes = choice(code for code in field.codes if code != Verdict.UNDETERMINED)
            yield {"$ref": f"#/$defs/{sort}"} if sort in shared.made else codes
        case FieldType.BOOLEAN:
            yield {"type": "boolean"}
        case FieldType.NUMBER:
            yield {"type": "number"}
            yield from _quantity(convertible(field.unit))
        case FieldType.DATE:
            yield {"type": "string", "pattern": DAY, "examples": ["2026-03-01"]}
        case FieldType.INSTANT:
            yield {"type": "string", "pattern": _INSTANT, "examples": ["2026-03-01T09:15:00+09:00"]}
        case _:
            yield {"type": "string"}


def _quantity(units: Collection[str]) -> Iterator[Schema]:
    words = "|".join(sorted({*units, *(unit.removesuffix("s") for unit in units)}))
    if words:
        pattern = rf"^[-+]?[0-9]+(\.[0-9]+)? ?({words})$"
        yield {"title": "Number with its unit", "type": "string", "pattern": pattern}

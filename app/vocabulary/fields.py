"""The catalogue of fields a rule may name, made from the wire model and the derived facts; there is no second list.

wire.Person, derived.PersonFacts  ->  subject.nationality, subject.age_years, ...
wire.Permit (a list of records)   ->  permits, permits.kind, permits.valid_until, ...
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AfterValidator, AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from app.vocabulary import derived, wire
from app.vocabulary.codes import SubjectKind
from app.vocabulary.countries import ISO3, STATE_CODES


class FieldType(StrEnum):
    """What kind of value a field has; operators depend on it."""

    TEXT = "text"
    CODE = "code"
    BOOLEAN = "boolean"
    NUMBER = "number"
    DATE = "date"
    INSTANT = "instant"
    TEXTS = "list of text"
    OBJECT = "object"
    RECORDS = "list of records"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the catalogue.

    `codes` is the closed list of allowed values, if there is one. `record` names the list a record's field belongs to.
    `always_known` fields can never be omitted; `nullable` ones may be said to be none.
    """

    path: str
    type: FieldType
    description: str
    labels: Mapping[str, str]
    subjects: frozenset[SubjectKind]
    unit: str | None = None
    codes: tuple[str, ...] | None = None
    record: str | None = None
    always_known: bool = False
    nullable: bool = False

    def __hash__(self) -> int:
        """By path: labels do not hash, and conditions are keys of the index backend."""
        return hash(self.path)

    @property
    def parent(self) -> str | None:
        """The object the field is below (`document` for `document.kind`), if the catalogue has one."""
        head, _, tail = self.path.partition(".")
        return head if tail and head in {"document", "visa", "vehicle", "manifest"} else None


BOTH = frozenset(SubjectKind)
_BY_KIND: Mapping[SubjectKind, tuple[tuple[str, type[BaseModel]], ...]] = {
    SubjectKind.INDIVIDUAL: (
        ("subject", derived.PersonFacts),
        ("subject", wire.Person),
        ("document", wire.Document),
        ("document", derived.DocumentFacts),
        ("visa", wire.Visa),
        ("stay", derived.StayFacts),
        ("history", derived.HistoryFacts),
        ("manifest", derived.PersonListedFacts),
    ),
    SubjectKind.LEGAL_ENTITY: (("subject", derived.OrganizationFacts), ("subject", wire.Organization)),
}
_SHARED: tuple[tuple[str, type[BaseModel]], ...] = (
    ("crossing", derived.CrossingFacts),
    ("checkpoint", derived.CheckpointFacts),
    ("vehicle", wire.Vehicle),
    ("vehicle", derived.VehicleFacts),
    ("manifest", derived.ManifestFacts),
)
# Members that stand at the top level of the facts, whatever object they are a member of on the wire.
_TOP: Mapping[str, tuple[type[BaseModel], ...]] = {
    "document": (),
    "visa": (),
    "vehicle": (),
    "manifest": (),
    "permits": (wire.Permit,),
    "cargo": (wire.CargoItem, derived.CargoFacts),
    "observations": (wire.Observation, derived.ObservationFacts),
}
_FINDINGS = Field(
    "findings",
    FieldType.RECORDS,
    "Verdicts of other rules in the same crossing, on any subject of it.",
    {"en": "Findings", "ru": "Выводы", "zh": "结论"},
    BOTH,
    always_known=True,
)


@cache
def catalogue(kind: SubjectKind) -> Mapping[str, Field]:
    """All fields a rule on this kind of subject may name, by path."""
    fields: dict[str, Field] = {}
    sections: tuple[tuple[str, type[BaseModel]], ...] = (
        *_SHARED,
        *_BY_KIND[kind],
        ("", wire.Crossing),
        ("", derived.OnRecord),
    )
    for prefix, model in sections:
        for field in _fields_of(prefix, model):
            if prefix or field.path.partition(".")[0] in _TOP:
                fields.setdefault(field.path, field)
    fields["findings"] = _FINDINGS
    fields |= {field.path: field for field in _fields_of("findings", derived.Finding, record="findings")}
    return types.MappingProxyType(
        {path: replace(field, subjects=_subjects(field, kind)) for path, field in fields.items()}
    )


def all_fields() -> tuple[Field, ...]:
    """The fields of both kinds, each once, those that mean the same for both merged; sorted by path."""
    individual, entity = (catalogue(kind) for kind in SubjectKind)
    merged: list[Field] = []
    for path in sorted(individual.keys() | entity.keys()):
        mine, theirs = individual.get(path), entity.get(path)
        if mine and theirs and replace(mine, subjects=BOTH) == replace(theirs, subjects=BOTH):
            merged.append(replace(mine, subjects=BOTH))
        else:
            merged.extend(field for field in (mine, theirs) if field)
    return tuple(merged)


def type_of(info: FieldInfo) -> FieldType:
    """The type of a member of the wire model."""
    return _type_of(info.annotation, tuple(info.metadata))[0]


def _subjects(field: Field, kind: SubjectKind) -> frozenset[SubjectKind]:
    return field.subjects or frozenset({kind})


def _fields_of(prefix: str, model: type[BaseModel], record: str | None = None) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra
        if not isinstance(extra, dict) or (extra.get("x-in-rules") is False):
            continue
        top = record is None and name in _TOP
        field = _field(name if top or not prefix else f"{prefix}.{name}", info, extra, record)
        yield field
        if field.type is FieldType.RECORDS:
            for part in _TOP[name]:
                yield from _fields_of(name, part, record=name)


def _field(path: str, info: FieldInfo, extra: Mapping[str, Any], record: str | None) -> Field:
    kind, codes, nullable = _type_of(info.annotation, tuple(info.metadata))
    return Field(
        path=path,
        type=kind,
        description=info.description or "",
        labels=extra["x-label"],
        subjects=frozenset(),
        unit=extra.get("x-unit"),
        codes=codes,
        record=record,
        always_known=info.is_required(),
        nullable=nullable,
    )


_SIMPLE: Mapping[Any, FieldType] = {
    bool: FieldType.BOOLEAN,
    int: FieldType.NUMBER,
    Decimal: FieldType.NUMBER,
    date: FieldType.DATE,
    AwareDatetime: FieldType.INSTANT,
    str: FieldType.TEXT,
}


def _type_of(annotation: Any, metadata: tuple[Any, ...]) -> tuple[FieldType, tuple[str, ...] | None, bool]:  # noqa: ANN401 (annotations have no common type)
    """Type, closed code list and whether null is allowed, read off an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _type_of(inner, (*metadata, *more))
    if origin in {Union, types.UnionType}:
        (inner,) = (arm for arm in get_args(annotation) if arm is not type(None))
        kind, codes, _ = _type_of(inner, metadata)
        return kind, codes, True
    if origin is list:
        (item,) = get_args(annotation)
        kind, codes, _ = _type_of(item, ())
        return (FieldType.RECORDS if kind is FieldType.OBJECT else FieldType.TEXTS), codes, False
    if issubclass(annotation, BaseModel):
        return FieldType.OBJECT, None, False
    if issubclass(annotation, StrEnum):
        return FieldType.CODE, tuple(annotation), False
    codes = _state_codes(metadata)
    return (FieldType.CODE if codes else _SIMPLE[annotation]), codes, False


def _state_codes(metadata: tuple[Any, ...]) -> tuple[str, ...] | None:
    for item in metadata:
        if isinstance(item, AfterValidator):
            return tuple(sorted(ISO3 if item == wire.COUNTRY else STATE_CODES))
    return None

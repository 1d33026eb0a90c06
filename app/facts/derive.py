"""Facts of each subject of a crossing.

What the event leaves out is not in the facts. What it says there is none of (`null`) is None, and so is everything
below it. Code values are plain text, so that facts survive a round trip through JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from pydantic import BaseModel

from app.facts import papers, subjects
from app.facts.reference_data import Checkpoint, ReferenceData
from app.facts.subjects import Subject
from app.vocabulary import derived, identifiers, wire
from app.vocabulary.codes import SubjectKind, UnStatus, VisaRequirement
from app.vocabulary.fields import FieldType, type_of
from app.vocabulary.values import Facts, Record, Value


def derive(
    event: wire.Crossing,
    checkpoint: Checkpoint,
    territory: frozenset[str],
    reference: ReferenceData,
    *,
    within_hours: bool | None = None,
) -> list[tuple[Subject, Facts]]:
    """Facts of each person and each organisation of the event, persons first.

    `territory` are the states whose common border is crossed; `within_hours` is None where hours are not known.
    """
    day = local_day(event.occurred_at, checkpoint)
    shared = _shared(event, checkpoint, day, reference)
    if within_hours is not None:
        shared["checkpoint.within_hours"] = within_hours
    found: list[tuple[Subject, Facts]] = []
    for index, each in enumerate(event.persons or ()):
        facts = _person(each, index, event, shared, checkpoint, reference)
        found.append((subjects.person(each, index, facts, territory), facts))
    for index, entity in enumerate(event.organizations or ()):
        facts = _entity(entity, index, event, shared)
        found.append((subjects.entity(entity, index, facts), facts))
    return found


def local_day(occurred_at: datetime, checkpoint: Checkpoint) -> date:
    """Calendar day at the checkpoint, by which law is judged."""
    return occurred_at.astimezone(checkpoint.time_zone).date()


def _shared(event: wire.Crossing, checkpoint: Checkpoint, day: date, reference: ReferenceData) -> dict[str, Value]:
    facts: dict[str, Value] = {
        "crossing.occurred_at": event.occurred_at,
        "crossing.date": day,
        "crossing.checkpoint": event.checkpoint,
        "crossing.direction": event.direction.value,
        "crossing.mode": event.mode.value,
        "checkpoint.state": checkpoint.state,
        "checkpoint.neighbour": checkpoint.neighbour,
        "checkpoint.modes": checkpoint.modes,
        "checkpoint.open": day in checkpoint.open,
    }
    if checkpoint.classification:
        facts["checkpoint.classification"] = checkpoint.classification
    facts |= {
        f"crossing.{name}": getattr(event, name)
        for name in ("area", "in_border_strip", "border_line_at")
        if name in event.model_fields_set
    }
    facts |= _object(event, "vehicle", wire.Vehicle, derived.VehicleFacts)
    if event.vehicle and "containers" in event.vehicle.model_fields_set:
        containers = [("iso6346_container", number) for number in event.vehicle.containers or ()]
        facts |= _validity("vehicle.containers_valid", containers)
    if "cargo" in event.model_fields_set:
        facts["cargo"] = tuple(_cargo(item, reference) for item in event.cargo or ())
    return facts


def _person(  # one argument for each source of facts
    person: wire.Person,
    index: int,
    event: wire.Crossing,
    shared: Mapping[str, Value],
    checkpoint: Checkpoint,
    reference: ReferenceData,
) -> dict[str, Value]:
    day = shared["crossing.date"]
    assert isinstance(day, date)  # noqa: S101 (narrows the type of what `_shared` put there)
    facts: dict[str, Value] = {
        **shared,
        "subject.kind": SubjectKind.INDIVIDUAL.value,
        **_members("subject", person),
    }
    facts |= _object(person, "document", wire.Document, derived.DocumentFacts)
    facts |= _object(person, "visa", wire.Visa)
    if person.document and "mrz" in person.document.model_fields_set:
        facts = _with_zone(facts, person, day)
    birth = facts.get("subject.birth_date")
    if isinstance(birth, date) and birth <= day:
        facts["subject.age_years"] = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    facts |= _visa_requirement(facts.get("subject.nationality"), checkpoint, reference, day)
    return facts | _records(person, event, SubjectKind.INDIVIDUAL, index)


def _with_zone(facts: dict[str, Value], person: wire.Person, day: date) -> dict[str, Value]:
    if not (person.document and person.document.mrz):
        return {**facts, "document.mrz_valid": None, "document.mrz_agrees": None}
    reading = papers.read(person, day)
    if reading is None:
        return facts
    return {
        **reading.filled,
        **facts,
        "document.mrz_valid": reading.valid,
        "document.mrz_agrees": reading.agrees,
    }


def _entity(
    entity: wire.Organization, index: int, event: wire.Crossing, shared: Mapping[str, Value]
) -> dict[str, Value]:
    facts: dict[str, Value] = {
        **shared,
        "subject.kind": SubjectKind.LEGAL_ENTITY.value,
        **_members("subject", entity),
    }
    if "identifiers" in entity.model_fields_set:
        given = [(scheme.value, number) for scheme, number in (entity.identifiers or {}).items()]
        facts |= _validity("subject.identifier_valid", given)
    return facts | _records(entity, event, SubjectKind.LEGAL_ENTITY, index)


def _validity(path: str, numbers: Sequence[tuple[str, str]]) -> dict[str, Value]:
    """False if one number is wrong, None if there are none, True if all are right, else nothing is known."""
    if not numbers:
        return {path: None}
    checks = [_check(scheme, number) for scheme, number in numbers]
    if False in checks:
        return {path: False}
    return {} if None in checks else {path: True}


# The same companies and containers come again and again. Four times as many as this would take a tenth of the memory
# of the whole service, and take it slowly.
_check = lru_cache(maxsize=16384)(identifiers.check)


def _visa_requirement(
    nationality: Value, checkpoint: Checkpoint, reference: ReferenceData, day: date
) -> dict[str, Value]:
    if not isinstance(nationality, str):
        return {}
    if nationality == checkpoint.state:
        return {"subject.visa_requirement": VisaRequirement.NONE.value, "subject.visa_free_days": None}
    rule = reference.visa(nationality, checkpoint.state, day)
    if rule is None or rule.requirement is None:
        return {}
    return {"subject.visa_requirement": rule.requirement.value, "subject.visa_free_days": rule.days}


def _records(
    owner: wire.Person | wire.Organization, event: wire.Crossing, kind: SubjectKind, index: int
) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    if "permits" in owner.model_fields_set:
        facts["permits"] = tuple(_members("permits", permit) for permit in owner.permits or ())
    if "observations" in event.model_fields_set:
        facts["observations"] = tuple(_observation(each, kind, index) for each in event.observations or ())
    return facts


def _observation(observation: wire.Observation, kind: SubjectKind, index: int) -> Record:
    record = _members("observations", observation)
    mine, theirs = ("person", "organization") if kind is SubjectKind.INDIVIDUAL else ("organization", "person")
    # Named of somebody else means it is not of this subject; named of nobody says nothing.
    if mine in observation.model_fields_set:
        record["observations.concerns_subject"] = getattr(observation, mine) == index
    elif theirs in observation.model_fields_set:
        record["observations.concerns_subject"] = False
    return record


def _cargo(item: wire.CargoItem, reference: ReferenceData) -> Record:
    record = _members("cargo", item)
    if "un_number" in item.model_fields_set:
        if not item.un_number:
            record["cargo.un_status"] = None
        # Of a rulebook without the table nothing is known, rather than that nothing is listed.
        elif reference.un_numbers:
            record["cargo.un_status"] = reference.un_numbers.get(item.un_number, UnStatus.NOT_LISTED).value
    if "hs" in item.model_fields_set and reference.hs_codes:
        record["cargo.hs_listed"] = item.hs[:6] in reference.hs_codes
    return record


def _object(owner: BaseModel, name: str, *models: type[BaseModel]) -> dict[str, Value]:
    """An object's presence and members; where it is said to be none, all that is below it is none too."""
    if name not in owner.model_fields_set:
        return {}
    value = getattr(owner, name)
    if value is None:
        return dict.fromkeys([name, *(f"{name}.{member}" for model in models for member in _scalars(model))])
    return {name: True} | _members(name, value)


def _members(prefix: str, model: BaseModel) -> dict[str, Any]:
    given, values = model.model_fields_set, model.__dict__
    return {
        path: plain(values[name]) if plain else values[name]
        for name, path, plain in _plan(prefix, type(model))
        if name in given
    }


@cache
def _plan(prefix: str, model: type[BaseModel]) -> tuple[tuple[str, str, Callable[[Any], Any] | None], ...]:
    """Member, path, and what makes its value a plain one, where it is none already."""
    plain = {FieldType.CODE: _code, FieldType.TEXTS: _texts}
    return tuple((name, f"{prefix}.{name}", plain.get(type_of(model.model_fields[name]))) for name in _scalars(model))


def _code(value: Any) -> Any:  # noqa: ANN401 (a member of a code list, or the text of a state)
    return value.value if isinstance(value, Enum) else value


def _texts(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


@cache
def _scalars(model: type[BaseModel]) -> tuple[str, ...]:
    """Members of a model that are facts by themselves."""
    elsewhere = {"document", "visa", "vehicle", "permits", "cargo", "observations"}
    return tuple(
        name
        for name, info in model.model_fields.items()
        if name not in elsewhere
        and isinstance(info.json_schema_extra, dict)
        and info.json_schema_extra.get("x-in-rules") is not False
    )

"""Measures over a subject's history, `measures.yaml`: each becomes a field that rules may ask for."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from app.language.diagnostics import Report
from app.language.from_surface.data import entries
from app.language.from_surface.shapes import LANGUAGES, choice, items, mapping, shown, text, titles
from app.language.ir import Count, Measure, Reach
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar
from app.language.units import converted, quantity, unit_named
from app.vocabulary.codes import CapacityUnit, Direction, Regime, StayBasis, SubjectKind
from app.vocabulary.fields import BOTH, Field, FieldType, all_fields, catalogue

SECTIONS: Final = ("stay", "history", "checkpoint", "crossing")
LONGEST: Final = 3660
A_YEAR: Final = 366  # the window of a count that may have one and is given none
_YEAR: Final = "calendar year"
_PERSONS: Final = frozenset({SubjectKind.INDIVIDUAL})
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Form:
    """What a count needs and may have beside title and note, its unit, and whose it can be."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    unit: str | None = None
    subjects: frozenset[SubjectKind] = BOTH


FORMS: Final[MappingOf[Count, Form]] = {
    Count.DAYS_PRESENT: Form(("window",), ("leave_out",), "days", _PERSONS),
    Count.CONTINUOUS_DAYS: Form((), ("leave_out", "window"), "days", _PERSONS),
    Count.DAYS_SINCE_ENTRY: Form((), (), "days", _PERSONS),
    Count.CROSSINGS: Form(("window",), ("reach", "direction")),
    Count.VIOLATIONS: Form(("window",), ("regime", "confirmed")),
    Count.MINUTES_SINCE_CROSSING: Form((), ("reach", "direction", "window"), "minutes"),
    Count.MINUTES: Form(("from", "until"), (), "minutes"),
    Count.WORKING_DAYS: Form(("from", "until"), (), "days", _PERSONS),
    Count.CHECKPOINT_CROSSINGS: Form((), ("of",)),
    Count.CAPACITY_SHARE: Form((), ("of",), "percent"),
}
# Counts that are none where what they count from or until is none.
_NULLABLE: Final = frozenset({Count.MINUTES_SINCE_CROSSING, Count.MINUTES, Count.WORKING_DAYS})
_BETWEEN: Final = {Count.MINUTES: FieldType.INSTANT, Count.WORKING_DAYS: FieldType.DATE}
_WORDS: Final = {FieldType.INSTANT: "an instant", FieldType.DATE: "a date"}
_KEYS: Final = ("leave_out", "window", "reach", "direction", "regime", "confirmed", "from", "until", "of")


def measures(node: Node, report: Report) -> Iterator[Measure]:
    """All of `measures.yaml` that could be read."""
    for key, value in entries(node, "measures.yaml", report):
        if _name(key, report):
            found = _measure(key, value, report)
            if found:
                yield found


def _name(key: Scalar, report: Report) -> bool:
    section, _, name = key.text.partition(".")
    if section not in SECTIONS or not name.replace("_", "").isalnum() or not name.isascii() or name != name.lower():
        hint = f"Begin it with {', '.join(f'{each}.' for each in SECTIONS)}; then small letters, digits and _"
        report.error(key.at, "bad-name", f"{key.text} cannot be the name of a measure", hint)
        return False
    if any(key.text in catalogue(kind) for kind in SubjectKind):
        report.error(key.at, "duplicate-id", f"there is a field {key.text} already", "Give the measure another name")
        return False
    return True


def _measure(key: Scalar, node: Node, report: Report) -> Measure | None:
    what = f"the measure {key.text}"
    entry = mapping(node, what, report, ("title", "count"), ("note", *_KEYS))
    count = choice(entry.get("count"), Count, "count", report) if entry else None
    if entry is None or count is None:
        return None
    form = FORMS[count]
    _keys_fit(entry, count, what, report)
    note = text(entry.get("note"), "note", report)
    title = titles(entry.get("title"), "title", report)
    days, year = _window(entry.get("window"), report)
    between = _between(entry, count, report)
    subjects = form.subjects.intersection(*(each.subjects for each in between or ()))
    if between and not subjects:
        message = f"no subject has both {between[0].path} and {between[1].path}"
        report.error(node.at, "field-of-other-kind", message, "Count between two fields of one kind of subject")
    if len(title) < len(LANGUAGES) or not subjects or (count in _BETWEEN and between is None):
        return None
    if "window" in form.needs and not (days or year):
        return None
    return Measure(
        field=Field(
            key.text,
            FieldType.NUMBER,
            note or title["en"],
            title,
            subjects,
            form.unit,
            nullable=count in _NULLABLE,
        ),
        count=count,
        days=days or (A_YEAR if "window" in form.may and not year else None),
        calendar_year=year,
        leave_out=frozenset(_several(entry.get("leave_out"), StayBasis, "leave_out", report)),
        reach=_one(entry.get("reach"), Reach, "reach", report) or Reach.ANYWHERE,
        direction=_one(entry.get("direction"), Direction, "direction", report),
        regimes=frozenset(_several(entry.get("regime"), Regime, "regime", report)),
        confirmed=_flag(entry.get("confirmed"), "confirmed", report),
        between=between,
        passing=_one(entry.get("of"), CapacityUnit, "of", report) or CapacityUnit.VEHICLES,
    )


def _keys_fit(entry: Mapping, count: Count, what: str, report: Report) -> None:
    """Each key must be one the count takes, and those it needs must be there."""
    form = FORMS[count]
    takes = form.needs + form.may
    for name in _KEYS:
        given = entry.get(name)
        if given and name not in takes:
            hint = f"Beside title and note it takes {', '.join(takes) or 'nothing more'}"
            report.error(given.at, "key-does-not-fit", f"{count} takes no {name}", hint)
        if given is None and name in form.needs:
            report.error(entry.at, "missing-key", f"{what} has no {name}", f"Add `{name}:`")


def _window(node: Node | None, report: Report) -> tuple[int | None, bool]:
    """Length in days, or whether it is the calendar year."""
    if node is None:
        return None, False
    if isinstance(node, Scalar) and node.text == _YEAR:
        return None, True
    amount = quantity(node.text) if isinstance(node, Scalar) else None
    unit = unit_named(amount[1]) if amount else None
    days = converted(amount[0], unit, "days") if amount and unit else None
    if days is None or days != int(days) or not 1 <= days <= LONGEST:
        hint = f"Write `180 days`, from 1 to {LONGEST}, or `{_YEAR}`"
        report.error(node.at, "wrong-type", f"window is a number of days, not {shown(node)}", hint)
        return None, False
    return int(days), False


def _between(entry: Mapping, count: Count, report: Report) -> tuple[Field, Field] | None:
    """The two fields time is counted between; each of the type the count needs."""
    first, last = entry.get("from"), entry.get("until")
    if count not in _BETWEEN or first is None or last is None:
        return None
    one, other = (_end(node, _BETWEEN[count], report) for node in (first, last))
    return (one, other) if one and other else None


def _end(node: Node, wanted: FieldType, report: Report) -> Field | None:
    path = text(node, "the field", report)
    known = {each.path: each for each in all_fields() if each.type is wanted and each.record is None}
    if path is not None and path not in known:
        hint = did_you_mean(path, known, one_of(sorted(known)))
        report.error(node.at, "unknown-field", f"there is no field {path} that is {_WORDS[wanted]}", hint)
    return known.get(path or "")


def _one(node: Node | None, among: type[_E], what: str, report: Report) -> _E | None:
    return choice(node, among, what, report) if node else None


def _several(node: Node | None, among: type[_E], what: str, report: Report) -> Iterator[_E]:
    for item in items(node, what, report):
        if (found := choice(item, among, what, report)) is not None:
            yield found


def _flag(node: Node | None, what: str, report: Report) -> bool:
    if node is None:
        return False
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    report.error(node.at, "wrong-type", f"{what} is true or false, not {shown(node)}", "Write true or false")
    return False

"""Data beside the rules: dated lists and parameters."""

import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from datetime import date
from decimal import Decimal

from app.language.diagnostics import Report
from app.language.from_surface.periods import in_words, overlaps
from app.language.from_surface.shapes import day, items, mapping, period, shown, text, titles
from app.language.ir import DatedValue, NamedSet, Parameter, Period, Provision
from app.language.scalars import looks_like_time
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar
from app.language.units import UNITS
from app.vocabulary.countries import STATE_CODES
from app.vocabulary.values import Scalar as Value

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LIST_TYPES = ("country", "code", "text")


def usable_name(name: str, node: Node, what: str, report: Report) -> bool:
    """Whether a name can be referred to."""
    if _NAME.fullmatch(name):
        return True
    hint = "Use small letters, digits and _, a letter first"
    report.error(node.at, "bad-name", f"{name} cannot be the name of a {what}", hint)
    return False


def named_set(name: str, node: Node, report: Report) -> NamedSet | None:
    """One file of `lists/`."""
    usable_name(name, node, "list", report)
    entry = mapping(node, f"the list {name}", report, ("title", "type", "members"), ("source", "note"))
    if entry is None:
        return None
    kind = text(entry.get("type"), "type", report)
    if kind and kind not in _LIST_TYPES and (where := entry.get("type")):
        report.error(where.at, "unknown-choice", f"type cannot be {kind}", one_of(_LIST_TYPES))
    members = entry.get("members")
    found = mapping(members, "members", report, optional=None) if members else None
    by_member = {key.text: _member(key, periods, kind, report) for key, periods in found.entries} if found else {}
    title = titles(entry.get("title"), "title", report)
    source = text(entry.get("source"), "source", report) or ""
    text(entry.get("note"), "note", report)
    return NamedSet(name, title, kind or "text", by_member, source)


def _member(key: Scalar, periods: Node, kind: str | None, report: Report) -> tuple[Period, ...]:
    if not isinstance(key.value, str):
        report.error(key.at, "not-a-text", f"a member is a text, not {shown(key)}", f'Put it in quotes, "{key.text}"')
    elif kind == "country" and key.text not in STATE_CODES:
        message = f"{key.text} is no code of ISO 3166-1 alpha-3 or ICAO Doc 9303"
        report.error(key.at, "unknown-code", message, did_you_mean(key.text, sorted(STATE_CODES)))
    if isinstance(periods, Scalar) and periods.value is None:
        return ()
    found = [
        _period(item, f"the period of {key.text}", report)
        for item in items(periods, f"the periods of {key.text}", report)
    ]
    return tuple(each for each in found if each)


def _period(node: Node, what: str, report: Report) -> Period | None:
    return period(mapping(node, what, report, (), ("from", "until")), what, report)


def parameters(node: Node, provisions: MappingOf[str, Provision] | None, report: Report) -> Iterator[Parameter]:
    """All of `parameters.yaml`."""
    found = mapping(node, "parameters.yaml", report, optional=None)
    for key, value in found.entries if found else ():
        usable_name(key.text, key, "parameter", report)
        parameter = _parameter(key.text, value, provisions, report)
        if parameter:
            yield parameter


def _parameter(name: str, node: Node, provisions: MappingOf[str, Provision] | None, report: Report) -> Parameter | None:
    entry = mapping(node, f"the parameter {name}", report, ("title", "values"), ("unit", "basis", "note"))
    if entry is None:
        return None
    unit, basis = text(entry.get("unit"), "unit", report), text(entry.get("basis"), "basis", report)
    if unit and unit not in UNITS and (where := entry.get("unit")):
        report.error(where.at, "unknown-unit", f"there is no unit {unit}", did_you_mean(unit, UNITS, one_of(UNITS)))
    if basis and (where := entry.get("basis")):
        known_provision(basis, where, provisions, report)
    text(entry.get("note"), "note", report)
    values = entry.get("values")
    dated = tuple(each for item in items(values, "values", report) if (each := _dated(item, name, report)))
    if values and not dated:
        report.error(
            values.at, "empty-list", f"the parameter {name} has no value", "Add `- {from: YYYY-MM-DD, value: …}`"
        )
    _check_order(name, dated, node, report)
    return Parameter(name, titles(entry.get("title"), "title", report), unit, dated, basis)


def known_provision(
    provision: str, node: Node, provisions: MappingOf[str, Provision] | None, report: Report
) -> Provision | None:
    """The provision of that id; reported if there is none and all provisions could be read."""
    if provisions is None:
        return None
    if provision not in provisions:
        hint = did_you_mean(provision, provisions, "Add it to rules/provisions, with its source")
        report.error(node.at, "unknown-provision", f"there is no provision {provision}", hint)
    return provisions.get(provision)


def _dated(node: Node, name: str, report: Report) -> DatedValue | None:
    what = f"a value of {name}"
    entry = mapping(node, what, report, ("value",), ("from", "until", "note"))
    value = _value(entry.get("value"), what, report) if entry else None
    when = period(entry, what, report)
    return DatedValue(when, value) if when and value is not None else None


def _value(node: Node | None, what: str, report: Report) -> Value | None:
    match node:
        case None:
            return None
        case Scalar(bool()):
            pass
        case Scalar(int() | Decimal() as value):
            return value
        case Scalar(date()) | Scalar(str()) if looks_like_time(node.text):
            return day(node, what, report)
        case _:
            pass
    report.error(node.at, "wrong-type", f"{what} is a number or a date, not {shown(node)}", "Write it without its unit")
    return None


def _check_order(name: str, dated: tuple[DatedValue, ...], node: Node, report: Report) -> None:
    for one, other in overlaps(each.period for each in dated):
        message = f"values of {name} overlap: {in_words(one)} and {in_words(other)}"
        report.error(node.at, "overlap", message, "End the earlier one the day before the later begins")
    if len({type(each.value) is date for each in dated}) > 1:
        report.error(node.at, "wrong-type", f"the parameter {name} holds dates and numbers", "Keep to one of them")


def entries(node: Node, what: str, report: Report) -> tuple[tuple[Scalar, Node], ...]:
    """Entries of a top-level mapping of any keys."""
    found = mapping(node, what, report, optional=None)
    return found.entries if isinstance(found, Mapping) else ()

"""Cases of a rule: a base event, changed for each case, and the verdict expected of it."""

from collections.abc import Collection, Iterator
from collections.abc import Mapping as MappingOf
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from app.language.diagnostics import Report
from app.language.from_surface.events import in_words, where_in
from app.language.from_surface.manifests import manifests
from app.language.from_surface.paths import omit, plain, put
from app.language.from_surface.shapes import choice, items, mapping, shown, text
from app.language.ir import Position, Rule
from app.language.suggest import did_you_mean
from app.language.surface import Mapping, Node, Scalar
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.fields import Field
from app.vocabulary.listed import Listed
from app.vocabulary.wire import Crossing


@dataclass(frozen=True, slots=True)
class Earlier:
    """An event on record, and the rules whose violations in it officers have confirmed."""

    event: MappingOf[str, Any]
    confirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """An event as on the wire (texts for dates; `id` and `source` may be absent) and what the rule must say of it.

    `before` and `manifests` are on record when it comes, in any order.

    `missing` are exactly the fields an undetermined verdict must name; None: they are not checked.
    """

    name: str
    event: MappingOf[str, Any]
    before: tuple[Earlier, ...]
    manifests: tuple[Listed, ...]
    subject_kind: SubjectKind
    subject_index: int
    expect: Verdict
    missing: frozenset[str] | None
    at: Position


@dataclass(frozen=True, slots=True)
class Named:
    """What cases may name: fields of the rule's kind of subject, and rules."""

    fields: MappingOf[str, Field]
    rules: Collection[str]


def cases(node: Node, rule: Rule, known: Named, report: Report) -> Iterator[Case]:
    """The cases of one file that could be read."""
    entry = mapping(node, "a file of cases", report, ("base", "cases"))
    base = mapping(entry.get("base") or node, "base", report, optional=None) if entry and entry.get("base") else None
    if entry is None or base is None:
        return
    names: set[str] = set()
    for item in items(entry.get("cases"), "cases", report):
        found = _case(item, base, rule, known, report)
        if found and found.name in names:
            report.error(
                found.at, "duplicate-name", f"there is another case named {found.name}", "Give each a name of its own"
            )
        if found:
            names.add(found.name)
            yield found


def _case(node: Node, base: Mapping, rule: Rule, known: Named, report: Report) -> Case | None:
    entry = mapping(
        node, "a case", report, ("name", "expect"), ("before", "manifests", "set", "omit", "subject", "missing")
    )
    if entry is None:
        return None
    before = [_earlier(item, base, known.rules, report) for item in items(entry.get("before"), "before", report)]
    lists = tuple(manifests(entry.get("manifests"), report))
    event = _event(entry, base, report)
    expect = choice(entry.get("expect"), Verdict, "expect", report)
    kind, index = _subject(entry.get("subject"), rule, report)
    missing = _missing(entry, expect, known.fields, report)
    name = text(entry.get("name"), "name", report)
    if event is None or not _valid(event, entry, base, report):
        return None
    listed = event.get("persons" if kind is SubjectKind.INDIVIDUAL else "organizations") or ()
    if index >= len(listed):
        where = entry.get("subject") or node
        count = f"{len(listed)} of them" if listed else "none"
        report.error(
            where.at,
            "no-such-subject",
            f"the event has no {kind.replace('_', ' ')} {index}",
            f"It has {count}, counted from 0",
        )
        return None
    earlier = tuple(each for each in before if each is not None)
    return Case(name, event, earlier, lists, kind, index, expect, missing, node.at) if name and expect else None


def _earlier(node: Node, base: Mapping, rules: Collection[str], report: Report) -> Earlier | None:
    """The base, changed as by a case's `set` and `omit`; `confirmed` names rules."""
    entry = mapping(node, "an earlier event", report, (), ("set", "omit", "confirmed"))
    event = _event(entry, base, report) if entry else None
    if entry is None or event is None or not _valid(event, entry, base, report):
        return None
    confirmed = [
        (item, name)
        for item in items(entry.get("confirmed"), "confirmed", report)
        if (name := text(item, "a rule", report))
    ]
    for item, name in confirmed:
        if name not in rules:
            report.error(item.at, "unknown-rule", f"there is no rule {name}", did_you_mean(name, rules))
    return Earlier(event, tuple(name for _, name in confirmed if name in rules))


def _event(entry: Mapping, base: Mapping, report: Report) -> dict[str, Any] | None:
    event: dict[str, Any] = deepcopy(plain(base))
    good = True
    changes, omitted = entry.get("set"), items(entry.get("omit"), "omit", report)
    found = mapping(changes, "set", report, optional=None) if changes else None
    for key, value in found.entries if found else ():
        good &= put(event, key, plain(value), report)
    for item in omitted:
        good &= isinstance(item, Scalar) and omit(event, item, report)
        if not isinstance(item, Scalar):
            report.error(item.at, "not-a-text", f"omit names paths, not {shown(item)}", "Write `- persons.0.visa`")
    return event if good else None


def _valid(event: dict[str, Any], entry: Mapping, base: Mapping, report: Report) -> bool:
    """Whether the event is one the service would take; faults are shown where they were written."""
    try:
        Crossing.model_validate_json(orjson.dumps({"id": "case", "source": "case", **event}))
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            at, path = where_in(fault["loc"], entry, base)
            message, hint = in_words(fault)
            report.error(at, "bad-event", f"the event is not valid at {path}: {message}", hint)
        return False
    return True


def _subject(node: Node | None, rule: Rule, report: Report) -> tuple[SubjectKind, int]:
    entry = mapping(node, "subject", report, (), ("kind", "index")) if node else None
    if entry is None:
        return rule.applies_to, 0
    kind = choice(entry.get("kind"), SubjectKind, "kind", report) or rule.applies_to
    where = entry.get("kind")
    if where and kind is not rule.applies_to:
        message = f"the rule is on {rule.applies_to.replace('_', ' ')} subjects, and the case names another kind"
        report.error(where.at, "wrong-kind", message, f"Write kind: {rule.applies_to}")
    index = entry.get("index")
    if index is None:
        return kind, 0
    if (
        isinstance(index, Scalar)
        and isinstance(index.value, int)
        and not isinstance(index.value, bool)
        and index.value >= 0
    ):
        return kind, index.value
    report.error(index.at, "wrong-type", f"index counts from 0, and {shown(index)} does not", "Write 0 for the first")
    return kind, 0


def _missing(
    entry: Mapping, expect: Verdict | None, known: MappingOf[str, Field], report: Report
) -> frozenset[str] | None:
    node = entry.get("missing")
    if node is None:
        return None
    if expect is not Verdict.UNDETERMINED:
        report.error(
            node.at, "missing-not-undetermined", "only an undetermined verdict has missing fields", "Leave missing out"
        )
    found = [(item, path) for item in items(node, "missing", report) if (path := text(item, "a missing field", report))]
    for item, path in found:
        if path not in known:
            report.error(item.at, "unknown-field", f"there is no field {path}", did_you_mean(path, known))
    return frozenset(path for _, path in found)

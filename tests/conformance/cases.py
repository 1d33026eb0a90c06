"""Reads corpus/*.yaml: what rules of the language mean, as a rule author would write it down.

A file has `kind`, shared `parameters`, `lists`, `definitions` and `other_rules` (ids that findings may name), and
`cases`. A case has a `rule` (or `versions`, with `gaps`), a `day`, `facts` and the `verdict` on them; with `missing`,
exactly the fields that leave it undetermined. Under `examples` it has several of them, each laid over the case's own
`day` and `facts`. Facts are keyed by catalogue path; `document: present` says that there is one, a member given below
it too; `document: null` says that there is none. What an event always says has a default.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import ScalarNode

from app.facts.codec import typed
from app.language.load import load
from app.language.resolve import Resolved, resolve
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.fields import Field, FieldType, catalogue
from app.vocabulary.values import Facts

FOLDER: Final = Path(__file__).parent / "corpus"
RULE: Final = "RUS-DOCUMENTS-001"
NOT_IN_FORCE: Final = "not_in_force"
_DAY: Final = "2026-03-01"
_TITLE: Final = {"en": "Corpus", "ru": "Корпус", "zh": "语料"}
_ALWAYS: Final = {
    "crossing.occurred_at": "2026-03-01T09:15:00+09:00",
    "crossing.checkpoint": "RUS-ZABAYKALSK",
    "crossing.direction": "entry",
    "crossing.mode": "road",
    "checkpoint.state": "RUS",
    "checkpoint.neighbour": "CHN",
    "checkpoint.open": True,
    "findings": [],
}
_FINDING: Final[dict[str, object]] = {
    "findings.severity": "serious",
    "findings.subject_kind": "individual",
    "findings.same_subject": False,
}


class Plain(str):
    """A scalar written without quotes: it goes into the rule as it was written."""

    __slots__ = ()


class _AsWritten(SafeConstructor):
    def scalar(self, node: ScalarNode) -> str:
        return Plain(node.value) if node.style is None else str(node.value)


for _tag in ("int", "float", "timestamp", "str"):
    _AsWritten.add_constructor(f"tag:yaml.org,2002:{_tag}", _AsWritten.scalar)


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """The files of a rulebook with the one rule a case is about, by path."""

    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A rule on a day, facts, and the verdict that follows; None where the rule is not in force that day."""

    id: str
    law: Law
    day: date
    kind: SubjectKind
    facts: Facts
    verdict: Verdict | None
    missing: frozenset[str] | None

    @property
    def resolved(self) -> Resolved | None:
        """The rule as of the case's day; an AssertionError with the diagnostics if it does not load."""
        return _resolved(self.law, self.day)


@cache
def _resolved(law: Law, day: date) -> Resolved | None:
    loaded = load(law.sources)
    assert loaded.rulebook is not None, "\n".join(map(str, loaded.diagnostics))
    return resolve(loaded.rulebook, loaded.rulebook.rules[RULE], day)


def read() -> Iterator[Case]:
    """All cases of the folder."""
    for path in sorted(FOLDER.glob("*.yaml")):
        yaml = YAML(typ="safe", pure=True)
        yaml.Constructor = _AsWritten
        yield from _file(path.stem, yaml.load(path))


def _file(name: str, content: dict[str, Any]) -> Iterator[Case]:
    kind = SubjectKind(content.pop("kind"))
    cases = content.pop("cases")
    for case in cases:
        law = Law(_sources(kind, content, case))
        examples = case.pop("examples", None)
        if examples is None:
            yield _case(f"{name}: {case['name']}", law, kind, case, {})
        for number, example in enumerate(examples or (), 1):
            yield _case(f"{name}: {case['name']}: {example.get('name', number)}", law, kind, case, example)


def _case(id_: str, law: Law, kind: SubjectKind, case: Mapping[str, Any], example: Mapping[str, Any]) -> Case:
    unknown = (example.keys() - {"name", "day", "facts", "verdict", "missing"}) | (
        case.keys() - {"name", "day", "facts", "verdict", "missing", "rule", "versions", "gaps", "in_force"}
    )
    assert not unknown, f"{id_}: {unknown}"
    stated = {**case, **example}
    day = stated.get("day", _DAY)
    missing, verdict = stated.get("missing"), stated["verdict"]
    return Case(
        id_,
        law,
        date.fromisoformat(day),
        kind,
        facts_of({"crossing.date": day, **case.get("facts", {}), **example.get("facts", {})}, kind),
        None if verdict == NOT_IN_FORCE else Verdict(verdict),
        None if missing is None else frozenset(missing),
    )


def facts_of(written: Mapping[str, Any], kind: SubjectKind) -> Facts:
    """Typed facts of what a case states, with what an event always says."""
    fields = catalogue(kind)
    stated: dict[str, Any] = {**_ALWAYS, "subject.kind": str(kind)}
    for path, value in written.items():
        field = fields[path]
        if field.parent is not None:
            stated.setdefault(field.parent, True)
        stated |= _below_none(path, fields) if value is None else {path: _stated(field, value)}
    return typed(stated, fields)


def _below_none(path: str, fields: Mapping[str, Field]) -> dict[str, None]:
    return dict.fromkeys([path, *(each.path for each in fields.values() if each.parent == path)])


def _stated(field: Field, value: Any) -> Any:  # noqa: ANN401 (any YAML value)
    match field.type:
        case FieldType.OBJECT:
            assert value == "present", f"{field.path}: {value}"
            return True
        case FieldType.RECORDS:
            default: dict[str, object] = _FINDING if field.path == "findings" else {}
            return [default | {f"{field.path}.{name}": _text(each) for name, each in item.items()} for item in value]
        case FieldType.TEXTS:
            return [_text(each) for each in value]
        case _:
            return _text(value)


def _text(value: Any) -> Any:  # noqa: ANN401 (any YAML scalar)
    return str(value) if isinstance(value, str) else value


def _sources(kind: SubjectKind, content: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, str]:
    titled = {"title": _TITLE, "basis": "RU-TEST-1"}
    listed = {"title": _TITLE, "source": "the corpus"}
    unknown = content.keys() - {"parameters", "lists", "definitions", "other_rules"}
    assert not unknown, unknown
    sources = {
        "provisions/RUS.yaml": {"RU-TEST-1": _PROVISION},
        "parameters.yaml": {name: {**titled, **each} for name, each in content.get("parameters", {}).items()},
        "definitions.yaml": {
            name: {"title": _TITLE, "when": each} for name, each in content.get("definitions", {}).items()
        },
        _path(RULE): _rule(RULE, kind, case),
    }
    sources |= {f"lists/{name}.yaml": {**listed, **each} for name, each in content.get("lists", {}).items()}
    others = {id_: {"require": {"subject.kind": {"present": True}}} for id_ in content.get("other_rules", ())}
    sources |= {_path(id_): _rule(id_, SubjectKind.INDIVIDUAL, {"rule": each}) for id_, each in others.items()}
    return {path: written(each) for path, each in sources.items()}


_PROVISION: Final = {
    "act": "Act made up for the corpus",
    "article": "1",
    "jurisdiction": "RUS",
    "regime": "documents",
    "summary": _TITLE,
    "source": "the corpus",
    "verification": "text_found",
}


def _path(id_: str) -> str:
    jurisdiction, regime, _ = id_.split("-")
    return f"{jurisdiction}/{regime.lower()}/{id_}.yaml"


def _rule(id_: str, kind: SubjectKind, case: Mapping[str, Any]) -> dict[str, Any]:
    in_force = case.get("in_force", {"from": Plain("1900-01-01")})
    versions = case.get("versions") or [{"in_force": in_force, **case["rule"]}]
    basis = [{"provision": "RU-TEST-1"}]
    return {
        "id": id_,
        "title": _TITLE,
        "regime": id_.split("-")[1].lower(),
        "jurisdiction": "RUS",
        "applies_to": str(kind),
        "status": "active",
        "owner": "Corpus",
        "severity": "serious",
        "advice": "refer",
        "review_by": Plain("2030-01-01"),
        **({"gaps": case["gaps"]} if "gaps" in case else {}),
        "versions": [{"basis": basis, **version} for version in versions],
    }


def written(value: Any) -> str:  # noqa: ANN401 (any YAML value)
    """The value as YAML in flow style; plain scalars stay plain, so that the rule under test is what was written."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(key)}: {written(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case Plain() if not set(value) & set(",[]{}#'\"\\") and ": " not in value:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)

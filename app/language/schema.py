"""JSON Schema of rule files for editors, made from the catalogue and a folder's measures.

In each place it offers the fields that may be named there, only the operators that fit the field's type, and operands
of that type. `app.language.load` decides what is right; the schema refuses nothing that `load` accepts. To make it:

    .venv/bin/python -m app.language.schema rules > rules/rule.schema.json
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from app.language.diagnostics import Report
from app.language.from_surface.measures import measures
from app.language.ir import Measure, Status
from app.language.load import read_sources
from app.language.schema_conditions import Place, condition, named_codes
from app.language.schema_parts import Definitions, Schema, choice, day, mapping, several, text, titles
from app.language.surface import read
from app.vocabulary.codes import Advice, Regime, Severity, SubjectKind
from app.vocabulary.countries import ISO3, STATE_CODES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEASURES: Final = "measures.yaml"
_OPTIONAL: Final = frozenset({"limits", "related", "gaps", "note"})


def rule_schema(counted: Iterable[Measure] = ()) -> Schema:
    """The schema of a rule file where these measures are defined."""
    shared = Definitions()
    shared.ref("country", lambda: named_codes(ISO3))
    shared.ref("state", lambda: named_codes(STATE_CODES))
    head = _head()
    kinds = [_versions_of(Place(kind, measures=tuple(counted)), shared) for kind in SubjectKind]
    return {
        "$schema": DIALECT,
        "title": "Rule",
        "description": "One rule of law with its versions over time.",
        **mapping(head, required=[key for key in head if key not in _OPTIONAL]),
        "allOf": kinds,
        "$defs": dict(sorted(shared.made.items())),
    }


def as_text(schema: Schema) -> str:
    """The schema as it is kept in a file."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _versions_of(place: Place, shared: Definitions) -> Schema:
    """What the versions of a rule on a kind of subject are like."""
    return {
        "if": {"properties": {"applies_to": {"const": str(place.kind)}}, "required": ["applies_to"]},
        "then": {"properties": {"versions": {"items": _version(condition(place, shared))}}},
    }


def _head() -> dict[str, Schema]:
    period = {"from": day("First day."), "until": day("Last day, included.")}
    relation = choice(("supersedes", "replaced_by", "complements", "excludes"))
    related = mapping({"kind": relation, "rule": text("Id of the other rule.")}, required=["kind", "rule"])
    gap = mapping({**period, "why": text("Why no version is in force.")}, required=["from", "until", "why"])
    where = "At whose checkpoints it applies: ISO 3166 alpha-3, an ICAO code such as EUE, or INT for everywhere."
    limits = {"over": text("When it finds too much."), "under": text("When it finds too little.")}
    return {
        "id": text("Unique id; also the file's name."),
        "title": titles("Title in three languages."),
        "regime": choice(Regime, "Regime the rule belongs to; also its folder."),
        "jurisdiction": {"anyOf": [{"$ref": "#/$defs/state"}, {"const": "INT"}], "description": where},
        "applies_to": choice(SubjectKind, "Kind of subject it is judged of."),
        "status": choice(Status, "draft and retired are not evaluated; shadow is, but never shown as a violation."),
        "owner": text("Who answers for the rule."),
        "severity": choice(Severity, "How grave a violation is."),
        "advice": choice(Advice, "What the lane is advised to do."),
        "review_by": day("Day by which the owner reviews it."),
        "limits": mapping(limits),
        "related": several(related, "Relations to other rules."),
        "gaps": several(gap, "Days on which no version is in force, and why."),
        "note": text("Anything a reader should know."),
        "versions": {"type": "array", "minItems": 1, "description": "The law over time; no two may overlap."},
    }


def _version(asked: Schema) -> Schema:
    basis = mapping({"provision": text("Id of the provision."), "note": text()}, required=["provision"])
    in_force = mapping({"from": day("First day."), "until": day("Last day, included.")})
    properties: dict[str, Schema] = {
        "in_force": in_force | {"description": "Days at the checkpoint on which it is law."},
        "basis": several(basis, "Provisions it rests on.", least=1),
        "when": {**asked, "description": "Whom and what the rule governs."},
        "unless": {**asked, "description": "Lawful exceptions."},
        "require": {**asked, "description": "What must then hold."},
        "forbid": {**asked, "description": "What must then not hold."},
        "sanction": text("Id of the provision that sets the sanction."),
        "note": text("Anything a reader should know."),
    }
    either = [{"required": ["require"]}, {"required": ["forbid"]}]
    return {**mapping(properties, required=["basis"]), "anyOf": either}


def measures_in(sources: Mapping[str, str], report: Report | None = None) -> tuple[Measure, ...]:
    """Measures of a folder's files, as far as they can be read; what is wrong goes into the report."""
    report = report or Report()
    node = read(MEASURES, sources[MEASURES], report) if MEASURES in sources else None
    return tuple(measures(node, report)) if node else ()


if __name__ == "__main__":
    sys.stdout.write(as_text(rule_schema(measures_in(read_sources(Path(sys.argv[1]))))))

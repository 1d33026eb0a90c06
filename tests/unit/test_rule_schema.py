"""The schema for editors: valid, fresh, refuses nothing that loads, and refuses what an author often gets wrong."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import ScalarNode

from app.language.ir import All, Operator, Quantifier
from app.language.load import parse_condition
from app.language.operators import FITTING
from app.language.printer import condition_text
from app.language.schema import as_text, rule_schema
from app.language.schema_conditions import Place
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import FieldType
from tests import strategies
from tests.conformance import cases
from tests.golden.test_golden import HERE as GOLDEN
from tests.golden.test_golden import sources

ROOT: Final = Path(__file__).parents[2]
RULES: Final = ROOT / "rules"
SCHEMA: Final = rule_schema(strategies.COUNTED)
VALIDATOR: Final = Draft202012Validator(SCHEMA)
PLACES: Final = [
    Place(kind, record, strategies.COUNTED)
    for kind in SubjectKind
    for record in (None, "permits", "cargo", "observations", "findings")
]


class _AsJson(SafeConstructor):
    """Days and instants stay text, as in an editor's YAML 1.2."""

    def text(self, node: ScalarNode) -> str:
        return str(node.value)


_AsJson.add_constructor("tag:yaml.org,2002:timestamp", _AsJson.text)


def parsed(text: str) -> Any:  # noqa: ANN401 (any YAML value)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _AsJson
    return yaml.load(text)


def messages(rule: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(rule)]


def rule(require: Mapping[str, Any], **head: object) -> dict[str, Any]:
    return {
        "id": "RUS-DOCUMENTS-001",
        "title": {"en": "a", "ru": "b", "zh": "c"},
        "regime": "documents",
        "jurisdiction": "RUS",
        "applies_to": "individual",
        "status": "active",
        "owner": "Border Service",
        "severity": "serious",
        "advice": "refer",
        "review_by": "2027-01-01",
        "versions": [{"basis": [{"provision": "X-1"}], "require": require}],
        **head,
    }


def test_the_schema_is_a_json_schema_and_every_reference_leads_somewhere() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(_references(SCHEMA)) == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def _references(schema: object) -> Iterator[str]:
    match schema:
        case dict():
            for key, value in schema.items():
                yield from [value] if key == "$ref" else _references(value)
        case list():
            for each in schema:
                yield from _references(each)
        case _:
            return


def test_the_schema_beside_the_rules_is_fresh() -> None:
    kept = (RULES / "rule.schema.json").read_text(encoding="utf-8")
    assert kept == as_text(SCHEMA), "run .venv/bin/python -m app.language.schema rules > rules/rule.schema.json"


def _good() -> Iterator[Any]:
    for path in sorted((GOLDEN / "good").glob("*.yaml")):
        for file, text in sources(path).items():
            if _is_rule(file):
                yield pytest.param(text, id=f"{path.stem}: {file}")
    for path in sorted(RULES.glob("*/*/*.yaml")):
        if _is_rule(str(path.relative_to(RULES))):
            yield pytest.param(path.read_text(encoding="utf-8"), id=path.stem)


def _is_rule(file: str) -> bool:
    return file.count("/") == Path("a/b/c").as_posix().count("/") and not file.endswith(".cases.yaml")


@pytest.mark.parametrize("text", list(_good()))
def test_a_good_rule_is_valid(text: str) -> None:
    assert messages(parsed(text)) == []


def test_every_rule_of_the_conformance_corpus_is_valid() -> None:
    path = "RUS/documents/RUS-DOCUMENTS-001.yaml"
    laws = {case.law.sources[path]: case.id for case in cases.read()}
    found = {id_: messages(parsed(text)) for text, id_ in laws.items()}
    assert {id_: why for id_, why in found.items() if why} == {}


@given(st.data())
def test_every_condition_that_the_language_accepts_is_valid(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(SubjectKind)))
    text = condition_text(data.draw(strategies.conditions(kind)))
    accepted, _ = parse_condition(text, kind, definitions={"shared": All(())}, measures=strategies.COUNTED)
    assume(accepted)
    assert messages(rule(parsed(text), applies_to=str(kind))) == [], text


@pytest.mark.parametrize(
    "require",
    [
        pytest.param({"document.expires": "2026-01-01"}, id="a misspelt field"),
        pytest.param({"document.expires_on": {"on_or_aftr": "2026-01-01"}}, id="a misspelt operator"),
        pytest.param({"document.expires_on": {"below": 3}}, id="an operator for numbers on a date"),
        pytest.param({"subject.age_years": {"before": "2026-01-01"}}, id="an operator for dates on a number"),
        pytest.param({"document.kind": {"starts_with": "pass"}}, id="an operator for text on a code"),
        pytest.param({"checkpoint.modes": "road"}, id="a bare value on a list"),
        pytest.param({"checkpoint.modes": {"contains": "rod"}}, id="a misspelt code in a list"),
        pytest.param({"document.kind": "passprt"}, id="a misspelt code"),
        pytest.param({"subject.nationality": {"in": ["CHN", "Russia"]}}, id="a name where a code belongs"),
        pytest.param({"document": {"is": True}}, id="an object asked for a value"),
        pytest.param({"subject.country": "RUS"}, id="a field of the other kind of subject"),
        pytest.param({"permits.kind": "zone_pass"}, id="a record's field outside a quantifier"),
        pytest.param({"permits": {"any": {"kind": "zone_pass"}}}, id="a misspelt quantifier"),
        pytest.param({"permits": {"some": {"hs": "870899"}}}, id="a field of other records"),
        pytest.param({"permits": {"some": {"cargo": {"some": {"declared": True}}}}}, id="a quantifier in another"),
        pytest.param({"findings": {"present": True}}, id="findings without a rule"),
        pytest.param({"findings": {"some": {"verdict": "undetermined"}}}, id="an undetermined finding"),
        pytest.param({"vehicle.gross_weight_kg": {"at_most": "40 days"}}, id="a unit of another measure"),
        pytest.param({"document.expires_on": {"after": {"field": "subject.age_years"}}}, id="a field of another type"),
        pytest.param({"document.expires_on": {"after": {"field": "crossing.date", "plus": "1 moon"}}}, id="an offset"),
        pytest.param({"subject.age_years": {"between": [18]}}, id="between with one end"),
        pytest.param({"subject.age_years": None}, id="null"),
        pytest.param({"all": {"document.kind": "passport"}}, id="all without a list"),
        pytest.param({}, id="an empty condition"),
    ],
)
def test_a_frequent_mistake_is_not_valid(require: dict[str, Any]) -> None:
    assert messages(rule({"document.kind": "passport"})) == []
    assert messages(rule(require))


@pytest.mark.parametrize(
    "head",
    [
        {"regimes": "documents"},
        {"regime": "papers"},
        {"jurisdiction": "Russia"},
        {"title": {"en": "only English"}},
        {"review_by": "soon"},
        {"versions": []},
        {"versions": [{"basis": [], "require": {"document.kind": "passport"}}]},
        {"versions": [{"require": {"document.kind": "passport"}}]},
        {"versions": [{"basis": [{"provision": "X-1"}], "when": {"document.kind": "passport"}}]},
    ],
    ids=str,
)
def test_a_wrong_head_or_version_is_not_valid(head: dict[str, Any]) -> None:
    assert messages(rule({"document.kind": "passport"}, **head))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_field_is_offered_with_the_operators_that_fit_it_and_no_others(place: Place) -> None:
    offered = SCHEMA["$defs"][f"condition.{place.name}"]["properties"]
    fields = place.fields()
    assert offered.keys() == {"all", "any", "not", "definition"} | fields.keys()
    for path, field in fields.items():
        questions = SCHEMA["$defs"][offered[path]["$ref"].rpartition("/")[2]]
        operators: set[Operator | Quantifier] = set() if path == "findings" else set(FITTING[field.type])
        if field.type is FieldType.RECORDS and place.record is None:
            operators |= set(Quantifier)
        assert questions["properties"].keys() == operators, path
        assert offered[path]["title"] == field.labels["en"]

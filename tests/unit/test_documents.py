"""Words of records in each language, the conditions they tell, and their codes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import typst

from app.documents import labels
from app.documents.conditions import deciding
from app.documents.labels import Language, Texts
from app.documents.record import State, code
from app.evaluation.sanctions import concerning
from app.identity.users import LANGUAGES
from app.language.from_surface.provisions import Verification
from app.language.ir import Operator, Quantifier
from app.violations.records import Change
from app.violations.workflow import Action
from app.vocabulary.codes import (
    Direction,
    Ground,
    Mode,
    OrganizationRole,
    Outcome,
    PersonRole,
    Regime,
    Severity,
    SubjectKind,
    ViolationStatus,
)

ROOT = Path(__file__).parents[2]
FONTS = typst.Fonts(include_system_fonts=False, font_paths=[ROOT / "app/documents/fonts"])
SCRIPT = {Language.RU: re.compile("[а-яё]"), Language.ZH: re.compile("[\u4e00-\u9fff]")}


def every() -> Iterator[tuple[str, Texts]]:
    for place, value in vars(labels).items():
        if isinstance(value, Mapping) and place.isupper() and place != "CODES":
            yield from ((f"{place}.{name}", texts) for name, texts in value.items())
    yield from ((f"SIGNATURES.{number}", texts) for number, texts in enumerate(labels.SIGNATURES))


def test_the_languages_of_records_are_those_of_people() -> None:
    assert tuple(Language) == LANGUAGES


@pytest.mark.parametrize("language", SCRIPT)
def test_every_word_is_in_every_language_and_its_script(language: Language) -> None:
    for name, texts in every():
        assert SCRIPT[language].search(texts[language]), name
        assert texts[Language.EN].isascii(), name


def test_a_word_asks_for_the_same_parts_in_every_language() -> None:
    for name, texts in every():
        parts = [sorted(re.findall(r"\{(\w+)\}", texts[language])) for language in Language]
        assert parts[0] == parts[1] == parts[2], name


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (ViolationStatus, labels.STATUS),
        (Outcome, labels.OUTCOME),
        (Severity, labels.SEVERITY),
        (Regime, labels.REGIME),
        (Direction, labels.DIRECTION),
        (Mode, labels.MODE),
        (SubjectKind, labels.KIND),
        (Ground, labels.GROUND),
        (Operator, labels.OPERATOR),
        (Quantifier, labels.QUANTIFIER),
        (Verification, labels.VERIFICATION),
        (PersonRole, labels.ROLE),
        (OrganizationRole, labels.ROLE),
    ],
)
def test_every_code_has_words(codes: type[StrEnum], words: Mapping[str, Texts]) -> None:
    assert {*codes} <= {*words}


def test_only_what_is_between_colleagues_is_left_out_of_a_record() -> None:
    left_out = {Action.TAKE, Action.HAND_BACK, Action.HAND_OVER, Action.COMMENT, Action.ATTACH}
    assert {*Action} - {*labels.ACTION} == left_out


def test_the_fonts_have_every_character_of_the_words_and_of_the_rules() -> None:
    files = (path.read_text() for path in (ROOT / "rules").rglob("*.yaml"))
    shown = {*"".join(files)} | {each for _, texts in every() for language in Language for each in texts[language]}
    # PDF/UA refuses a character for which there is no glyph.
    typst.compile(
        b'#set document(title: "t")\n#set text(font: ("Libertinus Serif", "Droid Sans Fallback"))\n#sys.inputs.shown',
        font_paths=FONTS,
        ignore_system_fonts=True,
        sys_inputs={"shown": " ".join(sorted(each for each in shown if each.isprintable()))},
        pdf_standards=["ua-1"],
    )


# --- conditions ---------------------------------------------------------------------------------------------


def leaf(name: str, truth: str) -> dict[str, Any]:
    return {"condition": "leaf", "field": name, "truth": truth}


def node(condition: str, truth: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"condition": condition, "truth": truth, "parts": list(parts), "field": "permits"}


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (leaf("a", "true"), ["a"]),
        (node("all", "true", leaf("a", "true"), leaf("b", "true")), ["a", "b"]),
        (node("all", "false", leaf("a", "true"), leaf("b", "false"), leaf("c", "unknown")), ["b"]),
        (node("any", "true", leaf("a", "false"), leaf("b", "true")), ["b"]),
        (node("any", "false", leaf("a", "false"), leaf("b", "false")), ["a", "b"]),
        (node("not", "false", node("all", "true", leaf("a", "true"), leaf("b", "true"))), ["a", "b"]),
        (node("definition", "true", leaf("a", "true")), ["a"]),
        (node("some", "true", leaf("a", "false"), leaf("b", "true")), ["b"]),
        (node("some", "false", leaf("a", "false"), leaf("b", "false")), ["a", "b"]),
        (node("some", "false"), ["permits"]),
        (node("every", "false", leaf("a", "true"), leaf("b", "false")), ["b"]),
        (node("none", "true", leaf("a", "false")), ["a"]),
        (node("none", "false", leaf("a", "false"), leaf("b", "true")), ["b"]),
    ],
)
def test_only_the_conditions_that_decided_are_told(tree: dict[str, Any], told: list[str]) -> None:
    assert [each["field"] for each in deciding(tree)] == told


# --- sanctions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "facts", "classes"),
    [
        (SubjectKind.INDIVIDUAL, {"subject.nationality": "CHN", "subject.role": "driver"}, "foreign_citizen"),
        (SubjectKind.INDIVIDUAL, {"subject.nationality": "RUS"}, "citizen"),
        (SubjectKind.INDIVIDUAL, {}, ""),
        (SubjectKind.LEGAL_ENTITY, {"subject.role": "carrier"}, "legal_entity carrier"),
        (SubjectKind.LEGAL_ENTITY, {"subject.role": "consignee"}, "legal_entity"),
    ],
)
def test_sanctions_are_those_of_the_subjects_class(kind: SubjectKind, facts: dict[str, Any], classes: str) -> None:
    known = [{"subject_class": name} for name in ("citizen", "foreign_citizen", "official", "legal_entity", "carrier")]
    assert [each["subject_class"] for each in concerning(known, kind, "RUS", facts)] == classes.split()


def test_where_foreigners_are_not_told_apart_citizens_are_natural_persons() -> None:
    known = [{"subject_class": name} for name in ("citizen", "official")]
    for nationality in ("RUS", "IND", None):
        found = concerning(known, SubjectKind.INDIVIDUAL, "RUS", {"subject.nationality": nationality})
        assert [each["subject_class"] for each in found] == ["citizen"]
    assert concerning(known, SubjectKind.LEGAL_ENTITY, "RUS", {}) == []


# --- codes --------------------------------------------------------------------------------------------------


def test_a_code_changes_with_whatever_the_record_tells() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    change = Change("v", at, "officer", Action.CONFIRM, ViolationStatus.CONFIRMED, False, "seen", Outcome.CONFIRMED)
    state = State(ViolationStatus.CONFIRMED, False, Outcome.CONFIRMED, None, (change,))
    states = [
        state,
        replace(state, status=ViolationStatus.CLOSED),
        replace(state, needs_review=True),
        replace(state, outcome=None),
        replace(state, protocol="1"),
        replace(state, told=()),
        replace(state, told=(replace(change, actor="another"),)),
        replace(state, told=(replace(change, action=Action.REVIEW),)),
        replace(state, told=(replace(change, reason="not seen"),)),
        replace(state, told=(replace(change, detail={"measure": "a fine"}),)),
    ]
    codes = {code("v", "d", "r", each) for each in states}
    codes |= {code("w", "d", "r", state), code("v", "e", "r", state), code("v", "d", "s", state)}
    assert len(codes) == len(states) + 3
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}", each) for each in codes)
    # In any language, and in every release: prints last.
    assert code("v", "d", "r", state) == "FZJD-WQZN-G7FY-ETS0-2NZG"

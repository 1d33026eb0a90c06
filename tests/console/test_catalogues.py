"""Every message of the console in every language."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.documents.labels import DIRECTION, SEVERITY, STATUS, WORDS, Language, Texts
from app.vocabulary.codes import Direction, Mode, Severity, SubjectKind, Verdict
from app.web.console.codes import CODES
from app.web.console.labels import label
from app.web.console.languages import language
from tools.messages import LANGUAGES, extracted, faults


def test_messages_are_found_in_templates_and_in_code() -> None:
    known = {each.id for each in extracted()}
    assert {"Sign in", "in review", "Queue"} <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    assert list(faults(language)) == []


@pytest.mark.parametrize("code", ["en", *LANGUAGES])
def test_what_is_not_there_is_not_told_as_a_no(code: str) -> None:
    """Where a fact is told, and on paper too."""
    on_pages = [language(code).say(message) for message in ("yes", "no", "none", "not said")]
    on_paper = [WORDS[name][Language(code)] for name in ("yes", "no", "none", "unknown")]
    assert len(set(on_pages)) == len(set(on_paper)) == 4


@pytest.mark.parametrize("code", ["en", *LANGUAGES])
@pytest.mark.parametrize("words", [SEVERITY, STATUS, DIRECTION])
def test_a_code_is_called_the_same_on_a_page_and_on_paper(code: str, words: Mapping[Any, Texts]) -> None:
    on_pages = {each: language(code).say(label(each)) for each in words}
    assert on_pages == {each: texts[Language(code)] for each, texts in words.items()}


def test_a_code_is_called_in_a_fact_as_it_is_on_a_page() -> None:
    kinds = (Direction, Mode, Severity, Verdict, SubjectKind)
    codes = [each for kind in kinds for each in kind if each is not Mode.PEDESTRIAN]
    assert {each: CODES[each.value] for each in codes} == {each: label(each) for each in codes}
    assert CODES["pedestrian"] == "pedestrian", "who goes on foot, not how"

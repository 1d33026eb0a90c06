"""Texts of the wire model: what a terminal would obey never gets in."""

import pytest
from pydantic import ValidationError

from app.vocabulary.wire import Person


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\x85", "\x9b"])
def test_control_characters_are_refused_in_texts(control: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        Person(surname=f"a{control}b")


@pytest.mark.parametrize("name", ["Эрикссон", "李", "O’Neil", "al-\u200eḤasan"])
def test_letters_of_any_script_are_taken(name: str) -> None:
    assert Person(surname=name).surname == name

"""Names and numbers are found however they are written, and with mistakes."""

from string import ascii_uppercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.vocabulary.spelling import company_words, neighbours, number, sound, words

NAMES = ("KUZNETSOVA", "ABDULLAEV", "ERIKSSON", "ZHANG", "IVANOV", "NAZARBEKOV", "GRIGORYEVNA", "PETR", "WANG")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Хабибуллин", ("KHABIBULLIN",)),
        ("Щукин  Юрий", ("SHCHUKIN", "IURII")),
        ("Ёлкина-Воробьёва", ("ELKINA", "VOROBEVA")),
        ("O'Connor", ("OCONNOR",)),
        ("Müller", ("MULLER",)),
        ("Łukasz Øster Æsa", ("LUKASZ", "OSTER", "AESA")),
        ("Қасымов Әділ", ("KASYMOV", "ADIL")),
        ("ZHANG<<WEI", ("ZHANG", "WEI")),
        ("张伟", ("张伟",)),
        (" \t;", ()),
    ],
)
def test_a_name_is_read_in_latin_capitals(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "variants",
    [
        ("Хабибуллин", "Habibullin", "KHABIBULIN", "Xabibullin"),
        ("Щербаков", "SHCHERBAKOV", "Scherbakov", "Sherbakov"),
        ("Юрий", "IURII", "Yuriy", "Jurij", "Yury"),
        ("Александр", "Aleksandr", "Alexandr"),
        ("Максим", "Maksim", "Maxim"),
        ("Сергей", "Sergej", "Sergey", "Sergei"),
        ("Чехов", "Chekhov", "Tchekhov", "Chehov"),
        ("Wagner", "Vagner", "Вагнер"),
        ("Filipp", "Philip", "Филипп"),
    ],
)
def test_variants_of_a_name_sound_the_same(variants: tuple[str, ...]) -> None:
    assert len({sound(words(each)[0]) for each in variants}) == 1


@st.composite
def mistyped(draw: st.DrawFn, name: str, mistakes: int) -> str:
    for _ in range(mistakes):
        place, letter = draw(st.integers(0, len(name) - 2)), draw(st.sampled_from(ascii_uppercase))
        kind = draw(st.sampled_from(("left out", "added", "other", "swapped")))
        rest = name[place + 1 :]
        name = (
            name[:place]
            + {
                "left out": rest,
                "added": letter + name[place] + rest,
                "other": letter + rest,
                "swapped": rest[:1] + name[place] + rest[1:],
            }[kind]
        )
    return name


@given(data=st.data(), name=st.sampled_from(NAMES))
@settings(max_examples=500)
def test_a_word_with_one_mistake_is_a_neighbour(data: st.DataObject, name: str) -> None:
    typed = data.draw(mistyped(name, 1))
    assert neighbours(typed) & neighbours(name), (typed, sound(typed), sound(name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("А 123 ВС 75", "A123BC75"), ("a123bc-75", "A123BC75"), ("e 1234 5678", "E12345678"), ("№ 7/2026", "NO72026")],
)
def test_a_number_is_read_as_it_looks(text: str, expected: str) -> None:
    assert number(text) == expected


def test_the_legal_form_says_nothing_of_a_company() -> None:
    assert company_words("ООО «Степной путь»") == ("STEPNOI", "PUT")
    assert company_words("Steppe Carriage Co., Ltd.") == ("STEPPE", "CARRIAGE")
    assert company_words("OOO") == ("OOO",)

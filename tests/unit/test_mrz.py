import json
from dataclasses import fields as members
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.vocabulary.mrz import (
    Format,
    Mrz,
    MrzError,
    MrzFields,
    birth_date_on,
    check_digit,
    compose,
    expiry_date_on,
    parse,
    transliterate,
)
from app.vocabulary.mrz.layout import CHARACTERS, LAYOUTS, VISA_FORMATS

DATA = Path(__file__).parents[1] / "data"
SPECIMENS = json.loads((DATA / "mrz_specimens.json").read_text("utf-8"))["vectors"]
CHECK_DIGITS = json.loads((DATA / "mrz_check_digits.json").read_text("utf-8"))["vectors"]
LINES = {specimen["id"]: specimen["lines"] for specimen in SPECIMENS}

ERIKSSON = MrzFields(
    document_code="P",
    issuer="UTO",
    surname="ERIKSSON",
    given_names="ANNA MARIA",
    document_number="L898902C3",
    nationality="UTO",
    birth_date="740812",
    sex_printed="F",
    expiry_date="120415",
    optional_data="ZE184226B",
)


def value(character: str) -> int:
    return 0 if character == "<" else int(character, 36)


def content(mrz: Mrz) -> MrzFields:
    return MrzFields(**{member.name: getattr(mrz, member.name) for member in members(MrzFields)})


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen["id"])
def test_a_published_specimen_is_read_exactly(specimen: dict[str, Any]) -> None:
    mrz = parse(specimen["lines"])
    expected = dict(specimen["expected"])
    assert list(mrz.checks) == list(expected["checks"])
    assert mrz.valid is expected.pop("all_checks_ok")
    assert (len(mrz.document_number) > 9) is expected.pop("long_document_number", False)
    assert mrz.document_number_check == expected.pop("document_number_cd")
    assert mrz.sex_printed == expected.pop("sex")
    assert {name: getattr(mrz, name) for name in expected} == expected


@pytest.mark.parametrize("vector", CHECK_DIGITS, ids=lambda vector: vector["input"])
def test_a_check_digit_is_that_of_the_published_example(vector: dict[str, str]) -> None:
    assert check_digit(vector["input"]) == vector["check_digit"]


@pytest.mark.parametrize(("printed", "sex"), [("M", "M"), ("F", "F"), ("<", "X"), ("X", "X"), ("7", None)])
def test_unspecified_sex_is_x_and_a_foreign_character_is_nothing(printed: str, sex: str | None) -> None:
    assert replace(ERIKSSON, sex_printed=printed).sex == sex


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "a machine readable zone of 0 lines; two lines of 36 or 44 characters, or three lines of 30"),
        (
            ["<" * 44],
            "a machine readable zone of 1 line; two lines of 36 or 44 characters, or three lines of 30",
        ),
        (["<" * 43, "<" * 44], "line 1, column 44: the line has 43 characters; it must have 36 or 44"),
        (["<" * 44, "<" * 45], "line 2, column 45: the line has 45 characters; it must have 44"),
        (["<" * 30, "<" * 30, ""], "line 3, column 1: the line has 0 characters; it must have 30"),
        (
            ["P<utoERIKSSON".ljust(44, "<"), "<" * 44],
            (
                "line 1, column 3: 'u' is not a character of a machine readable zone; "
                "only A to Z in upper case, 0 to 9 and < are"
            ),
        ),
    ],
)
def test_lines_of_no_format_are_refused_with_place_and_remedy(lines: list[str], message: str) -> None:
    with pytest.raises(MrzError) as refused:
        parse(lines)
    assert str(refused.value) == message


@given(st.lists(st.text(max_size=50), max_size=4))
def test_no_text_raises_anything_but_a_clear_error(lines: list[str]) -> None:
    with pytest.raises(MrzError):
        parse(lines)


@given(st.sampled_from(Format), st.data())
def test_any_characters_in_the_right_shape_are_read(code: Format, data: st.DataObject) -> None:
    layout = LAYOUTS[code]
    line = st.text(CHARACTERS, min_size=layout.width, max_size=layout.width)
    mrz = parse([data.draw(line) for _ in range(layout.lines)])
    assert mrz.valid is all(mrz.checks.values())
    assert list(mrz.checks) == list(LAYOUTS[mrz.format].checks)


# --- writing ------------------------------------------------------------------------------------------------

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAME = st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=2).map(" ".join)
CODE = st.text(LETTERS, min_size=1, max_size=3)
DATE = st.text("0123456789<", min_size=6, max_size=6)
LONG_NUMBER = {Format.TD1: 21, Format.TD2: 14}


@st.composite
def contents(draw: st.DrawFn, code: Format, *, long_numbers: bool = True) -> MrzFields:
    longest = LONG_NUMBER.get(code, 9) if long_numbers else 9
    number = draw(st.text("0123456789" + LETTERS, min_size=1, max_size=longest))
    room = LAYOUTS[code].fields["optional_data"].width
    # A long number takes its tail, its check digit and a filler from the optional data.
    room -= 0 if len(number) <= 9 else len(number) - 9 + 2
    optional = st.text("0123456789" + LETTERS, max_size=max(room, 0))
    return MrzFields(
        document_code="V" if code in VISA_FORMATS else draw(st.sampled_from(["P", "PD", "I", "ID", "AC", "C"])),
        issuer=draw(CODE),
        surname=draw(NAME),
        given_names=draw(NAME | st.just("")),
        document_number=number,
        nationality=draw(CODE),
        birth_date=draw(DATE),
        sex_printed=draw(st.sampled_from("MF<")),
        expiry_date=draw(DATE),
        optional_data=draw(optional),
        optional_data_2=draw(st.text(LETTERS, max_size=11)) if code is Format.TD1 else "",
    )


@given(st.sampled_from(Format), st.data())
def test_what_is_composed_is_read_back(code: Format, data: st.DataObject) -> None:
    fields = data.draw(contents(code))
    mrz = parse(compose(code, fields))
    assert mrz.format is code
    assert mrz.valid
    assert content(mrz) == fields


@pytest.mark.parametrize("specimen", [s for s in SPECIMENS if s["kind"] == "specimen"], ids=lambda s: s["id"])
def test_a_specimen_is_composed_as_it_was_published(specimen: dict[str, Any]) -> None:
    mrz = parse(specimen["lines"])
    composed = [list(line) for line in compose(mrz.format, content(mrz))]
    if mrz.format is Format.TD3 and not mrz.optional_data:
        composed[1][42] = specimen["lines"][1][42]  # an empty personal number has 0 or a filler, as the issuer likes
    assert ["".join(line) for line in composed] == specimen["lines"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            {"document_number": "L898902C34"},
            Format.TD3,
            "the document number 'L898902C34' cannot be printed on TD3",
        ),
        ({"document_number": "L8989-2C3"}, Format.TD3, "document_number has '-'"),
        ({"birth_date": "1974"}, Format.TD3, "birth_date is '1974'"),
        ({"issuer": "UTOP"}, Format.TD3, "issuer 'UTOP' has 4 characters"),
        ({"optional_data_2": "A"}, Format.TD2, "optional_data 'ZE184226B' has 9 characters"),
        ({"optional_data": "", "optional_data_2": "A"}, Format.TD2, "optional_data_2 'A' has 1 characters"),
        ({"surname": "MÜLLER"}, Format.TD3, "'Ü' in the name 'MÜLLER' has no single transliteration"),
        ({"surname": " "}, Format.TD3, "there is no surname"),
        ({"document_code": "V"}, Format.TD3, "the document code 'V' on TD3"),
        ({"document_code": "P"}, Format.MRV_A, "the document code 'P' on MRV-A"),
    ],
)
def test_fields_that_cannot_be_printed_are_refused(change: dict[str, str], code: Format, message: str) -> None:
    with pytest.raises(MrzError) as refused:
        compose(code, replace(ERIKSSON, **change))
    assert refused.value.what == message
    assert refused.value.line_index is None


# --- check digits -------------------------------------------------------------------------------------------


@given(st.sampled_from(Format), st.data())
def test_one_changed_character_is_found_unless_the_values_differ_by_ten_or_a_multiple(
    code: Format, data: st.DataObject
) -> None:
    lines = list(compose(code, data.draw(contents(code, long_numbers=False))))
    checks = LAYOUTS[code].checks
    name = data.draw(st.sampled_from([check for check in checks if check != "composite"]))
    span = checks[name].covers[0]
    place = data.draw(st.integers(span.first - 1, span.last - 1))
    old, new = lines[span.line][place], data.draw(st.sampled_from(CHARACTERS))
    lines[span.line] = f"{lines[span.line][:place]}{new}{lines[span.line][place + 1 :]}"
    # 7, 3 and 1 have no factor in common with 10, so only pairs such as 0 and A or 5 and F look alike.
    alike = (value(old) - value(new)) % 10 == 0
    mrz = parse(lines)
    assert mrz.checks[name] is alike
    assert mrz.checks.get("composite", alike) is alike


@given(st.data())
def test_names_and_nationality_are_covered_by_no_check_digit(data: st.DataObject) -> None:
    fields = data.draw(contents(Format.TD3))
    lines = compose(Format.TD3, fields)
    other = compose(Format.TD3, replace(fields, surname="OTHER", nationality="XXX"))
    assert parse((other[0], lines[1])).valid
    assert other[1][:10] == lines[1][:10]
    assert other[1][13:] == lines[1][13:]


def test_a_personal_number_must_have_its_check_digit() -> None:
    first, second = compose(Format.TD3, ERIKSSON)
    checks = parse((first, f"{second[:42]}<{second[43:]}")).checks
    assert not checks["personal_number"]


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rendered"),
    [
        ("Щукин", "SHCHUKIN"),
        ("Подъячев", "PODIEIACHEV"),
        ("Соловьёва-Цой", "SOLOVEVA TSOI"),
        ("O'Connor", "OCONNOR"),
        ("van der  Berg", "VAN DER BERG"),
        ("И\u0306", "I"),
    ],
)
def test_a_name_is_written_by_the_table_of_doc_9303(name: str, rendered: str) -> None:
    assert transliterate(name) == rendered


@given(surname=st.text(LETTERS + " ", min_size=1), given_names=st.text(LETTERS + " "))
def test_a_long_name_is_cut_so_that_something_of_each_part_remains(surname: str, given_names: str) -> None:
    assume(surname.strip())
    surname, given_names = transliterate(surname), transliterate(given_names)
    lines = compose(Format.TD2, replace(ERIKSSON, surname=surname, given_names=given_names, optional_data=""))
    mrz = parse(lines)
    assert len(lines[0]) == 36
    if len(surname) + len(given_names) + 2 <= 31:
        assert (mrz.surname, mrz.given_names) == (surname, given_names)
    assert bool(mrz.given_names) is bool(given_names)
    assert mrz.surname
    assert "".join(mrz.surname.split())[0] == surname[0]


@pytest.mark.parametrize(
    ("surname", "given_names", "printed"),
    [
        ("A" * 40, "", "A" * 31),
        ("A" * 40, "BCD", "A" * 28 + "<<B"),
        ("A" * 27, "BC DEF", "A" * 27 + "<<BC"),
        ("A" * 26, "BC DEF", "A" * 26 + "<<B<D"),
        ("A" * 26, "B C DEF", "A" * 26 + "<<B<C"),
        ("A" * 25, "B C DEF", "A" * 25 + "<<B<C<"),
    ],
)
def test_a_cut_ends_on_a_letter_where_it_can(surname: str, given_names: str, printed: str) -> None:
    lines = compose(Format.TD2, replace(ERIKSSON, surname=surname, given_names=given_names, optional_data=""))
    assert lines[0][5:] == printed


# --- dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "reference", "expected"),
    [
        ("740812", date(2026, 3, 1), date(1974, 8, 12)),
        ("260301", date(2026, 3, 1), date(2026, 3, 1)),
        ("260302", date(2026, 3, 1), date(1926, 3, 2)),
        ("000229", date(2026, 3, 1), date(2000, 2, 29)),
        ("000229", date(2000, 2, 28), None),
        ("000229", date(2100, 1, 1), date(2000, 2, 29)),
        ("010229", date(2026, 3, 1), None),
        ("741312", date(2026, 3, 1), None),
        ("7408<<", date(2026, 3, 1), None),
        ("<<<<<<", date(2026, 3, 1), None),
    ],
)
def test_a_birth_date_is_the_latest_that_is_not_after_the_reference(
    printed: str, reference: date, expected: date | None
) -> None:
    assert birth_date_on(replace(ERIKSSON, birth_date=printed), reference) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("120415", date(2012, 4, 15)),
        ("360301", date(2036, 3, 1)),
        ("751231", date(2075, 12, 31)),
        ("760101", date(1976, 1, 1)),
        ("270229", None),
        ("2703<<", None),
    ],
)
def test_an_expiry_date_lies_within_half_a_century_of_the_reference(printed: str, expected: date | None) -> None:
    assert expiry_date_on(replace(ERIKSSON, expiry_date=printed), date(2026, 3, 1)) == expected


@given(birth=st.dates(date(1900, 1, 1), date(2200, 1, 1)), age=st.integers(0, 36523))
def test_a_birth_date_within_a_century_before_the_reference_is_found(birth: date, age: int) -> None:
    reference = date.fromordinal(birth.toordinal() + age)
    assert birth_date_on(replace(ERIKSSON, birth_date=f"{birth:%y%m%d}"), reference) == birth

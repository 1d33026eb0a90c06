import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.vocabulary.identifiers import CHECKABLE, check, problem

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "identifier_vectors.json").read_text("utf-8"))["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['scheme']}-{vector['value']}")
def test_a_published_number_comes_out_as_expected(vector: dict[str, str]) -> None:
    assert (problem(vector["scheme"], vector["value"]) or "valid") == vector["expected"]
    assert check(vector["scheme"], vector["value"]) is (vector["expected"] == "valid")


@pytest.mark.parametrize("scheme", ["kz_bin", "RU_INN", ""])
def test_a_scheme_that_cannot_be_checked_is_unknown_and_never_valid(scheme: str) -> None:
    assert check(scheme, "123456789012") is None
    assert problem(scheme, "123456789012") is None


@given(scheme=st.sampled_from(sorted(CHECKABLE)), value=st.text(max_size=24))
def test_any_text_gets_an_answer(scheme: str, value: str) -> None:
    assert check(scheme, value) in {problem(scheme, value) is None, None if scheme == "vat" else False}


@pytest.mark.parametrize("number", ["CHE-116.281.710 MWST", "GB980780684", "NO995525828MVA", "7709442668"])
def test_a_vat_number_from_outside_the_union_is_unknown_and_not_wrong(number: str) -> None:
    assert check("vat", number) is None


@pytest.mark.parametrize(("number", "valid"), [("EL094259216", True), ("XI432525179", True), ("DE136695975", False)])
def test_a_vat_number_of_the_union_is_checked(number: str, *, valid: bool) -> None:
    assert check("vat", number) is valid


LEIS = [vector["value"] for vector in VECTORS if vector["scheme"] == "lei"]


@given(lei=st.sampled_from(LEIS), place=st.integers(0, 19), digit=st.sampled_from("0123456789"))
def test_one_wrong_digit_in_an_lei_is_always_found(lei: str, place: int, digit: str) -> None:
    assume(lei[place].isdigit())
    changed = f"{lei[:place]}{digit}{lei[place + 1 :]}"
    assert check("lei", changed) is (changed == lei)


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        ("vat", "DE136695976", None),
        ("vat", "DE136695975", "checksum"),
        ("vat", "ZZ136695976", "component"),
        ("ru_inn", "7726 485 118", None),
        ("lei", "213800KUD8LAJWSQ9D1", "length"),
        ("lei", "213800KUD8LAJWSQ9DXX", "format"),
        ("iso6346_container", "CSQU 305438 3", None),
        ("iso6346_container", "CSQU 305438-3", None),
        ("ru_inn", "7726-485-118", None),
        ("iso6346_container", "ЯSQU3054383", "format"),
        ("iso6346_container", "123U3054380", "format"),
    ],
)
def test_the_fault_of_a_number_is_named(scheme: str, value: str, expected: str | None) -> None:
    assert problem(scheme, value) == expected

"""Bad rows of the tables: each named with file, line and column, and left out; good ones stay."""

from datetime import date

import pytest

from app.facts.reference_data import CHECKPOINTS, UN_NUMBERS, VISAS, parse
from app.vocabulary.codes import UnStatus

REGISTER = "code,name,state,neighbour,modes,classification,open_from,open_until,time_zone\n"
GOOD = "RUS-ZABAYKALSK,Zabaykalsk,RUS,CHN,road;rail,multilateral,,,Asia/Chita\n"
PLACED = REGISTER.strip() + ",latitude,longitude,capacity_per_day,capacity_unit\n"
MATRIX = "passport,destination,observed_from,observed_until,requirement\n"


def messages(file: str, text: str) -> list[str]:
    _, diagnostics = parse({file: text})
    return [str(each) for each in diagnostics]


@pytest.mark.parametrize(
    ("row", "place", "what"),
    [
        ("RUS-A,A,RUSS,CHN,road,,,,Asia/Chita", "3:9", "`RUSS` is not a known state"),
        ("CHN-A,A,RUS,CHN,road,,,,Asia/Chita", "3:1", "must begin with its state, `RUS-`"),
        ("RUS-A,A,RUS,CHN,roads,,,,Asia/Chita", "3:17", "`roads` is not a known mode"),
        ("RUS-A,A,RUS,CHN,road,global,,,Asia/Chita", "3:22", "`global` is not a known classification"),
        ("RUS-A,A,RUS,XYZ,road,,,,Asia/Chita", "3:13", "`XYZ` is not a known neighbour"),
        ("RUS-A,A,RUS,CHN,road,,2026-02-30,,Asia/Chita", "3:23", "`2026-02-30` is not a day"),
        ("RUS-A,A,RUS,CHN,road,,,,Asia/Zabaykalsk", "3:25", "`Asia/Zabaykalsk` is not a time zone"),
        (GOOD.strip(), "3:1", "stands in an earlier row too"),
    ],
)
def test_a_wrong_cell_of_the_register_is_named_with_its_place(row: str, place: str, what: str) -> None:
    (message,) = messages(CHECKPOINTS, REGISTER + GOOD + row + "\n")
    assert message.startswith(f"{CHECKPOINTS}:{place}: error: ")
    assert what in message


@pytest.mark.parametrize(
    ("cells", "column", "what"),
    [
        ("91,37,,", 36, "`91` is not a number of degrees from -90 to 90"),
        ("55,181,,", 39, "`181` is not a number of degrees from -180 to 180"),
        ("55N,37,,", 36, "`55N` is not a number of degrees"),
        ("nan,37,,", 36, "`nan` is not a number of degrees"),
        ("55,,,", 36, "latitude and longitude belong together"),
        (",,200,", 38, "capacity_per_day and capacity_unit belong together"),
        (",,,persons", 38, "capacity_per_day and capacity_unit belong together"),
        (",,0,persons", 38, "`0` is not a whole number above zero"),
        (",,many,persons", 38, "`many` is not a whole number above zero"),
        (",,200,lorries", 42, "`lorries` is not a known capacity_unit"),
    ],
)
def test_a_place_or_a_capacity_that_is_nonsense_is_named(cells: str, column: int, what: str) -> None:
    (message,) = messages(CHECKPOINTS, f"{PLACED}RUS-A,A,RUS,CHN,road,,,,Asia/Chita,{cells}\n")
    assert message.startswith(f"{CHECKPOINTS}:2:{column}: error: ")
    assert what in message


def test_place_and_capacity_of_a_checkpoint_are_read() -> None:
    data, _ = parse({CHECKPOINTS: f"{PLACED}RUS-A,A,RUS,CHN,road,,,,Asia/Chita,-55.5,37,200,persons\n"})
    found = data.checkpoints["RUS-A"]
    assert (found.latitude, found.longitude, found.capacity, found.capacity_unit) == (-55.5, 37.0, 200, "persons")


def test_a_register_without_the_columns_of_place_and_capacity_is_read() -> None:
    data, diagnostics = parse({CHECKPOINTS: REGISTER + GOOD})
    found = data.checkpoints["RUS-ZABAYKALSK"]
    assert diagnostics == ()
    assert (found.latitude, found.longitude, found.capacity, found.capacity_unit) == (None, None, None, None)


def test_a_bad_row_does_not_take_the_good_ones_with_it() -> None:
    data, diagnostics = parse({CHECKPOINTS: REGISTER + "RUS-A,A,RUSS,CHN,road,,,,Asia/Chita\n" + GOOD})
    assert list(data.checkpoints) == ["RUS-ZABAYKALSK"]
    assert len(diagnostics) == 1


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("AAA,RUS,2020-11-19,,visa required", "`AAA` is not a known passport"),
        ("IND,ZZZ,2020-11-19,,visa required", "`ZZZ` is not a known destination"),
        ("IND,RUS,2020-11-19,,maybe", "`maybe` is not a known visa requirement"),
    ],
)
def test_a_wrong_cell_of_the_visa_matrix_is_named(row: str, what: str) -> None:
    (message,) = messages(VISAS, MATRIX + row + "\n")
    assert message.startswith(f"{VISAS}:2:")
    assert what in message


def test_a_row_that_cannot_be_read_at_all_is_named() -> None:
    (message,) = messages(UN_NUMBERS, "un_number,status\n1263,gone\n")
    assert message.startswith(f"{UN_NUMBERS}:2:1: error: this row cannot be read")
    data, _ = parse({UN_NUMBERS: "un_number,status\n1263,withdrawn\n"})
    assert data.un_numbers == {"1263": UnStatus.WITHDRAWN}


def test_a_closure_of_the_border_hides_what_the_visa_rule_was() -> None:
    rows = "IND,RUS,2020-11-19,2021-11-01,covid ban\nIND,RUS,2021-11-01,,visa required\n"
    data, diagnostics = parse({VISAS: MATRIX + rows})
    assert diagnostics == ()
    assert [rule.requirement for rule in data.visas["IND", "RUS"]] == [None, "visa"]


def test_either_code_of_doc_9303_finds_the_passports_of_kosovo() -> None:
    data, _ = parse({VISAS: MATRIX + "XKX,RUS,2020-11-19,,visa required\n"})
    found = {code: data.visa(code, "RUS", date(2024, 1, 1)) for code in ("RKS", "XXK")}
    assert found["RKS"] is not None
    assert found["RKS"] is found["XXK"]


@pytest.mark.parametrize(
    "damage",
    [" \n", "RUS-B\n", "RUS-B,B,RUS,CHN,road,,,,Asia/Chita,too,many\n"],
)
def test_a_row_that_was_cut_or_has_cells_too_many_is_named(damage: str) -> None:
    (message,) = messages(CHECKPOINTS, REGISTER + GOOD + damage)
    assert message.startswith(f"{CHECKPOINTS}:3:")
    assert "does not have the table's" in message


def test_an_open_quotation_mark_swallows_no_rows_in_silence() -> None:
    found = messages(CHECKPOINTS, REGISTER + GOOD.replace("Zabaykalsk,RUS", '"Zabaykalsk,RUS') + GOOD)
    assert any("cannot be read from here" in message for message in found)


def test_a_table_without_rows_is_an_error() -> None:
    assert messages(CHECKPOINTS, "") == [f"{CHECKPOINTS}:1:1: error: the table has no rows. [no-rows]"]

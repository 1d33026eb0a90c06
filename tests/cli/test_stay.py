"""`gerege stay`: figures, words, calendar and faults."""

import re
from pathlib import Path

import pytest

from app.cli.stay.reading import COUNTED, LEFT_OUT
from tests.cli.conftest import Gerege

EXAMPLE = """entry,exit,basis
2014-08-15,2014-09-30,tourist
2014-11-01,,
"""
OVERSTAY = """basis,entry,exit
,2013-06-01,2013-07-13
Residence-Permit,2013-10-02,2013-10-20
visa free,2014-01-01,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "stays.csv"
    path.write_text(EXAMPLE)
    return path


def test_figures_are_those_published_by_the_swiss_migration_office(gerege: Gerege, table: Path) -> None:
    outcome = gerege("stay", table, "--rolling", "90/180", "--on", "2014-11-30", "--format", "json")
    assert outcome.code == 0
    (limit,) = outcome.json.pop("limits")
    days = limit.pop("counted_days")
    assert (len(days), days[0], days[46:48], days[-1]) == (77, "2014-08-15", ["2014-09-30", "2014-11-01"], "2014-11-30")
    assert limit == {
        "limit": "rolling 90/180",
        "kind": "rolling",
        "days": 90,
        "window": 180,
        "days_used": 77,
        "days_remaining": 13,
        "last_lawful_day": "2014-12-13",
        "overstay_days": 0,
        "first_violation_day": None,
        "at_least": None,
    }
    assert outcome.json | {"limits": []} == {
        "on": "2014-11-30",
        "present": True,
        "days_counted": 77,
        "days_counted_at_least": 77,
        "days_left_out": 0,
        "without_exit": [],
        "stays": [
            {"entry": "2014-08-15", "exit": "2014-09-30", "days": 47, "counted": True, "basis": "tourist"},
            {"entry": "2014-11-01", "exit": None, "days": 30, "counted": True, "basis": None},
        ],
        "limits": [],
    }


def test_limits_of_every_kind_are_judged_at_once_and_may_be_repeated(gerege: Gerege, table: Path) -> None:
    options = (
        "--per-entry",
        30,
        "--continuous",
        20,
        "--calendar-year",
        90,
        "--rolling",
        "90/180",
        "--rolling",
        "60/120",
    )
    outcome = gerege("stay", table, *options, "--on", "2014-11-30", "--format", "json")
    assert outcome.code == 1
    used = {each["limit"]: (each["kind"], each["days_used"], each["overstay_days"]) for each in outcome.json["limits"]}
    assert used == {
        "rolling 90/180": ("rolling", 77, 0),
        "rolling 60/120": ("rolling", 77, 17),
        "calendar-year 90": ("calendar_year", 77, 0),
        "continuous 20": ("continuous", 30, 37),
        "per-entry 30": ("per_entry", 30, 17),
    }


def test_what_a_person_at_the_desk_is_told(gerege: Gerege, table: Path) -> None:
    there = gerege("stay", table, "--rolling", "90/180", "--on", "2014-11-30")
    assert "On 2014-11-30 the person is there; 77 days counted." in there.said
    assert "✓ At most 90 days in any 180: 77 used, 13 remain; last lawful day 2014-12-13." in there.said
    table.write_text(EXAMPLE.replace("2014-11-01,,", "2014-11-01,2014-12-13,"))
    gone = gerege("stay", table, "--rolling", "90/180", "--continuous", 90, "--on", "2014-12-14")
    assert gone.code == 0
    assert "90 used, none remain: may not be there on 2014-12-14." in gone.said
    assert "At most 90 days without a day away: 0 used, 47 remain from 2014-12-14" in gone.said


def test_an_overstay_is_told_with_its_first_day_and_the_exit_code_is_1(gerege: Gerege, table: Path) -> None:
    table.write_text(OVERSTAY)
    outcome = gerege("stay", table, "--calendar-year", 90, "--on", "2014-04-02")
    assert outcome.code == 1
    assert "135 days counted, 19 left out" in outcome.said
    assert "none remain; last lawful day was 2014-03-31. Exceeded on 2 days, first on 2014-04-01." in outcome.said


def test_the_day_is_today_in_utc_if_none_is_named_and_the_output_says_which(gerege: Gerege, table: Path) -> None:
    assert re.match(r"On 20\d\d-\d\d-\d\d \(today, UTC\) the person is there; ", gerege("stay", table).out)
    assert len(gerege("stay", table, "--format", "json").json["on"]) == 10


def test_standard_input_is_read_with_a_mark_of_byte_order(
    gerege: Gerege, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.encode())
    with table.open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert "77 days counted" in gerege("stay", "-", "--on", "2014-11-30").said


@pytest.mark.parametrize("width", [80, 120])
def test_the_calendar_marks_each_day_without_colour_and_passes_over_empty_months(
    gerege: Gerege, table: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table.write_text(OVERSTAY)
    drawn = gerege("stay", table, "--rolling", "90/180", "--on", "2014-04-02").out
    assert max(map(len, drawn.splitlines())) <= width
    assert "\n31=" in drawn or " 31=" in drawn
    assert " 1! 2! 3  4 " in drawn
    assert "1  2- 3- 4-" in drawn
    assert "… 2 months without a mark …" in drawn
    assert "+ counted   - left out   = last lawful day   ! over a limit" in drawn
    assert "Drawn from 2013-10-01; 1 stay before it not drawn." in drawn
    assert "\x1b" not in drawn
    across = max(len(re.findall(r"\b20\d\d\b", line)) for line in drawn.splitlines() if "March 2014" in line)
    assert across == (3 if width == 80 else 4)


def test_the_day_asked_about_is_marked_if_nothing_else_marks_it(gerege: Gerege, table: Path) -> None:
    outcome = gerege("stay", table, "--on", "2014-10-31")
    assert "31?" in outcome.out
    assert "1 stay not begun yet and ignored" in outcome.said


def test_a_history_of_decades_is_drawn_for_two_years_at_most(gerege: Gerege, table: Path) -> None:
    table.write_text("entry,exit\n1950-01-01,\n")
    outcome = gerege("stay", table, "--continuous", 90, "--on", "2020-01-01")
    assert outcome.code == 1
    assert len(outcome.out.splitlines()) < 100
    assert "March 1950" in outcome.out  # the day by which one had to leave
    assert "months without a mark" in outcome.out


def test_a_limit_that_no_day_of_the_calendar_exceeds_has_no_last_day(gerege: Gerege, table: Path) -> None:
    outcome = gerege("stay", table, "--continuous", 3_000_000, "--on", "2014-11-30")
    assert "✓ At most 3,000,000 days without a day away: 30 used, no last day in this calendar." in outcome.said


def test_every_fault_of_the_table_is_named_with_its_place(gerege: Gerege, table: Path) -> None:
    rows = (
        "exit,entry,basis",
        "2024-02-30,2024-02-01,",
        ",2024-01-05",
        "2024-01-01,2024-01-02,vizit",
        "",
        ",,",
        "1.1.2024,,",
        "20240102,2024-01-01,Long stay visa",
    )
    table.write_text("\n".join(rows))
    outcome = gerege("stay", table, "--rolling", "90/180")
    assert outcome.code == 2
    assert outcome.out == ""
    head, *faults = outcome.err.splitlines()
    assert head == "gerege: The stays cannot be counted: 7 faults."
    assert [each.split(" (")[0].strip().removeprefix(f"{table}:") for each in faults] == [
        "2:1: there is no day 2024-02-30",
        "3:2: 2 cells where the header has 3",
        "4:23: there is no basis 'vizit'",
        "4:1: the exit on 2024-01-01 is before the entry",
        "7:10: there is no date of entry",
        "7:1: '1.1.2024' is not a date",
        "8:1: '20240102' is not a date",
    ]
    assert all(basis in outcome.said for basis in COUNTED + LEFT_OUT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ":1:1: there is no header (the first line is: entry,exit,basis)"),
        (b"entri,exit\n", ":1:1: there is no column 'entri' (Did you mean entry?)"),
        (b"entry,basis\n", ":1:1: the column exit is missing"),
        (b"entry,exit,Exit\n", ":1:12: the column exit is there twice"),
        (b"entry;exit\n", "commas go between columns"),
        (b"entry,exit\n\n2024-02-01,\xff\n", ":3:12: this is no text in UTF-8"),
        (b'entry,exit\n"2024-02-01,\n', ":2:1: this is no row of a table"),
    ],
)
def test_what_is_no_table_of_stays_is_wrong_use(gerege: Gerege, table: Path, content: bytes, words: str) -> None:
    table.write_bytes(content)
    outcome = gerege("stay", table)
    assert outcome.code == 2
    assert words in outcome.said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rolling", "90"), "--rolling 90 has not the form DAYS/WINDOW"),
        (("--rolling", "180/90"), "A limit of 180 days makes no sense here: it must be from 0 to 89."),
        (("--calendar-year", "366"), "from 0 to 365"),
        (("--continuous", "-1"), "A limit of -1 days makes no sense"),
        (("--on", "2024-02-30"), "2024-02-30"),
    ],
)
def test_limits_and_days_that_cannot_be_are_wrong_use(
    gerege: Gerege, table: Path, options: tuple[str, ...], words: str
) -> None:
    outcome = gerege("stay", table, *options)
    assert outcome.code == 2
    assert words in outcome.said


def test_a_file_that_is_not_there_is_wrong_use(gerege: Gerege) -> None:
    assert gerege("stay", "nowhere.csv").code == 2


def test_a_table_without_rows_is_a_person_who_was_never_there(gerege: Gerege, table: Path) -> None:
    table.write_text("entry,exit\n")
    outcome = gerege("stay", table, "--rolling", "90/180", "--on", "2026-01-01")
    assert outcome.code == 0
    assert "0 used, 90 remain from 2026-01-01; last lawful day 2026-03-31." in outcome.said


FORGOTTEN = """entry,exit,basis
2014-01-01,,
2014-03-01,2014-03-10,
2014-11-01,,
2015-02-01,,
"""


def test_an_entry_without_an_exit_that_another_follows_is_told_and_counted_at_least_and_at_most(
    gerege: Gerege, table: Path
) -> None:
    table.write_text(FORGOTTEN)
    options = ("--rolling", "60/180", "--per-entry", 30, "--on", "2014-11-30")
    outcome = gerege("stay", table, *options)
    assert outcome.code == 1
    assert "41 to 99 days counted" in outcome.said
    assert f"{table.name}:2: the entry on 2014-01-01 has no exit, but the next is on 2014-03-01" in outcome.said
    found = gerege("stay", table, *options, "--format", "json").json
    assert found["without_exit"] == [{"line": 2, "entry": "2014-01-01", "next_entry": "2014-03-01"}]
    assert (found["days_counted_at_least"], found["days_counted"], found["present"]) == (41, 99, True)
    assert [(each["exit"], each["days"]) for each in found["stays"]] == [
        (None, 60),
        ("2014-03-10", 10),
        (None, 30),
        (None, 0),
    ]
    used = [(each["days_used"], each["overstay_days"], each["at_least"]["overstay_days"]) for each in found["limits"]]
    assert used == [(30, 9, 0), (30, 30, 0)]


def test_a_limit_that_only_a_missing_exit_may_exceed_is_told_as_such(gerege: Gerege, table: Path) -> None:
    table.write_text("entry,exit\n2014-01-01,\n2014-03-01,\n")
    outcome = gerege("stay", table, "--rolling", "60/180", "--on", "2014-03-10")
    assert outcome.code == 1
    assert "! At most 60 days in any 180: at most 69 used" in outcome.said
    assert "Possibly exceeded on 9 days" in outcome.said
    assert "If each exit that is missing was on the day of entry: 11 used, never exceeded." in outcome.said


@pytest.mark.parametrize(
    ("rows", "flagged"),
    [
        ("2014-01-01,\n", []),
        ("2014-01-01,2014-01-05\n2014-01-05,\n", []),
        ("2014-03-01,\n2014-01-01,2014-01-05\n", []),
        ("2014-03-01,2014-03-05\n2014-01-01,\n", [3]),
        ("2014-01-01,\n2014-02-01,\n2014-03-01,\n", [2, 3]),
        # In and out on a day, then in again; and entries noted twice.
        ("2014-01-01,\n2014-01-01,2014-01-01\n", []),
        ("2014-01-01,2014-01-09\n2014-01-01,\n", [3]),
        ("2014-01-01,\n2014-01-01,\n", [2]),
        # What has not begun yet ends nothing.
        ("2014-01-01,\n2014-06-01,\n", []),
    ],
)
def test_which_entries_have_no_exit_on_record(gerege: Gerege, table: Path, rows: str, flagged: list[int]) -> None:
    table.write_text(f"entry,exit\n{rows}")
    found = gerege("stay", table, "--on", "2014-05-01", "--format", "json").json
    assert [each["line"] for each in found["without_exit"]] == flagged


def test_days_left_out_that_may_have_ended_at_once_leave_out_as_few_and_as_many(gerege: Gerege, table: Path) -> None:
    """A residence permit's days take days away from a stay beside it."""
    table.write_text("entry,exit,basis\n2014-01-01,2014-01-31,\n2014-01-10,,residence_permit\n2014-01-20,2014-01-20,\n")
    found = gerege("stay", table, "--on", "2014-02-01", "--format", "json").json
    assert (found["days_counted_at_least"], found["days_counted"]) == (20, 30)

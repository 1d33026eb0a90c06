"""The shape of the data under rules/: what the loader and the rule authors may rely on."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from app.vocabulary.codes import Classification, DocumentKind, Mode, Regime
from app.vocabulary.countries import ICAO_CODES, ISO3

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
LANGUAGES = {"en", "ru", "zh"}
MARKS = {"text_found", "secondary_source", "memory_unverified"}
DAY = timedelta(days=1)

Document = dict[str, Any]
Period = Mapping[str, date]


@cache
def load(path: Path) -> Document:
    return cast("Document", YAML(typ="safe").load(path.read_text(encoding="utf-8")))


@cache
def table(name: str) -> list[dict[str, str]]:
    with (RULES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PROVISION_FILES = sorted((RULES / "provisions").glob("*.yaml"))
PROVISIONS: Document = {key: value for path in PROVISION_FILES for key, value in load(path).items()}
LISTS: Document = {path.stem: load(path) for path in sorted((RULES / "lists").glob("*.yaml"))}
PARAMETERS: Document = load(RULES / "parameters.yaml")
SNAPSHOT: Document = json.loads((ROOT / "tests/data/legal_facts_snapshot.json").read_text(encoding="utf-8"))
ISO = ISO3
ICAO = ICAO_CODES
CHECKPOINTS = {row["code"] for row in table("checkpoints.csv")}


def parsed(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def in_order(periods: list[Period]) -> bool:
    """Sorted, each not empty, none overlapping the next."""
    starts = [period.get("from", date.min) for period in periods]
    ends = [period.get("until", date.max) for period in periods]
    each = all(start <= end for start, end in zip(starts, ends, strict=True))
    return each and all(end < start for end, start in zip(ends, starts[1:], strict=False))


def inclusive(start: date, end: date | None) -> dict[str, date]:
    """A half-open observation [start, end) as a period of inclusive days."""
    return {"from": start} if end is None else {"from": start, "until": end - DAY}


def joined(periods: Iterator[dict[str, date]]) -> list[dict[str, date]]:
    """Adjoining periods made one."""
    out: list[dict[str, date]] = []
    for period in periods:
        if out and out[-1].get("until") == period["from"] - DAY:
            out[-1] = {"from": out[-1]["from"]} | ({"until": period["until"]} if "until" in period else {})
        else:
            out.append(period)
    return out


def derived_visa_free(destination: str) -> dict[str, list[dict[str, date]]]:
    rows = sorted(table("lists/visa_requirements.csv"), key=lambda r: (r["passport"], r["observed_from"]))
    free = [
        row
        for row in rows
        if row["destination"] == destination and (row["requirement"] == "visa free" or row["requirement"].isdigit())
    ]
    return {
        passport: joined(
            inclusive(date.fromisoformat(row["observed_from"]), parsed(row["observed_until"]))
            for row in free
            if row["passport"] == passport
        )
        for passport in {row["passport"] for row in free}
    }


def test_every_legal_fact_is_copied_with_its_article_mark_dates_and_amounts() -> None:
    copied = {
        key: {
            "jurisdiction": provision["jurisdiction"],
            "article": provision["article"],
            "verification": provision["verification"],
            "from": _text(provision.get("in_force", {}).get("from")),
            "until": _text(provision.get("in_force", {}).get("until")),
            "amounts": [[s["subject_class"], s.get("min"), s.get("max")] for s in provision.get("sanctions", [])],
        }
        for key, provision in PROVISIONS.items()
        if key in SNAPSHOT
    }
    assert copied == SNAPSHOT
    assert len(SNAPSHOT) == 82


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def test_provision_ids_are_unique_over_all_files() -> None:
    assert sum(len(load(path)) for path in PROVISION_FILES) == len(PROVISIONS)


@pytest.mark.parametrize("path", PROVISION_FILES, ids=lambda path: path.stem)
def test_each_provision_says_whose_law_it_is_in_three_languages_with_source_and_mark(path: Path) -> None:
    for key, provision in load(path).items():
        assert provision["jurisdiction"] == path.stem, key
        assert provision["regime"] in set(Regime), key
        assert provision["verification"] in MARKS, key
        assert set(provision["summary"]) == LANGUAGES, key
        assert re.search("[а-яё]", provision["summary"]["ru"]), key
        assert re.search("[\u4e00-\u9fff]", provision["summary"]["zh"]), key
        assert isinstance(provision["act"], str), key
        assert isinstance(provision["article"], str), key
        assert provision["source"], key
        assert in_order([provision.get("in_force", {})]), key


def test_a_provision_from_memory_claims_no_source_it_was_read_in() -> None:
    unread = [
        key for key, p in PROVISIONS.items() if p["source"].startswith("none") and p["verification"] == "text_found"
    ]
    assert unread == []


def test_an_amount_always_has_its_unit() -> None:
    sanctions = [s for p in PROVISIONS.values() for s in p.get("sanctions", [])]
    assert all(("unit" in s) == ("min" in s or "max" in s) for s in sanctions)
    assert all(s.get("min", 0) <= s.get("max", s.get("min", 0)) for s in sanctions)


@pytest.mark.parametrize("name", LISTS)
def test_each_list_has_titles_a_source_and_members_in_order(name: str) -> None:
    document = LISTS[name]
    assert set(document["title"]) == LANGUAGES
    assert document["source"]
    assert document["members"]
    for member, periods in document["members"].items():
        assert isinstance(member, str), member
        assert all(set(period) <= {"from", "until"} for period in periods), member
        assert in_order(periods), member


@pytest.mark.parametrize("name", LISTS)
def test_list_members_are_known_codes(name: str) -> None:
    known = ISO | ICAO if LISTS[name]["type"] == "country" else CHECKPOINTS | set(DocumentKind)
    assert set(LISTS[name]["members"]) <= known


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_parameter_rests_on_a_provision_and_its_values_do_not_overlap(name: str) -> None:
    parameter = PARAMETERS[name]
    assert set(parameter["title"]) == LANGUAGES
    assert parameter["unit"] in {"hours", "days", "months", "years"}
    assert parameter["basis"] in PROVISIONS
    assert parameter["values"]
    assert in_order(parameter["values"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_parameter_is_older_or_younger_than_its_basis(name: str) -> None:
    basis = PROVISIONS[PARAMETERS[name]["basis"]].get("in_force", {})
    for value in PARAMETERS[name]["values"]:
        assert value.get("until", date.max) <= basis.get("until", date.max)
        # The 3 months and 10 years of EU-SBC-6-1 are older than its 90 days in 180, as its note says.
        if not name.startswith("schengen_document"):
            assert value["from"] >= basis.get("from", date.min)


def test_checkpoint_codes_are_unique_and_begin_with_their_state() -> None:
    rows = table("checkpoints.csv")
    assert len(CHECKPOINTS) == len(rows)
    assert "RUS-ZABAYKALSK" in CHECKPOINTS
    for row in rows:
        assert re.fullmatch("[A-Z]{3}(-[A-Z0-9]+)+", row["code"]), row["code"]
        assert row["code"].startswith(row["state"] + "-"), row["code"]


def test_each_checkpoint_has_states_modes_days_zone_and_source() -> None:
    for row in table("checkpoints.csv"):
        assert {row["state"], row["neighbour"]} <= ISO | {""}, row["code"]
        assert row["state"] != row["neighbour"], row["code"]
        assert set(row["modes"].split(";")) <= set(Mode), row["code"]
        assert row["classification"] in {"", *Classification}, row["code"]
        assert (parsed(row["open_from"]) or date.min) <= (parsed(row["open_until"]) or date.max), row["code"]
        assert ZoneInfo(row["time_zone"]).key == row["time_zone"]
        assert row["source"], row["code"]
        assert (row["latitude"] == "") == (row["longitude"] == ""), row["code"]


def test_the_places_rules_name_lie_in_the_right_zone() -> None:
    zones = {row["code"]: row["time_zone"] for row in table("checkpoints.csv")}
    assert zones["RUS-ZABAYKALSK"] == "Asia/Chita"
    assert zones["RUS-CHERNYSHEVSKOYE"] == "Europe/Kaliningrad"
    assert zones["RUS-MASHTAKOVO"] == "Asia/Yekaterinburg"
    assert zones["KAZ-KHORGOS"] == "Asia/Almaty"
    assert zones["CHN-HORGOS"] == "Asia/Shanghai"


def test_kosovo_is_the_only_passport_of_the_matrix_without_an_iso_or_icao_code() -> None:
    passports = {row["passport"] for row in table("lists/visa_requirements.csv")}
    assert passports - ISO - ICAO == {"XKX"}


@pytest.mark.parametrize("destination", ["RUS", "KAZ"])
def test_visa_free_lists_are_the_matrix_with_inclusive_days(destination: str) -> None:
    expected = derived_visa_free(destination)
    for code in ("RKS", "XXK"):
        if "XKX" in expected:
            expected[code] = expected["XKX"]
    expected.pop("XKX", None)
    assert LISTS[f"{destination.lower()}_visa_free"]["members"] == expected


def test_the_day_a_crawl_saw_another_value_is_no_longer_a_visa_free_day() -> None:
    # South Africans: observed visa free from 2021-10-28 until a snapshot of 2022-04-10 said otherwise.
    first = LISTS["rus_visa_free"]["members"]["ZAF"][0]
    assert first == {"from": date(2021, 10, 28), "until": date(2022, 4, 9)}


def test_a_change_among_visa_free_values_makes_no_gap() -> None:
    # Kazakhstan: "visa free" became "90" on 2021-09-24; one period, without an end.
    assert LISTS["rus_visa_free"]["members"]["KAZ"] == [{"from": date(2020, 11, 19)}]


@given(st.dates(max_value=date(9000, 1, 1)), st.integers(1, 4000), st.integers(-3, 4003))
def test_half_open_and_inclusive_periods_hold_the_same_days(start: date, length: int, offset: int) -> None:
    end, day = start + length * DAY, start + max(offset, (date.min - start).days) * DAY
    period = inclusive(start, end)
    assert (start <= day < end) == (period["from"] <= day <= period["until"])


def test_tables_have_the_columns_the_loader_reads_and_unique_keys() -> None:
    for name, key, columns in (
        ("un_numbers", "un_number", {"un_number", "class", "class_code", "tunnel", "status"}),
        ("hs", "hscode", {"hscode"}),
    ):
        rows = table(f"lists/{name}.csv")
        assert columns <= set(rows[0]), name
        assert len({row[key] for row in rows}) == len(rows), name


def test_un_numbers_and_hs_codes_are_digits_of_the_right_length() -> None:
    assert all(re.fullmatch("[0-9]{4}", row["un_number"]) for row in table("lists/un_numbers.csv"))
    assert {row["status"] for row in table("lists/un_numbers.csv")} == {"current", "withdrawn"}
    assert all(re.fullmatch("([0-9]{2}){1,3}", row["hscode"]) for row in table("lists/hs.csv"))

"""`gerege fields`, `gerege mrz`, help."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.vocabulary.fields import all_fields
from tests.cli.conftest import Gerege
from tests.strategies import COUNTED

ROOT = Path(__file__).parents[2]
SPECIMENS = json.loads((ROOT / "tests/data/mrz_specimens.json").read_text())["vectors"]
FIELDS = [field.path for field in all_fields()]
MEASURED = [measure.field.path for measure in COUNTED]
ERIKSSON = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


@pytest.mark.parametrize("specimen", SPECIMENS, ids=[each["id"] for each in SPECIMENS])
def test_published_specimens_are_read_with_each_check_digit_by_name(gerege: Gerege, specimen: dict[str, Any]) -> None:
    expected = specimen["expected"]
    outcome = gerege("mrz", *specimen["lines"], "--format", "json")
    if "checks" not in expected:
        assert outcome.code == 1
        assert outcome.json["valid"] is False
        return
    assert outcome.code == (0 if expected["all_checks_ok"] else 1)
    assert outcome.json["format"] == expected["format"]
    assert outcome.json["checks"] == expected["checks"]
    assert outcome.json["valid"] is expected["all_checks_ok"]
    for name in ("surname", "given_names", "document_number", "nationality", "birth_date", "expiry_date"):
        assert outcome.json["fields"][name] == expected[name]


def test_a_wrong_check_digit_is_named_and_the_exit_code_is_1(gerege: Gerege) -> None:
    outcome = gerege("mrz", ERIKSSON[0], ERIKSSON[1].replace("7408122", "7408123"))
    assert outcome.code == 1
    assert "check birth_date ✗ wrong" in outcome.said
    assert "check document_number ✓ right" in outcome.said


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (ERIKSSON[:1], "two lines of 36 or 44 characters"),
        ((ERIKSSON[0], ERIKSSON[1].lower()), "is not a character of a machine readable zone"),
        ((ERIKSSON[0], ERIKSSON[1][:-1]), "it must have 44"),
    ],
)
def test_lines_that_are_no_zone_are_faults_with_what_would_be_right(
    gerege: Gerege, lines: tuple[str, ...], words: str
) -> None:
    outcome = gerege("mrz", *lines)
    assert outcome.code == 1
    assert words in outcome.said
    assert gerege("mrz", *lines, "--format", "json").json["valid"] is False


def test_every_field_of_the_catalogue_and_every_measure_of_the_rules_is_listed(gerege: Gerege) -> None:
    listed = gerege("fields", "--rules", ROOT / "rules", "--format", "json").json
    assert {each["path"] for each in listed} == {*FIELDS, *MEASURED}
    assert [each["path"] for each in listed] == sorted(each["path"] for each in listed)
    table = gerege("fields", "--rules", ROOT / "rules").out
    assert all(path in table for path in (*FIELDS, *MEASURED))


def test_without_rules_the_fields_of_the_catalogue_are_listed(gerege: Gerege) -> None:
    listed = gerege("fields", "--format", "json").json
    assert [each["path"] for each in listed] == [field.path for field in all_fields()]


def test_a_folder_without_measures_or_with_wrong_ones_is_told_of(gerege: Gerege, tmp_path: Path) -> None:
    outcome = gerege("fields", "--rules", tmp_path)
    assert outcome.code == 3
    assert f"There is no {tmp_path}/measures.yaml" in outcome.said
    (tmp_path / "measures.yaml").write_text("stay.days: {count: days}", encoding="utf-8")
    outcome = gerege("fields", "--rules", tmp_path)
    assert outcome.code == 0
    assert "has mistakes" in outcome.err


def test_fields_of_one_kind_of_subject_are_those_its_rules_may_name(gerege: Gerege) -> None:
    listed = gerege("fields", "--subject", "legal_entity", "--format", "json").json
    assert all("legal_entity" in each["subjects"] for each in listed)
    assert "document.expires_on" not in {each["path"] for each in listed}


def test_a_field_that_is_named_is_shown_with_its_meaning_and_every_code(
    gerege: Gerege, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for field in all_fields():
        said = gerege("fields", field.path).said
        assert " ".join(field.description.split()) in said
        assert f"codes: {' '.join(field.codes)}" in said if field.codes else field.path in said


def test_a_path_stands_for_itself_and_what_is_below_it(gerege: Gerege) -> None:
    listed = {each["path"] for each in gerege("fields", "permits", "document.kind", "--format", "json").json}
    assert listed == {
        field.path for field in all_fields() if field.path.split(".")[0] == "permits" or field.path == "document.kind"
    }


def test_a_path_that_names_no_field_is_wrong_use_with_a_near_name(gerege: Gerege) -> None:
    outcome = gerege("fields", "document.kind", "permit")
    assert outcome.code == 2
    assert "There is no field permit. Did you mean permits" in outcome.said
    outcome = gerege("fields", "--subject", "legal_entity", "visa.kind")
    assert outcome.code == 2
    assert "There is no field visa.kind" in outcome.said


@pytest.mark.parametrize("lang", ["en", "ru", "zh"])
def test_no_label_is_cut_on_a_terminal_of_80_columns(
    gerege: Gerege, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = gerege("fields", "--rules", ROOT / "rules", "--lang", lang).out
    assert "…" not in table
    assert len(table.splitlines()) < 1.5 * len([*FIELDS, *MEASURED])


@pytest.mark.parametrize(("lang", "label"), [("en", "Nationality"), ("ru", "Гражданство"), ("zh", "国籍")])
def test_labels_are_in_the_language_asked_for(gerege: Gerege, lang: str, label: str) -> None:
    (line,) = [each for each in gerege("fields", "--lang", lang).out.splitlines() if "subject.nationality" in each]
    assert label in line


def test_the_schema_printed_is_the_one_kept_with_the_rules(gerege: Gerege) -> None:
    assert gerege("fields", "--schema", "--rules", ROOT / "rules").out == (ROOT / "rules/rule.schema.json").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    "command", [(), ("serve",), ("keys",), ("keys", "create"), ("rules", "check"), ("mrz",), ("manifest",)]
)
def test_help_tells_the_exit_codes(gerege: Gerege, command: tuple[str, ...]) -> None:
    said = gerege(*command, "--help").said
    assert "0 done, nothing wrong; 1 what was checked has faults" in said
    assert "3 cannot run now" in said


def test_an_unknown_command_is_wrong_use(gerege: Gerege) -> None:
    assert gerege("chekc").code == 2

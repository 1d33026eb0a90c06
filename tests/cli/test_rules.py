"""`gerege rules`: what an author is told of files edited by hand, of cases, and of a verdict."""

import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from tests.cli.conftest import Gerege
from tests.factories import OMIT, event
from tests.service.serving import EXPIRED, RULES, several

RULE = "RUS/documents/RUS-TDOC-001.yaml"
CASES = "RUS/documents/RUS-TDOC-001.cases.yaml"
SHIPPED = Path(__file__).parents[2] / "rules"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tests' rules that may be edited; it is the folder of the settings too."""
    folder = Path(shutil.copytree(RULES, tmp_path / "rules"))
    monkeypatch.chdir(tmp_path)
    return folder


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def _event(tmp_path: Path, body: object) -> Path:
    file = tmp_path / "event.json"
    file.write_bytes(orjson.dumps(body))
    return file


@pytest.mark.usefixtures("rules")
def test_rules_without_a_mistake_are_counted_and_named_by_their_digest(gerege: Gerege) -> None:
    outcome = gerege("rules", "check")
    assert outcome.code == 0
    assert "0 errors, 0 warnings: 5 rules" in outcome.out
    found = gerege("rules", "check", "--format", "json").json
    assert found["digest"] in outcome.out
    assert (found["rules"], found["errors"], found["diagnostics"]) == (5, 0, [])


def test_a_rule_that_counts_working_days_where_there_is_no_calendar_is_warned_of(
    gerege: Gerege, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "rules"))
    (folder / "calendars/KAZ.yaml").unlink()
    outcome = gerege("rules", "check", folder)
    assert outcome.code == 0
    assert "0 errors, 2 warnings" in outcome.out
    rule = folder / "KAZ/stay/KAZ-REG-001.yaml"
    lines = rule.read_text(encoding="utf-8").splitlines()
    asking = [
        (number, line.index("at_most") + 1) for number, line in enumerate(lines, 1) if "stay.working_days" in line
    ]
    for number, column in asking:
        assert f"{rule}:{number}:{column}: warning: KAZ-REG-001 asks for stay.working_days" in outcome.out


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("document.expires_on", "document.expirs_on", "unknown-field", "Did you mean document.expires_on"),
        ("before:", "befor:", "unknown-operator", "Did you mean before"),
        ("RU-114-24", "RU-114-25", "unknown-provision", "RU-114-24"),
        ("review_by: 2030-01-01", "review_by: 2030-02-30", "impossible-date", "2030-02-30"),
    ],
)
def test_a_mistake_is_shown_with_its_line_a_caret_under_it_and_what_would_be_right(
    gerege: Gerege, rules: Path, old: str, new: str, code: str, words: str
) -> None:
    _edit(rules / RULE, old, new)
    outcome = gerege("rules", "check", rules)
    assert outcome.code == 1
    heading, line, caret, *_ = outcome.out.splitlines()
    number, column = map(int, heading.removeprefix(f"{rules / RULE}:").split(":")[:2])
    assert line == f"  {(rules / RULE).read_text(encoding='utf-8').splitlines()[number - 1]}"
    assert caret.index("^") == column + 1
    assert line[column + 1 :].startswith(new.partition(":")[0]) or new.rpartition(" ")[2] in line[column + 1 :]
    assert words in heading
    (told,) = gerege("rules", "check", rules, "--format", "json").json["diagnostics"]
    assert (told["file"], told["line"], told["column"]) == (RULE, number, column)
    assert told["code"] in heading
    assert code == told["code"]


def test_several_mistakes_are_shown_at_once(gerege: Gerege, rules: Path) -> None:
    _edit(rules / RULE, "document.expires_on", "document.expirs_on")
    _edit(rules / "RUS/carriage/RUS-TCAR-001.yaml", "subject.role: carrier", "subject.role: carier")
    assert gerege("rules", "check", "--format", "json").json["errors"] == 2


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_folder_without_rules_cannot_be_checked(gerege: Gerege, tmp_path: Path, command: str) -> None:
    outcome = gerege("rules", command, tmp_path / "nowhere")
    assert outcome.code == 3
    assert "There are no rules in" in outcome.said


def test_a_case_that_comes_out_otherwise_is_a_failure_with_its_place(gerege: Gerege, rules: Path) -> None:
    assert "before: crossing.date" in (rules / RULE).read_text(encoding="utf-8")
    before = gerege("rules", "test", "--rule", "RUS-TDOC-001", "--format", "json").json
    _edit(rules / RULE, "{before: crossing.date}", "{on_or_after: crossing.date}")
    outcome = gerege("rules", "test", "--rule", "RUS-TDOC-001")
    assert outcome.code == 1
    assert f"{Path('rules') / CASES}:" in outcome.err
    after = gerege("rules", "test", "--rule", "RUS-TDOC-001", "--format", "json").json
    assert after["rules"][0]["cases"] == before["rules"][0]["cases"]
    assert after["rules"][0]["failed"] > before["rules"][0]["failed"] == 0
    assert len([each for each in after["failures"] if each["file"] == CASES]) == after["rules"][0]["failed"]


@pytest.mark.usefixtures("rules")
def test_a_rule_that_no_case_shows_violated_is_silent_and_fails(gerege: Gerege) -> None:
    outcome = gerege("rules", "test", "--rule", "RUS-TDOC-002")
    assert outcome.code == 1
    assert "no case shows it" in outcome.err


@pytest.mark.usefixtures("rules")
def test_a_misspelt_rule_is_wrong_use_with_the_name_that_was_meant(gerege: Gerege, tmp_path: Path) -> None:
    asked = (("test", "--rule", "RUS-TDOC-01"), ("explain", "RUS-TDOC-01", _event(tmp_path, event())))
    for arguments in asked:
        outcome = gerege("rules", *arguments)
        assert outcome.code == 2
        assert "Did you mean RUS-TDOC-001" in outcome.said


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"persons__0__document__expires_on": EXPIRED}, "violated", "Violated by individual 0 (driver)"),
        ({}, "compliant", "Complied with by individual 0 (driver)"),
        ({"direction": "exit"}, "not_applicable", "Does not apply to individual 0 (driver)"),
        (
            {"persons__0__document__expires_on": OMIT},
            "undetermined",
            "Undetermined for individual 0 (driver): the event does not say document.expires_on",
        ),
    ],
)
def test_every_verdict_is_explained_with_its_values_and_its_law(
    gerege: Gerege, tmp_path: Path, change: dict[str, object], verdict: str, words: str
) -> None:
    file = _event(tmp_path, event(**change))
    outcome = gerege("rules", "explain", "RUS-TDOC-001", file)
    assert outcome.code == 0
    assert words in outcome.said
    assert "RU-4730-11" in outcome.said
    assert "source:" in outcome.said
    plain = gerege("rules", "explain", "RUS-TDOC-001", file, "--format", "json").json
    assert plain["verdict"] == verdict
    assert [each["provision"] for each in plain["law"]["basis"]] == ["RU-4730-11", "RU-114-24"]


@pytest.mark.usefixtures("rules")
def test_the_value_found_and_what_it_was_compared_with_stand_in_the_tree(gerege: Gerege, tmp_path: Path) -> None:
    file = _event(tmp_path, event(persons__0__document__expires_on=EXPIRED))
    said = gerege("rules", "explain", "RUS-TDOC-001", file).said.replace("│ ", "")
    assert f"✓ document.expires_on before crossing.date — is {EXPIRED}, compared with 2026-03-01" in said


@pytest.mark.usefixtures("rules")
def test_each_subject_of_a_crossing_can_be_asked_about(gerege: Gerege, tmp_path: Path) -> None:
    file = _event(tmp_path, several())
    verdicts = {
        (rule, subject): gerege("rules", "explain", rule, file, "--subject", subject, "--format", "json").json[
            "verdict"
        ]
        for rule, subject in [
            ("RUS-TDOC-001", "individual:0"),
            ("RUS-TDOC-001", "individual:1"),
            ("RUS-TCAR-001", "legal_entity:0"),
        ]
    }
    assert list(verdicts.values()) == ["violated", "compliant", "violated"]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("individual:7", "The event has no individual 7. It has: individual:0, legal_entity:0"),
        ("legal_entity:0", "is a rule on the kind individual"),
        ("driver", "is not of the form individual:0"),
        ("individual:²", "is not of the form individual:0"),
    ],
)
def test_a_subject_that_is_not_there_is_wrong_use(gerege: Gerege, tmp_path: Path, subject: str, words: str) -> None:
    outcome = gerege("rules", "explain", "RUS-TDOC-001", _event(tmp_path, event()), "--subject", subject)
    assert outcome.code == 2
    assert words in outcome.said


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"direction": "sideways"}, "/direction: Input should be 'entry', 'exit' or 'presence'"),
        ({"persons__0__document__expirs_on": "2026-01-01"}, "/persons/0/document/expirs_on: "),
        ({"a\x1b[2J/b": 1}, r"'/a\x1b[2J~1b': Extra inputs are not permitted"),
        ({"checkpoint": "RUS-NOWHERE"}, "RUS-NOWHERE is not in the register of checkpoints"),
    ],
)
def test_faults_of_an_event_are_named_by_pointer(
    gerege: Gerege, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    outcome = gerege("rules", "explain", "RUS-TDOC-001", _event(tmp_path, event(**change)))
    assert outcome.code == 1
    assert words in outcome.said
    assert "\x1b" not in outcome.said


@pytest.mark.usefixtures("rules")
def test_an_event_is_read_from_standard_input_too(gerege: Gerege, monkeypatch: pytest.MonkeyPatch) -> None:
    body = io.BytesIO(orjson.dumps(event()))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=body))
    assert gerege("rules", "explain", "RUS-TDOC-001", "-").code == 0
    assert gerege("rules", "explain", "RUS-TDOC-001", "nowhere.json").code == 2

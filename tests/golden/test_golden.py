"""Every golden file gives exactly the recorded messages, or exactly the recorded understanding."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from app.language.calendars import WEEK, Calendar, OpenDays, Weekday
from app.language.diagnostics import Severity
from app.language.from_surface.periods import in_words
from app.language.ir import All, Condition, Measure, Rule, Rulebook
from app.language.load import Case, Loaded, load, read_sources
from app.language.printer import condition_text

HERE = Path(__file__).parent
BASE = read_sources(HERE / "base")
GOLDEN = sorted(path for kind in ("good", "bad") for path in (HERE / kind).glob("*.yaml"))
LANGUAGE = HERE.parents[1] / "app" / "language"
CODE = re.compile(r'(?:error|warning|_Refused)\(\s*[^"]*?,\s*"([a-z0-9]+(?:-[a-z0-9]+)*)",')
SHOWN_CODE = re.compile(r"\[([a-z0-9-]+)\]$", re.MULTILINE)
FILE = re.compile(r"^# file: (\S+)\n", re.MULTILINE)


def sources(path: Path) -> dict[str, str]:
    _, *parts = FILE.split(path.read_text(encoding="utf-8"))
    named = dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: f"# file: {name}\n{text}" for name, text in named.items()}


def understood(loaded: Loaded, files: set[str]) -> Iterator[str]:
    yield from (f"{diagnostic}\n" for diagnostic in loaded.diagnostics)
    if loaded.rulebook:
        for rule in loaded.rulebook.rules.values():
            if rule.file in files:
                yield from _rule(rule, loaded.rulebook)
        yield from map(_measure, loaded.rulebook.measures.values())
        yield from map(_calendar, loaded.rulebook.calendars.values())
        yield from (
            _open_days(entry, code) for code, hours in loaded.rulebook.opening.items() for entry in hours.entries
        )
    for name, cases in sorted(loaded.cases.items()):
        yield from (
            f"case of {name}: {case.name}, {case.expect}, {dict(case.event)}{_past(case)}\n"
            for case in cases
            if case.at.file in files
        )


def _rule(rule: Rule, rulebook: Rulebook) -> Iterator[str]:
    rests = ", ".join(f"{on} ({rulebook.rules[on].stratum})" for on in sorted(rule.rests_on)) or "no rule"
    yield f"{rule.id}, {rule.status}, stratum {rule.stratum}, rests on {rests}\n"
    for version in rule.versions:
        yield f"version {version.id} until {version.in_force.last}, basis {', '.join(version.basis)}\n"
        yield f"applies\n{_tree(version.applies)}holds\n{_tree(version.holds)}"


def _measure(measure: Measure) -> str:
    """Its field, and what else differs from what a measure is by default."""
    told = measure.field
    among = " and ".join(sorted(told.subjects))
    rest = {
        each.name: value
        for each in fields(measure)
        if each.name != "field" and (value := getattr(measure, each.name)) != each.default
    }
    said = ", ".join(f"{name} {_told(value)}" for name, value in rest.items())
    return f"{told.path} in {told.unit} of {among}, {told.description}: {said}\n"


def _told(value: object) -> str:
    match value:
        case frozenset():
            return "/".join(sorted(value))
        case tuple():
            return " to ".join(each.path for each in value)
        case _:
            return str(value)


def _past(case: Case) -> str:
    return "".join(f", after {dict(each.event)} ({', '.join(each.confirmed)})" for each in case.before)


def _calendar(calendar: Calendar) -> str:
    days = {str(day): dict(name) for day, name in calendar.holidays.items()}
    worked = ", ".join(map(str, calendar.working))
    rest = f"rests on {_days(calendar.weekend)} and {days}"
    return f"{calendar.state}, {in_words(calendar.covers)}, {rest}, works {worked}\n"


def _open_days(entry: OpenDays, checkpoint: str) -> str:
    hours = ", ".join(f"{each.start / 60:g}-{each.end / 60:g}" for each in entry.hours) or "closed"
    note = f" ({entry.note})" if entry.note else ""
    return f"{checkpoint}, {in_words(entry.period)}, {entry.season}, {_days(entry.days)}: {hours}{note}\n"


def _days(days: Iterable[Weekday]) -> str:
    return ", ".join(sorted(days, key=WEEK.index))


def _tree(condition: Condition) -> str:
    text = "always\n" if condition == All(()) else condition_text(condition)
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_file_gives_what_was_recorded(path: Path) -> None:
    files = sources(path)
    assert files, "a golden file begins with `# file: PATH`"
    loaded = load(BASE | files)
    errors = [each for each in loaded.diagnostics if each.severity is Severity.ERROR]
    assert bool(errors) is (path.parent.name == "bad")
    expected = path.with_suffix(".expected")
    result = "".join(understood(loaded, set(files)))
    if os.environ.get("GEREGE_RECORD"):
        expected.write_text(result, encoding="utf-8")
    assert result == expected.read_text(encoding="utf-8")


def test_the_base_is_right() -> None:
    assert load(BASE).diagnostics == ()


def test_every_recording_belongs_to_a_golden_file() -> None:
    recorded = {path.with_suffix(".yaml") for path in HERE.glob("*/*.expected")}
    assert recorded == set(GOLDEN)


def found(pattern: re.Pattern[str], paths: Iterable[Path]) -> set[str]:
    return {code for path in paths for code in pattern.findall(path.read_text(encoding="utf-8"))}


def test_every_kind_of_message_is_shown_by_a_golden_file() -> None:
    shown = {
        code for path in HERE.glob("*/*.expected") for code in SHOWN_CODE.findall(path.read_text(encoding="utf-8"))
    }
    written = {code for path in LANGUAGE.rglob("*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert written - shown == {"not-utf-8"}  # a golden file is UTF-8

"""A rulebook from its files: all or nothing, its digest, its cost."""

import gc
import time
from pathlib import Path
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from app.language.diagnostics import Report
from app.language.load import compile_tree, load, parse, parse_condition, read_sources
from app.vocabulary.codes import SubjectKind, Verdict

GOLDEN = Path(__file__).parents[1] / "golden"
BASE = read_sources(GOLDEN / "base")
RULE = "RUS/documents/RUS-BASE-001.yaml"


def digest_of(sources: dict[str, str]) -> str:
    rulebook = load(sources).rulebook
    assert rulebook is not None
    return rulebook.digest


def test_the_sources_are_kept_word_for_word() -> None:
    rulebook = load(BASE).rulebook
    assert rulebook is not None
    assert rulebook.sources == BASE


def test_the_digest_is_of_what_is_said_and_not_of_how() -> None:
    digest = digest_of(BASE)
    assert digest.startswith("sha256:")
    assert digest_of(dict(reversed(BASE.items()))) == digest
    assert digest_of(BASE | {RULE: f"# a comment\n{BASE[RULE]}\n"}) == digest
    assert digest_of(BASE | {RULE: BASE[RULE].replace("severity: minor", "severity: grave")}) != digest


def test_tables_take_part_in_the_digest_whatever_their_line_ends() -> None:
    digest = digest_of(BASE | {"checkpoints.csv": "code,name\nA,B\n"})
    assert digest_of(BASE | {"checkpoints.csv": "code,name\r\nA,B\r\n"}) == digest
    assert digest_of(BASE | {"checkpoints.csv": "code,name\nA,C\n"}) != digest


@given(st.sampled_from(sorted(BASE)), st.sampled_from(sorted(BASE)))
def test_one_wrong_file_keeps_everything_from_loading(wrong: str, other: str) -> None:
    loaded = load(BASE | {wrong: "a: [", other: BASE[other] if other != wrong else "a: ["})
    assert loaded.rulebook is None
    assert {diagnostic.at.file for diagnostic in loaded.diagnostics} == {wrong}


def test_cases_hold_the_base_event_with_their_changes() -> None:
    in_force, expired, unsaid = load(BASE).cases["RUS-BASE-001"]
    assert in_force.event["persons"][0]["document"] == {"kind": "passport", "expires_on": "2030-01-01"}
    assert expired.event["persons"][0]["document"] == {"kind": "passport", "expires_on": "2026-02-28"}
    assert unsaid.event["persons"][0]["document"] == {"kind": "passport"}
    assert [case.expect for case in (in_force, expired, unsaid)] == [
        Verdict.COMPLIANT,
        Verdict.VIOLATED,
        Verdict.UNDETERMINED,
    ]
    assert expired.missing is None
    assert unsaid.missing == frozenset({"document.expires_on"})
    assert (expired.subject_kind, expired.subject_index) == (SubjectKind.INDIVIDUAL, 0)


def test_bytes_that_are_not_utf_8_are_named_with_their_line(tmp_path: Path) -> None:
    for file, text in BASE.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / RULE).write_bytes(BASE[RULE].encode().replace(b"Tests", b"\xd2\xe5\xf1\xf2"))
    loaded = load(read_sources(tmp_path))
    found = [(each.code, each.at.file, each.at.line) for each in loaded.diagnostics]
    assert found == [("not-utf-8", RULE, 1 + BASE[RULE][: BASE[RULE].index("owner")].count("\n"))]


def test_a_condition_by_itself_needs_no_rulebook() -> None:
    text = "subject.nationality: {in: lists.any}\nsubject.visa_free_days: {below: parameters.any}"
    assert parse_condition(text, SubjectKind.INDIVIDUAL)[1] == ()
    _, diagnostics = parse_condition(text, SubjectKind.INDIVIDUAL, lists={}, parameters={})
    assert [each.code for each in diagnostics] == ["unknown-list", "unknown-parameter"]


def test_compiling_takes_no_longer_than_parsing() -> None:
    sources = {file: text for file, text in BASE.items() if "/documents/" not in file}
    for number in range(200):
        name = f"RUS-MANY-{number}"
        sources[f"RUS/documents/{name}.yaml"] = BASE[RULE].replace("RUS-BASE-001", name)
    rounds = [_round(sources) for _ in range(3)]
    assert median(compiling for _, compiling in rounds) <= median(parsing for parsing, _ in rounds)


def _round(sources: dict[str, str]) -> tuple[float, float]:
    gc.collect()
    report = Report()
    start = time.perf_counter()
    tree = parse(sources, report)
    parsed = time.perf_counter()
    assert len(compile_tree(tree, report).rules) == 200
    done = time.perf_counter()
    assert not report.failed
    return parsed - start, done - parsed

"""`gerege manifest`."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.vocabulary.paxlst import MAX_BYTES
from tests.cli.conftest import Gerege

SAMPLES = Path(__file__).parents[1] / "data/paxlst"
STAR = SAMPLES / "multi_leg_una_star_05B.edi"
CLEAN = (
    b"UNB+UNOA:4+AIR+GOV+260228:1200+REF1'UNH+M1+PAXLST:D:05B:UN:IATA'BGM+745+CP'"
    b"TDT+20+MU0591+++MU'LOC+125+PVG'DTM+189:2603011725:201'LOC+87+SVO'DTM+232:2603012210:201'"
    b"NAD+FL+++WANG:XIAOMING'NAT+2+CHN'DOC+P+E12345678'LOC+91+CHN'CNT+42:1'UNT+13+M1'UNZ+1+REF1'"
)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.edi")), ids=lambda path: path.stem)
def test_every_sample_has_flaws_which_are_told_with_their_segments(
    gerege: Gerege, monkeypatch: pytest.MonkeyPatch, sample: Path, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    outcome = gerege("manifest", sample)
    told = gerege("manifest", sample, "--format", "json")
    assert (outcome.code, told.code) == (1, 1)
    assert max(map(len, outcome.out.splitlines())) <= columns
    ((manifest),) = told.json
    words = outcome.out.split()
    assert all(person["surname"] + "," in words for person in manifest["persons"])
    assert all(leg["voyage"] in words for leg in manifest["legs"])
    assert all(str(flaw["segment"]) in words and flaw["tag"] in words for flaw in manifest["flaws"])


def test_a_list_is_shown_with_itinerary_persons_totals_and_flaws(
    gerege: Gerege, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    outcome = gerege("manifest", STAR)
    assert [" ".join(line.split()) for line in outcome.out.splitlines() if line.strip()] == [
        "list passenger list",
        "message PAXLST D:05B, reference PAX001",
        "from AIR1",
        "to DHS",
        "prepared 2007-02-18 15:45",
        "flight from departs (local) to arrives (local)",
        "AA123 ATL 2007-02-19 15:40 ORD 2007-02-19 17:40",
        "AA124 ORD 2007-02-19 18:40 JFK 2007-02-19 19:55",
        "role name nat. document born from to",
        "passenger CLARK, MICHAEL - - 1972-09-07 ATL JFK",
        "passenger CLARK, CHERYL - - 1973-04-07 ORD JFK",
        "2 passengers, 0 crew, 2 flaws",
        "segments tag what is wrong what would be right",
        "18 27 NAD the person has no travel document DOC with its number, LOC+91 with its issuer",
    ]


def test_a_list_without_a_flaw_ends_with_0_and_may_come_by_standard_input(
    gerege: Gerege, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(CLEAN)))
    outcome = gerege("manifest", "-")
    assert outcome.code == 0
    assert "passenger list, change" in outcome.said
    assert "1 passenger, 0 crew, 0 flaws" in outcome.said
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(CLEAN)))
    (manifest,) = gerege("manifest", "-", "--format", "json").json
    assert manifest["document_keys"] == ["CHN:E12345678"]
    assert manifest["legs"][0]["departure_local"] == "2026-03-01T17:25:00"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "there is no PAXLST message"), (b" " * (MAX_BYTES + 1), "at most 4,194,304"), (None, "cannot be read")],
)
def test_what_is_no_list_is_wrong_use(gerege: Gerege, tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "list.edi"
    if content is not None:
        file.write_bytes(content)
    outcome = gerege("manifest", file)
    assert outcome.code == 2
    assert words in outcome.said


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_control_character_of_the_file_reaches_the_terminal(gerege: Gerege, tmp_path: Path, form: str) -> None:
    file = tmp_path / "list.edi"
    file.write_bytes(CLEAN.replace(b"WANG", b"WA\x1b[31mNG\x9b\x07").replace(b"REF1", "R\u202eF".encode()))
    outcome = gerege("manifest", file, "--format", form)
    assert outcome.code == 1
    assert (outcome.out + outcome.err).replace("\n", "").isprintable()

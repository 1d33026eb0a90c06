"""What the bench writes: its charts, its tables, its place in the README, and the rules it makes up."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.language.load import load, read_sources
from bench.chart import Panel, svg
from bench.event import event
from bench.report import BEGIN, END, Check, Part, judged, quoted, tabulated
from bench.rulebook import shipped, written

ROOT = Path(__file__).parents[2]
PANEL = Panel("Of <both>", "rules", "events a second", {"SQLite": [(143, 900.0), (1000, 450.0)]})


def test_a_chart_names_its_axes_and_each_line_has_its_points_within_the_page() -> None:
    panels = [PANEL, Panel("By history", "crossings", "ms", {"a": [(10, 1), (2000, 3)]}, is_logarithmic=True)]
    drawn = ET.fromstring(svg(panels))  # noqa: S314 (our own drawing)
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Of <both>", "rules", "events a second", "SQLite", "143", "1,000", "crossings", "2,000"} <= set(texts)
    width, height = map(int, drawn.attrib["viewBox"].split()[2:])
    circles = list(drawn.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 2 * 2 + 2
    assert all(0 < float(each.attrib["cx"]) < width and 0 < float(each.attrib["cy"]) < height for each in circles)


def test_higher_figures_stand_higher_and_the_axis_reaches_them() -> None:
    drawn = svg([PANEL])
    first, last = re.findall(r'cy="([0-9.]+)"', drawn)[:2]
    assert float(first) < float(last)
    assert ">1,000</text>" in drawn


def test_what_was_missed_is_in_bold() -> None:
    part = Part("what", ("a", "b"), [("x", "1")], [Check("met", 0.5, 0.4), Check("missed", 12, 10, is_most=True)])
    assert tabulated(part) == "| what | b |\n| --- | --- |\n| x | 1 |\n"
    assert judged([part]).splitlines()[2:] == ["| met | 0.50 | at least 0.4 |", "| missed | **12.00** | at most 10 |"]


def test_a_page_keeps_all_but_the_figures_of_the_last_run() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert quoted(page, "new\n") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert quoted(quoted(page, "x"), "new") == quoted(page, "new")
    with pytest.raises(ValueError, match="no place"):
        quoted("before", "new")


def test_the_readme_quotes_the_run_that_the_page_of_figures_tells_of() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.partition(BEGIN)[2].partition(END)[0].splitlines() if line]
    assert len(rows) > 30
    assert set(rows) <= set((ROOT / "docs" / "bench.md").read_text(encoding="utf-8").splitlines())


def test_generated_rules_have_no_faults_and_come_in_the_number_asked_for(tmp_path: Path) -> None:
    loaded = load(read_sources(written(tmp_path / "rules", shipped() + 20)))
    assert loaded.rulebook
    assert len(loaded.rulebook.rules) == shipped() + 20


def test_events_of_a_run_are_of_other_persons_and_carriers() -> None:
    one, other = event(1, "run"), event(2, "run")
    assert one["id"] != other["id"]
    assert one["persons"][0]["document"]["number"] != other["persons"][0]["document"]["number"]
    assert one["persons"][0]["surname"] != other["persons"][0]["surname"]
    assert one["organizations"] != other["organizations"]

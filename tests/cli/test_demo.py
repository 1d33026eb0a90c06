"""The demonstration: its events are always the same and valid, and it runs end to end as a process of its own."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from csv import DictReader
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.demo.events import events
from app.cli.demo.places import document, table
from app.cli.demo.service import RULES, free_port
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine
from app.evaluation.reload import compile_sources
from app.language.load import read_sources
from app.vocabulary import identifiers, mrz
from app.vocabulary.past import Leg, Past
from app.vocabulary.wire import Crossing

_DEMO = [sys.executable, "-m", "app.cli.main", "demo"]
_ROOT = Path(__file__).parents[2]
_TIMEOUT = 180


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=15, deadline=None)
def test_every_event_of_every_seed_is_valid_on_the_wire(seed: int, count: int) -> None:
    made = [Crossing.model_validate_json(orjson.dumps(event)) for event in events(count, seed)]
    assert len({(each.source, each.id) for each in made}) == count


def test_events_are_the_same_each_time_and_others_for_another_seed() -> None:
    assert orjson.dumps(events(50)) == orjson.dumps(events(50))
    assert events(50) != events(50, seed=1)


def test_events_do_not_depend_on_the_process() -> None:
    code = "import orjson; from app.cli.demo.events import events; print(orjson.dumps(events(50)).decode())"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        printed = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=_ROOT, env=environment
        )
        assert orjson.loads(printed.stdout) == orjson.loads(orjson.dumps(events(50)))


def test_events_come_in_the_order_of_time() -> None:
    times = [Crossing.model_validate_json(orjson.dumps(event)).occurred_at for event in events(200)]
    assert times == sorted(times)


def test_places_are_those_of_the_register() -> None:
    with (RULES / "checkpoints.csv").open(encoding="utf-8") as lines:
        register = {row["code"]: row for row in DictReader(lines)}
    mode = {"walk": "pedestrian", "train": "rail", "flight": "air"}
    for place in table("places"):
        known = register[place["checkpoint"]]
        assert (place["neighbour"], place["time_zone"]) == (known["neighbour"], known["time_zone"])
        modes = {mode.get(kind, "road") for kind in place["kinds"].split(";")}
        assert modes <= set(known["modes"].split(";"))


def test_published_numbers_and_specimens_are_well_formed() -> None:
    for scheme, numbers in document("identifiers").items():
        assert all(identifiers.check(scheme, number) for number in numbers)
    assert all(mrz.parse(specimen["lines"]).valid for specimen in document("specimens"))


def _judged_in_order(engine: Engine, sent: Iterable[object]) -> Iterator[Decision]:
    """Each with what was on record before it."""
    legs: defaultdict[str, list[Leg]] = defaultdict(list)
    for event in sent:
        prepared = engine.prepare(Crossing.model_validate_json(orjson.dumps(event)))
        yield engine.judge(prepared, [Past(tuple(legs[subject.key or ""])) for subject, _ in prepared.subjects])
        for subject, facts in prepared.subjects:
            if subject.key:
                legs[subject.key].append(subject.leg(facts, prepared.checkpoint.state, prepared.event.id))


def test_most_crossings_comply_and_both_kinds_of_subject_violate_the_law_of_every_jurisdiction() -> None:
    in_force, _ = compile_sources(read_sources(RULES))
    assert in_force
    engine = Engine(in_force.rulebook, in_force.reference)
    decisions = list(_judged_in_order(engine, events(500)))
    engine.close()
    outcomes = Counter(decision.outcome for decision in decisions)
    assert 300 <= outcomes["compliant"] <= 385
    assert 75 <= outcomes["violation"] <= 125
    assert outcomes["undetermined"] >= 20
    violated = [each for decision in decisions for each in decision.findings if each.verdict == "violated"]
    assert {each.rule.jurisdiction for each in violated} == {"RUS", "KAZ", "CHN", "BLR", "EUE", "INT"}
    assert {each.subject.kind for each in violated} == {"individual", "legal_entity"}
    assert len({each.rule.id for each in violated}) >= 25


def test_it_runs_to_its_end_and_says_what_it_found() -> None:
    done = subprocess.run(
        [*_DEMO, "--exit", "--events", "60", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
        cwd=_ROOT,
        env=_environment(),
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^60 crossings at \d+ checkpoints, 2025-\d\d-\d\d to 202\d-\d\d-\d\d$", done.stdout, re.MULTILINE)
    counts = {
        outcome: int(re.findall(rf"^{outcome} +(\d+)", done.stdout, re.MULTILINE)[0])
        for outcome in ("compliant", "violation", "undetermined")
    }
    assert sum(counts.values()) == 60
    assert min(counts["compliant"], counts["violation"]) > 0
    for words in ("A person: one violation in full", "verification:", "source:", "✗", "sanction under"):
        assert words in done.stdout
    assert "\x1b[" not in done.stdout


def test_it_serves_on_until_it_is_interrupted_and_the_commands_it_prints_work() -> None:
    with _demo("--events", "60", "--port", "0") as process:
        said = _until_serving(process)
        commands = [line for line in said.splitlines() if line.startswith("curl ")]
        assert len(commands) == 3
        gravest, detail, own = (_answer(command) for command in commands)
        assert 0 < len(gravest["items"]) <= 5
        assert {"explanation", "law", "facts"} <= detail.keys()
        assert own["outcome"] == "violation"
        logins, password = re.findall(r"^sign in as +(.+); the password is (\S+)$", said, re.MULTILINE)[0]
        address = re.findall(r"^console +(\S+)/console/$", said, re.MULTILINE)[0]
        for login in logins.split(", "):
            entered = {"login": login, "password": password}
            assert httpx2.post(f"{address}/v1/session", json=entered, trust_env=False).is_success
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        port = int(re.findall(r"http://127\.0\.0\.1:(\d+)/", said)[0])
        assert free_port(port) == port, "the service goes on after the demonstration"


def test_a_port_that_is_taken_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) not in {0, port}


@pytest.mark.parametrize("wrong", [["--events", "0"], ["--port", "70000"], ["--no-such-option"]])
def test_wrong_use_is_exit_code_2(wrong: list[str]) -> None:
    done = subprocess.run([*_DEMO, *wrong], capture_output=True, timeout=_TIMEOUT, check=False, cwd=_ROOT)
    assert done.returncode == 2


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GEREGE_")} | {"COLUMNS": "100"}


@contextmanager
def _demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*_DEMO, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=_ROOT,
        env=_environment() | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        if process.stdout:
            process.stdout.close()


def _until_serving(process: subprocess.Popen[str]) -> str:
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if "Serving until" in line:
            return said
    raise AssertionError(f"it ended before it served:\n{said}")


def _answer(command: str) -> dict[str, Any]:
    """What the printed command gets, asked without curl, which a machine may lack."""
    words = shlex.split(command)
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1] if "-d" in words else None
    answered = httpx2.request(
        "POST" if body else "GET", words[-1], content=body, headers=headers, trust_env=False, timeout=30
    )
    assert answered.is_success, answered.text
    read: dict[str, Any] = answered.json()
    return read

"""`gerege serve` as a process: how it starts, how it ends, and what it says when it cannot start."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import orjson
import pytest

from tests.cli.conftest import Gerege
from tests.databases import Postgres
from tests.factories import event
from tests.service.serving import RULES

ROOT = Path(__file__).parents[2]
SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a copy of the tests' rules, which is where the settings look for them."""
    shutil.copytree(RULES, tmp_path / "rules")
    return tmp_path


def _start(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GEREGE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "serve", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


@contextmanager
def _serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The process, its address as it says itself, and what it said before that."""
    process = _start(folder, ["--port", "0", *arguments])
    assert process.stdout
    try:
        said = ""
        while not (found := re.search(r"http://[\d.]+:\d+", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, found[0], said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _refused(folder: Path, *arguments: str) -> str:
    """What `gerege serve` says instead of starting; its exit code is 3 and there is no traceback."""
    process = _start(folder, arguments)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 3, said
    assert "Traceback" not in said
    return " ".join(said.split())


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_fresh_service_takes_a_crossing_and_ends_without_complaint(
    gerege: Gerege, folder: Path, stop: signal.Signals
) -> None:
    with _serving(folder) as (process, address, said):
        assert "5 rules in force" in said
        key = gerege("keys", "create", "lane", "--role", "checkpoint", "--source", "*").out.strip()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with httpx2.Client(base_url=address, headers=headers, trust_env=False) as client:
            answer = client.post("/v1/crossings", content=orjson.dumps(event()))
        assert answer.status_code == 201
        process.send_signal(stop)
        rest, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0
        assert rest.strip() == "Stopped."


def test_a_revoked_key_is_refused_within_seconds(gerege: Gerege, folder: Path) -> None:
    with _serving(folder) as (_, address, _):
        made = gerege("keys", "create", "o", "--role", "officer", "--format", "json").json
        headers = {"Authorization": f"Bearer {made['key']}"}
        with httpx2.Client(base_url=address, headers=headers, trust_env=False) as client:
            assert client.get("/v1/rules").status_code == 200
            assert gerege("keys", "revoke", made["id"]).code == 0
            deadline = time.monotonic() + 10
            while client.get("/v1/rules").status_code == 200:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert client.get("/v1/rules").status_code == 401


def test_a_port_in_use_is_said_and_how_to_choose_another(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = _refused(folder, "--port", str(port))
    assert f"Cannot listen at 127.0.0.1 port {port}" in said
    assert "Choose another with --host and --port" in said


def test_rules_with_errors_and_no_earlier_rulebook_are_each_named(folder: Path) -> None:
    rule = folder / "rules/RUS/documents/RUS-TDOC-001.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("document.expires_on", "document.expirs_on"))
    said = _refused(folder, "--port", "0")
    assert "RUS/documents/RUS-TDOC-001.yaml:" in said
    assert "Did you mean document.expires_on" in said
    assert "Run `gerege rules check rules`" in said


def test_rules_that_got_errors_leave_the_last_good_ones_in_force_loudly(folder: Path) -> None:
    with _serving(folder) as (_, _, said):
        digest = re.findall(r"sha256:\w+", said)
    rule = folder / "rules/RUS/documents/RUS-TDOC-001.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("document.expires_on", "document.expirs_on"))
    with _serving(folder) as (_, address, said):
        assert "The rules in rules have 1 error; the last good rulebook stays in force" in said
        assert digest
        assert re.findall(r"sha256:\w+", said) == digest
        assert httpx2.get(f"{address}/readyz", trust_env=False).json()["rulebook"]["stale"] is True


def test_no_rules_at_all_are_said(folder: Path) -> None:
    assert "there are no rules in this folder" in _refused(folder, "--port", "0", "--rules", "nowhere")


def test_a_database_that_is_away_is_said(folder: Path) -> None:
    said = _refused(folder, "--port", "0", "--database", "postgresql+psycopg://u:secret-word@127.0.0.1:1/x")
    assert "The database cannot answer now" in said
    assert "secret-word" not in said


def test_a_database_server_is_migrated_only_when_asked(folder: Path, postgres: Postgres) -> None:
    with postgres.fresh_database() as url:
        assert "Run `gerege migrate` first, or add --migrate" in _refused(folder, "--port", "0", "--database", url)
        with _serving(folder, "--database", url, "--migrate") as (_, address, _):
            assert httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200


def test_settings_that_cannot_be_used_are_wrong_use(gerege: Gerege, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEREGE_PROT", "8000")
    outcome = gerege("serve")
    assert outcome.code == 2
    assert "GEREGE_PROT: there is no such setting (did you mean GEREGE_PORT?)" in outcome.said

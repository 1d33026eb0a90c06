"""`gerege serve` as a real program: what it says at its start, and how it ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.cli.terminal import ExitCode
from app.storage.engine import connect
from app.storage.migrate import current
from tests.databases import Postgres
from tests.service.serving import RULES

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "app.cli.main", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if not name.startswith("GEREGE_")}
    return rest | {"PYTHONPATH": str(ROOT)} | variables


def run(folder: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@contextmanager
def serving(folder: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], list[str], str]]:
    """A service that has started: the process, the lines it said, and its address."""
    process = subprocess.Popen(
        command("serve", "--port", 0, *arguments), cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"serves at (http://\S+:\d+)", line):
                yield process, said, found[1]
                return
        pytest.fail("it did not start: " + "".join(said))
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def broken(folder: Path) -> Path:
    """The rules, one of which has a severity that there is not."""
    rules = folder / "rules"
    shutil.copytree(RULES, rules)
    rule = next(path for path in sorted(rules.glob("RUS/*/*.yaml")) if ".cases" not in path.name)
    rule.write_text(re.sub("severity: .*", "severity: terrible", rule.read_text("utf-8")), "utf-8")
    return rules


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_is_in_force_and_where_it_serves_and_ends_cleanly_when_asked(
    tmp_path: Path, asked: signal.Signals
) -> None:
    with serving(tmp_path, "--rules", RULES) as (process, said, address):
        ready = httpx2.get(f"{address}/readyz", trust_env=False).json()
        assert ready["ready"] is True
        expected = rf"{ready['rulebook']['rules']} rules? in force, {ready['rulebook']['digest']}"
        assert any(re.search(expected, line) for line in said)
        process.send_signal(asked)
        assert process.wait(START_SECONDS) == ExitCode.OK
        assert process.stderr
        assert process.stderr.read() == "Stopped.\n"
    assert (tmp_path / "var" / "gerege.db").exists()


def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(tmp_path, "serve", "--port", port, "--rules", RULES)
    assert ended.returncode == ExitCode.CANNOT_RUN
    assert f"Cannot listen at 127.0.0.1 port {port}" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_rules_with_errors_are_not_served_and_each_error_is_told(tmp_path: Path) -> None:
    ended = run(tmp_path, "serve", "--port", 0, "--rules", broken(tmp_path))
    assert ended.returncode == ExitCode.CANNOT_RUN
    assert re.search(r"RUS/\S+\.yaml:\d+:\d+: severity cannot be terrible", ended.stderr)
    assert "gerege rules check" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_rules_that_came_to_have_errors_are_told_and_the_last_good_rulebook_is_served(tmp_path: Path) -> None:
    with serving(tmp_path, "--rules", RULES):
        pass
    with serving(tmp_path, "--rules", broken(tmp_path)) as (_, said, address):
        assert "have 1 error; the last good rulebook stays in force" in "".join(said)
        assert httpx2.get(f"{address}/readyz", trust_env=False).json()["rulebook"]["stale"] is True


def test_a_postgresql_database_is_migrated_only_when_asked_to(tmp_path: Path, postgres: Postgres) -> None:
    with postgres.fresh_database() as url:
        refused = run(tmp_path, "serve", "--port", 0, "--rules", RULES, "--database", url)
        assert refused.returncode == ExitCode.CANNOT_RUN
        assert "Run `gerege migrate` first" in refused.stderr
        database = connect(url)
        assert current(database) is None
        with serving(tmp_path, "--rules", RULES, "--database", url, "--migrate") as (_, _, address):
            assert httpx2.get(f"{address}/readyz", trust_env=False).json()["ready"] is True
        assert current(database) is not None
        database.dispose()


def test_a_database_that_cannot_be_reached_is_told_without_the_password(tmp_path: Path) -> None:
    ended = run(tmp_path, "serve", "--database", "postgresql+psycopg://gerege:secret@127.0.0.1:1/gerege")
    assert ended.returncode == ExitCode.CANNOT_RUN
    assert "Connection refused" in ended.stderr
    assert "secret" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_settings_that_cannot_be_used_are_all_told(tmp_path: Path) -> None:
    ended = run(tmp_path, "serve", GEREGE_PORT="eighty", GEREGE_RULE_DIR="rules")
    assert ended.returncode == ExitCode.WRONG_USE
    assert "GEREGE_PORT: 'eighty' is not a whole number" in ended.stderr
    assert "did you mean GEREGE_RULES_DIR?" in ended.stderr

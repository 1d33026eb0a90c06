"""Events a second over HTTP: `POST /v1/crossings` on SQLite with one worker, over bare handlers', in one run."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import orjson

from app.clock import SystemClock
from app.identity import keys
from app.identity.roles import Role
from app.main import MIGRATIONS
from app.storage.engine import connect, transaction
from app.storage.migrate import upgrade

_BARE, _GEREGE = 8971, 8972
_ROUNDS, _SECONDS = 5, 4.0
BARE, LEAN, INSERT, GEREGE = "bare handler", "bare handler, from the bytes", "bare handler, one insert", "gerege"
SINGLE = (
    (BARE, _BARE, "/v1/crossings"),
    (LEAN, _BARE, "/lean"),
    (INSERT, _BARE, "/insert"),
    (GEREGE, _GEREGE, "/v1/crossings"),
)
BATCHES = ((BARE, _BARE, "/batch"), (GEREGE, _GEREGE, "/v1/crossings/batch"))


def run(connections: int, served: Sequence[tuple[str, int, str]] = SINGLE) -> dict[str, dict[str, float]]:
    """Medians of interleaved rounds, by server."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        key = _key(url)
        with _server("bench.bare:app", _BARE, url), _server("app.main:from_environment", _GEREGE, url):
            rounds: dict[str, list[dict[str, float]]] = {name: [] for name, _, _ in served}
            for number in range(_ROUNDS + 1):
                for name, port, path in served:
                    measured = _drive(port, path, key, connections)
                    if number:  # the first round warms up
                        rounds[name].append(measured)
    return {
        name: {figure: statistics.median(each[figure] for each in measured) for figure in measured[0]}
        for name, measured in rounds.items()
    }


def _key(url: str) -> str:
    database = connect(url)
    upgrade(database, MIGRATIONS)
    with transaction(database) as tx:
        _, key = keys.issue(tx, "bench", Role.CHECKPOINT, ["rus-bench"], SystemClock().now())
    database.dispose()
    return key


@contextmanager
def _server(application: str, port: int, url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log"]
    command += ["--log-level", "warning"] + (["--factory"] if "from_environment" in application else [])
    environment = os.environ | {
        "BENCH_FILE": f"{url.removeprefix('sqlite:///')}.bare",
        "GEREGE_DATABASE_URL": url,
        "GEREGE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(command, env=environment, cwd=Path(__file__).parent.parent)  # noqa: S603 (our own server)
    try:
        _wait(port, process)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=1).close()
        except URLError as error:
            if getattr(error, "code", None) or process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            break
    if process.poll() is not None:
        raise RuntimeError("a server of the benchmark did not start")


def _drive(port: int, path: str, key: str, connections: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.driver", str(port), path, key, str(connections), str(_SECONDS)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)  # noqa: S603 (our own driver)
    measured: dict[str, float] = orjson.loads(done.stdout)
    return measured

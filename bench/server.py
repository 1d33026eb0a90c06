"""Servers that benches measure over HTTP: each a process of its own, on a port that is free."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from app.clock import SystemClock
from app.identity import keys
from app.identity.roles import Role
from app.main import MIGRATIONS
from app.storage.engine import connect, transaction
from app.storage.migrate import upgrade

ROOT = Path(__file__).parent.parent
RULES = ROOT / "rules"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    pid: int


def prepared(url: str) -> str:
    """Bring the database at `url` up to date; a key that may send events and ask for evaluations."""
    database = connect(url)
    upgrade(database, MIGRATIONS)
    with transaction(database) as tx:
        _, key = keys.issue(tx, "bench", Role.ADMIN, ["rus-bench"], SystemClock().now())
    database.dispose()
    return key


@contextmanager
def gerege(url: str, rules: Path = RULES, workers: int = 1) -> Iterator[Server]:
    """`gerege serve`, as it is shipped."""
    options = ("--database", url, "--rules", str(rules), "--workers", str(workers))
    command = (str(Path(sys.executable).with_name("gerege")), "serve", *options)
    with serving(command, {"GEREGE_LOG_LEVEL": "warning"}) as server:
        yield server


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Server]:
    """A command that takes `--port`, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The kernel ends the server if the bench is killed.
    command = ("setpriv", "--pdeathsig=TERM", *command, "--port", str(port))
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, stderr=log)  # noqa: S603 (our own servers)
        try:
            _wait(port, process)
            yield Server(port, process.pid)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace"))
            raise
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + 120
    while process.poll() is None and time.perf_counter() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except HTTPError:
            return  # a bare handler has no such path, and answers
        except (URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("a server of the benchmark did not start")

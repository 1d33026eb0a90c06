"""The demonstration's own service: a database of its own, two keys, and the server as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from app.cli.database import opened
from app.cli.terminal import CannotRunError
from app.clock import SystemClock
from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import transaction

RULES = Path(__file__).parents[3] / "rules"
_HOST = "127.0.0.1"
_PATIENCE = 120.0
"""Seconds for the start; reading the rules takes about one, on a busy machine more."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that answers, and what to ask it with."""

    url: str
    database: str
    checkpoint_key: str
    officer_key: str
    process: subprocess.Popen[bytes]

    def client(self, key: str) -> httpx2.Client:
        """A client that sends the key; a proxy of the environment is not for the own machine."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@contextmanager
def served(folder: Path, port: int) -> Iterator[Service]:
    """Serve a fresh database of this folder; ends the service whatever happens."""
    database = f"sqlite:///{folder / 'demo.db'}"
    checkpoint_key, officer_key = _keys(database)
    log = folder / "service.log"
    with log.open("wb") as written:
        process = _start(database, port, written.fileno())
        try:
            service = Service(f"http://{_HOST}:{port}", database, checkpoint_key, officer_key, process)
            _wait_until_ready(service, log)
            yield service
        finally:
            process.terminate()
            process.wait(30)


def free_port(wanted: int) -> int:
    """The wanted port, or where that is 0 or taken, one that is free."""
    for port in (wanted, 0):
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((_HOST, port))
            except OSError:
                continue
            found: int = trying.getsockname()[1]
            return found
    raise CannotRunError(f"No port of {_HOST} is free.")


def _keys(url: str) -> tuple[str, str]:
    now = SystemClock().now()
    with opened(url) as database, transaction(database) as tx:
        _, sending = keys.issue(tx, "demo checkpoints", Role.CHECKPOINT, ["demo-*"], now)
        _, reading = keys.issue(tx, "demo officer", Role.OFFICER, [], now)
    return sending, reading


def _start(database: str, port: int, log: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app.cli.main", "serve", "--host", _HOST, "--port", str(port)]
    environment = os.environ | {
        "GEREGE_DATABASE_URL": database,
        "GEREGE_RULES_DIR": str(RULES),
        "GEREGE_LOG_LEVEL": "warning",
    }
    # In a session of its own, so that Ctrl-C reaches this command alone, which then ends the service.
    return subprocess.Popen(  # noqa: S603 (our own program)
        command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )


def _wait_until_ready(service: Service, log: Path) -> None:
    began = time.perf_counter()
    with service.client(service.officer_key) as client:
        while service.process.poll() is None and time.perf_counter() - began < _PATIENCE:
            if _is_ready(client):
                return
            time.sleep(0.1)
    raise CannotRunError(f"The service did not start. It said:\n{log.read_text(errors='replace').strip()}")


def _is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx2.TransportError:
        return False

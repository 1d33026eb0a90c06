"""The demonstration's own service: a database, two keys, three people, and the server as a process of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from app.audit import accounts
from app.cli.database import opened
from app.cli.terminal import CannotRunError
from app.clock import SystemClock
from app.identity import keys
from app.identity.roles import Role
from app.identity.users import Account
from app.storage.engine import transaction

RULES = Path(__file__).parents[3] / "rules"
LOGINS: Final = {
    "officer": ("Officer Aigul Sadykova", Role.OFFICER),
    "second": ("Officer Boris Petrov", Role.OFFICER),
    "supervisor": ("Supervisor Chen Wei", Role.SUPERVISOR),
}
"""Names are made up."""
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
    password: str
    """Of everybody in LOGINS, made for this demonstration alone."""
    process: subprocess.Popen[bytes]

    def client(self, key: str) -> httpx2.Client:
        """A client that sends the key; a proxy of the environment is not for the own machine."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@contextmanager
def served(folder: Path, port: int) -> Iterator[Service]:
    """Serve a fresh database of this folder; ends the service whatever happens."""
    database = f"sqlite:///{folder / 'demo.db'}"
    made = _keys(database)
    log = folder / "service.log"
    with log.open("wb") as written:
        process = _start(database, port, written.fileno())
        try:
            service = Service(f"http://{_HOST}:{port}", database, *made, process)
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


def _keys(url: str) -> tuple[str, str, str]:
    now, password = SystemClock().now(), secrets.token_urlsafe(12)
    with opened(url) as database, transaction(database) as tx:
        _, sending = keys.issue(tx, "demo checkpoints", Role.CHECKPOINT, ["demo-*"], now)
        _, reading = keys.issue(tx, "demo officer", Role.OFFICER, [], now)
        for login, (name, role) in LOGINS.items():
            accounts.create(tx, Account(login, name, role, password), now, "demo")
    return sending, reading, password


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

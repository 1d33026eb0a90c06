"""Real processes: what was acknowledged survives a kill, and what is under way survives a stop."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import orjson
import pytest

from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import connect, transaction
from tests.service.serving import RULES, several

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
SENDERS = 4


@dataclass(slots=True)
class Server:
    process: subprocess.Popen[bytes]
    address: str
    log: Path


@contextmanager
def server(url: str, folder: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GEREGE_")}
    environment |= {"GEREGE_DATABASE_URL": url, "GEREGE_RULES_DIR": str(RULES)}
    command = [sys.executable, "-m", "uvicorn", "--factory", "app.main:from_environment", "--port", str(port)]
    log = folder / f"log-{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        made = Server(process, f"http://127.0.0.1:{port}", log)
        _wait_until_ready(made)
        yield made
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(made: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx2.get(f"{made.address}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        stopped = made.process.poll() is not None or time.monotonic() > deadline
        assert not stopped, made.log.read_text()
        time.sleep(0.05)


def _body(name: str) -> bytes:
    return orjson.dumps(several(id=name))


class Traffic:
    """Senders that go on until their server is gone; what was acknowledged, and what was only sent."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        self.acknowledged: dict[str, bytes] = {}
        self.sent: set[str] = set()
        self._address, self._headers = address, headers
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, acknowledged: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while len(self.acknowledged) < acknowledged:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        with httpx2.Client(base_url=self._address, headers=self._headers) as client:
            for serial in range(100_000):
                name = f"K-{number}-{serial}"
                self.sent.add(name)
                try:
                    response = client.post("/v1/crossings", content=_body(name))
                except httpx2.TransportError:
                    return
                if response.status_code != 201:
                    return
                self.acknowledged[name] = response.content


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_no_acknowledged_crossing_is_lost_and_none_is_there_twice(
    database_url: str, tmp_path: Path, kill: signal.Signals
) -> None:
    with server(database_url, tmp_path) as first:
        headers = {"Authorization": f"Bearer {_key(database_url)}", "Content-Type": "application/json"}
        traffic = Traffic(first.address, headers)
        traffic.wait_for(60)
        first.process.send_signal(kill)
        first.process.wait(START_SECONDS)
        traffic.join()
        log = first.log.read_text()
    with server(database_url, tmp_path) as second, httpx2.Client(base_url=second.address, headers=headers) as client:
        for name, answer in traffic.acknowledged.items():
            response = client.post("/v1/crossings", content=_body(name))
            assert (response.status_code, response.content) == (200, answer)
        unsure = traffic.sent - traffic.acknowledged.keys()
        assert {client.post("/v1/crossings", content=_body(name)).status_code for name in unsure} <= {200, 201}
    database = connect(database_url)
    with transaction(database) as tx:
        ids = list(tx.exec_driver_sql("SELECT event_id FROM crossings").scalars())
        assert sorted(ids) == sorted(traffic.sent)
        assert tx.exec_driver_sql("SELECT count(*) FROM decisions").scalar_one() == len(ids)
        assert tx.exec_driver_sql("SELECT count(*) FROM violations").scalar_one() == 3 * len(ids)
    database.dispose()
    assert "Traceback" not in log
    assert "ERIKSSON" not in log
    assert headers["Authorization"] not in log


def _key(url: str) -> str:
    database = connect(url)
    with transaction(database) as tx:
        key = keys.issue(tx, "lane", Role.CHECKPOINT, ["*"], datetime(2026, 1, 1, tzinfo=UTC))[1]
    database.dispose()
    return key

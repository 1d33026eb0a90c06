"""The service as real processes on loopback, senders that never give up, and what must be on record in the end."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree

import orjson
from sqlalchemy import text

from app.cli.main import run
from app.clock import SystemClock
from app.identity import keys
from app.identity.roles import Role
from app.storage.engine import connect, reading, transaction
from app.storage.migrate import upgrade
from tests.factories import event
from tests.service.conftest import MIGRATIONS
from tests.service.serving import RULES

ROOT = Path(__file__).parents[2]
SECONDS = 120
SOURCE = "rus-zabaykalsk-lane-3"
EXPIRED = {"persons__0__document__expires_on": "2026-02-01"}


def until(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@dataclass(slots=True)
class Running:
    """`gerege serve` on a port of its own; it can be started again on the same one."""

    url: str
    port: int
    key: str
    workers: int
    rules: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        where = ["--port", str(self.port), "--database", self.url, "--rules", str(self.rules)]
        return ["serve", *where, "--workers", str(self.workers)]

    def start(self) -> None:
        self.start_without_waiting()
        until(self.is_ready, "it did not start")

    def start_without_waiting(self) -> None:
        command = [sys.executable, "-m", "app.cli.main", *self.command]
        rest = {name: value for name, value in os.environ.items() if not name.startswith("GEREGE_")}
        environment = rest | {"PYTHONPATH": str(ROOT), "GEREGE_LOG_LEVEL": "error"} | dict(self.settings)
        self.process = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)

    def is_ready(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/readyz")[0] == 200
        return False

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            head = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"} | headers
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    @property
    def children(self) -> list[int]:
        """The workers, if there are several."""
        assert self.process
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in found}
        return [pid for pid, line in lines.items() if b"spawn_main" in line]

    def kill(self) -> None:
        """End all of it without a word."""
        assert self.process
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # The next start would do it, of any service.
        for folder in Path(tempfile.gettempdir()).glob(f"gerege-metrics-{self.process.pid}-*"):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def resident(self) -> int:
        """Bytes of memory that the process holds."""
        assert self.process
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running(url: str, workers: int = 1, rules: Path = RULES, **settings: str) -> Iterator[Running]:
    """A service on a database that is made ready for it."""
    database = connect(url)
    upgrade(database, MIGRATIONS)
    with transaction(database) as tx:
        _, key = keys.issue(tx, "faults", Role.ADMIN, ["*"], SystemClock().now())
    database.dispose()
    service = Running(url, free_port(), key, workers, rules, settings)
    try:
        service.start()
        yield service
    finally:
        service.kill()


@dataclass(slots=True)
class Retired:
    """Rules without the one on expired documents; `activate` puts them in force at a service's database."""

    folder: Path

    def activate(self, url: str) -> None:
        copytree(RULES, self.folder, dirs_exist_ok=True)
        rule = self.folder / "RUS/documents/RUS-TDOC-001.yaml"
        rule.write_text(rule.read_text().replace("status: active", "status: retired"))
        assert run(["rules", "activate", str(self.folder), "--database", url]) == 0


@contextmanager
def nothing_can_be_committed(url: str) -> Iterator[None]:
    """What is sent meanwhile waits."""
    database = connect(url)
    with transaction(database) as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("LOCK TABLE crossings IN EXCLUSIVE MODE"))
        yield
    database.dispose()


def crossing(name: str, **changes: object) -> bytes:
    """An event of a person of its own."""
    number = {"persons__0__document__number": name, "persons__0__surname": f"ERIKSSON {_letters(name)}"}
    return orjson.dumps(event(**{"id": name, "source": SOURCE, **number, **changes}))


def _letters(name: str) -> str:
    return "".join(chr(ord("A") + int(each)) for each in name if each.isdigit())


@dataclass(slots=True)
class Senders:
    """Senders that send each their events one after the other, again and again until each is acknowledged."""

    port: int
    key: str
    lots: Sequence[Sequence[bytes]]
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    refused: list[tuple[int, bytes]] = field(default_factory=list)
    told_to_wait: int = 0
    _own: threading.local = field(default_factory=threading.local)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> "Senders":
        self._threads = [threading.Thread(target=self._send, args=(lot,), daemon=True) for lot in self.lots]
        for thread in self._threads:
            thread.start()
        return self

    @property
    def count(self) -> int:
        return len(self.acknowledged)

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive(), "a sender still waits for an answer"
        assert self.refused == []

    def _send(self, lot: Sequence[bytes]) -> None:
        for body in lot:
            while not self._is_settled(body):
                time.sleep(0.05)
        self._hang_up()

    def _is_settled(self, body: bytes) -> bool:
        """Whether the event was acknowledged, or refused for good; else it is to be sent again."""
        try:
            if not hasattr(self._own, "connection"):
                self._own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            head = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            self._own.connection.request("POST", "/v1/crossings", body, head)
            answer = self._own.connection.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return False
        with self._lock:
            if answer.status in {200, 201}:
                self.acknowledged.setdefault(orjson.loads(body)["id"], set()).add(orjson.loads(told)["crossing"])
            elif answer.status in {429, 503} and int(answer.headers["Retry-After"]):
                self.told_to_wait += 1
                return False
            else:
                self.refused.append((answer.status, told))
        return True

    def _hang_up(self) -> None:
        if hasattr(self._own, "connection"):
            self._own.connection.close()
            del self._own.connection


def check(url: str, senders: Senders) -> None:
    """Every acknowledged event is on record exactly once, with one decision; nothing else is."""
    assert all(len(each) == 1 for each in senders.acknowledged.values())
    told = {name: crossing for name, (crossing,) in senders.acknowledged.items()}
    sent = {orjson.loads(body)["id"] for lot in senders.lots for body in lot}
    assert told.keys() == sent
    database = connect(url)
    with reading(database) as tx:
        rows = tx.execute(text("SELECT event_id, id FROM crossings")).all()
        decided = tx.execute(
            text("SELECT crossing, count(*) FROM decisions WHERE cause = 'received' GROUP BY crossing")
        ).all()
        subjects = tx.execute(text("SELECT count(DISTINCT crossing) FROM crossing_subjects")).scalar_one()
    database.dispose()
    assert sorted(map(tuple, rows)) == sorted(told.items())
    assert dict(map(tuple, decided)) == dict.fromkeys(told.values(), 1)
    assert subjects == len(told)


def lots(count: int, of: int, prefix: str = "E") -> list[list[bytes]]:
    """So many lots of so many events, all different."""
    return [[crossing(f"{prefix}{lot:02}{number:04}") for number in range(of)] for lot in range(count)]


class Proxy:
    """Between senders and the service: cuts some connections in the middle of what they carry, and holds others up."""

    def __init__(self, port: int) -> None:
        self._to, self._accepted = port, 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                sender, _ = self._listening.accept()
            except OSError:
                return
            self._accepted += 1
            service = socket.create_connection(("127.0.0.1", self._to))
            fault = self._accepted % 4
            # Of four: one loses the second half of a request, one the second half of an answer, one is slow.
            cuts = {1: (1500, None), 2: (None, 3000)}.get(fault, (None, None))
            for source, target, most in ((sender, service, cuts[0]), (service, sender, cuts[1])):
                threading.Thread(target=_carry, args=(source, target, most, fault == 3), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, most: int | None, is_slow: bool) -> None:  # noqa: FBT001
    carried = 0
    try:
        while part := source.recv(512):
            if is_slow:
                time.sleep(0.005)
            if most is not None and carried + len(part) > most:
                target.sendall(part[: most - carried])
                break
            target.sendall(part)
            carried += len(part)
    except OSError:
        carried = 0
    for each in (source, target):
        # Closed alone, it would stay open while the other thread reads from it.
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()

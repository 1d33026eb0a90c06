"""Fixtures for the whole suite."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from app.identity import passwords
from tests.databases import Postgres, running_postgres

_MEMORY = Path("/dev/shm")  # noqa: S108 (pytest makes its own folders there, for their owner alone)
_ENOUGH = 4 << 30
# xdist's workers have it; a console that finds it when it is made has that width for good.
os.environ.pop("COLUMNS", None)
# Databases are synced at every commit; in memory that takes a fifth less of the whole time. A copy of a process's
# files outlives its being killed there too.
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None
# A deadline would measure what else the machine is doing.
hypothesis.settings.register_profile("gerege", deadline=None, print_blob=True)
hypothesis.settings.load_profile("gerege")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Which tests a worker is given together: those of a file that share a service, and all that share the browser."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/console/browser/"):
            return "browser"
        return nodeid.partition("::")[0] if nodeid.startswith(("tests/service/", "tests/console/")) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:  # noqa: ANN401 (not public)
    """For `-n`, in place of `--dist`."""
    return Scheduling(config, log)


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Hashes that take no time, in this process."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", hasher)
        patched.setattr(passwords, "_NOBODYS", hasher.hash("nobody"))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for each xdist worker that needs it."""
    with running_postgres() as server:
        yield server


# Longer than others; begun in the end they would leave the other workers with nothing to do.
_LONG = ("tests/test_docs.py", "tests/faults/", "tests/cli/test_demo.py", "tests/conformance/test_rete_hazards.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of tests that stand alone the long ones come first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database, for each test its own; the test runs on SQLite and on PostgreSQL."""
    with _empty_database(request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As `database_url`, but shared by the tests of a module."""
    with _empty_database(request, tmp_path_factory.mktemp("database")) as url:
        yield url


@contextmanager
def _empty_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/gerege.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url

"""Fixtures for the whole suite."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

from tests.databases import Postgres, running_postgres

# xdist's workers have it; a console that finds it when it is made has that width for good.
os.environ.pop("COLUMNS", None)
# A deadline would measure what else the machine is doing.
hypothesis.settings.register_profile("gerege", deadline=None, print_blob=True)
hypothesis.settings.load_profile("gerege")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for each xdist worker that needs it."""
    with running_postgres() as server:
        yield server


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

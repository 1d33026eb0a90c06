"""Databases as a service finds them: migrated, once, and copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, make_url

from app.storage.engine import connect
from app.storage.migrate import upgrade
from tests.databases import Postgres

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database to copy."""
    file = tmp_path_factory.mktemp("migrated") / "gerege.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_name(postgres: Postgres) -> Iterator[str]:
    """Name of a PostgreSQL database to copy."""
    with postgres.fresh_database() as url:
        _migrate(url)
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a migrated database, for each test its own; the test runs on SQLite and on PostgreSQL."""
    with _copied(request, tmp_path) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As `database_url`, but shared by the tests of a module."""
    with _copied(request, tmp_path_factory.mktemp("database")) as url:
        yield url


@contextmanager
def _copied(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        file = folder / "gerege.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        yield f"sqlite:///{file}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.fresh_database(request.getfixturevalue("migrated_name")) as url:
        yield url


def _migrate(url: str) -> None:
    opened = connect(url)
    upgrade(opened, MIGRATIONS)
    opened.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Of a migrated database, for each test its own."""
    yield from _opened(database_url)


@pytest.fixture(scope="module")
def module_engine(module_database_url: str) -> Iterator[Engine]:
    """As `engine`, but shared by the tests of a module."""
    yield from _opened(module_database_url)


@pytest.fixture
def database(postgres: Postgres, migrated_name: str) -> Iterator[Engine]:
    """As `engine`, of PostgreSQL alone."""
    with postgres.fresh_database(migrated_name) as url:
        yield from _opened(url)


def _opened(url: str) -> Iterator[Engine]:
    opened = connect(url)
    yield opened
    opened.dispose()


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """The default for terminals shows the values of all variables beside a trace, and takes seconds for it."""
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.KeyValueRenderer()])

"""Databases as a service finds them: migrated."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine

from app.storage.engine import connect
from app.storage.migrate import upgrade
from tests.databases import Postgres

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Of a migrated database, for each test its own."""
    yield from _migrated(database_url)


@pytest.fixture(scope="module")
def module_engine(module_database_url: str) -> Iterator[Engine]:
    """As `engine`, but shared by the tests of a module."""
    yield from _migrated(module_database_url)


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Engine]:
    """As `engine`, of PostgreSQL alone."""
    with postgres.fresh_database() as url:
        yield from _migrated(url)


def _migrated(url: str) -> Iterator[Engine]:
    opened = connect(url)
    upgrade(opened, MIGRATIONS)
    yield opened
    opened.dispose()


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """The default for terminals shows the values of all variables beside a trace, and takes seconds for it."""
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.KeyValueRenderer()])

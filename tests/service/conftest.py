"""Databases as a service finds them: migrated."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.storage.engine import connect
from app.storage.migrate import upgrade

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Of a migrated database, for each test its own."""
    yield from _migrated(database_url)


@pytest.fixture(scope="module")
def module_engine(module_database_url: str) -> Iterator[Engine]:
    """As `engine`, but shared by the tests of a module."""
    yield from _migrated(module_database_url)


def _migrated(url: str) -> Iterator[Engine]:
    opened = connect(url)
    upgrade(opened, MIGRATIONS)
    yield opened
    opened.dispose()

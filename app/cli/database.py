"""The database of a command: SQLite, which is embedded, is migrated in passing; a server's only when asked to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from app.cli.terminal import CannotRunError
from app.storage.engine import connect
from app.storage.migrate import current, head, upgrade

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@contextmanager
def opened(url: str, *, migrate: bool = False) -> Iterator[Engine]:
    """Open a database that is at this release's revision; raises CannotRunError if it is not and may not be brought."""
    database = connect(url)
    try:
        if current(database) != (newest := head(MIGRATIONS)):
            if database.dialect.name != "sqlite" and not migrate:
                raise CannotRunError(
                    f"The database is at revision {current(database) or 'none'}, this release needs {newest}. "
                    "Run `gerege migrate` first, or add --migrate."
                )
            upgrade(database, MIGRATIONS)
        yield database
    finally:
        database.dispose()

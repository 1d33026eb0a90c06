"""Brings a database to the revision this release needs; any number of services may start and do so at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from app.storage.engine import Work, alone_at, reading, transaction


def upgrade(engine: Engine, migrations_dir: Path) -> None:
    """Apply every revision not yet applied, all or none; a second starter waits and then finds nothing to do."""
    with transaction(engine) as tx:
        alone_at(Work.MIGRATING, tx)
        command.upgrade(_config(migrations_dir, tx), "head")


def current(engine: Engine) -> str | None:
    """Revision the database is at, None for an empty one."""
    with reading(engine) as tx:
        return MigrationContext.configure(tx).get_current_revision()


def head(migrations_dir: Path) -> str | None:
    """Newest revision there is."""
    return ScriptDirectory.from_config(_config(migrations_dir)).get_current_head()


def _config(migrations_dir: Path, connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    # Alembic interpolates options.
    config.set_main_option("script_location", str(migrations_dir).replace("%", "%%"))
    return config

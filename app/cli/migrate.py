"""`gerege migrate`."""

from app.cli.database import MIGRATIONS
from app.cli.settings import DatabaseOption, settings
from app.cli.terminal import out, working
from app.clock import SystemClock
from app.storage.engine import connect
from app.storage.migrate import current, upgrade
from app.storage.partitions import make_ahead


def migrate(database: DatabaseOption = None) -> None:
    """Bring the database to the revision this release needs, and make partitions for the coming months."""
    engine = connect(settings(database_url=database).database_url)
    try:
        before = current(engine)
        with working("Migrating…"):
            upgrade(engine, MIGRATIONS)
            make_ahead(engine, SystemClock().now())
        after = current(engine)
    finally:
        engine.dispose()
    if before == after:
        out.print(f"The database is at revision {after} already.")
    else:
        out.print(f"The database went from revision {before or 'none'} to {after}.")

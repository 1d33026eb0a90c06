"""Partitions by month on PostgreSQL, made before their month begins by whichever service looks first.

What finds no month's partition (the clock jumped, or none could be made in time) lies in the default one of its table:
nothing is refused for it. It is moved once its month gets a partition.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.clock import Clock
from app.errors import Unavailable
from app.storage.engine import Transaction, Work, alone_at, reading, transaction
from app.storage.tables import metadata

PARTITIONED: Final = tuple(
    table.name for table in metadata.sorted_tables if table.dialect_options["postgresql"]["partition_by"]
)
# The present month, and those after it.
_MONTHS: Final = 3
_LOOK_SECONDS: Final = 3600.0
# Attaching waits for nobody who writes into other months, but for who reads what lies in none, such as a backup.
_LOCK_TIMEOUT: Final = "2s"
_log = structlog.get_logger()


def make_ahead(database: Engine, now: datetime) -> None:
    """Make the partitions of this month and the next ones that are not there yet; raises Unavailable."""
    if database.dialect.name != "postgresql":
        return
    wanted = [(table, month) for month in _months(now, _MONTHS) for table in PARTITIONED]
    with reading(database) as tx:
        missing = [each for each in wanted if not _is_there(tx, *each)]
    for table, month in missing:
        with transaction(database) as tx:
            tx.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
            alone_at(Work.PARTITIONING, tx)
            if not _is_there(tx, table, month):
                _make(tx, table, month)


class Ahead:
    """Makes partitions when it is made, and every hour until stopped; where it cannot, it says so and goes on."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._stopping = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._run, name="making partitions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when no more are made."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        try:
            make_ahead(self._database, self._clock.now())
        except (Unavailable, SQLAlchemyError) as error:
            # The service may not be allowed to make tables; events are stored nevertheless.
            _log.error("partitions of the coming months cannot be made", error=type(error).__name__)


def _is_there(tx: Transaction, table: str, month: datetime) -> bool:
    # Not `to_regclass`: it may answer from before this transaction waited for the one that made it.
    found = text("SELECT count(*) FROM pg_class WHERE relname = :name AND pg_table_is_visible(oid)")
    return bool(tx.execute(found, {"name": _name(table, month)}).scalar_one())


def _make(tx: Transaction, table: str, month: datetime) -> None:
    """Made beside its table and then attached: making it as a partition at once would lock the whole table."""
    name, (_, following) = _name(table, month), _months(month, 2)
    bounds = f"FROM ('{_floor(month)}') TO ('{_floor(following)}')"
    within = f"crossing >= '{_floor(month)}' AND crossing < '{_floor(following)}'"
    strays = f"DELETE FROM {table}_default WHERE {within} RETURNING *"  # noqa: S608 (named here)
    for statement in (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)",
        f"LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE",
        f"WITH strays AS ({strays}) INSERT INTO {name} SELECT * FROM strays",  # noqa: S608 (named here)
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}",
    ):
        tx.execute(text(statement))


def _name(table: str, month: datetime) -> str:
    return f"{table}_{month:%Y_%m}"


def _months(at: datetime, count: int) -> Iterator[datetime]:
    """The month of an instant and those after it, by their first instants."""
    utc = at.astimezone(UTC)
    for number in range(utc.month - 1, utc.month - 1 + count):
        yield datetime(utc.year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _floor(at: datetime) -> str:
    """Below all identifiers made since an instant, and above all made before."""
    digits = f"{int(at.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"

"""How either database is opened, and the one transaction that a request has."""

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import Invalid, Unavailable

Transaction: TypeAlias = Connection
"""A connection within a transaction that its context manager alone ends."""

BUSY_SECONDS = 30
# PostgreSQL as it comes has room for 6,400 locks, of all transactions.
MOST_LOCKS = 500
_READING = "gerege_reading"
# The timeout comes first: turning WAL on needs the file alone for a moment.
_PRAGMAS = (f"busy_timeout = {BUSY_SECONDS * 1000}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_SQLITE_PASSING = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
    )
)


def connect(url: str) -> Engine:
    """Open `sqlite:///FILE` (its folder is made) or `postgresql+psycopg://…`; nothing is reached before first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    # What is read in one transaction is compared with what is written in it under unique constraints and row locks.
    return _create(parsed, isolation_level="READ COMMITTED", pool_pre_ping=True)


@contextmanager
def transaction(engine: Engine) -> Iterator[Transaction]:
    """One request's transaction: committed at the end of the block, rolled back if it raises.

    Raises `Unavailable` for what may pass (the database cannot be reached, is locked or full).
    """
    with _unavailable(), engine.begin() as tx:
        yield tx


@contextmanager
def reading(engine: Engine) -> Iterator[Transaction]:
    """One consistent view for queries only: waits for no writer, and a write in it fails. Errors as `transaction`."""
    options: dict[str, Any] = {_READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _unavailable(), engine.connect() as connection, connection.execution_options(**options).begin():
        yield connection


class Work(IntEnum):
    """What one transaction at a time may do. Any numbers, but always these: PostgreSQL's locks are known by number."""

    MIGRATING = 0x6765_7265_6701
    ACTIVATING = 0x6765_7265_6702
    AUDITING = 0x6765_7265_6703
    EVERYTHING = 0x6765_7265_6705
    PARTITIONING = 0x6765_7265_6706
    SIGNING_IN = 0x6765_7265_6707


def alone_at(work: Work, tx: Transaction) -> None:
    """Wait until no other transaction is at this work, and keep others out until the end of this one."""
    # SQLite's writers are alone from their beginning.
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(work.value)))


def alone_with(names: Iterable[str], tx: Transaction) -> None:
    """Wait until no other transaction is at any of these, and keep others out until the end of this one.

    Who asks for more names than a server has locks to spare waits for all others who ask, and they for it.
    """
    if tx.dialect.name != "postgresql":
        return
    # In one order for all, so that no two transactions wait for each other.
    numbers = sorted({_number_of(name) for name in names})
    if len(numbers) > MOST_LOCKS:
        tx.execute(text("SELECT pg_advisory_xact_lock(:all)"), {"all": Work.EVERYTHING.value})
        return
    tx.execute(text("SELECT pg_advisory_xact_lock_shared(:all)"), {"all": Work.EVERYTHING.value})
    tx.execute(text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k"), {"keys": numbers})


def free_of(names: Collection[str], tx: Transaction) -> set[str]:
    """As `alone_with`, of those of the names at which no other transaction is; waits for nobody who has others."""
    if tx.dialect.name != "postgresql":
        return set(names)
    numbers = {_number_of(name) for name in names}
    if len(numbers) > MOST_LOCKS:
        # It would never find a moment when nobody has any.
        alone_with(names, tx)
        return set(names)
    tx.execute(text("SELECT pg_advisory_xact_lock_shared(:all)"), {"all": Work.EVERYTHING.value})
    query = text("SELECT k FROM unnest(CAST(:keys AS bigint[])) AS k WHERE pg_try_advisory_xact_lock(k)")
    mine = set(tx.execute(query, {"keys": sorted(numbers)}).scalars())
    return {name for name in names if _number_of(name) in mine}


def _number_of(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def is_unavailable(error: BaseException) -> bool:
    """Whether the same request may succeed later, although nothing in it changes."""
    match error:
        case PoolTimeoutError():
            return True
        case DBAPIError(connection_invalidated=True) | DBAPIError(orig=psycopg.OperationalError()):
            return True
        case DBAPIError(orig=sqlite3.OperationalError() as orig):
            # Extended codes keep the primary code in the low byte.
            return (orig.sqlite_errorcode & 0xFF) in _SQLITE_PASSING
        case _:
            return False


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique value was there already, rather than another constraint broken."""
    if isinstance(error.orig, sqlite3.IntegrityError):
        return error.orig.sqlite_errorcode in {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
    return isinstance(error.orig, psycopg.errors.UniqueViolation)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        if is_unavailable(error):
            raise Unavailable("The database cannot answer now; try again later.") from error
        raise


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise Invalid("An SQLite database needs a file: sqlite:///FILE.")
    # It will hold personal data.
    Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Left alone, the driver begins a transaction only at the first write: two that read before they write then lose
    # one of the updates without a word.
    engine = _create(url, connect_args={"isolation_level": None})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _create(url: URL, **options: Any) -> Engine:  # noqa: ANN401 (create_engine's)
    return create_engine(
        url,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        # Names of people would stand in the messages of errors, and so in the log.
        hide_parameters=True,
        **options,
    )


def _json(value: object) -> str:
    """JSON with numbers as numbers: those of an event have at most twelve digits, which a double holds exactly."""
    return orjson.dumps(value, default=_number).decode()


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def _prepare(connection: sqlite3.Connection, record: object) -> None:
    del record
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {is_reading:d}")
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

"""What a transaction promises on either database."""

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.errors import Invalid, Unavailable
from app.storage import engine as storage
from app.storage.engine import connect, is_unavailable, reading, transaction
from app.storage.tables import activations, rulebooks
from app.storage.types import CompressedJson, Instant, Ranked
from app.vocabulary.codes import Severity
from tests.service.rows import DIGEST, NOW

instants = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 (bounds are naive; the drawn offset is added)
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(timezone),
)
_scratch = MetaData()
kept = Table(
    "kept",
    _scratch,
    Column("id", Integer, primary_key=True),
    Column("at", Instant),
    Column("severity", Ranked),
    Column("document", CompressedJson),
)


@pytest.fixture(scope="module")
def scratch(module_engine: Engine) -> Engine:
    """A database with a table of each type of column."""
    with transaction(module_engine) as tx:
        _scratch.create_all(tx)
    return module_engine


def test_what_a_block_did_is_kept_when_it_ends_and_undone_when_it_raises(engine: Engine) -> None:
    def write(digest: str, then: Callable[[], object]) -> None:
        with transaction(engine) as tx:
            tx.execute(insert(rulebooks).values(digest=digest, sources={}, created_at=NOW))
            then()

    write("sha256:a", lambda: None)
    with pytest.raises(KeyError):
        write("sha256:b", {}.popitem)
    with reading(engine) as tx:
        assert tx.execute(select(rulebooks.c.digest)).scalars().all() == ["sha256:a"]


def test_of_writers_that_read_first_none_loses_its_update(scratch: Engine) -> None:
    """Without immediate transactions SQLite lost a tenth of these."""
    with transaction(scratch) as tx:
        tx.execute(delete(kept))
        tx.execute(insert(kept).values(id=0))

    def add_one() -> None:
        with transaction(scratch) as tx:
            counted = tx.execute(select(kept.c.id).with_for_update()).scalar_one()
            tx.execute(update(kept).values(id=counted + 1))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(add_one) for _ in range(100)]:
            done.result()
    with reading(scratch) as tx:
        assert tx.execute(select(kept.c.id)).scalar_one() == 100


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(engine: Engine) -> None:
    with transaction(engine) as writer:
        writer.execute(insert(rulebooks).values(digest=DIGEST, sources={}, created_at=NOW))
        with reading(engine) as reader:
            assert reader.execute(select(rulebooks)).all() == []


def test_a_reader_sees_the_same_from_its_first_query_to_its_last(engine: Engine) -> None:
    with reading(engine) as reader:
        assert reader.execute(select(rulebooks)).all() == []
        with transaction(engine) as writer:
            writer.execute(insert(rulebooks).values(digest=DIGEST, sources={}, created_at=NOW))
        assert reader.execute(select(rulebooks)).all() == []


def test_a_reader_cannot_write_and_leaves_the_connection_fit_for_writing(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), reading(engine) as tx:
        tx.execute(delete(rulebooks))
    with transaction(engine) as tx:
        assert tx.execute(delete(rulebooks)).rowcount == 0


def test_what_refers_to_nothing_is_refused(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(engine) as tx:
        tx.execute(insert(activations).values(id=1, rulebook=DIGEST, activated_at=NOW, actor="a", reason="r"))


@given(at=instants)
def test_an_instant_comes_back_as_the_same_instant_in_utc(scratch: Engine, at: datetime) -> None:
    with scratch.connect() as tx:
        tx.execute(insert(kept).values(id=-1, at=at))
        found = tx.execute(select(kept.c.at).where(kept.c.id == -1)).scalar_one()
        tx.rollback()
    assert (found, found.tzinfo) == (at, UTC)


@given(st.lists(instants, max_size=20))
def test_the_database_sorts_instants_by_time(scratch: Engine, moments: list[datetime]) -> None:
    with scratch.connect() as tx:
        tx.execute(delete(kept))
        for number, at in enumerate(moments):
            tx.execute(insert(kept).values(id=number, at=at))
        found = tx.execute(select(kept.c.at).order_by(kept.c.at)).scalars().all()
        tx.rollback()
    assert list(found) == sorted(moments)


def test_an_instant_without_an_offset_is_refused(scratch: Engine) -> None:
    with pytest.raises(Exception, match="offset"), transaction(scratch) as tx:
        tx.execute(insert(kept).values(id=-1, at=datetime(2026, 1, 1)))  # noqa: DTZ001 (what is refused)


def test_severities_sort_by_gravity_and_absent_values_stay_absent(scratch: Engine) -> None:
    with scratch.connect() as tx:
        tx.execute(delete(kept))
        rows = [Severity.GRAVE, Severity.MINOR, Severity.SERIOUS]
        tx.execute(insert(kept), [{"id": number, "severity": each} for number, each in enumerate(rows)])
        found = tx.execute(select(kept.c.severity).order_by(kept.c.severity)).scalars().all()
        assert list(found) == [Severity.MINOR, Severity.SERIOUS, Severity.GRAVE]
        tx.execute(insert(kept).values(id=9))
        assert tx.execute(select(kept).where(kept.c.id == 9)).one() == (9, None, None, None)


def test_an_sqlite_database_outlives_a_loss_of_power_and_is_its_owners_alone(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/var/gerege.db")
    with transaction(engine) as tx:
        settings = [tx.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("synchronous", "journal_mode")]
    engine.dispose()
    assert settings == [2, "wal"]
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_an_sqlite_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="file"):
        connect(url)


@pytest.mark.parametrize("url", ["postgresql+psycopg://nobody@/none?host=/nonexistent", "sqlite:////proc/none.db"])
def test_a_database_that_cannot_be_reached_is_unavailable(url: str) -> None:
    with pytest.raises(Unavailable), transaction(connect(url)):
        pass


def test_a_database_locked_for_too_long_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_PRAGMAS", ("busy_timeout = 1",))
    engine = connect(f"sqlite:///{tmp_path}/gerege.db")
    with transaction(engine), pytest.raises(Unavailable), transaction(engine):
        pass
    engine.dispose()


def test_a_service_with_no_connection_left_is_unavailable(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.pool, "_timeout", 0.01)
    with ExitStack() as held:
        # Five are kept, and ten more are opened when they are taken.
        for _ in range(15):
            held.enter_context(reading(engine))
        with pytest.raises(Unavailable):
            held.enter_context(reading(engine))


def test_a_mistake_of_the_program_is_not_taken_for_an_unavailable_database(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as raised, transaction(engine) as tx:
        tx.execute(text("SELECT nothing FROM nowhere"))
    assert not is_unavailable(raised.value)
    assert not is_unavailable(sqlite3.OperationalError("not the database layer's"))

"""Much stored, on PostgreSQL: officers' pages and single events beside ten million crossings, over beside few.

A few real events are sent; their rows are then copied over the last years, with persons, places and rules of their own.
Pages come from the query that `GET /v1/violations` runs, by turns of both databases; events go one by one through the
pipeline, each answered after it is committed. The queue's page of the console is asked for over HTTP.
"""

import argparse
import http.client
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine, text
from sqlalchemy import Table as Stored

from app.clock import SystemClock
from app.evaluation.pipeline import Pipeline, canonical_digest
from app.evaluation.record import Received
from app.evaluation.reload import put_in_force
from app.identity import keys, signing_in, users
from app.identity.remit import Remit
from app.identity.roles import Role
from app.identity.users import Account
from app.main import MIGRATIONS, collect_seldom
from app.storage import tables
from app.storage.engine import connect, reading, transaction
from app.storage.migrate import upgrade
from app.storage.partitions import make_ahead
from app.violations.records import Filters, search
from app.vocabulary.codes import Regime, Severity, SubjectKind, ViolationStatus
from app.vocabulary.wire import Crossing
from bench.event import event
from bench.server import gerege
from tests.databases import DURABLE, Postgres, running_postgres

RULES = Path(__file__).parent.parent / "rules"
_CONSOLE = Console()
_OPTIONS = DURABLE | {"shared_buffers": "2GB", "max_wal_size": "8GB", "maintenance_work_mem": "512MB"}
_YEARS = timedelta(days=3 * 365)
# Crossings copied in one transaction, and processes that copy.
_CHUNK, _COPIERS = 25_000, 2
_SAMPLES = 20
_ROUNDS, _PAGES, _CONSOLE_PAGES = 10, 20, 5
_POST_ROUNDS, _POSTS = 6, 150
_RUN = "stored"
# A person crosses ten times.
_EACH = 10
_PLACES, _RULES = 40, 60
_REMITS = {
    "all": Remit(),
    "one state": Remit(jurisdictions=("RUS",)),
    "ten places": Remit(checkpoints=("RUS-PLACE-1*",)),
    "one place": Remit(checkpoints=("RUS-PLACE-7",)),
}

_SERIES = """
CREATE TEMPORARY TABLE series ON COMMIT DROP AS
SELECT n, at, substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0') AS crossing,
    n * 7919 % :persons AS person, n % :one_in = 0 AS violates, samples[1 + n / 10 % cardinality(samples)] AS sample
FROM (SELECT n, CAST(:start AS timestamptz) + n * CAST(:step AS interval) AS at,
        CASE WHEN n % :one_in = 0 THEN CAST(:violating AS text[]) ELSE CAST(:compliant AS text[]) END AS samples
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n) s,
    LATERAL (SELECT lpad(to_hex(CAST(extract(epoch FROM at) * 1000 AS bigint)), 12, '0') AS ms) t
"""
_DAY = "CAST(s.at AS date)"
_PLACE = f"'RUS-PLACE-' || s.n / 10 % {_PLACES}"
_PERSON = "'MNG:E" + _RUN.upper() + "' || lpad(CAST(s.person AS text), 6, '0')"
_KEY = f"CASE o.{{kind}} WHEN 'individual' THEN {_PERSON} ELSE 'cn_uscc:' || s.person % 5000 END"
# What is not as in the sample, by table and column; `s` is of the series, `o` of the sample.
_OTHERWISE: Mapping[Stored, Mapping[str, str]] = {
    tables.crossings: {
        "id": "s.crossing",
        "event_id": "'copy-' || s.n",
        "occurred_at": "s.at",
        "received_at": "s.at",
        "local_date": _DAY,
        "checkpoint": _PLACE,
    },
    tables.crossing_bodies: {"crossing": "s.crossing"},
    tables.crossing_subjects: {
        "crossing": "s.crossing",
        "key": _KEY.format(kind="kind"),
        "occurred_at": "s.at",
        "local_date": _DAY,
        "checkpoint": _PLACE,
        "holder": "CASE o.kind WHEN 'individual' THEN md5(CAST(s.person AS text)) END",
    },
    tables.decisions: {"crossing": "s.crossing", "id": "s.crossing", "evaluated_at": "s.at"},
    tables.findings: {"crossing": "s.crossing", "decision": "s.crossing", "id": "s.crossing"},
    tables.violations: {
        "id": "s.crossing",
        "finding": "s.crossing",
        "crossing": "s.crossing",
        "event_id": "'copy-' || s.n",
        # Few of the first, many of the last.
        "rule": f"'RUS-RULE-' || CAST({_RULES} * sqrt(s.n / 10 % 997 / 997.0) AS integer)",
        "regime": f"(CAST(ARRAY{[each.value for each in Regime]} AS text[]))[1 + s.n / 10 % {len(Regime)}]",
        "jurisdiction": "(ARRAY['RUS', 'KAZ', 'MNG', 'CHN', 'EUE'])[1 + s.n / 10 % 5]",
        "severity": "CASE WHEN s.n / 10 % 50 = 0 THEN 2 ELSE s.n / 10 % 2 END",
        "checkpoint": _PLACE,
        "subject_kind": "CASE WHEN s.n / 10 % 7 = 0 THEN 'legal_entity' ELSE 'individual' END",
        "subject_key": _PERSON,
        "status": "CASE WHEN s.n / 10 % 500 = 0 THEN 'confirmed' WHEN s.n / 10 % 3 = 0 THEN 'closed' ELSE 'open' END",
        "occurred_at": "s.at",
        "local_date": _DAY,
        "created_at": "s.at",
        "updated_at": "s.at + s.n / 10 % 30 * interval '1 day'",
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crossings", type=int, default=10_000_000)
    parser.add_argument("--few", type=int, default=10_000, help="crossings beside which they are compared")
    parser.add_argument("--one-in", type=int, default=10, help="of so many has a violation")
    parser.add_argument("--pages-only", action="store_true", help="send no events")
    asked = parser.parse_args()
    few, many = _Size(asked.few, asked.one_in), _Size(asked.crossings, asked.one_in)
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(_OPTIONS))
        small, full = (stack.enter_context(_full(postgres, size)) for size in (few, many))
        _tell_pages(_pages(small, full))
        _tell_pages(_console_pages(small, full))
        if not asked.pages_only:
            empty = stack.enter_context(_full(postgres, _Size(0, asked.one_in)))
            _tell_posts(_posts(empty, full), many.crossings)


@dataclass(frozen=True, slots=True)
class _Size:
    """So many crossings, of so many of which one has a violation."""

    crossings: int
    one_in: int


@dataclass(frozen=True, slots=True)
class _Service:
    """A database with so many crossings, and the pipeline that stores into it."""

    database: Engine
    pipeline: Pipeline
    credential: str
    crossings: int

    def send(self, number: int, run: str) -> None:
        # Now: one that came late would have what is stored of its person after it judged again.
        now = SystemClock().now()
        made = event(number, run) | {"id": f"{run}-{number}", "occurred_at": now.isoformat()}
        received = Received(orjson.dumps(made), canonical_digest(made), now, self.credential)
        self.pipeline.ingest(Crossing.model_validate_json(received.body), received).result()


@contextmanager
def _full(postgres: Postgres, size: _Size) -> Iterator[_Service]:
    clock = SystemClock()
    with postgres.fresh_database() as url:
        database = connect(url)
        upgrade(database, MIGRATIONS)
        with transaction(database) as tx:
            credential, _ = keys.issue(tx, "bench", Role.CHECKPOINT, ["rus-bench"], clock.now())
        make_ahead(database, clock.now())
        pipeline = Pipeline(database, put_in_force(database, RULES, clock.now(), "bench"), clock)
        collect_seldom()
        service = _Service(database, pipeline, credential.id, size.crossings)
        try:
            for number in range(_SAMPLES):
                service.send(number, "sample")
            if size.crossings:
                _fill(database, size, clock.now())
            yield service
        finally:
            pipeline.close()
            database.dispose()


# --- filling ------------------------------------------------------------------------------------------------


def _fill(database: Engine, size: _Size, now: datetime) -> None:
    crossings = size.crossings
    began, start = time.perf_counter(), now - _YEARS
    for month in range(0, _YEARS.days, 28):
        make_ahead(database, start + timedelta(days=month))
    violating, compliant = _set_samples_aside(database)
    given = {"violating": violating, "compliant": compliant, "persons": max(crossings // _EACH, 1)}
    given |= {"one_in": size.one_in, "start": start, "step": _YEARS / crossings}
    indexes = [index for table in _OTHERWISE for index in table.indexes]
    with transaction(database) as tx:
        for index in indexes:
            index.drop(tx)

    def copy(first: int) -> None:
        with transaction(database) as tx:
            # What foreign keys would check was made here.
            tx.execute(text("SET LOCAL session_replication_role = replica"))
            tx.execute(text("SET LOCAL synchronous_commit = off"))
            tx.execute(text(_SERIES), given | {"first": first, "last": min(first + _CHUNK, crossings) - 1})
            for table in _OTHERWISE:
                tx.execute(text(_copied(table)))

    with Progress(console=_CONSOLE) as progress, ThreadPoolExecutor(_COPIERS) as pool:
        starts = range(0, crossings, _CHUNK)
        for _ in progress.track(pool.map(copy, starts), len(starts), description=f"{crossings:,} crossings"):
            pass
        for _ in progress.track(
            pool.map(lambda each: _make(database, each), indexes), len(indexes), description="indexes"
        ):
            pass
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
        bytes_ = connection.execute(text("SELECT pg_size_pretty(pg_database_size(current_database()))")).scalar_one()
    _CONSOLE.print(f"{crossings:,} crossings in {time.perf_counter() - began:,.0f} s: {bytes_}")


def _make(database: Engine, index: Any) -> None:  # noqa: ANN401 (an index of SQLAlchemy's)
    with transaction(database) as tx:
        index.create(tx)


def _set_samples_aside(database: Engine) -> tuple[list[str], list[str]]:
    """Copies of the rows there are; their crossings that have a violation, and those that have none."""
    with transaction(database) as tx:
        for table in _OTHERWISE:
            tx.execute(text(f"CREATE TABLE sample_{table.name} AS SELECT * FROM {table.name}"))  # noqa: S608 (ours)
        violating = set(tx.execute(text("SELECT crossing FROM violations")).scalars())
        every = set(tx.execute(text("SELECT id FROM crossings")).scalars())
    return sorted(violating), sorted(every - violating)


def _copied(table: Stored) -> str:
    otherwise, names = _OTHERWISE[table], list(table.c.keys())
    values = ", ".join(otherwise.get(column, f"o.{column}") for column in names)
    of = "id" if table is tables.crossings else "crossing"
    which = "s.violates" if table in {tables.findings, tables.violations} else "true"
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} "  # noqa: S608 (named here)
        f"FROM series s JOIN sample_{table.name} o ON o.{of} = s.sample WHERE {which} ORDER BY s.n"
    )


# --- asking -------------------------------------------------------------------------------------------------


def _asked(crossings: int, now: datetime) -> Mapping[str, Callable[[random.Random], Filters]]:
    """Filters with values drawn anew for each page."""

    def ago(chance: random.Random) -> datetime:
        return now - _YEARS * chance.random()

    def lately(chance: random.Random) -> datetime:
        return now - timedelta(hours=10 ** (4.4 * chance.random()))

    def person(chance: random.Random) -> str:
        return f"MNG:E{_RUN.upper()}{chance.randrange(max(crossings // _EACH, 1)):06}"

    def one(name: str, values: Sequence[Any]) -> Callable[[random.Random], Filters]:
        def draw(chance: random.Random) -> Filters:
            drawn: dict[str, Any] = {name: (chance.choice(values),)}
            return Filters(**drawn)

        return draw

    return {
        "none: the queue": lambda _: Filters(),
        "status": one("status", ["open", "confirmed", "closed", "in_review"]),
        "two statuses": lambda _: Filters(status=(ViolationStatus.CONFIRMED, ViolationStatus.IN_REVIEW)),
        "rule": one("rule", [f"RUS-RULE-{number}" for number in range(_RULES)]),
        "regime": one("regime", list(Regime)),
        "jurisdiction": one("jurisdiction", ["RUS", "KAZ", "MNG", "CHN", "EUE", "BLR"]),
        "severity": one("severity", list(Severity)),
        "checkpoint": one("checkpoint", [f"RUS-PLACE-{number}" for number in range(_PLACES + 1)]),
        "subject_kind": one("subject_kind", list(SubjectKind)),
        "subject": lambda chance: Filters(subject=(person(chance),)),
        "subject, six keys": lambda chance: Filters(subject=tuple(person(chance) for _ in range(6))),
        "occurred_from": lambda chance: Filters(occurred_from=ago(chance)),
        "occurred_until": lambda chance: Filters(occurred_until=ago(chance)),
        "updated_since": lambda chance: Filters(updated_since=lately(chance)),
        "as_of": lambda chance: Filters(as_of=ago(chance)),
        "q, an event": lambda chance: Filters(q=f"copy-{chance.randrange(0, crossings, 10)}"),
        "q, of many": lambda chance: Filters(q=chance.choice(["rus-", "Place-1", "RULE-5"])),
        "q, of nothing": lambda chance: Filters(q=f"none-{chance.randrange(100)}"),
    }


def _pages(few: _Service, full: _Service) -> dict[str, dict[int, list[float]]]:
    """Milliseconds by filter and by how many crossings there are, sorted."""
    now, took = SystemClock().now(), dict[str, dict[int, list[float]]]()
    for round_ in range(_ROUNDS + 1):
        for service in (few, full):
            for name, draw in _asked(service.crossings, now).items():
                chance = random.Random(f"{name} {round_}")
                times = [_page(service.database, draw(chance)) for _ in range(_PAGES)]
                if round_:  # the first warms up
                    took.setdefault(name, {}).setdefault(service.crossings, []).extend(times)
    return {name: {size: sorted(times) for size, times in by.items()} for name, by in took.items()}


def _page(database: Engine, filters: Filters) -> float:
    began = time.perf_counter()
    with reading(database) as tx:
        search(tx, filters)
    return (time.perf_counter() - began) * 1000


def _console_pages(few: _Service, full: _Service) -> dict[str, dict[int, list[float]]]:
    """As `_pages`, of the queue's page for people of several remits."""
    took = dict[str, dict[int, list[float]]]()
    with ExitStack() as stack:
        readers = [(each.crossings, stack.enter_context(_readers(each.database))) for each in (few, full)]
        for round_ in range(_ROUNDS + 1):
            for size, read in readers:
                for name in _REMITS:
                    times = [read(name) for _ in range(_CONSOLE_PAGES)]
                    if round_:
                        took.setdefault(f"console, {name}", {}).setdefault(size, []).extend(times)
    return {name: {size: sorted(times) for size, times in by.items()} for name, by in took.items()}


@contextmanager
def _readers(database: Engine) -> Iterator[Callable[[str], float]]:
    """Milliseconds until the page is there for who has one of the remits."""
    now, cookies = SystemClock().now(), {}
    with transaction(database) as tx:
        for number, (name, remit) in enumerate(_REMITS.items()):
            login, password = f"officer-{number}", secrets.token_urlsafe()
            users.create(tx, Account(login, name, Role.OFFICER, password, remit=remit), now)
            entered = signing_in.sign_in(tx, signing_in.sought(tx, login), "", now, fits=True)
            assert isinstance(entered, tuple)
            cookies[name] = {"Cookie": f"gerege_session={entered[1]}"}
    with gerege(database.url.render_as_string(hide_password=False)) as server:

        def read(name: str) -> float:
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("GET", "/console/", headers=cookies[name])
            answer = connection.getresponse()
            if answer.status != http.client.OK or b"<tbody>" not in answer.read():
                raise RuntimeError(f"the queue's page was answered with {answer.status}, or is empty")
            connection.close()
            return (time.perf_counter() - began) * 1000

        yield read


def _posts(empty: _Service, full: _Service) -> dict[int, list[float]]:
    """Events a second by how many crossings there are, of each round."""
    rates: dict[int, list[float]] = {empty.crossings: [], full.crossings: []}
    for round_ in range(_POST_ROUNDS + 1):
        for service in (empty, full):
            began = time.perf_counter()
            for number in range(_POSTS):
                # Each of another person, who has crossed before where anybody has.
                service.send(round_ * _POSTS + number, _RUN)
            if round_:
                rates[service.crossings].append(_POSTS / (time.perf_counter() - began))
    return rates


# --- telling ------------------------------------------------------------------------------------------------


def _tell_pages(took: Mapping[str, Mapping[int, Sequence[float]]]) -> None:
    few, many = next(iter(took.values()))
    table = Table("filter", *(f"{size:,}: {what}, ms" for size in (few, many) for what in ("p50", "p95")))
    for name, by in took.items():
        table.add_row(name, *(f"{_share(by[size], share):.2f}" for size in (few, many) for share in (0.5, 0.95)))
    _CONSOLE.print(table)
    for name, by in took.items():
        _wanted(
            f"page, {name}: p95 at {many:,} over at {few:,}", _share(by[many], 0.95) / _share(by[few], 0.95), most=3
        )


def _tell_posts(rates: Mapping[int, Sequence[float]], many: int) -> None:
    middle = {size: _share(sorted(each), 0.5) for size, each in rates.items()}
    _CONSOLE.print(", ".join(f"at {size:,}: {rate:,.0f} events a second" for size, rate in middle.items()))
    _wanted(f"single events at {many:,} over at none", middle[many] / middle[0], least=0.8)


def _share(times: Sequence[float], share: float) -> float:
    return times[min(int(len(times) * share), len(times) - 1)]


def _wanted(what: str, value: float, *, least: float = 0.0, most: float = float("inf")) -> None:
    wanted = f"at least {least}" if least else f"at most {most:g}"
    style = "green" if least <= value <= most else "bold red"
    _CONSOLE.print(f"{what}: {value:.2f} (wanted: {wanted})", style=style)


if __name__ == "__main__":
    main()

"""Composition root: settings in, one wired application out."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path

import structlog
from fastapi import FastAPI
from httpx2 import Client

from app.clock import Clock, SystemClock
from app.evaluation.bundle import public_key
from app.evaluation.pipeline import Pipeline
from app.evaluation.reload import Watch, put_in_force
from app.forwarding import rulebook, spool
from app.forwarding.post import Post
from app.forwarding.rulebook import Keeper
from app.forwarding.sending import Sender
from app.identity import keys
from app.identity.roles import Role
from app.notifying.sending import Notifier
from app.settings import Settings
from app.settings import from_environment as settings_from
from app.storage.engine import connect, transaction
from app.storage.migrate import upgrade
from app.storage.partitions import Ahead
from app.web.application import create
from app.web.metrics import Metrics
from app.web.rulebooks import Rulebooks
from app.web.security import Keyring
from app.web.services import Services
from app.web.stream import Stream
from app.web.stream import consume as take

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_log = structlog.get_logger()


def build(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Wire the application; errors as `wired`."""
    return create(*wired(settings, clock or SystemClock()))


def build_worker(settings: Settings) -> FastAPI:
    """As `build`, beside others: what is in force is taken over, and the rules folder put so only if nothing is."""
    return create(*wired(settings, SystemClock(), first=True))


def wired(settings: Settings, clock: Clock, *, first: bool = False) -> tuple[Services, Callable[[], None]]:
    """The services, and how they are closed: the database is brought up to date, the rulebook put in force.

    For `first` see `put_in_force`. Raises Invalid if the rules have errors and there is no earlier rulebook,
    Unavailable without a database.
    """
    database = connect(settings.database_url)
    try:
        upgrade(database, MIGRATIONS)
        in_force = put_in_force(database, settings.rules_dir, clock.now(), "serve", first=first)
    except BaseException:
        database.dispose()
        raise
    for problem in in_force.stale:
        _log.error(
            "rulebook is stale: the rules have errors, the last good rulebook stays in force", problem=str(problem)
        )
    ahead = Ahead(database, clock)
    pipeline = Pipeline(database, in_force, clock, cross_check=settings.cross_check)

    watch = Watch(database, pipeline)
    notifier = Notifier(database, clock, settings.private_webhooks)

    def close() -> None:
        ahead.stop()
        watch.thread.stop()
        notifier.stop()
        pipeline.close()
        database.dispose()

    return Services(
        settings, clock, database, pipeline, Keyring(database, clock), Metrics(), Rulebooks(database)
    ), close


def consume(settings: Settings, key: str, stream: Stream) -> None:
    """Take events of a stream in the name of a key until SIGINT or SIGTERM.

    Raises GeregeError, and OSError if the stream cannot be reached.
    """
    log_as(settings.log_level)
    clock = SystemClock()
    services, close = wired(settings, clock, first=True)
    collect_seldom()

    async def run() -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        for asked in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(asked, stopping.set)
        await take(services, key, stream, stopping)

    try:
        asyncio.run(run())
    finally:
        close()


def build_post(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Wire the service of a post with a bad line: it judges by itself, and sends on what it took (`gerege forward`).

    Raises Invalid or Unavailable if it has no rulebook and the centre gives none.
    """
    clock = clock or SystemClock()
    key = public_key(settings.rulebook_key)
    spool.own(settings.spool_dir, "post.db")
    client = Client(
        base_url=settings.centre_url, headers={"Authorization": f"Bearer {settings.centre_key}"}, timeout=30
    )
    database = connect(f"sqlite:///{settings.spool_dir}/post.db")
    try:
        upgrade(database, MIGRATIONS)
        with transaction(database) as tx:
            keys.adopt(tx, settings.centre_key, "the lanes", Role.POST, clock.now())
        last, in_force = rulebook.at_start(client, key, settings.spool_dir)
        rulebook.put_in_force(database, last, clock.now())
        spool.prepare(database)
    except BaseException:
        client.close()
        database.dispose()
        raise
    pipeline = Pipeline(database, in_force, clock, cross_check=settings.cross_check)
    watch = Watch(database, pipeline)
    sender = Sender(database, client, clock)
    keeper = Keeper(database, client, key, settings.spool_dir, last, clock)

    def close() -> None:
        # It may be waiting for the centre; it changes nothing any more.
        keeper.thread.stop(wait=False)
        watch.thread.stop()
        pipeline.close()
        sender.thread.stop()
        client.close()
        database.dispose()

    post = Post(database, sender, keeper)
    ring, waiting = Keyring(database, clock), Rulebooks(database)
    services = Services(settings, clock, database, pipeline, ring, Metrics(), waiting, post)
    return create(services, close)


def log_as(level: str) -> None:
    """One JSON line an entry, on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def from_environment() -> FastAPI:
    """The application as `uvicorn --factory` starts it, with the settings of the environment."""
    return _started(build)


def worker_from_environment() -> FastAPI:
    """As `from_environment`, of one of several processes; ends with the one that started it, or unable to judge."""
    application = _started(build_worker)
    services: Services = application.state.services
    parent = parent_process()
    for ended in (services.pipeline.failed, *([parent.join] if parent else ())):
        threading.Thread(target=_end_after, args=(ended,), daemon=True).start()
    return application


def _end_after(ended: Callable[[], object]) -> None:
    if ended() is not False:
        os.kill(os.getpid(), signal.SIGTERM)


def post_from_environment() -> FastAPI:
    """As `from_environment`, of a post."""
    return _started(build_post)


def _started(make: Callable[[Settings], FastAPI]) -> FastAPI:
    # Reading requests and judging events take turns on one interpreter lock; at the default of 5 ms each waits for
    # the other ten times as long as its own work takes.
    sys.setswitchinterval(0.0005)
    settings = settings_from(os.environ)
    log_as(settings.log_level)
    application = make(settings)
    collect_seldom()
    return application


def collect_seldom() -> None:
    """Keep the collector from walking through the rulebook, which lives as long as the process, again and again."""
    gc.collect()
    gc.freeze()

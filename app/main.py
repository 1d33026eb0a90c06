"""Composition root: settings in, one wired application out."""

import gc
import logging
import os
import sys
from pathlib import Path

import structlog
from fastapi import FastAPI

from app.clock import Clock, SystemClock
from app.evaluation.pipeline import Pipeline
from app.evaluation.reload import put_in_force
from app.settings import Settings
from app.settings import from_environment as settings_from
from app.storage.engine import connect
from app.storage.migrate import upgrade
from app.web.application import create
from app.web.metrics import Metrics
from app.web.security import Keyring
from app.web.services import Services

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_log = structlog.get_logger()


def build(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Wire the application: the database is brought up to date, the rulebook put in force, the pipeline started.

    Raises Invalid if the rules have errors and there is no earlier rulebook, Unavailable without a database.
    """
    clock = clock or SystemClock()
    database = connect(settings.database_url)
    try:
        upgrade(database, MIGRATIONS)
        in_force = put_in_force(database, settings.rules_dir, clock.now(), "serve")
    except BaseException:
        database.dispose()
        raise
    for problem in in_force.stale:
        _log.error(
            "rulebook is stale: the rules have errors, the last good rulebook stays in force", problem=str(problem)
        )
    pipeline = Pipeline(database, in_force, clock, cross_check=settings.cross_check)

    def close() -> None:
        pipeline.close()
        database.dispose()

    return create(Services(settings, clock, database, pipeline, Keyring(database, clock), Metrics()), close)


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
    # Reading requests and judging events take turns on one interpreter lock; at the default of 5 ms each waits for
    # the other ten times as long as its own work takes.
    sys.setswitchinterval(0.0005)
    settings = settings_from(os.environ)
    log_as(settings.log_level)
    application = build(settings)
    collect_seldom()
    return application


def collect_seldom() -> None:
    """Keep the collector from walking through the rulebook, which lives as long as the process, again and again."""
    gc.collect()
    gc.freeze()
    # What an event leaves behind holds no cycles; looking for them at every 700 objects costs a twentieth of the work.
    gc.set_threshold(50_000, 20, 50)

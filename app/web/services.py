"""What the web needs of the rest, wired in `app.main`."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.evaluation.pipeline import Pipeline
from app.settings import Settings
from app.web.metrics import Metrics
from app.web.security import Keyring


@dataclass(frozen=True, slots=True)
class Services:
    """One of each, for the life of the application."""

    settings: Settings
    clock: Clock
    database: Database
    pipeline: Pipeline
    keyring: Keyring
    metrics: Metrics


def services_of(request: Request) -> Services:
    """The services of the application that serves a request."""
    found: Services = request.app.state.services
    return found

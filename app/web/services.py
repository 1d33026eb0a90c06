"""What the web needs of the rest, wired in `app.main`."""

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.errors import NotFound
from app.evaluation.batch import Stored
from app.evaluation.pipeline import Pipeline
from app.evaluation.reload import stored as rules_stored
from app.forwarding.post import Post
from app.language.ir import Rulebook
from app.settings import Settings
from app.web.handover import Expected, Handover
from app.web.metrics import Metrics
from app.web.rulebooks import Rulebooks
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
    rulebooks: Rulebooks
    post: Post | None = None
    """At a post with a bad line: what it is beside a service of its own."""
    _handovers: list[Handover[Stored]] = field(default_factory=list)

    def expected(self) -> Expected[Stored]:
        """A place for an answer of the pipeline, in the event loop that runs."""
        loop = asyncio.get_running_loop()
        if not self._handovers or self._handovers[0].loop is not loop:
            self._handovers[:] = [Handover(loop)]
        return Expected(self._handovers[0])


def services_of(request: Request) -> Services:
    """The services of the application that serves a request."""
    found: Services = request.app.state.services
    return found


def rulebook_of(services: Services, digest: str) -> Rulebook | None:
    """The rulebook a decision was made by; the words of today's may be others.

    None if its files no longer compile: the explanation stored with the finding still stands.
    """
    in_force = services.pipeline.in_force
    if in_force.rulebook.digest == digest:
        return in_force.rulebook
    try:
        return rules_stored(services.database, digest).rulebook
    except NotFound:
        return None

"""What the web needs of the rest, wired in `app.main`."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from fastapi import Request
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.errors import NotFound
from app.evaluation.batch import Stored
from app.evaluation.pipeline import Pipeline
from app.evaluation.reload import InForce
from app.evaluation.reload import stored as rules_stored
from app.forwarding.post import Post
from app.language.ir import Rulebook, Status
from app.settings import Settings
from app.web.handover import Expected, Handover
from app.web.metrics import Metrics
from app.web.rulebooks import Rulebooks
from app.web.security import Keyring
from app.web.turns import Turns


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
    _active: dict[str, frozenset[str]] = field(default_factory=dict)
    passwords: Turns = field(default_factory=lambda: Turns(at_once=2, waiting=8))
    """To compare one takes a processor and much memory."""
    _handovers: list[Handover[Stored]] = field(default_factory=list)

    def zone_of(self, checkpoint: str) -> tzinfo:
        """A checkpoint's time zone; UTC for one that has left the register."""
        known = self.pipeline.in_force.reference.checkpoints.get(checkpoint)
        return known.time_zone if known else UTC

    def active_in(self, digest: str) -> frozenset[str]:
        """Rules that were active in a rulebook; of one that no longer compiles, those that are today."""
        if digest not in self._active:
            found = rulebook_of(self, digest) or self.pipeline.in_force.rulebook
            active = (rule.id for rule in found.rules.values() if rule.status is Status.ACTIVE)
            self._active[digest] = frozenset(active)
        return self._active[digest]

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
    found = in_force_of(services, digest)
    return found.rulebook if found else None


def in_force_of(services: Services, digest: str) -> InForce | None:
    """As `rulebook_of`, with its tables."""
    in_force = services.pipeline.in_force
    if in_force.rulebook.digest == digest:
        return in_force
    try:
        return rules_stored(services.database, digest)
    except NotFound:
        return None

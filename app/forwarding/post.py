"""A post as its own service sees it: provisional answers, the word of the centre where it is known, and the lag."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Engine as Database

from app.errors import Conflict, Forbidden, GeregeError, Invalid
from app.evaluation.batch import Stored
from app.forwarding import spool
from app.forwarding.rulebook import Keeper
from app.forwarding.sending import Sender
from app.forwarding.spool import Lag, Verdict
from app.storage.engine import reading

_SHOWN = 100
_REFUSALS: Final[Mapping[int, type[GeregeError]]] = {403: Forbidden, 409: Conflict}


@dataclass(frozen=True, slots=True)
class State:
    """How the post stands: what waits, what is wrong with the line, the rulebook, and what the centre said otherwise.

    `aside` is how many of the waiting the centre failed at. `differences` are verdicts with source and identifier of
    the event, newest first.
    """

    lag: Lag
    aside: int
    fault: str | None
    revision: int
    refused: str | None
    rulebook_fault: str | None
    differences: list[tuple[Verdict, str, str]]

    def seconds(self, now: datetime) -> float:
        """How long the first of what waits has waited."""
        return max(0.0, (now - self.lag.since).total_seconds()) if self.lag.since else 0.0


@dataclass(frozen=True, slots=True)
class Post:
    """The parts of a post that its service asks."""

    database: Database
    sender: Sender
    keeper: Keeper

    @property
    def alive(self) -> bool:
        """Whether events are sent on, and rulebooks fetched."""
        return self.sender.thread.alive and self.keeper.thread.alive

    def answer(self, stored: Stored) -> bytes:
        """What the sender of an event is told: the centre's decision if it is known, else a provisional one.

        Raises Forbidden, Conflict or Invalid if the centre refused it: it is not on record there.
        """
        if stored.replayed:
            with reading(self.database) as tx:
                found = spool.verdict(tx, stored.crossing)
            if found and found.status in spool.ACKNOWLEDGED:
                return found.answer
            if found:
                said = orjson.loads(found.answer)["detail"]
                raise _REFUSALS.get(found.status, Invalid)(f"The centre refused this event: {said}")
        return b'{"provisional":true,' + stored.answer[1:]

    def state(self) -> State:
        """How it stands now."""
        with reading(self.database) as tx:
            lag, differences = spool.lag(tx), spool.differences(tx, _SHOWN)
        sender, keeper = self.sender, self.keeper
        fetching = keeper.thread.fault
        return State(lag, sender.aside, sender.thread.fault, keeper.revision, keeper.refused, fetching, differences)

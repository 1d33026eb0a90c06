"""A post as its own service sees it: provisional answers, the word of the centre where it is known, and the lag."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine as Database

from app.evaluation.batch import Stored
from app.forwarding import spool
from app.forwarding.rulebook import Keeper
from app.forwarding.sending import Line
from app.forwarding.spool import Lag, Verdict
from app.storage.engine import reading

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class State:
    """How the post stands: what waits, what is wrong with the line, the rulebook, and what the centre said otherwise.

    `differences` are verdicts with source and identifier of the event, newest first.
    """

    lag: Lag
    fault: str | None
    revision: int
    refused: str | None
    differences: list[tuple[Verdict, str, str]]

    def seconds(self, now: datetime) -> float:
        """How long the first of what waits has waited."""
        return max(0.0, (now - self.lag.since).total_seconds()) if self.lag.since else 0.0


@dataclass(frozen=True, slots=True)
class Post:
    """The parts of a post that its service asks."""

    database: Database
    line: Line
    keeper: Keeper

    def answer(self, stored: Stored) -> bytes:
        """What the sender of an event is told: the centre's decision if it is known, else a provisional one."""
        if stored.replayed:
            with reading(self.database) as tx:
                found = spool.verdict(tx, stored.crossing)
            if found and found.status in spool.ACKNOWLEDGED:
                return found.answer
        return b'{"provisional":true,' + stored.answer[1:]

    def state(self) -> State:
        """How it stands now."""
        with reading(self.database) as tx:
            lag, differences = spool.lag(tx), spool.differences(tx, _SHOWN)
        return State(lag, self.line.fault, self.keeper.revision, self.keeper.refused, differences)

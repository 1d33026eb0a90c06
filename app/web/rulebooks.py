"""All who wait for another rulebook are woken by one look at the database, and sent home when the service ends."""

import asyncio
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine as Database
from starlette.concurrency import run_in_threadpool

from app.errors import Unavailable
from app.storage import rulebooks
from app.storage.engine import reading
from app.storage.rulebooks import Activation

LOOK_SECONDS: Final = 0.5


@dataclass(slots=True)
class Rulebooks:
    """Looks again and again while somebody waits. `ended` if the service is about to end: nobody may wait longer."""

    database: Database
    ended: bool = False
    _looking: "asyncio.Task[Activation] | None" = None

    def end(self) -> None:
        """The service is about to end."""
        self.ended = True

    async def look(self) -> Activation:
        """The newest activation, after a while."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._after_a_while())
        return await asyncio.shield(self._looking)

    async def _after_a_while(self) -> Activation:
        await asyncio.sleep(LOOK_SECONDS)
        return await run_in_threadpool(newest, self.database)


def newest(database: Database) -> Activation:
    """Raises Unavailable if no rulebook ever was in force."""
    with reading(database) as tx:
        found = rulebooks.newest(tx)
    if found is None:
        raise Unavailable("No rulebook is in force.")
    return found

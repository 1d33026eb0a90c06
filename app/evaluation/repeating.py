"""A thread that does one thing again and again, and does not die of what goes wrong: that is kept to be told."""

import random
import threading
from collections.abc import Callable
from typing import Final

import structlog

from app.errors import Unavailable

_FIRST_PAUSE: Final = 0.5
_log = structlog.get_logger()


class NotNowError(Exception):
    """It cannot be done now; whoever refused it may have said in how many seconds it can."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class Repeating:
    """Takes one turn after another until it is stopped; after one that failed, with ever longer pauses.

    A turn gives the seconds until the next. `fault` is what the last one raised, None if nothing. What is `ordinary`,
    as a line that breaks, is logged without a trace.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], float],
        longest_pause: float = 60.0,
        ordinary: tuple[type[Exception], ...] = (),
    ) -> None:
        self.fault: str | None = None
        self.stopping = threading.Event()
        self._name, self._turn, self._longest = name, turn, longest_pause
        self._ordinary = (NotNowError, Unavailable, *ordinary)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Take the first turn now."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self, *, wait: bool = True) -> None:
        """No other turn is taken; returns when the present one is over, or at once."""
        self.stopping.set()
        if wait:
            self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self.stopping.is_set():
            try:
                rest, fault = self._turn(), None
            except Exception as error:  # noqa: BLE001 (nobody else would go on)
                fault = f"{type(error).__name__}: {error}"
                if fault != self.fault:
                    trace = {} if isinstance(error, self._ordinary) else {"exc_info": error}
                    _log.warning("it is tried again", what=self._name, why=f"{fault}{_cause(error)}", **trace)
                asked = error.seconds if isinstance(error, NotNowError) else None
                # Not all of them at once when what failed is there again.
                rest = max(asked or 0.0, pause * random.uniform(0.5, 1.0))  # noqa: S311 (nobody is to be surprised)
                pause = min(2 * pause, self._longest)
            else:
                pause = _FIRST_PAUSE
            self.fault = fault
            self.stopping.wait(rest)


def _cause(error: Exception) -> str:
    """What the database said."""
    said = str(getattr(error.__cause__, "orig", None) or error.__cause__ or "").strip()
    return f" ({said.splitlines()[0]})" if said else ""

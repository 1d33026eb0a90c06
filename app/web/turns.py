"""Work that would take all processors: few at once, few who wait, and a refusal for whoever comes then."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from app.errors import Busy


class Turns:
    """Of threads: so many at once, so many more that wait."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._turns, self._places = BoundedSemaphore(at_once), BoundedSemaphore(at_once + waiting)

    @contextmanager
    def turn(self, refusal: str) -> Iterator[None]:
        """One's turn, as soon as it comes; raises Busy at once where too many wait."""
        if not self._places.acquire(blocking=False):
            raise Busy(refusal)
        try:
            with self._turns:
                yield
        finally:
            self._places.release()

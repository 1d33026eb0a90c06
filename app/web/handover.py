"""Answers of the evaluating thread on their way to an event loop: all that come at once are handed over in one call.

`asyncio.wrap_future` wakes the loop up for each of them, which costs as much as a tenth of judging one.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Generic, TypeAlias, TypeVar

_T = TypeVar("_T")
_Posted: TypeAlias = tuple[asyncio.Future[_T], _T | BaseException]


class Handover(Generic[_T]):
    """What is handed over to one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._posted: deque[_Posted[_T]] = deque()
        self._called = False

    def post(self, future: asyncio.Future[_T], answer: _T | BaseException) -> None:
        """Settle a future of the loop, from any thread."""
        self._posted.append((future, answer))
        if not self._called:
            self._called = True
            with suppress(RuntimeError):  # of a loop that was closed nobody waits for an answer
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # First: what is posted from here on calls again.
        self._called = False
        while self._posted:
            future, answer = self._posted.popleft()
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)


class Expected(Generic[_T]):
    """One answer that a loop waits for in `future`; to the evaluating thread it is like a future of its own."""

    __slots__ = ("_handover", "future")

    def __init__(self, handover: Handover[_T]) -> None:
        self._handover = handover
        self.future: asyncio.Future[_T] = handover.loop.create_future()

    def set_running_or_notify_cancel(self) -> bool:
        return True

    def set_result(self, result: _T) -> None:
        self._handover.post(self.future, result)

    def set_exception(self, exception: BaseException) -> None:
        self._handover.post(self.future, exception)

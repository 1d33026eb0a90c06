"""Sends events on to the centre, in order and again and again until each is acknowledged, and keeps what it says."""

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import orjson
import structlog
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.errors import Unavailable
from app.forwarding import spool
from app.forwarding.spool import Pending, Verdict
from app.storage.engine import reading, transaction

# Of events of the largest size, no more than a post has memory for.
_AT_ONCE: Final = 50
_IDLE_SECONDS: Final = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
# Said of an event itself; the same again would be said again.
_FINAL: Final = frozenset({200, 201, 400, 403, 409, 413, 422})
_log = structlog.get_logger()


@dataclass(slots=True)
class Line:
    """How the line to the centre is: what went wrong last, None if nothing did."""

    fault: str | None = "The centre was not asked yet."


class Sender:
    """A thread that empties the outbox."""

    def __init__(self, database: Database, client: httpx2.Client, clock: Clock, line: Line) -> None:
        self._database, self._client, self._clock, self._line = database, client, clock, line
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarding", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing is sent any more; what is left is sent after the next start."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                sent = self._send()
            except (httpx2.HTTPError, Unavailable, _NoCentreError) as error:
                self._line.fault = f"{type(error).__name__}: {error}"
                # Not all posts at once when the centre is back.
                self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 (nobody is to be surprised)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            self._line.fault, pause = None, _FIRST_PAUSE
            if not sent:
                self._stopping.wait(_IDLE_SECONDS)

    def _send(self) -> bool:
        """Send what waits, at most so much at once; whether there was anything. Raises if the line broke."""
        with reading(self._database) as tx:
            waiting = spool.pending(tx, _AT_ONCE)
        if not waiting:
            return False
        settled: list[Verdict] = []
        try:
            for verdict in self._answers(waiting):
                settled.append(verdict)  # noqa: PERF402 (what there is before it raises)
        finally:
            # Also of a batch that broke off: what the centre has said it has said.
            with transaction(self._database) as tx:
                spool.settle(tx, settled)
        return True

    def _answers(self, waiting: Sequence[Pending]) -> Iterator[Verdict]:
        body = b"\n".join(_one_line(each.body) for each in waiting)
        head = {"Content-Type": "application/x-ndjson"}
        with self._client.stream("POST", "/v1/crossings/batch", content=body, headers=head) as response:
            if response.status_code != 200:  # noqa: PLR2004 (OK)
                response.read()
                raise _NoCentreError(f"{response.status_code} {response.text[:200]}")
            for line, each in zip(response.iter_lines(), waiting, strict=False):
                told = orjson.loads(line)
                if told["status"] not in _FINAL:
                    # In order: what follows waits with it.
                    raise _NoCentreError(f"{told['status']} {told['problem']['detail']}")
                yield self._verdict(each, told)

    def _verdict(self, sent: Pending, told: Any) -> Verdict:  # noqa: ANN401 (JSON)
        answer = told.get("answer") or told["problem"]
        differs = "answer" not in told or _found(answer) != _found(orjson.loads(sent.answer))
        if differs:
            _log.warning("the centre says otherwise", crossing=sent.crossing, status=told["status"])
        return Verdict(sent.crossing, self._clock.now(), told["status"], orjson.dumps(answer), differs)


class _NoCentreError(Exception):
    """The centre took nothing, or no more."""


def _one_line(body: bytes) -> bytes:
    """JSON may have line ends between its members; within texts they are escaped."""
    return body.replace(b"\r", b" ").replace(b"\n", b" ")


def _found(answer: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 (JSON)
    """What an answer finds, however and by which rulebook."""
    return sorted(
        (each["rule"], each["verdict"], each["subject"]["kind"], each["subject"]["index"])
        for each in answer["findings"]
    )

"""Sends events on to the centre, the first stored first, until each is acknowledged, and keeps what it says."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import httpx2
import orjson
import structlog
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.evaluation.repeating import NotNowError, Repeating
from app.forwarding import spool
from app.forwarding.spool import Pending, Verdict
from app.storage.engine import reading, transaction

# No more than a post has memory for, and a bad line has patience.
_AT_ONCE: Final = 50
_BYTES_AT_ONCE: Final = 1 << 18
_IDLE_SECONDS: Final = 0.2
# Said of an event itself; the same again would be said again.
_FINAL: Final = frozenset({200, 201, 400, 403, 409, 413, 422})
# An event at which the centre fails waits so long for its next turn. More of them at once are a fault of the centre.
_FIRST_ASIDE, _LONGEST_ASIDE = 5.0, 3600.0
_MOST_ASIDE: Final = 100
_FAILED: Final = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Aside:
    """Until when (on a clock that only goes forward) an event is not sent, and the pause after that."""

    until: float
    pause: float


class Sender:
    """A thread that empties the outbox."""

    def __init__(self, database: Database, client: httpx2.Client, clock: Clock) -> None:
        self._database, self._client, self._clock = database, client, clock
        self._aside: dict[str, _Aside] = {}
        self._most = _AT_ONCE
        self.thread = Repeating("forwarding", self._send, ordinary=(httpx2.HTTPError,))
        self.thread.start()

    @property
    def aside(self) -> int:
        """How many events wait apart, because the centre failed at them."""
        return len(self._aside)

    def _send(self) -> float:
        """Send what waits, at most so much at once. Raises if the line broke; with half as much it may hold."""
        now = monotonic()
        but = {crossing for crossing, each in list(self._aside.items()) if each.until > now}
        with reading(self._database) as tx:
            waiting = spool.pending(tx, self._most, _BYTES_AT_ONCE, but)
        if not waiting:
            return _IDLE_SECONDS
        settled: list[Verdict] = []
        try:
            for verdict in self._answers(waiting):
                settled.append(verdict)  # noqa: PERF402 (what there is before it raises)
        except Exception:
            self._most = max(1, self._most // 2)
            raise
        finally:
            # Also of a batch that broke off: what the centre has said it has said.
            with transaction(self._database) as tx:
                spool.settle(tx, settled)
            for each in settled:
                self._aside.pop(each.crossing, None)
        self._most = min(2 * self._most, _AT_ONCE)
        return 0.0

    def _answers(self, waiting: Sequence[Pending]) -> Iterator[Verdict]:
        body = b"\n".join(_one_line(each.body) for each in waiting)
        head = {"Content-Type": "application/x-ndjson"}
        with self._client.stream("POST", "/v1/crossings/batch", content=body, headers=head) as response:
            if response.status_code != 200:  # noqa: PLR2004 (OK)
                response.read()
                asked = response.headers.get("Retry-After", "")
                said = f"{response.status_code} {response.text[:200]}"
                raise NotNowError(said, float(asked) if asked.isdecimal() else None)
            count = 0
            for count, (line, each) in enumerate(zip(_lines(response.iter_bytes()), waiting, strict=False), 1):
                told = orjson.loads(line)
                if told["line"] != count:
                    raise NotNowError(f"The centre answered line {told['line']} in the place of line {count}.")
                if verdict := self._verdict(each, told):
                    yield verdict
            if count < len(waiting):
                raise NotNowError(f"The centre answered {count} of {len(waiting)} events.")

    def _verdict(self, sent: Pending, told: Any) -> Verdict | None:  # noqa: ANN401 (JSON)
        """What the centre said of an event; None if it failed at this one. Raises if it takes none now."""
        if told["status"] == _FAILED and (sent.crossing in self._aside or len(self._aside) < _MOST_ASIDE):
            before = self._aside.get(sent.crossing)
            pause = min(2 * before.pause, _LONGEST_ASIDE) if before else _FIRST_ASIDE
            self._aside[sent.crossing] = _Aside(monotonic() + pause, pause)
            _log.error("the centre fails at an event", crossing=sent.crossing, instance=told["problem"].get("instance"))
            return None
        if told["status"] not in _FINAL:
            # What follows waits with it.
            raise NotNowError(f"{told['status']} {told['problem']['detail']}", told.get("retry_after"))
        answer = told.get("answer") or told["problem"]
        differs = "answer" not in told or _found(answer) != _found(orjson.loads(sent.answer))
        if differs:
            _log.warning("the centre says otherwise", crossing=sent.crossing, status=told["status"])
        return Verdict(sent.crossing, self._clock.now(), told["status"], orjson.dumps(answer), differs)


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines; what is between a line's end and the next is JSON, in which there may be any other separator."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from whole


def _one_line(body: bytes) -> bytes:
    """JSON may have line ends between its members; within texts they are escaped."""
    return body.replace(b"\r", b" ").replace(b"\n", b" ")


def _found(answer: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 (JSON)
    """What an answer finds, however and by which rulebook."""
    return sorted(
        (each["rule"], each["verdict"], each["subject"]["kind"], each["subject"]["index"])
        for each in answer["findings"]
    )

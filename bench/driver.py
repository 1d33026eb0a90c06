"""A load driver for one address: keep-alive connections, one request in flight on each, in a process of its own.

It sends the same event under ever new identifiers and counts the answers. `python -m bench.driver URL KEY CONNECTIONS
SECONDS FIRST` prints one JSON line: events a second and latencies in milliseconds. The events are numbered from FIRST:
those of a later run should come later than those of an earlier one, as at a checkpoint.
"""

import asyncio
import itertools
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import orjson
import uvloop

from bench.event import event

LINES = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """Events a second, and how long requests took, in milliseconds."""

    rate: float
    p50: float
    p95: float
    p99: float


class _Connection(asyncio.Protocol):
    """One connection; its future is done when an answer has arrived whole."""

    def __init__(self) -> None:
        self.buffer = b""
        self.answered: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are transports in all but name.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found or not self.answered:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        if (len(rest) >= int(length)) if length else rest.endswith(b"0\r\n\r\n"):
            # One request is in flight: what there is belongs to its answer.
            self.answered.set_result((int(head.split(b" ", 2)[1]), rest))
            self.buffer = b""

    def connection_lost(self, error: Exception | None) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_exception(error or ConnectionResetError())

    async def send(self, request: bytes) -> tuple[int, bytes]:
        assert self.transport
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answered


def _request(path: str, key: str, body: bytes) -> bytes:
    kind = "application/x-ndjson" if path.endswith("batch") else "application/json"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {kind}\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post(port: int, path: str, key: str, bodies: Iterable[bytes]) -> list[float]:
    """Send the bodies one after the other over one connection; seconds of each. Raises if anything was not taken."""
    _, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", port)
    assert connection.transport
    try:
        return [await _taken(connection, path, key, body) for body in bodies]
    finally:
        connection.transport.close()


async def _taken(connection: _Connection, path: str, key: str, body: bytes) -> float:
    began = time.perf_counter()
    status, answer = await connection.send(_request(path, key, body))
    lines = body.count(b"\n") + 1 if path.endswith("batch") else 0
    if status not in {200, 201} or answer.count(b'"status":201') != lines:
        raise RuntimeError(f"{path} answered {status}: {answer[:300]!r}")
    return time.perf_counter() - began


async def drive(port: int, path: str, key: str, connections: int, seconds: float, first: int) -> Figures:
    """Load `path` and measure; raises if an answer is neither 200 nor 201. A path of batches is sent LINES at once."""
    numbers, run = itertools.count(first), uuid.uuid4().hex
    latencies: list[float] = []
    until = time.perf_counter() + seconds
    at_once = LINES if path.endswith("batch") else 1

    def bodies() -> Iterator[bytes]:
        while time.perf_counter() < until:
            yield b"\n".join(orjson.dumps(event(next(numbers), run)) for _ in range(at_once))

    async def one() -> None:
        latencies.extend(await post(port, path, key, bodies()))

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    elapsed = time.perf_counter() - began
    latencies.sort()
    return Figures(
        at_once * len(latencies) / elapsed,
        *(latencies[len(latencies) * share // 100] * 1000 for share in (50, 95, 99)),
    )


if __name__ == "__main__":
    _, port, path, key, connections, seconds, first = sys.argv
    # The faster loop leaves more of a small machine to what is measured.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(drive(int(port), path, key, int(connections), float(seconds), int(first)))
    print(orjson.dumps(figures).decode())

"""Sends what waits in the outbox, again and again until it is taken or a day has passed.

One webhook that does not answer holds up no other: each has its own task, and one that cannot be reached is left alone
for a while. An address is looked up and checked once, and connected to as it was checked.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import httpx2
import structlog
from sqlalchemy import Engine as Database

from app.clock import Clock
from app.errors import Unavailable
from app.storage.engine import Transaction, reading, transaction
from app.violations import webhooks
from app.violations.webhooks import Delivery, Tried, Webhook

TIMEOUT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.25
_AT_ONCE: Final = 8
# Of an answer nothing is of interest; read so far, the connection may serve for the next.
_MOST_READ: Final = 1 << 16
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_STOPPING_SECONDS: Final = 3.0
_FORGETTING_SECONDS: Final = 3600.0
_LONGEST_FAULT: Final = 200
_T = TypeVar("_T")
_log = structlog.get_logger()


@dataclass(slots=True)
class _Line:
    """To one webhook: the task that serves it, and until when (of the loop's clock) it is left alone."""

    task: asyncio.Task[None] | None = None
    until: float = 0.0
    pause: float = _SHORTEST_PAUSE


@dataclass(slots=True)
class Notifier:
    """A thread that empties the outbox; several servers may have one each."""

    database: Database
    clock: Clock
    private: bool = False
    """Whether addresses of this machine and its neighbourhood may be sent to."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lines: dict[str, _Line] = field(default_factory=dict)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="notifying", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing is sent any more, or soon; what was on its way may be sent again after its lease."""
        self._stopping.set()
        # It may be waiting for a name server, which nothing ends.
        self._thread.join(_STOPPING_SECONDS + 2)

    async def _run(self) -> None:
        limits = httpx2.Limits(max_keepalive_connections=32)
        # Proxies of the environment would be asked to connect where this may not.
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False) as client:
            forgetting = asyncio.get_running_loop().time() + _FORGETTING_SECONDS
            while not self._stopping.is_set():
                await self._look(client)
                if asyncio.get_running_loop().time() >= forgetting:
                    forgetting += _FORGETTING_SECONDS
                    await self._stored(self._forget)
                await asyncio.to_thread(self._stopping.wait, _POLL_SECONDS)
            if tasks := [line.task for line in self._lines.values() if line.task]:
                _, late = await asyncio.wait(tasks, timeout=_STOPPING_SECONDS)
                for task in late:
                    task.cancel()

    async def _look(self, client: httpx2.AsyncClient) -> None:
        now = asyncio.get_running_loop().time()
        for hook in await self._stored(self._ready) or ():
            line = self._lines.setdefault(hook.id, _Line())
            if line.until <= now and (line.task is None or line.task.done()):
                line.task = asyncio.create_task(self._serve(client, hook, line))

    async def _serve(self, client: httpx2.AsyncClient, hook: Webhook, line: _Line) -> None:
        """Send what waits for one webhook, until nothing does or it cannot be reached."""
        while not self._stopping.is_set():
            found = await self._stored(partial(self._claim, hook))
            if not found:
                return
            tried = await asyncio.gather(*(self._try(client, hook, each) for each in found))
            await self._stored(partial(self._settle, tried))
            if all(each.answered is None for each in tried):
                line.until = asyncio.get_running_loop().time() + line.pause
                line.pause = min(2 * line.pause, _LONGEST_PAUSE)
                _log.warning("a webhook cannot be reached", webhook=hook.id, why=tried[0].fault)
                return
            line.pause = _SHORTEST_PAUSE

    async def _try(self, client: httpx2.AsyncClient, hook: Webhook, delivery: Delivery) -> Tried:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._send(client, hook, delivery)
        except TimeoutError:
            return Tried(delivery, None, f"no answer within {TIMEOUT_SECONDS:g} seconds")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError, _RefusedError) as error:
            return Tried(delivery, None, (str(error) or type(error).__name__)[:_LONGEST_FAULT])
        return Tried(delivery, status, None)

    async def _send(self, client: httpx2.AsyncClient, hook: Webhook, delivery: Delivery) -> int:
        url = httpx2.URL(hook.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await self._address(url.host, port)
        headers = webhooks.headers(hook, delivery, self.clock.now())
        headers |= {"Host": url.netloc.decode(), "Content-Type": "application/json", "User-Agent": "Gerege"}
        # The certificate must be that of the name.
        named = {"sni_hostname": url.host}
        place = url.copy_with(host=address)
        async with client.stream("POST", place, content=delivery.body, headers=headers, extensions=named) as response:
            read = 0
            async for part in response.aiter_raw():
                read += len(part)
                if read > _MOST_READ:
                    break
            return int(response.status_code)

    async def _address(self, host: str, port: int) -> str:
        found = [each[4][0] for each in await asyncio.get_running_loop().getaddrinfo(host, port)]
        allowed = [str(each) for each in found if self.private or webhooks.is_public(str(each))]
        if not allowed:
            told = ", ".join(sorted({str(each) for each in found}))
            raise _RefusedError(f"{told} is a private address; GEREGE_PRIVATE_WEBHOOKS=on would allow it")
        return allowed[0]

    # --- the database ---------------------------------------------------------------------------------------

    async def _stored(self, what: Callable[[], _T]) -> _T | None:
        """Off the loop, so that a database that waits keeps no answer waiting. None where it failed; later again."""
        try:
            return await asyncio.to_thread(what)
        except Unavailable:
            return None
        except Exception:  # noqa: BLE001 (a thread that ended would send nothing any more, and say nothing)
            _log.exception("webhooks cannot be served")
            return None

    def _ready(self) -> list[Webhook]:
        with reading(self.database) as tx:
            return webhooks.ready(tx, self.clock.now())

    def _claim(self, hook: Webhook) -> Sequence[Delivery]:
        return self._in_one(lambda tx: webhooks.claim(tx, hook.id, self.clock.now(), _AT_ONCE))

    def _settle(self, tried: Sequence[Tried]) -> None:
        self._in_one(lambda tx: webhooks.settle(tx, tried, self.clock.now()))

    def _forget(self) -> None:
        self._in_one(lambda tx: webhooks.forget(tx, self.clock.now()))

    def _in_one(self, what: Callable[[Transaction], _T]) -> _T:
        with transaction(self.database) as tx:
            return what(tx)


class _RefusedError(Exception):
    """The address is one that must not be sent to."""

"""The door beside HTTP: events from a NATS JetStream, through the same pipeline.

A message is acknowledged after the transaction that holds its event is committed, so that whatever dies in between
leads to a redelivery, which is harmless (law 2). What can never be taken goes to a subject of its own, with the problem
in a header; what may be taken later is left to the stream.
"""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import nats
import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as StreamError
from nats.errors import TimeoutError as NothingCameError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from app.errors import GeregeError, Invalid, Unavailable
from app.identity import keys
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.web import problems
from app.web.api.bodies import event_from
from app.web.api.crossings import ingest
from app.web.problems import BadRequestError
from app.web.services import Services

PROBLEM: Final = "Gerege-Problem"
# Of messages of the largest size, no more than there is memory for.
_AT_ONCE: Final = 64
_WAIT_SECONDS: Final = 1.0
_LATER_SECONDS: Final = 2.0
# A fault of the service may pass; one that does not must not come again for ever.
_MOST_TRIES: Final = 5
# For the subject and the other headers.
_HEADERS_BYTES: Final = 4096
_LARGEST_PROBLEM: Final = 1 << 16
# What the client raises when its connection breaks or the server does not answer; the last are the system's own.
_LINE: Final = (StreamError, OSError)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stream:
    """Where events come from. All consumers of a subject take them in turns.

    `dead` is the subject for what can never be taken; a stream is made for it if there is none. What was not
    acknowledged within `again_seconds` is delivered again, to whichever consumer.
    """

    servers: Sequence[str]
    subject: str
    dead: str
    again_seconds: float

    @property
    def durable(self) -> str:
        """The name by which the stream remembers what consumers of the subject have taken."""
        digest = hashlib.sha256(self.subject.encode()).hexdigest()[:8]
        return f"gerege-{re.sub('[^A-Za-z0-9]+', '-', self.subject).strip('-')}-{digest}"


def check(stream: Stream) -> None:
    """Raise Invalid for a stream whose dead messages would come again as events."""
    if re.search(r"[*>\s]", stream.dead):
        raise Invalid(f"Messages that can never be taken need one subject, not {stream.dead}.")
    pattern = "".join(
        {"*": r"[^.]+", ">": ".+"}.get(each, re.escape(each)) for each in re.split(r"([.*>])", stream.subject)
    )
    if re.fullmatch(pattern, stream.dead):
        raise Invalid(f"{stream.dead} is among {stream.subject}: what can never be taken would come again for ever.")


async def consume(services: Services, key: str, stream: Stream, stopping: asyncio.Event) -> None:
    """Take events in the name of a key until asked to stop.

    Raises GeregeError if there is no such stream, the key ends, or no event can be judged any more.
    """
    check(stream)
    try:
        connection = await nats.connect(list(stream.servers), max_reconnect_attempts=-1, allow_reconnect=True)
    except _LINE as error:
        raise Unavailable(f"The stream cannot be reached: {error}.") from error
    try:
        await _take_all(services, key, connection, stream, stopping)
    finally:
        await connection.close()


async def _take_all(services: Services, key: str, connection: Client, stream: Stream, stopping: asyncio.Event) -> None:
    taking = _Taking(services, connection, stream)
    try:
        messages: JetStreamContext.PullSubscription | None = await _subscribed(connection, stream)
    except _LINE as error:
        raise Unavailable(f"The stream cannot be used: {error}.") from error
    while not stopping.is_set():
        if not services.pipeline.alive:
            raise Unavailable("No event can be judged any more; start again.")
        try:
            messages = messages or await _subscribed(connection, stream)
            await taking.some(messages, await _credential(services, key))
        except (*_LINE, Unavailable) as error:
            # The server was started anew, or the consumer removed; or there is no database.
            _log.warning("the stream is tried again", exc_info=error)
            await asyncio.sleep(_LATER_SECONDS)
            await _unsubscribe(messages)
            messages = None


async def _credential(services: Services, key: str) -> Credential:
    """Asked again and again: a key that was revoked since may send no more."""
    credential = await services.keyring.credential(f"Bearer {key}")
    keys.require(credential, Permission.CROSSINGS_WRITE)
    return credential


async def _subscribed(connection: Client, stream: Stream) -> JetStreamContext.PullSubscription:
    context = connection.jetstream()
    try:
        await context.find_stream_name_by_subject(stream.dead)
    except NotFoundError:
        await context.add_stream(name="gerege-dead", subjects=[stream.dead])
    config = ConsumerConfig(
        name=stream.durable,
        durable_name=stream.durable,
        filter_subject=stream.subject,
        ack_wait=stream.again_seconds,
        max_ack_pending=16 * _AT_ONCE,
    )
    try:
        name = await context.find_stream_name_by_subject(stream.subject)
    except NotFoundError as error:
        raise Unavailable(f"No stream has the subject {stream.subject}; make one first.") from error
    # One that is there already takes over these settings.
    await context.add_consumer(name, config)
    return await context.pull_subscribe_bind(stream.durable, name)


async def _unsubscribe(messages: JetStreamContext.PullSubscription | None) -> None:
    if messages:
        try:
            await messages.unsubscribe()
        except _LINE as error:
            _log.debug("the subscription is gone already", exc_info=error)


class _Taking:
    """Takes messages: each is acknowledged, left to come again, or buried with its problem."""

    def __init__(self, services: Services, connection: Client, stream: Stream) -> None:
        self._services, self._connection, self._stream = services, connection, stream
        self._context = connection.jetstream()
        # By number in the stream.
        self._failed: Counter[int] = Counter()

    async def some(self, messages: JetStreamContext.PullSubscription, credential: Credential) -> None:
        """Take what waits, or wait a while for it."""
        try:
            found = await messages.fetch(_AT_ONCE, _WAIT_SECONDS)
        except NothingCameError:
            return
        await asyncio.gather(*(self._take(credential, each) for each in found))

    async def _take(self, credential: Credential, message: Msg) -> None:
        try:
            stored = await ingest(self._services, credential, event_from(message.data))
        except Unavailable:
            await message.nak(_LATER_SECONDS)
        except (GeregeError, BadRequestError) as error:
            await self._bury(message, error)
        except Exception as error:  # noqa: BLE001 (one message's fault must not keep the others)
            await self._fail(message, error)
        else:
            self._failed.pop(message.metadata.sequence.stream, None)
            self._services.metrics.stored(stored)
            await message.ack()

    async def _fail(self, message: Msg, error: Exception) -> None:
        number = message.metadata.sequence.stream
        self._failed[number] += 1
        if self._failed[number] >= _MOST_TRIES:
            await self._bury(message, error)
            return
        _log.error("a message could not be taken", subject=message.subject, number=number, exc_info=error)
        await message.nak(_LATER_SECONDS)

    async def _bury(self, message: Msg, error: Exception) -> None:
        document = problems.document(error)
        if len(orjson.dumps(document)) > _LARGEST_PROBLEM:
            document.pop("errors")
        problem = orjson.dumps(document)
        number = message.metadata.sequence.stream
        place = {"Gerege-Subject": message.subject, "Gerege-Stream": f"{message.metadata.stream} {number}"}
        # The server breaks the connection off at what is larger than it takes, and the problem comes on top.
        room = self._connection.max_payload - len(problem) - _HEADERS_BYTES
        body = message.data if len(message.data) <= room else b""
        try:
            await self._context.publish(self._stream.dead, body, headers={PROBLEM: problem.decode(), **place})
        except _LINE as refused:
            _log.error("a message that can never be taken could not be buried", number=number, exc_info=refused)
            await message.nak(_LATER_SECONDS)
            return
        self._failed.pop(number, None)
        await message.term()
        _log.warning("a message can never be taken", subject=message.subject, number=number, error=type(error).__name__)

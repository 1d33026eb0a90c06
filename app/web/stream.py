"""The door beside HTTP: events from a NATS JetStream, through the same pipeline.

A message is acknowledged after the transaction that holds its event is committed, so that whatever dies in between
leads to a redelivery, which is harmless (law 2). What can never be taken goes to a subject of its own, with the problem
in a header; what may be taken later is left to the stream.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import nats
import orjson
import structlog
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingCameError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from app.errors import GeregeError, Unavailable
from app.identity.keys import Credential
from app.web import problems
from app.web.api.bodies import event_from
from app.web.api.crossings import ingest
from app.web.problems import BadRequestError
from app.web.services import Services

PROBLEM: Final = "Gerege-Problem"
_DURABLE: Final = "gerege"
_AT_ONCE: Final = 256
_WAIT_SECONDS: Final = 1.0
_LATER_SECONDS: Final = 2.0
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


async def consume(services: Services, credential: Credential, stream: Stream, stopping: asyncio.Event) -> None:
    """Take events until asked to stop; raises GeregeError if there is no such stream."""
    connection = await nats.connect(list(stream.servers), max_reconnect_attempts=-1, allow_reconnect=True)
    try:
        context = connection.jetstream()
        await _make_dead(context, stream)
        config = ConsumerConfig(ack_wait=stream.again_seconds, max_ack_pending=4 * _AT_ONCE)
        try:
            messages = await context.pull_subscribe(stream.subject, _DURABLE, config=config)
        except NotFoundError as error:
            raise Unavailable(f"No stream has the subject {stream.subject}; make one first.") from error
        while not stopping.is_set():
            try:
                found = await messages.fetch(_AT_ONCE, _WAIT_SECONDS)
            except NothingCameError:
                continue
            await asyncio.gather(*(_take(services, credential, context, stream, each) for each in found))
    finally:
        await connection.close()


async def _make_dead(context: JetStreamContext, stream: Stream) -> None:
    try:
        await context.find_stream_name_by_subject(stream.dead)
    except NotFoundError:
        await context.add_stream(name=f"{_DURABLE}-dead", subjects=[stream.dead])


async def _take(
    services: Services, credential: Credential, context: JetStreamContext, stream: Stream, message: Msg
) -> None:
    try:
        stored = await ingest(services, credential, event_from(message.data))
    except Unavailable:
        await message.nak(_LATER_SECONDS)
    except (GeregeError, BadRequestError) as error:
        problem = orjson.dumps(problems.document(error)).decode()
        await context.publish(stream.dead, message.data, headers={PROBLEM: problem, "Gerege-Subject": message.subject})
        await message.ack()
        _log.warning("a message can never be taken", subject=message.subject, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 (one message's fault must not keep the others)
        _log.error("a message could not be taken", subject=message.subject, exc_info=error)
        await message.nak(_LATER_SECONDS)
    else:
        services.metrics.stored(stored)
        await message.ack()

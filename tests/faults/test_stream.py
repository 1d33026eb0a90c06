"""Events from a real NATS JetStream: each message is acknowledged after its event is committed, and none is lost."""

import asyncio
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nats
import orjson
import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, ConsumerInfo
from sqlalchemy import text

from app.cli.main import run
from app.storage.engine import connect, reading
from tests.faults.running import (
    SECONDS,
    Running,
    Senders,
    check,
    crossing,
    free_port,
    lots,
    nothing_can_be_committed,
    running,
    until,
)

SERVER = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no build of nats-server for this machine")


class Consumer(Running):
    """`gerege consume` beside a service on the same database."""

    def __init__(self, service: Running, folder: Path, server: str) -> None:
        super().__init__(service.url, service.port, service.key, 1, service.rules)
        key = folder / "consumer.key"
        key.write_text(service.key)
        self.command_line = [
            "consume",
            "--key-file",
            str(key),
            "--nats",
            server,
            "--database",
            service.url,
            "--redeliver-after",
            "2",
        ]
        self.command_line += ["--rules", str(service.rules)]

    @property
    def command(self) -> list[str]:
        return self.command_line


@dataclass(slots=True)
class Server:
    """`nats-server` on a port and in a folder of its own; it can be started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert SERVER
        command = [SERVER, "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self.folder)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "jetstream")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def server(nats_server: Server) -> str:
    return nats_server.url


def with_stream(server: str, work: Callable[[JetStreamContext], Awaitable[None]]) -> None:
    async def run() -> None:
        connection = await nats.connect(server, connect_timeout=SECONDS, max_reconnect_attempts=-1)
        try:
            await work(connection.jetstream())
        finally:
            await connection.close()

    asyncio.run(run())


async def made(context: JetStreamContext) -> None:
    await context.add_stream(name="crossings", subjects=["crossings.>"])


def sent_of(bodies: list[bytes]) -> Callable[[JetStreamContext], Awaitable[None]]:
    async def send(context: JetStreamContext) -> None:
        for body in bodies:
            await context.publish("crossings.rus", body)

    return send


def test_consumers_killed_amid_load_lose_nothing(server: str, database_url: str, tmp_path: Path) -> None:
    bodies = lots(1, 200)[0]
    with_stream(server, made)
    with running(database_url) as service:
        consumers = [Consumer(service, tmp_path, server) for _ in range(2)]
        try:
            for each in consumers:
                each.start_without_waiting()
            until(lambda: _state(server).num_waiting == 2, "the consumers did not start")
            with nothing_can_be_committed(database_url):
                with_stream(server, sent_of(bodies[:40]))
                # Taken from the stream, and not yet stored.
                until(lambda: _state(server).num_pending != 40, "nothing was taken from the stream")
                time.sleep(0.5)
                floor = _state(server).ack_floor
                assert floor
                assert floor.consumer_seq == 0, "acknowledged before it is committed"
                for each in consumers:
                    each.kill()
            assert _count(service) == 0
            consumers[0].command_line[consumers[0].command_line.index("2")] = "3"
            consumers[0].start_without_waiting()
            with_stream(server, sent_of(bodies[40:]))
            # What the killed ones had not acknowledged is delivered again when its time is over.
            until(lambda: _count(service) == len(bodies), "the stream was not emptied")
            assert _state(server).config.ack_wait == 3, "a consumer with other settings kept the old ones"
        finally:
            for each in consumers:
                each.kill()
        stored = Senders(service.port, service.key, [bodies]).start()
        stored.finish()
    check(database_url, stored)


def _state(server: str) -> ConsumerInfo:
    """What the stream knows of those who consume it; empty before there are any."""
    found: list[ConsumerInfo] = []

    async def ask(context: JetStreamContext) -> None:
        found.extend(await context.consumers_info("crossings"))

    with_stream(server, ask)
    # It is asked again and again.
    time.sleep(0.2)
    return found[0] if found else ConsumerInfo("", "", ConsumerConfig(), NOW)


def test_what_can_never_be_taken_goes_to_a_subject_of_its_own_with_the_problem(
    nats_server: Server, tmp_path: Path
) -> None:
    bad = [b"not json", crossing("E000002", direction="up"), crossing("E000003", checkpoint="RUS-NOWHERE")]
    # With the problem on top it is larger than the server takes.
    large = b"[" * ((1 << 20) - 10)
    url = f"sqlite:///{tmp_path}/gerege.db"
    found: list[tuple[bytes, str]] = []

    async def dead(context: JetStreamContext) -> None:
        messages = await context.pull_subscribe("dead.crossings", "reader")
        # It gives what there is, if there is anything.
        while len(found) < 4:
            for message in await messages.fetch(4, SECONDS):
                assert message.headers
                found.append((message.data, orjson.loads(message.headers["Gerege-Problem"])["detail"]))
                await message.ack()

    with_stream(nats_server.url, made)
    with running(url) as service:
        consumer = Consumer(service, tmp_path, nats_server.url)
        consumer.start_without_waiting()
        try:
            sent = [crossing("E000001"), large, *bad, crossing("E000001"), crossing("E000004")]
            with_stream(nats_server.url, sent_of(sent))
            until(lambda: _count(service) == 2, "what is right was not taken")
            with_stream(nats_server.url, dead)
            # The server is started anew, and the consumer finds to it.
            nats_server.kill()
            nats_server.start()
            with_stream(nats_server.url, sent_of([crossing("E000005")]))
            until(lambda: _count(service) == 3, "the consumer did not come back")
            assert run(["keys", "revoke", service.key.split("_")[1], "--database", url]) == 0
            assert consumer.process
            assert consumer.process.wait(SECONDS) == 2, "it goes on with a key that was revoked"
        finally:
            consumer.kill()
    assert sorted(data for data, _ in found) == sorted([b"", *bad])
    assert all(detail for _, detail in found)


def _count(service: Running) -> int:
    database = connect(service.url)
    try:
        with reading(database) as tx:
            count: int = tx.execute(text("SELECT count(*) FROM crossings")).scalar_one()
            return count
    finally:
        database.dispose()

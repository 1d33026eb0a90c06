"""Events from a real NATS JetStream: each message is acknowledged after its event is committed, and none is lost."""

import asyncio
import shutil
import subprocess
import sysconfig
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import nats
import orjson
import pytest
from nats.js import JetStreamContext
from sqlalchemy import text

from app.storage.engine import connect, reading
from tests.faults.running import SECONDS, Running, Senders, check, crossing, free_port, lots, running, until

SERVER = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    assert SERVER
    port = free_port()
    command = [SERVER, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(tmp_path / "jetstream")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


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
    bodies = lots(1, 300)[0]
    with_stream(server, made)
    with running(database_url) as service:
        consumers = [Consumer(service, tmp_path, server) for _ in range(2)]
        try:
            for each in consumers:
                each.start_without_waiting()
            with_stream(server, sent_of(bodies))
            stored = Senders(service.port, service.key, [bodies])
            until(lambda: _count(service) > 60, "nothing was taken from the stream")
            consumers[0].kill()
            consumers[0].start_without_waiting()
            # What the killed one had not acknowledged is delivered again when its time is over.
            until(lambda: _count(service) == len(bodies), "the stream was not emptied")
        finally:
            for each in consumers:
                each.kill()
        stored.start().finish()
    check(database_url, stored)


def test_what_can_never_be_taken_goes_to_a_subject_of_its_own_with_the_problem(server: str, tmp_path: Path) -> None:
    bad = [b"not json", crossing("E000002", direction="up"), crossing("E000003", checkpoint="RUS-NOWHERE")]
    url = f"sqlite:///{tmp_path}/gerege.db"
    found: list[tuple[bytes, str]] = []

    async def dead(context: JetStreamContext) -> None:
        messages = await context.pull_subscribe("dead.crossings", "reader")
        for message in await messages.fetch(3, SECONDS):
            assert message.headers
            found.append((message.data, orjson.loads(message.headers["Gerege-Problem"])["detail"]))
            await message.ack()

    with_stream(server, made)
    with running(url) as service:
        consumer = Consumer(service, tmp_path, server)
        consumer.start_without_waiting()
        try:
            with_stream(server, sent_of([crossing("E000001"), *bad, crossing("E000001"), crossing("E000004")]))
            until(lambda: _count(service) == 2, "what is right was not taken")
            with_stream(server, dead)
        finally:
            consumer.kill()
    assert sorted(data for data, _ in found) == sorted(bad)
    assert all(detail for _, detail in found)


def _count(service: Running) -> int:
    database = connect(service.url)
    try:
        with reading(database) as tx:
            count: int = tx.execute(text("SELECT count(*) FROM crossings")).scalar_one()
            return count
    finally:
        database.dispose()

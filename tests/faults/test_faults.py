"""What happens to a national line: killed processes, lost databases, bad connections, full disks, crowds.

After each: every acknowledged event is there exactly once, nothing else is, and the service goes on by itself.
"""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
from shutil import copytree

import orjson
import pytest

from tests.databases import DURABLE, running_postgres
from tests.faults.running import (
    EXPIRED,
    Proxy,
    Retired,
    Running,
    Senders,
    check,
    crossing,
    lots,
    nothing_can_be_committed,
    running,
    until,
)
from tests.service.serving import RULES

MB = 1 << 20


def test_workers_killed_amid_load_lose_nothing_and_are_replaced(
    database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules = copytree(RULES, tmp_path / "rules")
    with running(database_url, workers=2, rules=rules) as service:
        until(lambda: len(service.children) == 2, "the workers did not start")
        # Somebody is at work in the rules folder; that is for the next start.
        rule = rules / "RUS/documents/RUS-TDOC-001.yaml"
        rule.write_text(rule.read_text().replace("owner: ", "owner: Another "))
        Retired(tmp_path / "retired").activate(database_url)
        senders = Senders(service.port, service.key, lots(8, 15)).start()
        for wanted in (30, 80):
            until(lambda wanted=wanted: senders.count >= wanted, "the senders got no further")  # type: ignore[misc]
            os.kill(service.children[0], signal.SIGKILL)
        senders.finish()
        until(lambda: len(service.children) == 2, "killed workers were not replaced")
        said: list[str] = []

        def deaths() -> int:
            said.append(capfd.readouterr().err)
            return "".join(said).count('"exit_code": -9, "event": "a worker died and was started anew"')

        until(lambda: deaths() == 2, "the deaths were not told")
        assert service.is_ready()
        # What was activated is rolled back by no worker that starts with the rules folder.
        last = [service.ask("POST", "/v1/crossings", crossing(f"L{number:06}", **EXPIRED)) for number in range(8)]
        assert {orjson.loads(told)["outcome"] for _, _, told in last} == {"compliant"}
        assert service.process
        workers = service.children
        service.process.kill()
        until(lambda: not any(map(is_running, workers)), "workers outlive what started them")
    senders.acknowledged |= {orjson.loads(told)["id"]: {orjson.loads(told)["crossing"]} for _, _, told in last}
    check(database_url, replace(senders, lots=[*senders.lots, [crossing(f"L{number:06}") for number in range(8)]]))


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_service_killed_and_started_again_has_all_it_acknowledged(database_url: str) -> None:
    with running(database_url) as service:
        senders = Senders(service.port, service.key, lots(8, 30)).start()
        for wanted in (50, 140):
            until(lambda wanted=wanted: senders.count >= wanted, "the senders got no further")  # type: ignore[misc]
            service.kill()
            service.start()
        senders.finish()
    check(database_url, senders)


def test_a_database_killed_amid_load_is_waited_for_and_nothing_acknowledged_is_lost() -> None:
    with running_postgres(DURABLE) as postgres, postgres.fresh_database() as url, running(url, workers=2) as service:
        senders = Senders(service.port, service.key, lots(8, 25)).start()
        until(lambda: senders.count >= 60, "the senders got no further")
        postgres.kill()
        until(lambda: service.ask("GET", "/readyz")[0] == 503, "it says it is ready without a database")
        status, headers, _ = service.ask("POST", "/v1/crossings", crossing("E990000"))
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
        postgres.start()
        senders.finish()
        assert service.is_ready()
        check(url, senders)


def test_the_same_events_sent_by_eight_at_once_are_stored_once(database_url: str) -> None:
    (lot,) = lots(1, 300)
    with running(database_url, workers=2) as service:
        senders = Senders(service.port, service.key, [lot] * 8).start()
        senders.finish()
    check(database_url, senders)


def test_connections_that_are_cut_halved_and_slow_lose_nothing(database_url: str) -> None:
    with running(database_url) as service:
        proxy = Proxy(service.port)
        senders = Senders(proxy.port, service.key, lots(8, 8)).start()
        senders.finish()
        proxy.close()
        assert service.is_ready()
    check(database_url, senders)


def test_a_full_disk_is_told_and_once_there_is_room_the_service_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gerege.db"
    with running(url) as service:
        assert service.process
        senders = Senders(service.port, service.key, lots(4, 100)).start()
        until(lambda: senders.count >= 40, "the senders got no further")
        # No file of the service may grow any more, as on a full disk.
        largest = max(each.stat().st_size for each in tmp_path.iterdir())
        prlimit(service.process.pid, RLIMIT_FSIZE, (largest, RLIM_INFINITY))
        until(lambda: senders.told_to_wait > 5, "a full disk was not told")
        prlimit(service.process.pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
        senders.finish()
        assert service.is_ready()
    check(url, senders)


def test_a_thousand_senders_at_once_are_all_answered(database_url: str) -> None:
    with running(database_url) as service:
        connections = []
        bodies = [crossing(f"E{number:06}") for number in range(1000)]
        head = f"POST /v1/crossings HTTP/1.1\r\nHost: gerege\r\nAuthorization: Bearer {service.key}\r\n"
        for body in bodies:
            connection = socket.create_connection(("127.0.0.1", service.port), timeout=60)
            connections.append(connection)
            kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall((head + kind).encode() + body)
        senders = Senders(service.port, service.key, [bodies])
        for body, connection in zip(bodies, connections, strict=True):
            answer = b"".join(iter(lambda connection=connection: connection.recv(1 << 16), b""))  # type: ignore[misc]
            connection.close()
            assert answer.startswith(b"HTTP/1.1 201")
            told = orjson.loads(answer.partition(b"\r\n\r\n")[2])
            senders.acknowledged[orjson.loads(body)["id"]] = {told["crossing"]}
    check(database_url, senders)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(f"sqlite:///{tmp_path_factory.mktemp('alone')}/gerege.db") as service:
        yield service


def test_a_sender_that_is_slow_keeps_nobody_waiting_and_is_answered_in_the_end(alone: Running) -> None:
    body = crossing("E880000")
    slow = socket.create_connection(("127.0.0.1", alone.port), timeout=60)
    head = f"POST /v1/crossings HTTP/1.1\r\nHost: gerege\r\nAuthorization: Bearer {alone.key}\r\nConnection: close\r\n"
    slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    for number, start in enumerate(range(0, len(body), 200)):
        slow.sendall(body[start : start + 200])
        assert alone.ask("POST", "/v1/crossings", crossing(f"E88{number:04}1"))[0] == 201
    assert b"".join(iter(lambda: slow.recv(1 << 16), b"")).startswith(b"HTTP/1.1 201")
    slow.close()


@pytest.mark.parametrize("path", ["/v1/crossings", "/v1/crossings/batch"])
def test_a_body_of_a_hundred_megabytes_is_refused_in_little_memory(alone: Running, path: str) -> None:
    before = alone.resident
    kind = "application/x-ndjson" if path.endswith("batch") else "application/json"
    with socket.create_connection(("127.0.0.1", alone.port), timeout=60) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: gerege\r\nAuthorization: Bearer {alone.key}\r\nContent-Type: {kind}\r\n"
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode())
        part = b"%x\r\n" % MB + b"[" * MB + b"\r\n"
        try:
            for _ in range(100):
                connection.sendall(part)
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            assert not path.endswith("batch")
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert b"413" in answer
    assert alone.resident - before < 40 * MB
    assert alone.is_ready()


def test_json_nested_a_hundred_thousand_deep_is_refused(alone: Running) -> None:
    for deep in (b"[" * 100_000 + b"]" * 100_000, b'{"persons":' * 50_000 + b"1" + b"}" * 50_000):
        assert alone.ask("POST", "/v1/crossings", deep)[0] in {400, 422}
    assert alone.is_ready()


def test_a_batch_of_any_size_is_answered_line_by_line_in_little_memory(alone: Running) -> None:
    """Sent and read at the same time; the memory it takes depends neither on the number of lines nor on their size."""
    before = alone.resident
    count, large, received = 1000, 90, bytearray()
    with socket.create_connection(("127.0.0.1", alone.port), timeout=60) as connection:
        head = f"POST /v1/crossings/batch HTTP/1.1\r\nHost: gerege\r\nAuthorization: Bearer {alone.key}\r\n"
        head += "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())

        def send() -> None:
            for number in range(count):
                line = crossing(f"E77{number:05}") + b" " * (900_000 if number < large else 0) + b"\n"
                connection.sendall(b"%x\r\n" % len(line) + line + b"\r\n")
            connection.sendall(b"0\r\n\r\n")

        thread = threading.Thread(target=send)
        # What comes while nothing can be stored is left with the sender.
        with nothing_can_be_committed(alone.url):
            thread.start()
            thread.join(3)
            held = alone.resident - before
        while part := connection.recv(1 << 16):
            received += part
        thread.join()
    assert received.count(b'"status":201') == count
    assert held < 60 * MB
    assert alone.resident - before < 60 * MB


def test_a_batch_whose_sender_hangs_up_is_stored_as_far_as_it_came_whole(alone: Running) -> None:
    lines = [crossing(f"E66{number:04}") for number in range(20)]
    with socket.create_connection(("127.0.0.1", alone.port), timeout=60) as connection:
        head = f"POST /v1/crossings/batch HTTP/1.1\r\nHost: gerege\r\nAuthorization: Bearer {alone.key}\r\n"
        head += "Content-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n"
        connection.sendall(head.encode() + b"\n".join(lines) + b"\n" + lines[0][:100])
        until(lambda: b'"line":20,' in connection.recv(1 << 16), "lines were not answered while more was to come")
    again = alone.ask("POST", "/v1/crossings/batch", b"\n".join(lines), **{"Content-Type": "application/x-ndjson"})[2]
    assert [orjson.loads(line)["status"] for line in again.splitlines()] == [200] * 20

"""Another system that webhooks are sent to: a server on this machine that answers as it is told to."""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(slots=True)
class Receiver:
    """What came, in its order, and what is answered: each of `answers` once, then 204."""

    port: int = 0
    came: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    seconds: float = 0.0
    answer_bytes: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/told?by=gerege"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [orjson.loads(body)["data"] for _, body in self.came]

    def until(self, number: int, seconds: float = 20) -> list[dict[str, Any]]:
        """What was told, as soon as it is so much."""
        wait(lambda: len(self.came) >= number, seconds)
        return self.told

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        """Again at the same port, if it has listened before."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = server.server_address[1]
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """As a receiver checks it, after Standard Webhooks."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split(" ")


def wait(until: Callable[[], bool], seconds: float = 20) -> None:
    """Until it is so; fails if it never is."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.05)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(receiver.seconds)
            status = receiver.answers.pop(0) if receiver.answers else 200
            try:
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", str(receiver.answer_bytes))
                self.end_headers()
                self.wfile.write(b"x" * receiver.answer_bytes)
            except OSError:
                self.close_connection = True

        def log_message(self, *given: object) -> None:
            del given

    return Handler

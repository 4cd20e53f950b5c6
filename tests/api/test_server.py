"""The HTTP server itself: what it refuses before the application, and how it stops."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
from flask import Flask

from api.server import Server
from pipeline.errors import Misconfigured
from tests.api.running import free_port, until

LIMIT = 10_000


@dataclass
class Running:
    """A server over a small application, in a thread."""

    port: int = field(default_factory=free_port)
    asked: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        app = Flask("small")
        app.add_url_rule("/", "quick", lambda: "quick", methods=["GET", "POST"])
        app.add_url_rule("/slow", "slow", self._slow)
        server = Server(app, host="127.0.0.1", port=self.port, threads=2, body_limit=LIMIT)
        self.thread = threading.Thread(target=server.run, args=(self.stopping,))
        self.thread.start()

    def _slow(self) -> str:
        self.asked.set()
        self.go_on.wait(30)
        return "done"

    def raw(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of what is answered to these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            answer = b""
            while received := connection.recv(65_536):
                answer += received
        head, _, body = answer.partition(b"\r\n\r\n")
        return head, body

    def end(self) -> None:
        self.stopping.set()
        self.go_on.set()
        self.thread.join(30)


@pytest.fixture
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.end()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"NOT HTTP AT ALL\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 300_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n" + b"x" * 20_000, b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n", b"501"),
    ],
)
def test_what_is_no_request_is_a_problem_document_too(running: Running, request_bytes: bytes, status: bytes) -> None:
    head, body = running.raw(request_bytes)
    assert head.split()[1] == status
    assert b"Content-Type: application/problem+json" in head
    assert b'"type"' in body


def test_what_is_under_way_is_answered_before_the_server_stops(running: Running) -> None:
    answers: list[str] = []
    asking = threading.Thread(
        target=lambda: answers.append(requests.get(f"http://127.0.0.1:{running.port}/slow", timeout=30).text)
    )
    asking.start()
    assert running.asked.wait(10)
    running.stopping.set()

    def refused() -> bool:
        try:
            socket.create_connection(("127.0.0.1", running.port), timeout=1).close()
        except OSError:
            return True
        return False

    until(refused, limit=10, what="no new connections")
    assert running.thread.is_alive(), "it waits for the slow answer"
    running.go_on.set()
    asking.join(10)
    running.thread.join(10)
    assert answers == ["done"]
    assert not running.thread.is_alive()


def test_a_port_in_use_is_a_sentence(running: Running) -> None:
    with pytest.raises(Misconfigured, match=rf"port {running.port} of 127.0.0.1 is in use: .* API_PORT"):
        Server(Flask("other"), host="127.0.0.1", port=running.port, threads=1, body_limit=LIMIT)

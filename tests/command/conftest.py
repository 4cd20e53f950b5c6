"""A place for a stack of small servers, each a real process, which is left empty at the end."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from command.stack import processes
from command.stack.places import Place
from command.stack.processes import Server
from command.stack.ready import listens
from command.stack.stack import stop_all

LISTEN = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    stop_all(place, processes.noted(place))


class MakeServer(Protocol):
    def __call__(self, name: str, *, code: str = LISTEN, needs: Sequence[str] = (), patience: float = 20) -> Server: ...


@pytest.fixture
def make_server() -> MakeServer:
    """Makes servers of a few lines of Python, each given a free port as its argument; ready when it listens there."""

    def make(name: str, *, code: str = LISTEN, needs: Sequence[str] = (), patience: float = 20) -> Server:
        port = free_port()
        return Server(
            name=name,
            command=[sys.executable, "-S", "-c", code, str(port)],
            ready=lambda: listens(port),
            ports={f"{name.upper()}_PORT": port},
            needs=needs,
            patience=patience,
        )

    return make


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

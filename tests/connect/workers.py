"""Further Connect workers beside the stack's own, and what a worker shows in JMX."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from command.stack import connect, processes
from command.stack.places import Place
from command.stack.processes import Server
from command.stack.stack import Stack, start_all
from command.stack.system import java
from tests.connect.driving import Cluster

READ_JMX: Final = Path(__file__).with_name("ReadJmx.java")


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that a test started, of the stack's cluster or of one of its own."""

    stack: Stack
    server: Server
    cluster: Cluster

    @property
    def id(self) -> str:
        """As the status of a task names it."""
        return self.cluster.url.removeprefix("http://")

    def start(self) -> None:
        """Have it run; return when it is a member of its cluster."""
        start_all(self.stack.place, [self.server])


@contextmanager
def worker(stack: Stack, database: str, name: str, **properties: str) -> Iterator[Worker]:
    """Worker `name`, with `properties` (`group_id` stands for group.id) other than the stack's own has them."""
    place = Place(stack.place.folder / name)
    # Behind the ports of the stack, which are fewer than the fifty that a session has.
    ports = replace(stack.ports, connect=stack.ports.connect + 4)
    like = connect.server(place, ports)

    def prepare() -> None:
        like.prepare()
        with (place.data("connect") / "worker.properties").open("a") as file:
            file.writelines(f"{setting.replace('_', '.')}={value}\n" for setting, value in properties.items())

    started = Worker(stack, replace(like, name=name, prepare=prepare), Cluster(replace(stack, ports=ports), database))
    started.start()
    try:
        yield started
    finally:
        processes.stop(stack.place, name)


def jmx(stack: Stack, name: str, beans: str) -> dict[str, str]:
    """The attributes, by name, of those of the worker's beans that the pattern `beans` names."""
    running = processes.running(stack.place, name)
    assert running is not None
    command = [str(java()), str(READ_JMX), str(running.pid), beans]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())

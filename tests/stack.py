"""The real servers for tests: started when first asked for, with fresh data, stopped when the session ends.

Two sessions at once each have a stack of their own: the second takes the next folder and the next ports.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from command.stack import hapi, kafka, mongodb, postgres, processes, registry, services
from command.stack.places import ROOT, Place, claimed
from command.stack.ports import Ports
from command.stack.stack import Stack, set_up
from command.stack.trouble import Trouble

# Every port of every session stays below 32768, where Linux begins to give ports to connections by itself.
FIRST_OFFSET = 5_000
NEXT_OFFSET = 50
SESSIONS = 10
ENDS_WITHIN = 10.0  # seconds, of a killed process


@dataclass(frozen=True, slots=True)
class Kafka:
    """A running broker, and the registry beside it."""

    bootstrap_servers: str
    registry_url: str


class RunningStack:
    """A test session's stack. Names are those of `./firth status`: `extractor`, `transformer-2`, `loader-fhir` …"""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @property
    def api_url(self) -> str:
        return services.api_url(self._stack.ports)

    @property
    def api_token(self) -> str:
        return self.secret("api-token")

    def secret(self, name: str) -> str:
        """One of the stack's secrets."""
        return self._stack.place.secret(name)

    @property
    def kafka(self) -> Kafka:
        ports = self._stack.ports
        return Kafka(kafka.bootstrap_servers(ports), registry.url(ports))

    @property
    def fhir_url(self) -> str:
        return hapi.url(self._stack.ports)

    @property
    def mongodb_url(self) -> str:
        return mongodb.url(self._stack.ports)

    def postgres_url(self, *, user: str = postgres.ADMIN, database: str = "postgres") -> str:
        """The address of a database (`firth`, `hapi`, `mimic`), the password of `user` in it."""
        return postgres.url(self._stack.place, self._stack.ports, user=user, database=database)

    def start(self, *names: str) -> None:
        """Start `names` and what they need, or all; return when they are ready. What runs already stays."""
        self._stack.start(*names)

    def scale(self, **workers: int) -> None:
        """Have that many workers of each stage named (`loader_fhir=2`), and all else running; return when ready."""
        counts = {stage.replace("_", "-"): count for stage, count in workers.items()}
        self._stack = replace(self._stack, workers={**self._stack.workers, **counts})
        self._stack.stop_surplus()
        self._stack.start()

    def stop(self, name: str) -> None:
        """Stop one process as `./firth down` would; return when it is gone."""
        processes.stop(self._stack.place, name)

    def kill(self, name: str) -> None:
        """SIGKILL one process; return when it is gone. `start` brings it back."""
        started = self._running(name)
        os.kill(started.pid, signal.SIGKILL)
        assert processes.gone(started, ENDS_WITHIN), f"{name} was killed, and is still there"

    def pause(self, name: str) -> None:
        """SIGSTOP: the process keeps all that it has, and does nothing until `resume`."""
        os.kill(self._running(name).pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        os.kill(self._running(name).pid, signal.SIGCONT)

    def is_running(self, name: str) -> bool:
        return processes.running(self._stack.place, name) is not None

    def log(self, name: str, lines: int = 50) -> list[str]:
        """The last lines that a process wrote."""
        return processes.last_lines(processes.log_file(self._stack.place, name), lines)

    def repair(self) -> None:
        """Undo what a test did to processes: wake those that sleep, start those that are gone."""
        for name in processes.noted(self._stack.place):
            if self.is_running(name):
                self.resume(name)
        self._stack = replace(self._stack, workers={})
        self._stack.start()

    def _running(self, name: str) -> processes.Started:
        started = processes.running(self._stack.place, name)
        assert started is not None, f"{name} does not run"
        return started


@contextmanager
def session() -> Iterator[Stack]:
    """A stack of nothing yet, with a folder and ports that no other session has; all of it is stopped at the end."""
    for number in range(SESSIONS):
        name = "test" if number == 0 else f"test-{number + 1}"
        with claimed(name) as free:
            if free:
                place = Place(ROOT / ".firth" / name)
                yield from _fresh(Stack(place, Ports().moved(FIRST_OFFSET + number * NEXT_OFFSET), {}))
                return
    raise Trouble(f"{SESSIONS} test sessions run already")


def _fresh(stack: Stack) -> Iterator[Stack]:
    stack.stop()  # what a session that was killed has left
    shutil.rmtree(stack.place.folder, ignore_errors=True)
    set_up()
    try:
        yield stack
    finally:
        stack.stop()

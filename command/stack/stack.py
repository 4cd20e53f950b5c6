"""A stack: what runs, in which order it starts and stops."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from command.stack import connect, hapi, kafka, mongodb, postgres, processes, registry, services, sftp
from command.stack.downloads import build, stale
from command.stack.places import Place
from command.stack.ports import WORKERS_OF_A_SERVICE, Ports
from command.stack.processes import Server
from command.stack.system import require
from command.stack.trouble import GIB, Trouble, check_space, of_os_error

RUNNING_NEEDS = 1 * GIB  # room for what the servers write, below which starting them is no use

State: TypeAlias = Literal["waiting", "starting", "ready", "failed", "not answering", "died", "stopped"]
Watch: TypeAlias = Callable[[str, State], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: its folder, its ports, and how many workers of a stage it is to have (one where not said)."""

    place: Place
    ports: Ports
    workers: Mapping[str, int]

    def servers(self) -> list[Server]:
        """All that runs, everything after what it needs. What it is built from must be there."""
        place, ports = self.place, self.ports
        return [
            kafka.server(place, ports),
            registry.server(ports),
            postgres.server(place, ports),
            hapi.server(place, ports),
            mongodb.server(place, ports),
            sftp.server(place, ports),
            connect.server(place, ports),
            *services.servers(place, ports, self.workers),
        ]

    def start(self, *names: str, watch: Watch = lambda *_: None) -> None:
        """Start the servers `names` with all that they need, or all servers, and return when they are ready.

        What runs already stays. `watch` hears of every change, from several threads. Raises Trouble for the
        first that fails, when the others that do not need it are ready.
        """
        check_space(self.place.folder, needed=RUNNING_NEEDS)
        with self._alone():
            wanted = _with_needs(self.servers(), names) if names else self.servers()
            start_all(self.place, wanted, watch)

    def stop(self, watch: Watch = lambda *_: None) -> None:
        """Stop all that was started, whoever needs others first; return when every process is gone. Data stays."""
        with self._alone():
            stop_all(self.place, processes.noted(self.place), watch)

    def stop_surplus(self) -> None:
        """Stop workers beyond the number that `workers` says, of the stages that it names."""
        wanted = {server.name for server in self.servers()}
        notes = processes.noted(self.place)
        surplus = [name for name in notes if name.rpartition("-")[0] in self.workers and name not in wanted]
        with self._alone():
            stop_all(self.place, {name: notes[name] for name in surplus})

    def as_noted(self) -> Stack:
        """This stack, with as many workers of the stages that it does not name as were started last."""
        return replace(self, workers={**_noted_workers(self.place), **self.workers})

    def states(self) -> list[tuple[Server, State]]:
        """Each server and how it is; also workers that run beyond the usual number.

        Raises Trouble where one runs on other ports than this stack's.
        """
        servers = self.as_noted().servers()
        check_ports(self.place, servers)
        with ThreadPoolExecutor(len(servers)) as threads:
            return list(zip(servers, threads.map(self._state, servers), strict=True))

    def _state(self, server: Server) -> State:
        note = processes.note(self.place, server.name)
        if note is None:
            return "stopped"
        if not processes.alive(note.started):
            return "died"
        return "ready" if server.ready() else "not answering"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two commands at once would each start half of it."""
        with (self.place.run / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def set_up(tell: Callable[[str], None] = lambda _: None) -> None:
    """See to all that a stack is made of: what the system must have, what is downloaded and built."""
    require("java", "postgresql", *(["maven"] if stale() else []), tell=tell)
    build(tell=tell)


def start_all(place: Place, servers: Sequence[Server], watch: Watch = lambda *_: None) -> None:
    """Start `servers`, listed after what they need, each as soon as that is ready; those that run stay.

    Raises Trouble before anything is started where one runs on other ports than it is to have; else for the
    first that fails, when all that do not need it are ready.
    """
    check_ports(place, servers)
    _Start(place, watch).all(servers)


def check_ports(place: Place, servers: Iterable[Server]) -> None:
    """Raise Trouble where one of `servers` runs, but not on the ports that it is to have."""
    notes = processes.noted(place)
    for server in servers:
        note = notes.get(server.name)
        if note is None or not processes.alive(note.started):
            continue
        for setting, port in server.ports.items():
            if note.ports.get(setting) != port:
                raise Trouble(
                    f"{server.name} runs on port {note.ports.get(setting)}, not {port}: set {setting} or "
                    "FIRTH_PORT_OFFSET as they were for ./firth up, or ./firth down first"
                )


def stop_all(place: Place, notes: Mapping[str, processes.Note], watch: Watch = lambda *_: None) -> None:
    """Stop what `notes` names: at a time, all that nothing left needs."""
    left = dict(notes)
    while left:
        needed = {need for note in left.values() for need in note.needs}
        free = [name for name in left if name not in needed] or list(left)
        with ThreadPoolExecutor(len(free)) as threads:
            for name, _ in zip(free, threads.map(lambda name: processes.stop(place, name), free), strict=True):
                watch(name, "stopped")
                del left[name]


class _Start:
    """One start of several servers, each as soon as what it needs is ready."""

    def __init__(self, place: Place, watch: Watch) -> None:
        self._place = place
        self._watch = watch
        self._given_up = threading.Event()
        self._ready: dict[str, Future[None]] = {}

    def all(self, servers: Sequence[Server]) -> None:
        for server in servers:
            self._watch(server.name, "waiting")
        with ThreadPoolExecutor(len(servers)) as threads:
            try:
                # In the order of needs: each finds those it waits for.
                for server in servers:
                    self._ready[server.name] = threads.submit(self._one, server)
                failures = [future.exception() for future in self._ready.values()]
            except BaseException:
                self._given_up.set()
                raise
        for failure in failures:
            if failure is not None and not isinstance(failure, _NeedFailed):
                raise failure

    def _one(self, server: Server) -> None:
        for need in server.needs:
            if need in self._ready and self._ready[need].exception() is not None:
                self._watch(server.name, "stopped")
                raise _NeedFailed(need)
        self._watch(server.name, "starting")
        try:
            self._make_ready(server)
        except OSError as error:
            self._watch(server.name, "failed")
            raise of_os_error(error, self._place.folder) from error
        except BaseException:
            self._watch(server.name, "failed")
            raise
        self._watch(server.name, "ready")

    def _make_ready(self, server: Server) -> None:
        started = processes.running(self._place, server.name)
        if started is None:
            server.prepare()
            started = processes.launch(self._place, server)
        processes.wait_until_ready(self._place, server, started, given_up=self._given_up)
        server.after()


class _NeedFailed(Exception):
    """Not started, since what it needs did not start; that failure is the one to tell."""


def _with_needs(servers: Sequence[Server], names: Iterable[str]) -> list[Server]:
    by_name = {server.name: server for server in servers}
    wanted = set(names)
    if unknown := wanted - by_name.keys():
        raise Trouble(f"there is no {', '.join(sorted(unknown))} in the stack (there are: {', '.join(by_name)})")
    for server in reversed(servers):
        if server.name in wanted:
            wanted |= set(server.needs)
    return [server for server in servers if server.name in wanted]


def _noted_workers(place: Place) -> dict[str, int]:
    """How many workers of each stage were started and not stopped, dead ones among them."""
    counts: dict[str, int] = {}
    for name in processes.noted(place):
        for stage in services.STAGES:
            for slot in range(WORKERS_OF_A_SERVICE):
                if name == services.worker_name(stage, slot):
                    counts[stage] = max(counts.get(stage, 0), slot + 1)
    return counts

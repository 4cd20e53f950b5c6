"""Processes that outlive the command that started them: started detached, known by a file, stopped cleanly.

A process is known by its id and the moment it started, together: an id alone may by now belong to another
program, which must never be signalled.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil

from command.stack.places import Place, shown
from command.stack.ports import check_free
from command.stack.trouble import FULL_DISK, Trouble, full_disk

LOG_LINES = 12  # shown of a server that died
FRAMES = ("\tat ", "\t... ")
POLL_SECONDS = 0.1
KILL_AFTER = 20.0  # seconds between asking a process to stop and making it

# Our own children, kept so that a dead one is reaped and seen to be dead. Others' are init's to reap.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Server:
    """How one process of the stack is run.

    `ports` maps the setting that moves a port to the port, each of which must be free before the start.
    `needs` names the servers that must be ready before. `prepare` runs before the start (it makes data
    folders and writes configuration), `ready` tells whether the server answers, and `after` runs once when
    it does (it makes databases). All three may be called again, and change nothing then. `address` is what
    a person opens or connects to. `patience` is how long a start may take, in seconds.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    needs: Sequence[str] = ()
    prepare: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    address: str = ""
    patience: float = 300.0
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Started:
    """A process that was started: its id, and a mark that no other process of that id has."""

    pid: int
    mark: str


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of a start in the stack's `run` folder: enough to stop it cleanly, in order, later."""

    started: Started
    needs: Sequence[str]
    ports: Mapping[str, int]
    stop_signal: signal.Signals


def log_file(place: Place, name: str) -> Path:
    """Where process `name` writes what it says; there once it was started."""
    return place.logs / f"{name}.log"


def last_lines(file: Path, count: int) -> list[str]:
    """The last `count` lines of a log that may be large, or not be there."""
    if not file.exists():
        return []
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 400 * count))
        return stream.read().decode(errors="replace").splitlines()[-count:]


def launch(place: Place, server: Server) -> Started:
    """Start `server` detached, its output in its log (the one before is kept as `.1`), and note it down.

    Raises Trouble where a port of it is in use. Does not wait until it is ready.
    """
    for setting, port in server.ports.items():
        check_free(port, setting)
    log = log_file(place, server.name)
    if log.exists():
        log.replace(log.with_suffix(".1.log"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            server.command,
            cwd=place.data(server.name),
            env={**os.environ, **server.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    started = Started(child.pid, _mark(child.pid) or "died at once")
    note = {
        "pid": started.pid,
        "mark": started.mark,
        "needs": server.needs,
        "ports": server.ports,
        "stop": server.stop_signal.name,
    }
    _file(place, server.name).write_bytes(orjson.dumps(note))
    return started


def note(place: Place, name: str) -> Note | None:
    """What was noted of `name` when it was started; None where it was not, or was stopped since."""
    try:
        content = orjson.loads(_file(place, name).read_bytes())
        started = Started(content["pid"], content["mark"])
        return Note(started, content["needs"], content["ports"], signal.Signals[content["stop"]])
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None


def noted(place: Place) -> dict[str, Note]:
    """All that were started and not stopped, alive or not, by name."""
    notes = {file.stem: note(place, file.stem) for file in sorted(place.run.glob("*.json"))}
    return {name: found for name, found in notes.items() if found is not None}


def running(place: Place, name: str) -> Started | None:
    """The process noted as `name`, where it is alive."""
    found = note(place, name)
    return found.started if found is not None and alive(found.started) else None


def alive(started: Started) -> bool:
    """Whether that very process is there, and not only waiting to be reaped."""
    if _mark(started.pid) == started.mark:
        return True
    child = _children.get(started.pid)
    if child is not None and child.poll() is not None:
        del _children[started.pid]
    return False


def wait_until_ready(place: Place, server: Server, started: Started, *, given_up: threading.Event) -> None:
    """Wait until `server` answers, or `given_up` is set.

    Raises Trouble with the last lines of its log where it dies before, or takes longer than it may.
    """
    limit = time.monotonic() + server.patience
    while not server.ready():
        if not alive(started):
            raise _failed(place, server.name, "stopped before it was ready")
        if time.monotonic() > limit:
            raise _failed(place, server.name, f"not ready after {server.patience:.0f} s")
        if given_up.wait(POLL_SECONDS):
            raise Trouble(f"{server.name}: given up")


def stop(place: Place, name: str, *, kill_after: float = KILL_AFTER) -> None:
    """Stop the process noted as `name`, by asking first; return when it is gone. Nothing where none runs."""
    found = note(place, name)
    if found is not None and alive(found.started):
        _signal(found.started, found.stop_signal)
        # A process that sleeps by SIGSTOP hears nothing else before it is woken.
        _signal(found.started, signal.SIGCONT)
        if not gone(found.started, kill_after):
            _signal(found.started, signal.SIGKILL)
            if not gone(found.started, kill_after):
                raise Trouble(f"{name}: process {found.started.pid} does not end even when killed: does its disk hang?")
    _file(place, name).unlink(missing_ok=True)


def gone(started: Started, seconds: float) -> bool:
    """Wait until the process has ended, `seconds` at most; whether it has."""
    limit = time.monotonic() + seconds
    while alive(started):
        if time.monotonic() > limit:
            return False
        time.sleep(POLL_SECONDS / 2)
    return True


def _failed(place: Place, name: str, what: str) -> Trouble:
    # A Java stack trace's frames would be all that is seen; what they belong to is what tells.
    told = [line for line in last_lines(log_file(place, name), 40 * LOG_LINES) if not line.startswith(FRAMES)]
    lines = told[-LOG_LINES:]
    if any(FULL_DISK in line for line in lines):
        return full_disk(place.folder)
    return Trouble(f"{name}: {what}; its log, {shown(log_file(place, name))}, ends with:", log=lines)


def _signal(started: Started, number: signal.Signals) -> None:
    if alive(started):
        try:
            os.kill(started.pid, number)
        except ProcessLookupError:
            return  # ended in between


def _file(place: Place, name: str) -> Path:
    return place.run / f"{name}.json"


def _mark(pid: int) -> str | None:
    """What tells this process from any other of the same id; None where there is none, or a dead one unreaped."""
    try:
        process = psutil.Process(pid)
        # While a program of many threads ends, its first may be done before the others, and ports still taken.
        if process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1:
            return None
        return _linux_mark(pid) or str(process.create_time())
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None


def _linux_mark(pid: int) -> str | None:
    # Ticks since boot rather than the time of day, which moves when somebody sets the clock.
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return None
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{boot.read_text().strip()}:{ticks}"

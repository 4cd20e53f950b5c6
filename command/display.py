"""What the commands of the stack show to a person."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psutil
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.status import Status
from rich.table import Table
from rich.text import Text

from command.in_place import InPlace
from command.stack import processes, sftp
from command.stack.places import Place, shown
from command.stack.processes import Server
from command.stack.stack import Stack, State
from command.stack.trouble import Trouble

STYLES: dict[State, str] = {
    "waiting": "dim",
    "starting": "yellow",
    "ready": "green",
    "failed": "red",
    "not answering": "red",
    "died": "red",
    "stopped": "dim",
}


class Setting:
    """A line that says what is being fetched or built, and is gone when all is there."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._said = ""

    def tell(self, what: str) -> None:
        """Show `what` is going on now."""
        if not self._console.is_terminal:
            return self._tell_log(what)
        if self._status is None:
            self._status = self._console.status("")
            self._status.start()
        self._status.update(f"setting up, once: {escape(what)}")
        return None

    def _tell_log(self, what: str) -> None:
        # A log wants to know that something is going on, not each of a thousand files.
        if not self._said:
            self._said = what
            self._console.print(f"setting up, once: {escape(what)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()


class Starting(InPlace):
    """The servers that are being started, each with how far it is and how long that took.

    On a terminal a table that changes in place; elsewhere a line when one is ready or fails.
    """

    def __init__(self, console: Console) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, State] = {}
        self._since: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._spinner = Spinner("dots")
        # Last: it asks for the first table at once.
        super().__init__(console, Live(get_renderable=self._table, console=console, refresh_per_second=10))

    def watch(self, name: str, state: State) -> None:
        """Hear that `name` is now in `state`; may be called from any thread."""
        now = time.monotonic()
        with self._lock:
            if state == "starting":
                self._since[name] = now
            if state in ("ready", "failed"):
                self._took[name] = now - self._since[name]
                if not self._console.is_terminal:
                    self._console.print(f"{name:15} {state} after {self._took[name]:.1f} s")
            self._states[name] = state

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        with self._lock:
            for name, state in self._states.items():
                seconds = self._took.get(name, time.monotonic() - self._since.get(name, time.monotonic()))
                mark = self._spinner if state == "starting" else Text({"ready": "✓", "failed": "✗"}.get(state, "·"))
                shown = f"{seconds:.1f} s" if name in self._since else ""
                table.add_row(mark, name, Text(state, style=STYLES[state]), Text(shown, justify="right"))
        return table


def status(console: Console, place: Place, states: Sequence[tuple[Server, State]]) -> None:
    """A table of every process: its state, id, memory, how long it runs and where it listens."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("", "state", "pid", "memory", "for", "address"):
        table.add_column(title, justify="right" if title in ("pid", "memory", "for") else "left", overflow="fold")
    for server, state in states:
        table.add_row(server.name, Text(state, style=STYLES[state]), *_vitals(place, server.name), server.address)
    console.print(table)


def addresses(console: Console, stack: Stack) -> None:
    """Where a person looks around, and with which token."""
    by_name = {server.name: server.address for server in stack.servers()}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("api", by_name["api"], f"token in {shown(stack.place.secret_file('api-token'))}")
    table.add_row("FHIR", by_name["hapi"], f"{by_name['hapi']}/Patient?_count=5")
    table.add_row("MongoDB", by_name["mongodb"], "database fhir")
    table.add_row("Kafka", by_name["kafka"], f"schemas at {by_name['registry']}/apis/ccompat/v7/subjects")
    table.add_row("Connect", by_name["connect"], f"{by_name['connect']}/connectors?expand=status")
    password = shown(stack.place.secret_file("sftp-password"))
    table.add_row("SFTP", by_name["sftp"], f"password in {password}, files in {shown(sftp.files(stack.place))}")
    console.print(table)


def trouble(console: Console, found: Trouble) -> None:
    """A sentence, and the last lines of a log where it comes with some."""
    console.print(f"[red]firth:[/red] {escape(str(found))}", soft_wrap=True)
    for line in found.log:
        console.print(Text(f"    {line}", style="dim"), soft_wrap=True)


def _vitals(place: Place, name: str) -> tuple[str, str, str]:
    started = processes.running(place, name)
    if started is None:
        return "", "", ""
    try:
        process = psutil.Process(started.pid)
        memory, seconds = process.memory_info().rss, time.time() - process.create_time()
    except psutil.NoSuchProcess:
        return "", "", ""
    hours, minutes = divmod(int(seconds) // 60, 60)
    running = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"
    return str(started.pid), f"{memory >> 20} MiB", running

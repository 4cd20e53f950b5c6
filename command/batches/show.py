"""What a person sees of batches and previews."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from command.api_client import Batch, BatchSummary, Preview, ResourceProgress
from command.in_place import InPlace

SINKS: Final = {"fhir": "HAPI", "mongodb": "MongoDB"}
A_LINE_EVERY: Final = 5.0  # seconds, where there is no terminal to draw on
STYLES: Final = {
    "starting": "dim",
    "running": "yellow",
    "completed": "green",
    "failed": "red",
    "cancelling": "yellow",
    "cancelled": "dim",
}


class Running(InPlace):
    """A batch while it runs: a table that changes in place, or now and then a line where there is no terminal.

    `expected` is how many rows a resource has, by its id, where that is known before all are extracted.
    """

    def __init__(self, console: Console, expected: Mapping[str, int] | None = None) -> None:
        super().__init__(console, Live(console=console, refresh_per_second=4))
        self._expected = expected or {}
        self._began = self._said = time.monotonic()

    def show(self, batch: Batch) -> None:
        """Show how far `batch` is now."""
        if self._console.is_terminal:
            self._live.update(progress(batch, self._expected))
        elif time.monotonic() - self._said >= A_LINE_EVERY or batch.is_over:
            self._said = time.monotonic()
            done = ", ".join(f"{sink_name(sink)} {_loaded(batch, sink):,}" for sink in batch.sinks)
            extracted = sum(one.extracted for one in batch.resources)
            self._console.print(f"{self._said - self._began:5.0f} s  extracted {extracted:,}, {done}")


def progress(batch: Batch, expected: Mapping[str, int]) -> Table:
    """A row a resource: a bar of what every sink is through with, and the counts."""
    sinks = [sink_name(sink) for sink in batch.sinks]
    table = counting("", "", "state", "extracted", "transformed", *sinks, "dead letters", "cancelled")
    for one in batch.resources:
        total = one.total if one.total is not None else expected.get(one.resource_id)
        numbers = (one.extracted, one.transformed, *(one.loaded[sink] for sink in batch.sinks))
        table.add_row(
            escape(one.resource_id),
            _bar(one, total, batch.sinks),
            Text(one.state, style=STYLES[one.state]),
            *map(number, numbers),
            dead(sum(one.failed.values())),
            Text(number(one.cancelled), style="yellow" if one.cancelled else "dim"),
        )
    return table


def counting(*titles: str) -> Table:
    """A table of numbers, but for its first columns, up to the last without a title or named `state`."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, title in enumerate(titles):
        words = not title or place == 0 or title == "state"
        table.add_column(title, justify="left" if words else "right", no_wrap=True)
    return table


def number(count: int) -> str:
    """As a person reads it."""
    return f"{count:,}"


def dead(count: int) -> Text:
    """A number of dead letters."""
    return Text(number(count), style="yellow" if count else "dim")


def sink_name(sink: str) -> str:
    """A sink as a person knows it."""
    return SINKS.get(sink, sink)


def listed(console: Console, batches: Sequence[BatchSummary]) -> None:
    """A line a batch, the newest first."""
    sinks = list(dict.fromkeys(sink for batch in batches for sink in batch.sinks))
    table = counting("batch", "state", "begun", "took", "resources", *map(sink_name, sinks), "refused")
    for batch in batches:
        table.add_row(
            batch.batch_id,
            Text(batch.state, style=STYLES[batch.state]),
            batch.created_at.astimezone().strftime("%m-%d %H:%M"),
            _took(batch.created_at, batch.ended_at),
            number(batch.resources),
            *(number(batch.loaded[sink]) if sink in batch.loaded else "" for sink in sinks),
            dead(batch.failed),
        )
    console.print(table if batches else "no batch yet: ./firth batch start begins one")


def batch(console: Console, shown: Batch) -> None:
    """All of one batch: counts, faults, and the first refusal of each kind."""
    took = _took(shown.created_at, shown.ended_at)
    console.print(f"Batch {shown.batch_id}: [{STYLES[shown.state]}]{shown.state}[/], {took}\n", soft_wrap=True)
    console.print(progress(shown, {}))
    for one in shown.resources:
        if one.fault is not None:
            console.print(f"\n[red]{escape(one.resource_id)}[/red] {escape(one.fault)}", soft_wrap=True)
    errors = [(one, error) for one in shown.resources for error in one.first_errors]
    if errors:
        console.print("\nRefused, the first of each kind:")
    for one, error in errors:
        console.print(f"  {escape(one.resource_id)}  [yellow]{error.reason}[/yellow]", soft_wrap=True)
        console.print(f"    {escape(error.sentence)}", soft_wrap=True)


def preview(console: Console, shown: Preview) -> None:
    """The resources as JSON, then what is wrong, a row an issue."""
    for instance in shown.instances:
        console.print_json(data=instance)
    if not shown.errors:
        return
    table = Table("key", "element", "what is wrong", "from", box=None, padding=(0, 2, 0, 0))
    for issue in shown.errors:
        style = "red" if issue["severity"] in ("error", "fatal") else "yellow"
        rule = _said(issue, "rule") or issue.get("details", {}).get("text") or issue.get("diagnostics", "")
        element = ", ".join(issue.get("expression") or issue.get("location", ()))
        origin = _said(issue, "column") or _said(issue, "stage")
        table.add_row(*map(escape, (_said(issue, "primary-key"), element)), Text(rule, style=style), escape(origin))
    console.print(table)


def _said(issue: Mapping[str, Any], name: str) -> str:
    found = [each["valueString"] for each in issue.get("extension", ()) if each["url"] == f"urn:firth:{name}"]
    return ", ".join(found)


def _bar(one: ResourceProgress, total: int | None, sinks: Sequence[str]) -> ProgressBar:
    through = one.cancelled + min(one.loaded[sink] + one.refused(sink) for sink in sinks)
    over = one.state in ("completed", "failed", "cancelled")
    if over or total == 0:
        return ProgressBar(total=1, completed=1 if over else 0, width=20)
    return ProgressBar(total=total, completed=through, width=20, pulse=total is None and one.state == "running")


def _loaded(batch: Batch, sink: str) -> int:
    return sum(one.loaded[sink] for one in batch.resources)


def _took(began: datetime, ended: datetime | None) -> str:
    seconds = int(((ended or datetime.now(began.tzinfo)) - began).total_seconds())
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

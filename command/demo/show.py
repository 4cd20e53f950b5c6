"""What the demo shows to a person: a batch as it runs, what became of it, and one patient."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from command.api_client import Batch
from command.demo.servers import Fhir
from command.demo.verify import Checked

SINKS = {"fhir": "HAPI", "mongodb": "MongoDB"}
A_LINE_EVERY = 5.0  # seconds, where there is no terminal to draw on


class Running:
    """A batch while it runs: a table that changes in place, or now and then a line where there is no terminal."""

    def __init__(self, console: Console, expected: Mapping[str, int]) -> None:
        self._console = console
        self._expected = expected
        self._live = Live(console=console, refresh_per_second=4)
        self._began = self._said = time.monotonic()

    def show(self, batch: Batch) -> None:
        """Show how far `batch` is now."""
        if self._console.is_terminal:
            self._live.update(self._table(batch))
        elif time.monotonic() - self._said >= A_LINE_EVERY or batch.is_over:
            self._said = time.monotonic()
            done = ", ".join(f"{SINKS[sink]} {_loaded(batch, sink):,}" for sink in batch.sinks)
            extracted = sum(one.extracted for one in batch.resources)
            self._console.print(f"{self._said - self._began:5.0f} s  extracted {extracted:,}, {done}")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def _table(self, batch: Batch) -> Table:
        table = _table("", "", "extracted", "transformed", *(SINKS[sink] for sink in batch.sinks), "dead letters")
        for one in batch.resources:
            expected = max(one.total or self._expected[one.resource_id], 1)
            through = min(one.loaded[sink] + one.refused(sink) for sink in batch.sinks)
            bar = ProgressBar(total=expected, completed=through, width=20)
            numbers = (one.extracted, one.transformed, *(one.loaded[sink] for sink in batch.sinks))
            table.add_row(one.resource_type, bar, *map(_number, numbers), _dead(sum(one.failed.values())))
        return table


def counts(console: Console, checked: Sequence[Checked]) -> None:
    """The counts at each stage and sink, with a tick where the sink's own server counts the same."""
    sinks = list(checked[0].stored)
    table = _table("", "rows", "extracted", "transformed", *(SINKS[sink] for sink in sinks), "dead letters")
    for one in checked:
        progress = one.progress
        table.add_row(
            progress.resource_type,
            *map(_number, (one.source, progress.extracted, progress.transformed)),
            *(_agreed(progress.loaded[sink], one.stored[sink]) for sink in sinks),
            _dead(sum(progress.failed.values())),
        )
    console.print(table)
    console.print("✓ the server itself, asked now, counts as many", style="dim")
    if any(stored > one.progress.loaded[sink] for one in checked for sink, stored in one.stored.items()):
        console.print("A server that holds more has them from a larger demo before this one.", style="dim")


def dead_letters(console: Console, batch: Batch) -> None:
    """Why records were refused: the first of each reason."""
    errors = [error for one in batch.resources for error in one.first_errors]
    if errors:
        console.print("\nRefused, the first of each kind (twelve rows of the demo's source are bad on purpose):")
    for error in errors:
        console.print(f"  [yellow]{error.reason:16}[/yellow] {escape(error.sentence)}", soft_wrap=True)


def search(console: Console, fhir: Fhir, query: str) -> list[dict[str, Any]]:
    """Search, and show how and what was found: a line a resource."""
    found = fhir.resources(query)
    console.print(f"\n[bold]GET {escape(fhir.url)}/{escape(query)}[/bold]", soft_wrap=True)
    for resource in found:
        console.print(f"  {resource['resourceType']}/{resource['id'][:8]}…  {escape(_gist(resource))}")
    return found


def document(console: Console, document: Mapping[str, Any]) -> None:
    """A document of MongoDB, a line a member of its resource."""
    name = f"{document['resource']['resourceType']}.find_one({{_id: {document['_id']!r}}})"
    console.print(f"\n[bold]MongoDB, database fhir: {escape(name)}[/bold]", soft_wrap=True)
    for place, value in document.items():
        members = value.items() if place == "resource" else [("", value)]
        console.print(f"  {place}:", style="dim")
        for name, member in members:
            text = json.dumps(member, default=str, ensure_ascii=False)
            console.print(
                f"    {name}: {text}" if name else f"    {text}", markup=False, no_wrap=True, overflow="ellipsis"
            )


def _gist(resource: Mapping[str, Any]) -> str:
    """What a person would call this resource."""
    if resource["resourceType"] == "Patient":
        return f"{resource['gender']}, born {resource['birthDate']}"
    if resource["resourceType"] == "Encounter":
        period = resource["period"]
        return f"{period['start'][:10]} to {period['end'][:10]}, {resource['reasonCode'][0]['text']}"
    return f"{resource['code']['coding'][0]['code']} {resource['code'].get('text', '')}"


def _loaded(batch: Batch, sink: str) -> int:
    return sum(one.loaded[sink] for one in batch.resources)


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place and title else "left", no_wrap=True)
    return table


def _number(number: int) -> str:
    return f"{number:,}"


def _agreed(loaded: int, stored: int) -> Text:
    if loaded == stored:
        return Text(f"{loaded:,} ✓")
    return Text(f"{loaded:,} (server: {stored:,})", style="yellow" if stored > loaded else "red")


def _dead(number: int) -> Text:
    return Text(f"{number:,}", style="yellow" if number else "dim")

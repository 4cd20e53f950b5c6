"""What the demo shows to a person: what became of its batch, and one patient."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from command.api_client import Batch
from command.batches.show import counting, dead, number, sink_name
from command.demo.servers import Fhir
from command.demo.verify import Checked


def counts(console: Console, checked: Sequence[Checked]) -> None:
    """The counts at each stage and sink, with a tick where the sink's own server counts the same."""
    sinks = list(checked[0].stored)
    table = counting("", "rows", "extracted", "transformed", *map(sink_name, sinks), "dead letters")
    for one in checked:
        progress = one.progress
        table.add_row(
            progress.resource_type,
            *map(number, (one.source, progress.extracted, progress.transformed)),
            *(_agreed(progress.loaded[sink], one.stored[sink]) for sink in sinks),
            dead(sum(progress.failed.values())),
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


def _agreed(loaded: int, stored: int) -> Text:
    if loaded == stored:
        return Text(f"{loaded:,} ✓")
    return Text(f"{loaded:,} (server: {stored:,})", style="yellow" if stored > loaded else "red")

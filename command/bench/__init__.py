"""Benchmarks: each prints figures beside a limit or a peer measured in the same run, and the ratio.

A benchmark is a module here with a function `bench(console, *, full)`. Without `full` it is over in a
minute or two; with it, it measures as long as its figures need to be quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from rich.console import Console

# What each measures, in the order of the way of a record.
BENCHMARKS: Final = {
    "loop": "the worker loop alone, and three stages in a row",
    "extractor": "rows of a large table into events, and the memory it takes",
    "engine": "the mapping engine, with and without the R4 check, and the whole transformer step",
    "loader": "draining a full topic into HAPI FHIR and into MongoDB",
    "connect": "rows of a table into a topic by Kafka Connect, beside Debezium",
    "live": "a new row of the source until its resource is in HAPI",
    "preview": "a preview of one row, alone and beside a batch",
    "hl7v2": "the HL7 v2 library, beside python-hl7 and hl7apy",
    "batch": "a batch end to end into MongoDB and into HAPI FHIR: where each microsecond goes",
}


class UnknownBenchmark(Exception):
    """There is no benchmark of that name; the message names those that there are."""


def run(names: Sequence[str], *, full: bool, console: Console) -> None:
    """Run the benchmarks `names`, or all, one after another: they would slow each other down."""
    for name in names:
        if name not in BENCHMARKS:
            raise UnknownBenchmark(f'there is no benchmark "{name}" (there are: {", ".join(BENCHMARKS)})')
    for name in names or BENCHMARKS:
        console.rule(f"[bold]{name}[/]: {BENCHMARKS[name]}")
        import_module(f"command.bench.{name}").bench(console, full=full)

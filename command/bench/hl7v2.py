"""The HL7 v2 library beside python-hl7 and hl7apy in the same run: process CPU of one core.

The messages are an admission of twelve segments and 1.5 kB, and a report of 33 segments and 10 kB; no two are
the same. Where messages that others published stand beside the project, those are measured too.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from command.bench import hl7v2_judging, hl7v2_reading, hl7v2_rows


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print. A minute or two; with `full`, longer, and rows of a file of 1 GB instead of 50 MB."""
    seconds = 6.0 if full else 2.0
    table = Table("", "µs a message", "messages/s a core", "target", "beside it", "messages/s a core", "ratio")
    for one in (*hl7v2_reading.figures(seconds), *hl7v2_judging.figures(seconds)):
        table.add_row(
            one.name,
            f"{one.seconds * 1e6:.1f}",
            f"{1 / one.seconds:,.0f}",
            f"{one.target:,}" if one.target else "",
            one.peer,
            f"{1 / one.peer_seconds:,.0f}",
            f"{one.peer_seconds / one.seconds:,.0f}",
        )
    console.print(table)
    for line in hl7v2_rows.lines(full=full):
        console.print(line)

"""What a person sees of a start."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from command.display import Starting


def shown(*, terminal: bool) -> str:
    out = StringIO()
    with Starting(Console(file=out, force_terminal=terminal, width=80)) as starting:
        for state in ("waiting", "starting", "ready"):
            starting.watch("kafka", state)
    return out.getvalue()


def test_without_a_terminal_a_server_that_is_ready_is_a_line() -> None:
    assert shown(terminal=False) == "kafka           ready after 0.0 s\n"


def test_on_a_terminal_the_table_changes_in_place() -> None:
    last = shown(terminal=True).rpartition("\x1b[2K")[2]
    assert "✓" in last
    assert "kafka" in last

"""The demo itself, on the whole real stack, with a hospital of few patients."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from command.demo.bad_rows import BAD_ROWS
from command.demo.run import finish, run
from command.demo.site import Site
from command.stack.stack import Stack
from tests.stack import RunningStack

pytestmark = pytest.mark.stack


def test_in_is_out_and_dead_letters_and_a_second_run_changes_nothing(stack: RunningStack, servers: Stack) -> None:
    said = io.StringIO()
    first = run(Site.of(servers), patients=25, console=Console(file=said, width=200))
    finish(first)
    second = run(Site.of(servers), patients=25, console=Console(file=said, width=200))
    finish(second)
    assert sum(sum(one.progress.failed.values()) for one in first) == len(BAD_ROWS)
    assert sum(one.changed for one in second) == 0
    assert "Condition/" in said.getvalue(), "the example shows conditions found by search"

"""The demo itself, on the whole real stack, with a hospital of few patients."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from command.demo.bad_rows import BAD_ROWS
from command.demo.live import BOUND
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
    # Between the two, the first run wrote a patient live: what of his rows no binding took is new to the second batch.
    taken = set(BOUND.values())
    new = {
        after.progress.resource_id: after.progress.loaded["fhir"] - before.progress.loaded["fhir"]
        for before, after in zip(first, second, strict=True)
    }
    changed = {one.progress.resource_id: one.changed for one in second}
    assert changed == {name: 0 if name in taken else count for name, count in new.items()}
    assert "Condition/" in said.getvalue(), "the example shows conditions found by search"
    assert said.getvalue().count("a CSV file over SFTP") == 2, "a dropped file arrived in each run"

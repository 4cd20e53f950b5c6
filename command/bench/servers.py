"""The servers that benchmarks run against: a stack of its own, with fresh data, beside that of `./firth up`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from command.stack.places import ROOT, Place
from command.stack.ports import Ports
from command.stack.stack import Stack, set_up

OFFSET = 25_000  # of its ports, above those of test sessions


@contextmanager
def bench_stack(*names: str) -> Iterator[Stack]:
    """A stack with the servers `names` and what they need running, or all; stopped at the end, its data gone."""
    stack = Stack(Place(ROOT / ".firth" / "bench"), Ports().moved(OFFSET), {})
    set_up()
    stack.stop()  # what a benchmark that was killed has left
    shutil.rmtree(stack.place.folder, ignore_errors=True)
    try:
        stack.start(*names)
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(stack.place.folder, ignore_errors=True)

"""The servers that benchmarks run against: a stack of its own, with fresh data, beside that of `./firth up`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from command.stack.places import ROOT, Place, claimed
from command.stack.ports import Ports
from command.stack.stack import Stack, set_up
from command.stack.trouble import Trouble

OFFSET = 5_600  # of its ports: above those of test sessions, below those that Linux gives to connections by itself


@contextmanager
def bench_stack(*names: str) -> Iterator[Stack]:
    """A stack with the servers `names` and what they need running, or all; stopped at the end, its data gone.

    Raises Trouble where another benchmark runs: both would measure each other.
    """
    with claimed("bench") as free:
        if not free:
            raise Trouble("another benchmark runs: wait for its end")
        yield from _fresh(Stack(Place(ROOT / ".firth" / "bench"), Ports().moved(OFFSET), {}), names)


def _fresh(stack: Stack, names: tuple[str, ...]) -> Iterator[Stack]:
    set_up()
    stack.stop()  # what a benchmark that was killed has left
    shutil.rmtree(stack.place.folder, ignore_errors=True)
    try:
        stack.start(*names)
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(stack.place.folder, ignore_errors=True)

"""A file of many messages to rows with hl7v2: speed, and the memory it takes, beside python-hl7 and hl7apy."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

import hl7
import psutil
from hl7apy.parser import parse_message
from hl7v2.generate import messages

from hl7v2 import parse_hl7v2_message, split_hl7_batch

DIFFERENT: Final = 10_000  # messages of all types, many more than the readers remember texts of


@dataclass(frozen=True)
class RowsFigure:
    """A file read to its end: its size in bytes, seconds, and MiB of memory after a tenth of it and at its end."""

    size: int
    count: int
    seconds: float  # of the process's CPU
    clock_seconds: float
    memory_early: float
    memory_late: float
    fastest_tenth: float  # MB/s of the CPU, where whatever else the machine does was least in the way
    peer_seconds: dict[str, float]  # of python-hl7 and hl7apy for as many bytes, parsing alone

    @property
    def megabytes_a_second(self) -> float:
        """Of the CPU, over the whole file."""
        return self.size / self.seconds / 1e6

    @property
    def megabytes_a_second_by_the_clock(self) -> float:
        """The same as somebody waits for it; on a machine that does nothing else there is no difference."""
        return self.size / self.clock_seconds / 1e6


def figure(size: int) -> RowsFigure:
    """Split a file of about `size` bytes and make a row of each message."""
    made = list(islice(messages(seed=17), DIFFERENT))
    count = size // sum(map(len, made)) * DIFFERENT + DIFFERENT
    process = psutil.Process()
    with tempfile.TemporaryFile() as file:
        for _ in range(count // DIFFERENT):
            file.writelines(made)
        size = file.tell()
        file.seek(0)
        memory: list[float] = []
        marks, clock_begun = [time.process_time()], time.monotonic()
        for number, message in enumerate(split_hl7_batch(file), 1):
            parse_hl7v2_message(message)
            if number % (count // 10) == 0:
                marks.append(time.process_time())
                memory.append(process.memory_info().rss / 2**20)
        seconds, clock_seconds = marks[-1] - marks[0], time.monotonic() - clock_begun
    fastest = min(later - sooner for sooner, later in pairwise(marks))
    peers = {
        "python-hl7": _parsing(hl7.parse, made[:500], size),
        "hl7apy": _parsing(parse_message, made[:20], size),
    }
    return RowsFigure(size, count, seconds, clock_seconds, memory[0], memory[-1], size / 10 / fastest / 1e6, peers)


def _parsing(parse: Callable[[str], object], made: list[bytes], size: int) -> float:
    """The seconds that parsing `size` bytes would take, by some messages."""
    begun = time.process_time()
    for message in made:
        parse(message.decode())
    return (time.process_time() - begun) * size / sum(map(len, made))


def lines(*, full: bool) -> Iterator[str]:
    """What there is to print."""
    one = figure(1_000_000_000 if full else 50_000_000)
    yield (
        f"rows: a file of {one.size / 1e6:,.0f} MB, {one.count:,} messages of all types that are generated: "
        f"[bold]{one.megabytes_a_second:.1f} MB/s[/] of CPU time, {one.fastest_tenth:.1f} in the fastest tenth "
        f"(target 30), "
        f"{one.megabytes_a_second_by_the_clock:.1f} by the clock, {one.seconds / one.count * 1e6:.1f} µs a message; "
        f"{one.memory_early:.0f} MiB after a tenth, {one.memory_late:.0f} MiB at the end"
    )
    peers = (f"{name} {one.size / seconds / 1e6:.2f} MB/s" for name, seconds in one.peer_seconds.items())
    yield f"beside it, parsing alone: {', '.join(peers)}"

"""What the benchmarks of hl7v2 measure with: messages that differ, and a figure beside its peer's."""

from __future__ import annotations

import gc
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MESSAGES: Final = Path("hl7v2/tests/messages")
PUBLISHED: Final = Path("../shared/reference/hl7v2-messages")
MADE: Final = 3_000  # different messages: a field remembers 1,000 texts, so none is still known in the next round


@dataclass(frozen=True)
class Figure:
    """A measurement and its peer's: seconds of CPU for one message. `target` is messages a second, if there is one."""

    name: str
    seconds: float
    target: int | None
    peer: str
    peer_seconds: float


def measure(run: Callable[[bytes], object], made: Sequence[bytes], seconds: float) -> float:
    """CPU seconds a message: the best of the rounds over all of `made` that fit, one at least."""
    gc.collect()
    best, until = sys.float_info.max, time.monotonic() + seconds
    while best == sys.float_info.max or time.monotonic() < until:
        start = time.process_time()
        for message in made:
            run(message)
        best = min(best, time.process_time() - start)
    return best / len(made)


def messages(name: str) -> list[bytes]:
    """Messages like the library's sample `name`, each of another patient and time, with other numbers and results."""
    text = (MESSAGES / f"{name}.hl7").read_text().replace("\n", "\r")
    chosen = random.Random(17)  # noqa: S311 - the same messages in every run
    return [changed(text, number, chosen).encode() for number in range(MADE)]


def published_messages(is_read: Callable[[bytes], object], *, one_of: int = 1) -> list[bytes]:
    """The messages that others published, where they stand beside the project, that a peer reads too.

    Each has CR line ends and no frame, since the peers take nothing else; `one_of` takes every second, third, … file.
    """
    found = []
    for file in sorted(PUBLISHED.rglob("*.hl7"))[::one_of]:
        message = re.sub(rb"\r?\n", b"\r", file.read_bytes()).strip(b"\r\x0b\x1c\xef\xbb\xbf") + b"\r"
        with suppress(Exception):  # a peer may raise anything on what it cannot read
            is_read(message)
            found.append(message)
    return found


def changed(text: str, number: int, chosen: random.Random) -> str:
    """What is the same in `text` is the same in the message: a patient's number, the time of a sample."""
    known: dict[str, str] = {}

    def another(found: re.Match[str]) -> str:
        old = found[0]
        if old not in known:
            known[old] = OTHERS[found.lastgroup or ""](old, chosen)
        return known[old]

    return CHANGING.sub(another, text).replace("0000017", f"{number:07}").replace("0000042", f"{number:07}")


# Clock times, birth dates, numbers of persons and things, results, and the patient's names and street.
CHANGING: Final = re.compile(
    r"(?P<clock>(?<=20240229)\d{6})|(?P<birth>(?<=\|)19\d{6}(?=\|))|(?P<number>(?<=[|^])\d{4,8}(?=\^))"
    r"|(?P<result>(?<=\|)\d+\.\d(?=\|))|(?P<name>Haraldsen|Tove|Ingrid|Brekke|Quay Road)"
)
OTHERS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "clock": lambda _, chosen: f"{chosen.randrange(24):02}{chosen.randrange(60):02}{chosen.randrange(60):02}",
    "birth": lambda _, chosen: (
        f"{chosen.randrange(1930, 2020)}{chosen.randrange(1, 13):02}{chosen.randrange(1, 29):02}"
    ),
    "number": lambda old, chosen: str(chosen.randrange(10 ** (len(old) - 1), 10 ** len(old))),
    "result": lambda _, chosen: f"{chosen.uniform(1, 200):.1f}",
    "name": lambda old, chosen: old[0] + "".join(chosen.choices("aeiklmnorstu", k=len(old) - 1)),
}

"""What goes into a stage and what comes out of it.

A stage is a function from records to an `Outcome`. It talks to no broker: the worker loop reads the
records, and writes the outcome together with the consumed offsets in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from pipeline.errors import InvalidRecord

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]

BATCH_ID = "batch_id"
RESOURCE_ID = "resource_id"


# Tuples, since one is made of every record: a third of the time that a frozen dataclass takes.
class Record(NamedTuple):
    """One record as consumed: the bytes are the broker's, never decoded and encoded again.

    `timestamp` is in milliseconds since the epoch. `offset` counts within its partition.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Produced(NamedTuple):
    """One record to write. Same key, same partition: order per key is kept by this alone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that the stage could not take, and why. The loop makes the dead letter of it."""

    record: Record
    error: InvalidRecord


@dataclass(frozen=True, slots=True)
class Count:
    """How many source records of one resource of one batch a stage finished with.

    `total` is said once, by the extractor's last chunk. `fault` says why the whole resource failed: what
    was not extracted by then never will be. Dead letters are not counted here: the loop counts them.
    """

    batch_id: str
    resource_id: str
    succeeded: int = 0
    cancelled: int = 0
    total: int | None = None
    fault: str | None = None


@dataclass(slots=True)
class Outcome:
    """All that a stage made of the records it was given. Every record given is in here somewhere."""

    produced: list[Produced] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)

    def add(self, part: Outcome) -> None:
        """Take in what was made of some more records."""
        self.produced += part.produced
        self.refused += part.refused
        self.counts += part.counts


Stage: TypeAlias = Callable[[Sequence[Record]], Outcome]

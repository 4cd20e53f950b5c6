"""Schemas by their ids in the registry, each asked for once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

KEPT: Final = 1000  # schemas; beyond this somebody plays with us, and the oldest is asked for again
# A registry may have later what it has not now: somebody restores it, or it was not through with its start.
MISSING_FOR: Final = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    """What the registry said of an id at `asked`."""

    schema: T | None
    asked: float


class KnownSchemas(Generic[T]):
    """What `read` makes of an id and its schema, as `schema_of` gives it: kept for good, but that there is none only
    for a minute. One thread at a time."""

    def __init__(
        self,
        schema_of: Callable[[int], str | None],
        read: Callable[[int, str], T],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._schema_of, self._read, self._clock = schema_of, read, clock
        self._kept: dict[int, _Kept[T]] = {}

    def of(self, schema_id: int) -> T | None:
        """The schema of an id; None where there is none. What `schema_of` and `read` raise is not kept."""
        kept = self._kept.get(schema_id)
        if kept is None or (kept.schema is None and self._clock() - kept.asked > MISSING_FOR):
            text = self._schema_of(schema_id)
            found = None if text is None else self._read(schema_id, text)
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[schema_id] = _Kept(found, self._clock())
        return kept.schema

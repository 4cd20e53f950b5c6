"""How long a source may be away before its resources are given up.

A trigger that waits holds its partition, and so the triggers of other batches behind it: a wrong address, or a
server that fails at one query for ever, must not stop them for good.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from extractor.source import SourceAway
from pipeline.errors import FirthError, InvalidRecord

# An absence that nobody met with for so long says nothing of today's. The loop tries again more often than that.
FORGOTTEN: Final = 300.0  # seconds


@dataclass(slots=True)
class _Absence:
    """Since when a source has not been there, and when that was noticed last."""

    since: float
    noticed: float


class Patience:
    """Remembers, by source, since when it could not be read. `clock` counts seconds."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._away: dict[str, _Absence] = {}

    def answered(self, source_id: str) -> None:
        """The source was there."""
        self._away.pop(source_id, None)

    def away(self, source_id: str, error: SourceAway) -> FirthError:
        """What to raise: `error`, or InvalidRecord (`source-unreachable`) when the patience is over."""
        now = self._clock()
        absence = self._away.get(source_id)
        if absence is None or now - absence.noticed > FORGOTTEN:
            absence = self._away[source_id] = _Absence(since=now, noticed=now)
        absence.noticed = now
        waited = now - absence.since
        if waited < self._seconds:
            return error
        del self._away[source_id]
        sentence = f"given up after {waited:.0f} seconds (SOURCE_PATIENCE): {error}"
        return InvalidRecord(sentence, reason="source-unreachable")

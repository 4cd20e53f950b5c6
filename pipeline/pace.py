"""How many records a worker takes at once."""

from __future__ import annotations

from typing import Final

_FIRST: Final = 100  # records: a server that was just started answers slowly
_SECONDS: Final = 2.0


class Pace:
    """As many records as the stage has done with in about two seconds, up to `most`.

    Large batches make commits rare. But what a stage needs depends on the server behind it: a batch that took
    minutes would show no progress, be all begun again after any trouble, and in the end cost the worker its
    place in the group.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.records = min(_FIRST, most)

    def took(self, records: int, seconds: float) -> None:
        """A batch went through the stage."""
        if seconds > _SECONDS:
            self.records = max(1, min(self.records, int(records * _SECONDS / seconds)))
        elif records >= self.records and seconds < _SECONDS / 2:
            self.records = min(self._most, self.records * 2)

    def failed(self) -> None:
        """A batch did not come to its end: less at once may."""
        self.records = max(1, self.records // 2)

"""How many records a worker takes at once."""

from __future__ import annotations

from typing import Final

_FIRST: Final = 100  # records: a server that was just started answers slowly
_SECONDS: Final = 5.0
_STEP: Final = 8  # times as many as before, at most: servers get faster as they go on


class Pace:
    """As many records as the stage has done with in about five seconds, up to `most`.

    Large batches make commits rare. But what a stage needs depends on the server behind it: a batch that took
    minutes would show no progress, be all begun again after any trouble, and in the end cost the worker its
    place in the group.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.records = min(_FIRST, most)

    def took(self, records: int, seconds: float) -> None:
        """A batch went through the stage."""
        # What was not full says nothing of more.
        if seconds > _SECONDS or records >= self.records:
            fitting = records * min(_SECONDS / max(seconds, 1e-3), _STEP)
            self.records = max(1, min(self._most, int(fitting)))

    def failed(self) -> None:
        """A batch did not come to its end: less at once may."""
        self.records = max(1, self.records // 2)

"""What is to be made of several changes of one resource in one go.

A sink takes one change a resource at a time, and the last one wins, so only that one is sent: the latest by
`as_of`, of equal ones the one that came last. Should the sink refuse it, the one before it gets its turn, as
it would have had in a batch of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from loader.sink import Change, Result
from pipeline.errors import InvalidRecord


class Queue:
    """The changes of one resource, in the order of the topic.

    Ask for `head`, send it, `settle` it with the sink's answer, and again until `head` is None: then
    `results` answers every change in its place.
    """

    __slots__ = ("_changes", "_waiting", "results")

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        # What never was at the head has been overtaken by what was.
        self.results: list[Result] = ["superseded"] * len(changes)
        # A stable sort: what is equally old stays in the order of the topic.
        self._waiting = sorted(range(len(changes)), key=lambda at: changes[at].as_of)

    @property
    def head(self) -> Change | None:
        """The change to send now; None when all are settled."""
        return self._changes[self._waiting[self._decisive()]] if self._waiting else None

    def settle(self, result: Result) -> None:
        """Take the sink's answer to `head`."""
        position = self._decisive()
        at = self._waiting[position]
        self.results[at] = result
        if isinstance(result, InvalidRecord):
            del self._waiting[position]
            return
        del self._waiting[: position + 1]
        # What is left is to be made sure of: it is there, unless it has just been deleted.
        if self._changes[at].write != "delete":
            for later in self._waiting:
                self.results[later] = "exists"
            self._waiting.clear()

    def _decisive(self) -> int:
        """Where in the line the change stands that decides: the last that is not an `ensure`, else the first."""
        last = len(self._waiting) - 1
        return next((at for at in range(last, -1, -1) if self._changes[self._waiting[at]].write != "ensure"), 0)

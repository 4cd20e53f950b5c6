"""What a sink remembers of what it wrote, within bounds."""

from __future__ import annotations

from loader.sink import Name

LIMIT = 100_000  # resources; about 30 MB


class Recent:
    """The last resources written or found, how old they were, and whether they are there.

    A key has one writer at a time, so for that writer this is the sink's state; it is no more than that: it
    is empty after a start, forgets the oldest beyond `limit`, and knows nothing of what others write. One
    thread at a time.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._known: dict[Name, tuple[int, bool]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def newer_than(self, name: Name, as_of: int) -> bool:
        """Whether something newer than `as_of` was written or deleted there."""
        known = self._known.get(name)
        return known is not None and known[0] > as_of

    def present(self, name: Name) -> bool:
        """Whether the resource is known to be there."""
        known = self._known.get(name)
        return known is not None and known[1]

    def wrote(self, name: Name, as_of: int, *, present: bool = True) -> None:
        """Remember a write of that age; `present` is False for a delete."""
        self._known.pop(name, None)
        self._known[name] = (as_of, present)
        if len(self._known) > self._limit:
            del self._known[next(iter(self._known))]

    def found(self, name: Name) -> None:
        """Remember that the resource is there, at an age that nobody knows."""
        self.wrote(name, self._known.get(name, (0, True))[0])

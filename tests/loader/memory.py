"""The sink in memory, for tests of what stands in front of a sink."""

from __future__ import annotations

from collections.abc import Sequence

from loader.sink import Change, Name, Result
from pipeline.errors import InvalidRecord, Unavailable


class MemorySink:
    """Fulfils `loader.sink.Sink`. Refuses bodies that hold `REFUSED`; `down` makes it Unavailable."""

    REFUSED = b'"refuse-me"'

    def __init__(self) -> None:
        self.held: dict[Name, bytes] = {}
        self.calls: list[list[Change]] = []
        self.down = False
        self._as_of: dict[Name, int] = {}

    def write(self, changes: Sequence[Change]) -> Sequence[Result]:
        assert len({change.name for change in changes}) == len(changes), "an id stands twice in a call"
        self.calls.append(list(changes))
        if self.down:
            raise Unavailable("memory is down")
        return [self._write(change) for change in changes]

    def read(self, name: Name) -> bytes | None:
        """The body as it was written, or None."""
        return self.held.get(name)

    def _write(self, change: Change) -> Result:
        if self.REFUSED in change.body:
            return InvalidRecord(f"{change.type}: refused", reason="refused-by-server", details="{}")
        if change.write == "ensure":
            if change.name in self.held:
                return "exists"
        elif change.as_of < self._as_of.get(change.name, change.as_of):
            return "superseded"
        self._as_of[change.name] = change.as_of
        if change.write == "delete":
            self.held.pop(change.name, None)
        else:
            self.held[change.name] = change.body
        return "written"

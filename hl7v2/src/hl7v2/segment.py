"""A segment of a message: a live view of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hl7v2.cutting import Row, join_row, leaves_at, raw_at
from hl7v2.escapes import escape, unescape
from hl7v2.paths import Place, parse_place

if TYPE_CHECKING:
    from hl7v2.message import Message


class Segment:
    """One segment of a message, read and changed as `Message` is, by paths within it: `segment["3(2).4.1"]`.

    Changes are the message's. A segment that is not in its message is false.
    """

    __slots__ = ("message", "row")

    def __init__(self, message: Message, row: Row) -> None:
        self.message = message
        self.row = row

    @property
    def name(self) -> str:
        """Its name, such as PID."""
        return self.row[0].strip()

    @property
    def fields(self) -> Row:
        """The raw texts of its fields: [0] is the name, [n] field n. Only to be read."""
        return self.row

    @property
    def text(self) -> str:
        """The line as it stands."""
        return join_row(self.row, self.message.delimiters.field)

    def __getitem__(self, place: str | int) -> str:
        found = leaves_at(self.row, _first(_place(place)), self.message.delimiters)
        return unescape(found[0], self.message.delimiters, self.message.encoding) if found else ""

    def all(self, place: str | int) -> list[str]:
        """The values at `place` in all repetitions of the field, unless it names one."""
        message = self.message
        leaves = leaves_at(self.row, _place(place), message.delimiters)
        return [unescape(leaf, message.delimiters, message.encoding) for leaf in leaves]

    def raw(self, place: str | int) -> str:
        """The text at `place` as it stands: a field with all its repetitions, unless one is named."""
        return raw_at(self.row, _place(place), self.message.delimiters)

    def __setitem__(self, place: str | int, value: str) -> None:
        self.set_raw(place, escape(value, self.message.delimiters))

    def set_raw(self, place: str | int, text: str) -> None:
        """Put `text` at `place` as it is, its delimiters cutting it. Raises WriteError where it breaks the line."""
        self.message.put_in(self.row, _place(place), text)

    def __len__(self) -> int:
        return len(self.row) - 1

    def __bool__(self) -> bool:
        return len(self.row) > 0

    def __repr__(self) -> str:
        return f"<Segment {self.name}, {len(self)} fields>"


def _place(place: str | int) -> Place:
    return parse_place(str(place))


def _first(place: Place) -> Place:
    return place._replace(repetition=place.repetition or 1)

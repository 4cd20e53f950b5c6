"""A segment of a message: a live view of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hl7v2.cutting import Row, is_delimiters, join_row, leaves_at, raw_at
from hl7v2.definitions import FieldDefinition
from hl7v2.escapes import unescape
from hl7v2.names import Element, fields_by_name
from hl7v2.paths import Place, parse_place
from hl7v2.values.writing import Value, encoded

if TYPE_CHECKING:
    from hl7v2.message import Message


class Segment:
    """One segment of a message, read and changed as `Message` is, by paths within it: `segment["3(2).4.1"]`.

    Fields are there by the standard's names too: `pid.patient_name`. Changes are the message's. A segment that was
    asked for by name and is not there is false; setting something in it adds it at the end.
    """

    __slots__ = ("_cut", "absent", "message", "row")
    _cut: tuple[str, list[str]]  # the field whose repetitions were asked for last, and these
    absent: bool
    message: Message
    row: Row

    def __init__(self, message: Message, row: Row, absent: bool = False) -> None:
        for name, value in (("message", message), ("row", row), ("absent", absent), ("_cut", ("", [""]))):
            object.__setattr__(self, name, value)

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

    def repetitions(self, field: int) -> list[str]:
        """The texts of all repetitions of a field as they stand; of an empty one, "". Only to be read."""
        text = self.row[field] if field < len(self.row) else ""
        if text is not self._cut[0]:  # whoever goes through a field's repetitions asks for them again and again
            cut = [text] if is_delimiters(self.row, field) else text.split(self.message.delimiters.repetition)
            object.__setattr__(self, "_cut", (text, cut))
        return self._cut[1]

    def __getitem__(self, place: str | int | Place) -> str:
        found = leaves_at(*self._alone(_first(_place(place))), self.message.delimiters)
        return unescape(found[0], self.message.delimiters, self.message.encoding) if found else ""

    def all(self, place: str | int | Place) -> list[str]:
        """The values at `place` in all repetitions of the field, unless it names one."""
        message = self.message
        leaves = leaves_at(self.row, _place(place), message.delimiters)
        return [unescape(leaf, message.delimiters, message.encoding) for leaf in leaves]

    def raw(self, place: str | int | Place) -> str:
        """The text at `place` as it stands: a field with all its repetitions, unless one is named."""
        return raw_at(*self._alone(_place(place)), self.message.delimiters)

    def _alone(self, place: Place) -> tuple[Row, Place]:
        """Row and place to read `place` at: a later repetition by itself, else it is looked for from the first on."""
        if place.repetition is None or place.repetition == 1 or is_delimiters(self.row, place.field):
            return self.row, place
        texts = self.repetitions(place.field)
        text = texts[place.repetition - 1] if place.repetition <= len(texts) else ""
        return ["", text], Place(1, 1, place.component, place.subcomponent)

    def __setitem__(self, place: str | int | Place, value: Value) -> None:
        place = _place(place)
        self.set_raw(place, encoded(value, place, self.message.delimiters))

    def set_raw(self, place: str | int | Place, text: str) -> None:
        """Put `text` at `place` as it is, its delimiters cutting it. Raises WriteError where it breaks the line."""
        place = _place(place)
        if self.absent:
            made = self.message.segment(self.name) or self.message.add(self.name)
            object.__setattr__(self, "row", made.row)
            object.__setattr__(self, "absent", False)
        self.message.put_in(self.row, place, text)

    def __getattr__(self, name: str) -> Element:
        field = self._field(name)
        return Element(self, Place(field.number), field.datatype)

    def __setattr__(self, name: str, value: Value) -> None:
        self[self._field(name).number] = value

    def _field(self, name: str) -> FieldDefinition:
        field = None if name.startswith("_") else fields_by_name(self.message.version, self.name).get(name)
        if field is None:
            raise AttributeError(f"{self.name} has no field {name} in the version of this message")
        return field

    def __len__(self) -> int:
        return len(self.row) - 1

    def __bool__(self) -> bool:
        return not self.absent

    def __reduce__(self) -> tuple[type[Segment], tuple[Message, Row, bool]]:
        return Segment, (self.message, self.row, self.absent)

    def __repr__(self) -> str:
        return f"<Segment {self.name}, {len(self)} fields>"


def _place(place: str | int | Place) -> Place:
    return place if isinstance(place, Place) else parse_place(str(place))


def _first(place: Place) -> Place:
    return place._replace(repetition=place.repetition or 1)

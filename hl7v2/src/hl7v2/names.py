"""Fields and components by the names that the standard gives them: `message.pid.patient_name.family_name`.

Names are those of the message's version, in snake case: PID-8 is `sex` up to 2.3.1 and `administrative_sex` since.
A name that a property of ours has already takes an underscore: NK1-2 is `name_`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hl7v2.definitions import VARIES, WITHDRAWN, ComponentDefinition, FieldDefinition, definitions, nearest_version
from hl7v2.paths import Place
from hl7v2.values import Value, composite_of, parse_number, parse_sequence, parse_time, parse_time_of_day

if TYPE_CHECKING:
    from hl7v2.segment import Segment

_Part = TypeVar("_Part", FieldDefinition, ComponentDefinition)

_TAKEN: Final = frozenset(("all", "fields", "message", "name", "raw", "row", "text", "typed", "value"))
OPEN_COMPOSITE: Final = "CM"  # the type whose components 2.1 leaves to the description of each field
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "DT": parse_time,
    "DTM": parse_time,
    "TS": parse_time,
    "TM": parse_time_of_day,
    "NM": parse_number,
    "SI": parse_sequence,
}


@lru_cache(maxsize=2048)  # bounded, as senders choose version, segment and type
def fields_by_name(version: str, segment: str) -> Mapping[str, FieldDefinition]:
    """The fields of a segment by name, in the nearest version that is known; empty where the segment is not."""
    definition = definitions(nearest_version(version)).segments.get(segment)
    return _by_name(definition.fields if definition else ())


@lru_cache(maxsize=2048)  # bounded, as senders choose version, segment and type
def components_by_name(version: str, datatype: str) -> Mapping[str, ComponentDefinition]:
    """The components of a data type by name; empty where it has none."""
    return _by_name(definitions(nearest_version(version)).datatypes.get(datatype, ()))


def is_segment(version: str, name: str) -> bool:
    """Whether the nearest known version has the segment, or it is somebody's own (Z)."""
    return name.startswith("Z") or name in definitions(nearest_version(version)).segments


def is_primitive(version: str, datatype: str) -> bool:
    """Whether the nearest known version has a data type of that name that has no components."""
    return datatype in definitions(nearest_version(version)).primitives and datatype != OPEN_COMPOSITE


def _by_name(parts: tuple[_Part, ...]) -> dict[str, _Part]:
    found: dict[str, _Part] = {}
    for part in sorted(parts, key=lambda one: one.datatype == WITHDRAWN):  # what is in use goes before
        name = f"{part.name}_" if part.name in _TAKEN else part.name
        if name:
            found.setdefault(name, part)
    return found


class Element:
    """A field of a segment, one repetition of it, or a component, all by name.

    `str` of it is its value, as a path to it reads; assigning to a name writes. A field is a sequence of its
    repetitions, counted as Python does: `patient_name[1].family_name`. False where nothing was sent.
    """

    __slots__ = ("_datatype", "_place", "_segment")
    _datatype: str
    _place: Place
    _segment: Segment

    def __init__(self, segment: Segment, place: Place, datatype: str) -> None:
        for name, value in (("_segment", segment), ("_place", place), ("_datatype", datatype)):
            object.__setattr__(self, name, value)

    @property
    def value(self) -> str:
        """The first leaf, decoded; "" where there is none."""
        return self._segment[self._place]

    @property
    def raw(self) -> str:
        """The text as it stands, with all repetitions of a field."""
        return self._segment.raw(self._place)

    @property
    def datatype(self) -> str:
        """The data type, such as XPN; of OBX-5 the one that OBX-2 names."""
        if self._datatype == VARIES and self._segment.name == "OBX":
            return self._segment[2] or "ST"
        return self._datatype

    @property
    def typed(self) -> Any:
        """The value (of a field, its first repetition) as its data type: one of `hl7v2.values`, Decimal, int or text.

        None where it is empty or the HL7 null. Where the version does not say what a data type consists of (the CM
        of 2.1, a type that it does not have), the text as it stands, not decoded, so that nothing of it is lost.
        Raises ValueFormatError where a time or a number is none.
        """
        place = self._place._replace(repetition=self._place.repetition or 1)
        text, datatype, message = self._segment.raw(place), self.datatype, self._segment.message
        if text in ("", '""'):
            return None
        if datatype in _READERS:
            return _READERS[datatype](self.value)
        composite = composite_of(nearest_version(message.version), datatype)
        if composite is not None:
            read_parts = composite.read if place.component is None else composite.read_component
            return read_parts(text, message.delimiters, message.encoding)
        return self.value if is_primitive(message.version, datatype) else text

    def __getattr__(self, name: str) -> Element:
        place, datatype = self._component(name)
        return Element(self._segment, place, datatype)

    def __setattr__(self, name: str, value: Value) -> None:
        place, _ = self._component(name)
        self._segment[place] = value

    def _component(self, name: str) -> tuple[Place, str]:
        """Where the component of that name is, and its data type."""
        components = {} if name.startswith("_") else components_by_name(self._segment.message.version, self.datatype)
        if name not in components or self._place.subcomponent is not None:
            raise AttributeError(f"{self!r} has no component {name}")
        number, datatype = components[name].number, components[name].datatype
        if self._place.component is None:
            return self._place._replace(component=number), datatype
        return self._place._replace(subcomponent=number), datatype

    def __str__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return self.raw != ""

    def __len__(self) -> int:
        if not self:
            return 0
        return len(self._segment.repetitions(self._place.field)) if self._is_field() else 1

    def __getitem__(self, repetition: int) -> Element:
        count = len(self)
        number = repetition + count if repetition < 0 else repetition
        if not 0 <= number < count:
            raise IndexError(f"{self!r} has {count} repetitions")
        return self._repetition(number)

    def __iter__(self) -> Iterator[Element]:
        return map(self._repetition, range(len(self)))

    def _repetition(self, number: int) -> Element:
        if not self._is_field():
            return self
        return Element(self._segment, self._place._replace(repetition=number + 1), self._datatype)

    def _is_field(self) -> bool:
        """Whether this is a field with all its repetitions."""
        return self._place.repetition is None and self._place.component is None

    def __reduce__(self) -> tuple[type[Element], tuple[Segment, Place, str]]:
        return Element, (self._segment, self._place, self._datatype)

    def __repr__(self) -> str:
        field, repetition, *deeper = self._place
        inside = "".join(f".{number}" for number in deeper if number)
        return f"<Element {self._segment.name}-{field}{f'({repetition})' if repetition else ''}{inside}>"

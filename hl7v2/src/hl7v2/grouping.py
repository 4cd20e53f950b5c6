"""The groups of a message, by its structure: a report's orders, each with its observations.

>>> from hl7v2 import parse
>>> message = parse("MSH|^~\\\\&|||||||ORU^R01|1|P|2.5\\rPID|1\\rOBR|1\\rOBX|1\\rOBX|2\\rOBR|2\\rOBX|1")
>>> for order in groups(message).all("ORDER_OBSERVATION"):
...     print(order.segment("OBR")["1"], len(order.groups("OBSERVATION")))
1 2
2 1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from hl7v2.definitions import definitions, nearest_version
from hl7v2.events import structure_of_event
from hl7v2.message import Message
from hl7v2.segment import Segment
from hl7v2.structure import Structure


@dataclass(slots=True)
class Group:
    """A group of segments and of groups, in the message's order.

    The name is the standard's without the structure's: ORDER_OBSERVATION, not ORU_R01_ORDER_OBSERVATION. The
    message itself is a group without a name.
    """

    name: str
    children: list[Segment | Group] = field(default_factory=list)

    def segments(self, name: str | None = None) -> list[Segment]:
        """The segments that stand in this group and in none within it; all, or those of a name."""
        return [child for child in self.children if isinstance(child, Segment) and name in (None, child.name)]

    def segment(self, name: str) -> Segment | None:
        """The first segment of that name that stands in this group itself; None where there is none."""
        return next(iter(self.segments(name)), None)

    def groups(self, name: str | None = None) -> list[Group]:
        """The groups that stand in this one itself; all, or those of a name."""
        return [child for child in self.children if isinstance(child, Group) and name in (None, child.name)]

    def all(self, name: str) -> Iterator[Group]:
        """The groups of that name at any depth, in order."""
        for group in self.groups():
            if group.name == name:
                yield group
            yield from group.all(name)


def groups(message: Message) -> Group:
    """The groups of a message, by the structure that it names or its event has.

    Segments that the structure has no place for, Z-segments among them, are put where they stand: in the group
    of the segment before them. A message whose structure is not known is one group of all its segments.
    """
    top = Group("")
    segments = message.segments()
    structure = _structure_of(message)
    if structure is None:
        top.children += segments
        return top
    standing = [segment.name in structure for segment in segments]
    match = structure.match([segment.name for segment, stands in zip(segments, standing, strict=True) if stands])
    places = iter(match.placed)
    open_groups: list[tuple[int, Group]] = [(0, top)]
    for segment, stands in zip(segments, standing, strict=True):
        place = next(places) if stands else None
        if place is not None:
            _enter(open_groups, place)
        open_groups[-1][1].children.append(segment)
    return top


def _enter(open_groups: list[tuple[int, Group]], place: tuple[tuple[str, int], ...]) -> None:
    """Close the groups that a segment at `place` is not in, and open those that it is the first in."""
    numbers = [number for _, number in place]
    kept = 1
    while kept < len(open_groups) and open_groups[kept][0] in numbers:
        kept += 1
    del open_groups[kept:]
    for name, number in place[kept - 1 :]:
        group = Group(name)
        open_groups[-1][1].children.append(group)
        open_groups.append((number, group))


def _structure_of(message: Message) -> Structure | None:
    version = nearest_version(message.version)
    known = definitions(version).structures
    name: str | None = message.structure
    if name not in known:
        name = structure_of_event(message.message_type, message.trigger_event, known)
    return None if name is None else _compiled(version, name)


@lru_cache(maxsize=256)
def _compiled(version: str, name: str) -> Structure:
    return Structure(definitions(version).structures[name])

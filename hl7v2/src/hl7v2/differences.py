"""What differs between two messages: segment by segment, down to the leaf."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from hl7v2.alignment import aligned
from hl7v2.escapes import unescape
from hl7v2.message import Message
from hl7v2.paths import segment_paths
from hl7v2.segment import Segment


class Difference(NamedTuple):
    """One place where two messages differ.

    `path` is the place in the first message, or of a segment that only the second has, in that: of a leaf
    (`PID-5.1`, without the numbers 1 that a path may leave out) or of a whole segment (`OBX(3)`; `segment 2` where the
    line begins with no name). `before` and `after` are the values there, escapes decoded; None where the segment is
    not there.
    """

    path: str
    before: str | None
    after: str | None


def differences(first: Message, second: Message) -> Iterator[Difference]:
    """Where `second` is not as `first`, in the order of the messages.

    Delimiters, escapes and line ends may differ: values are compared. Segments that only one of them has do not make
    those after them differ.
    """
    old, new = _Side(first), _Side(second)
    old_from = new_from = 0
    for same, as_same in [*aligned(old.values, new.values), (len(old.values), len(new.values))]:
        yield from _between(old, range(old_from, same), new, range(new_from, as_same))
        old_from, new_from = same + 1, as_same + 1


class _Side:
    """One of the messages, cut into values that compare."""

    def __init__(self, message: Message) -> None:
        segments = message.segments()
        self.names = [segment.name for segment in segments]
        self.values = [_values(message, segment) for segment in segments]
        self.texts = [segment.text for segment in segments]
        self.paths = segment_paths(self.names)


_Leaves = tuple[tuple[tuple[tuple[str, ...], ...], ...], ...]  # fields, repetitions, components, subcomponents


def _values(message: Message, segment: Segment) -> _Leaves:
    delimiters, encoding = message.delimiters, message.encoding
    fields = segment.fields[3:] if segment.name in ("MSH", "FHS", "BHS") else segment.fields[1:]
    skipped: tuple[str, ...] = ("", "") if segment.name in ("MSH", "FHS", "BHS") else ()
    return tuple(
        tuple(
            tuple(
                tuple(unescape(leaf, delimiters, encoding) for leaf in component.split(delimiters.subcomponent))
                for component in repetition.split(delimiters.component)
            )
            for repetition in field.split(delimiters.repetition)
        )
        for field in (segment.name, *skipped, *fields)
    )


def _between(old: _Side, olds: range, new: _Side, news: range) -> Iterator[Difference]:
    """The differences of two runs of segments, those of one name, in their order, taken for the same."""
    old_from, new_from = olds.start, news.start
    named = aligned(old.names[olds.start : olds.stop], new.names[news.start : news.stop])
    for one, other in [*((olds[at], news[to]) for at, to in named), (olds.stop, news.stop)]:
        yield from (Difference(old.paths[at], old.texts[at], None) for at in range(old_from, one))
        yield from (Difference(new.paths[at], None, new.texts[at]) for at in range(new_from, other))
        if one < olds.stop:
            yield from _leaves(old.paths[one], old.values[one], new.values[other])
        old_from, new_from = one + 1, other + 1


def _leaves(segment: str, old: _Leaves, new: _Leaves) -> Iterator[Difference]:
    for field, (before, after) in enumerate(zip_longest(old, new, fillvalue=())):
        for repetition, pair in enumerate(zip_longest(before, after, fillvalue=()), 1):
            place = f"{segment}-{field}" + (f"({repetition})" if repetition > 1 else "")
            for component, subcomponents in enumerate(zip_longest(*pair, fillvalue=()), 1):
                whole = max(map(len, pair)) == 1 and max(map(len, subcomponents)) == 1
                for leaf, (one, other) in enumerate(zip_longest(*subcomponents, fillvalue=""), 1):
                    if one != other:
                        inside = "" if whole else f".{component}" + (f".{leaf}" if leaf > 1 else "")
                        yield Difference(place + inside, one, other)

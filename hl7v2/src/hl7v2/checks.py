"""Judging the fields of one segment: its definition compiled into look-ups.

Every field has a memory of texts that it has judged; most of what a sender sends, it has sent before, if only in
this message. So a field that is as it should be mostly costs one look-up, in C. A memory is bounded: a full one
starts anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from operator import getitem
from typing import Final, NamedTuple

from hl7v2.datatypes import Check, DatatypeChecks, Problem, accept, is_blank
from hl7v2.definitions import Definitions, SegmentDefinition
from hl7v2.delimiters import Delimiters
from hl7v2.findings import Severity

_REMEMBERED: Final = 1_000  # texts a field
_SHORT: Final = 500  # longer texts are not remembered

# Fields whose data type stands in another field of the segment.
_VALUED: Final = {"OBX": (5, 2), "MFE": (4, 5), "MFA": (5, 6)}

_UNKNOWN_FIELD: Final = (Problem("", "unknown-field", "the version has no such field"),)

SeverityOf = Callable[[str, str], Severity | None]


class Judged(NamedTuple):
    """What is wrong with a field; `at` is the end of its path, such as "-3(2).4"."""

    at: str
    rule: str
    severity: Severity
    sentence: str


class SegmentChecks:
    """The compiled checks of a version's segments, for messages with the same delimiters."""

    def __init__(self, definitions: Definitions, delimiters: Delimiters, severity: SeverityOf) -> None:
        self._definitions = definitions
        self._severity = severity
        self._datatypes = DatatypeChecks(definitions, delimiters)
        self.of = cache(self._make)

    def _make(self, name: str) -> SegmentCheck | None:
        definition = self._definitions.segments.get(name)
        return None if definition is None else SegmentCheck(definition, self._datatypes, self._severity)


class SegmentCheck:
    """Judges the fields of segments of one name."""

    def __init__(self, definition: SegmentDefinition, datatypes: DatatypeChecks, severity: SeverityOf) -> None:
        self._name = definition.name
        self._severity = severity
        self._datatypes = datatypes
        delimiters = 2 if definition.name in ("MSH", "FHS", "BHS") else 0
        checks = [accept if field.number <= delimiters else datatypes.field(field) for field in definition.fields]
        # The first memory is of the segment's name, which was judged before.
        self._memories = [self._memory(number, check) for number, check in enumerate([accept, *checks])]
        self._least = max((field.number for field in definition.fields if field.required), default=0) + 1
        self._most = len(self._memories) if not definition.open else sys.maxsize
        self._value, self._type = _VALUED.get(definition.name, (sys.maxsize, 0))
        self._values = lru_cache(64)(self._values_of)  # senders may name anything

    def __call__(self, fields: Sequence[str]) -> Sequence[Judged]:
        """What is wrong with a segment's fields; `fields[0]` is its name."""
        count = len(fields)
        if count < self._least:
            fields = [*fields, *[""] * (self._least - count)]
        found = [*map(getitem, self._memories, fields)]
        if count > self._value:
            found.append(self._values(fields[self._type])[fields[self._value]])
        if count > self._most:
            found.append(self._beyond(fields))
        return [*chain.from_iterable(found)] if any(found) else ()

    def _memory(self, number: int, check: Check) -> Mapping[str, tuple[Judged, ...]]:
        return _Indifference() if check is accept else _Memory(self._name, number, check, self._severity)

    def _values_of(self, datatype: str) -> Mapping[str, tuple[Judged, ...]]:
        """A memory of the values that the sender says are of `datatype`."""
        return self._memory(self._value, self._datatypes.value(datatype))

    def _beyond(self, fields: Sequence[str]) -> tuple[Judged, ...]:
        """The first field that has a value although the version does not have it."""
        for number in range(self._most, len(fields)):
            if not is_blank(fields[number]):
                return self._memory(number, lambda _: _UNKNOWN_FIELD)[fields[number]]
        return ()


class _Indifference(dict[str, tuple[Judged, ...]]):
    """Stands for the memory of a field that may hold anything: there is nothing to remember."""

    def __missing__(self, text: str) -> tuple[Judged, ...]:
        return ()


class _Memory(dict[str, tuple[Judged, ...]]):
    """What a check found in the texts of a field seen lately, and how bad that is."""

    __slots__ = ("_check", "_number", "_segment", "_severity")

    def __init__(self, segment: str, number: int, check: Check, severity: SeverityOf) -> None:
        super().__init__()
        self._segment = segment
        self._number = number
        self._check = check
        self._severity = severity

    def __missing__(self, text: str) -> tuple[Judged, ...]:
        problems = self._check(text)
        found = self._judged(problems) if problems else ()
        if len(text) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = found
        return found

    def _judged(self, problems: tuple[Problem, ...]) -> tuple[Judged, ...]:
        judged = []
        for problem in problems:
            at = f"-{self._number}{problem.at}"
            severity = self._severity(problem.rule, self._segment + at)
            if severity is not None:
                judged.append(Judged(at, problem.rule, severity, problem.sentence))
        return tuple(judged)

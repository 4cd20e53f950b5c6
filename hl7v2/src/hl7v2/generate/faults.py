"""Faults put into good messages at a set rate, each known, for trying out what judges, refuses and repairs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from hl7v2.cutting import join_row
from hl7v2.definitions import Definitions, FieldDefinition, definitions, nearest_version
from hl7v2.message import Message, parse
from hl7v2.structure import Structure


class FaultKind(StrEnum):
    """What can be wrong."""

    MISSING_VALUE = "missing-value"  # a required field is empty
    MISSING_SEGMENT = "missing-segment"  # a required segment is not there
    DOUBLED_SEGMENT = "doubled-segment"  # a segment stands twice where it may stand once
    WRONG_TYPE = "wrong-type"  # a date, time or number is none
    BAD_CODE = "bad-code"  # a code is not in the HL7 table of its field
    BROKEN_DELIMITER = "broken-delimiter"  # a separator is lost, or a line break is within a segment


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and where it was put: the path of a field, or of a segment."""

    kind: FaultKind
    path: str


@dataclass(frozen=True, slots=True)
class Faulty:
    """A message with the faults that are in it, maybe none."""

    message: bytes
    faults: tuple[Fault, ...]


def with_error_rate(
    messages: Iterable[bytes], rate: float, *, kinds: Collection[FaultKind] = tuple(FaultKind), seed: int = 0
) -> Iterator[Faulty]:
    """Each of `messages`, with a fault in this `rate` of its fields and segments, of 0 to 1.

    Only faults that the standard's definitions tell to be such are made: a value is taken only from a field that
    has to have one, a segment only where it has to stand. The header stays whole, save for the codes of MSH-15 on.
    Messages are taken to be valid; the same seed makes the same faults. Raises ValueError for a rate that is none.
    """
    if not 0 <= rate <= 1:
        raise ValueError("a rate of faults is a number from 0 to 1")
    maker = _FaultMaker(rate, frozenset(kinds), random.Random(seed))  # noqa: S311 -- nobody is to be kept from guessing
    return map(maker.spoil, messages)


Row = list[str]


class _FaultMaker:
    """Puts faults into messages."""

    def __init__(self, rate: float, kinds: frozenset[FaultKind], rng: random.Random) -> None:
        self._rate = rate
        self._kinds = kinds
        self._random = rng

    def spoil(self, content: bytes) -> Faulty:
        """The message with faults."""
        message = parse(content)
        known = definitions(nearest_version(message.version))
        rows = [list(segment.fields) for segment in message.segments()]
        faults: list[Fault] = []
        counts: dict[str, int] = {}
        for row in rows:
            counts[row[0]] = occurrence = counts.get(row[0], 0) + 1
            name = f"{row[0]}({occurrence})" if occurrence > 1 else row[0]
            faults += self._spoil_fields(row, name, known)
        structure = _structure(known.version, message.structure)
        lines = [join_row(row, message.delimiters.field) for row in rows]
        faults += self._spoil_segments(lines, [row[0] for row in rows], message, structure)
        if not faults:
            return Faulty(content, ())
        return Faulty("".join(f"{line}\r" for line in lines).encode(message.encoding), tuple(faults))

    def _spoil_fields(self, row: Row, path: str, known: Definitions) -> Iterator[Fault]:
        segment = known.segments.get(row[0])
        first = 15 if row[0] == "MSH" else 1
        for field in segment.fields[first - 1 : len(row) - 1] if segment else ():
            if row[field.number] and self._random.random() < self._rate:
                ways = self._field_ways(row, field, known)
                if ways:
                    kind = self._random.choice(sorted(ways))
                    row[field.number] = ways[kind]
                    yield Fault(kind, f"{path}-{field.number}")

    def _field_ways(self, row: Row, field: FieldDefinition, known: Definitions) -> dict[FaultKind, str]:
        """What the field may become, by the fault that this is."""
        datatype = row[2] if (row[0], field.number) == ("OBX", 5) else field.datatype
        ways = {}
        if field.required:
            ways[FaultKind.MISSING_VALUE] = ""
        if datatype in _NOT_OF_TYPE:
            ways[FaultKind.WRONG_TYPE] = self._random.choice(_NOT_OF_TYPE[datatype])
        table = known.tables.get(field.table or "")
        if datatype == "ID" and table is not None and table.codes:
            ways[FaultKind.BAD_CODE] = next(code for code in _NO_CODES if code not in table)
        return {kind: text for kind, text in ways.items() if kind in self._kinds}

    def _spoil_segments(
        self, lines: list[str], names: list[str], message: Message, structure: Structure | None
    ) -> Iterator[Fault]:
        """Spoil whole segments, from the last to the first, so that the places of others stay."""
        for at in range(len(lines) - 1, 0, -1):
            if self._random.random() >= self._rate:
                continue
            ways = [kind for kind in sorted(self._kinds) if self._spoils(kind, names, at, structure)]
            if not ways:
                continue
            kind = self._random.choice(ways)
            occurrence = names[: at + 1].count(names[at])
            yield Fault(kind, f"{names[at]}({occurrence})" if occurrence > 1 else names[at])
            if kind is FaultKind.MISSING_SEGMENT:
                del lines[at], names[at]
            elif kind is FaultKind.DOUBLED_SEGMENT:
                lines.insert(at, lines[at])
                names.insert(at, names[at])
            else:
                lines[at] = self._broken(lines[at], message.delimiters.field)

    def _spoils(self, kind: FaultKind, names: list[str], at: int, structure: Structure | None) -> bool:
        if kind is FaultKind.BROKEN_DELIMITER:
            return True
        if structure is None or kind not in _IN_NAMES:
            return False
        return not structure.is_matched_by(_IN_NAMES[kind](names, at))

    def _broken(self, line: str, separator: str) -> str:
        """A line whose name runs into its first field, or which goes on in a line that is no segment."""
        mark = re.escape(separator)
        breaks = [found.end() for found in re.finditer(rf"{mark}(?=[^Z{mark}])", line)]
        has_first_field = not re.match(rf"...{mark}{mark}", line)
        if has_first_field and self._random.random() < 0.5:
            return line.replace(separator, "", 1)
        at = self._random.choice(breaks or [2])
        return f"{line[:at]}\r{line[at:]}"


_NO_CODES: Final = ("QQ", "Q9Q")  # one of them is in no table
_NO_NUMBER: Final = ("twelve", "1,5", "--")
_NO_TIME: Final = ("20261340", "yesterday", "31.12.2025")
_NOT_OF_TYPE: Final = {
    **dict.fromkeys(("NM", "SI"), _NO_NUMBER),
    **dict.fromkeys(("DT", "TS", "DTM"), _NO_TIME),
}
_IN_NAMES: Final[dict[FaultKind, Callable[[list[str], int], list[str]]]] = {
    FaultKind.MISSING_SEGMENT: lambda names, at: [*names[:at], *names[at + 1 :]],
    FaultKind.DOUBLED_SEGMENT: lambda names, at: [*names[: at + 1], *names[at:]],
}


@cache
def _structure(version: str, name: str) -> Structure | None:
    part = definitions(version).structures.get(name)
    return Structure(part) if part else None

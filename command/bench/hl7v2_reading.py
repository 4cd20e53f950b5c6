"""Reading messages with hl7v2, beside python-hl7 and hl7apy: from bytes to the values of many fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import hl7
from hl7apy.parser import parse_message
from hl7v2.paths import parse_path, parse_place

from command.bench.hl7v2_measuring import Figure, measure, messages, published_messages
from hl7v2 import parse, reader, rows

Values = tuple[str, ...]

PATHS: Final = (
    *("MSH-3.1", "MSH-4.1", "MSH-7.1", "MSH-9.1", "MSH-9.2", "MSH-10.1", "MSH-12.1", "PID-3.1", "PID-3.4", "PID-5.1"),
    *("PID-5.2", "PID-7.1", "PID-8.1", "PV1-2.1", "PV1-3.1", "PV1-19.1", "PV1-44.1"),
)
OBX: Final = ("1.1", "2.1", "3.1", "3.2", "5.1", "6.1", "7.1", "11.1", "14.1")
FEW: Final = 20  # messages that a slow peer is measured by

read_paths = reader(*PATHS)
read_rows = rows("OBX", *OBX)


def by_selectors(message: bytes) -> Values:
    """The fields of an admission by paths compiled once."""
    return read_paths(parse(message))


def by_paths(message: bytes) -> Values:
    """The same by a path each."""
    read = parse(message)
    return tuple(read[path] for path in PATHS)


def by_rows(message: bytes) -> list[Values]:
    """Nine fields of every OBX of a report."""
    return read_rows(parse(message))


def by_python_hl7(message: bytes) -> Values:
    """The fields of an admission by python-hl7."""
    read = hl7.parse(message.decode())
    return tuple(read.extract_field(*place) for place in PLACES)


def as_far_as_there_by_python_hl7(message: bytes) -> list[str]:
    """The same of a message that may lack some of them, where python-hl7 raises."""
    read = hl7.parse(message.decode())
    found = []
    for place in PLACES:
        with suppress(LookupError):
            found.append(read.extract_field(*place))
    return found


def rows_by_python_hl7(message: bytes) -> list[Values]:
    """Nine fields of every OBX by python-hl7."""
    read = hl7.parse(message.decode())
    count = len(read.segments("OBX"))
    return [tuple(read.extract_field("OBX", at + 1, *place) for place in OBX_PLACES) for at in range(count)]


def by_hl7apy(message: bytes) -> Values:
    """The fields of an admission by hl7apy, without its groups, which take it longer."""
    read = parse_message(message.decode(), find_groups=False)
    return tuple(_hl7apy_value(getattr(read, name.lower()), name, field, component) for name, field, component in NAMED)


def rows_by_hl7apy(message: bytes) -> list[Values]:
    """Nine fields of every OBX by hl7apy, without its groups."""
    read = parse_message(message.decode(), find_groups=False)
    return [tuple(_hl7apy_value(obx, "OBX", *place) for place in OBX_NAMED) for obx in read.obx]


PLACES: Final = [
    (path.segment, 1, path.place.field, 1, path.place.component or 1, 1) for path in map(parse_path, PATHS)
]
NAMED: Final = [(name, field, component) for name, _, field, _, component, _ in PLACES]
OBX_PLACES: Final = [(place.field, 1, place.component or 1, 1) for place in map(parse_place, OBX)]
OBX_NAMED: Final = [(field, component) for field, _, component, _ in OBX_PLACES]


def _hl7apy_value(segment: object, name: str, field: int, component: int) -> str:
    found = getattr(segment, f"{name}_{field}".lower())
    part = next((one for one in found.children if one.name and one.name.endswith(f"_{component}")), None)
    return str((found if part is None else part).to_er7()).partition("&")[0]


def figures(seconds: float) -> Iterator[Figure]:
    """Parse and read, from bytes to values; each measured for about `seconds`."""
    admissions, reports = messages("adt_a01"), messages("oru_r01")
    ways: tuple[tuple[str, Callable[[bytes], object], int, str, Callable[[bytes], object], list[bytes]], ...] = (
        ("17 fields of ADT_A01, compiled", by_selectors, 80_000, "python-hl7", by_python_hl7, admissions),
        ("17 fields of ADT_A01, by path", by_paths, 50_000, "hl7apy", by_hl7apy, admissions),
        ("9 fields of 28 OBX of ORU_R01", by_rows, 10_000, "python-hl7", rows_by_python_hl7, reports),
        ("the same", by_rows, 10_000, "hl7apy", rows_by_hl7apy, reports),
    )
    for name, ours, target, peer, theirs, made in ways:
        assert ours(made[0]) == theirs(made[0]), f"hl7v2 and {peer} read something else"
        yield Figure(name, measure(ours, made, seconds), target, peer, measure(theirs, made[:FEW], seconds))
    if published := published_messages(as_far_as_there_by_python_hl7):
        yield Figure(
            f"the same fields of {len(published):,} published messages",
            measure(by_selectors, published, seconds),
            None,
            "python-hl7",
            measure(as_far_as_there_by_python_hl7, published, seconds),
        )

"""Paths into a message, in the standard's own notation: `PID-3(2).4.1`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from hl7v2.errors import PathError

SEGMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)

_NUMBER: Final = r"([1-9][0-9]{0,5})"
_INSIDE: Final = rf"{_NUMBER}(?:\({_NUMBER}\))?(?:\.{_NUMBER}(?:\.{_NUMBER})?)?"
_PATH: Final = re.compile(rf"([A-Z][A-Z0-9]{{2}})(?:\({_NUMBER}\))?-{_INSIDE}", re.ASCII)
_RELATIVE: Final = re.compile(_INSIDE, re.ASCII)


class Place(NamedTuple):
    """A place within a segment; None is what a path left out. All numbers count from 1."""

    field: int
    repetition: int | None = None
    component: int | None = None
    subcomponent: int | None = None


class Path(NamedTuple):
    """A place within a message; `occurrence` is which segment of that name."""

    segment: str
    occurrence: int | None
    place: Place


@lru_cache(maxsize=4096)
def parse_path(path: str) -> Path:
    """Read `PID-3(2).4.1` or `OBX(3)-5`: segment and its occurrence, field, repetition, component, subcomponent.

    Raises PathError.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise PathError(f'"{path[:40]}" is not a path of the form PID-3(2).4.1 or OBX(3)-5: all numbers count from 1')
    return Path(found[1], int(found[2]) if found[2] else None, _place(found.groups()[2:]))


@lru_cache(maxsize=4096)
def parse_place(place: str) -> Place:
    """Read a path within a segment, `3(2).4.1`. Raises PathError."""
    found = _RELATIVE.fullmatch(place)
    if found is None:
        raise PathError(f'"{place[:40]}" is not a path within a segment of the form 3(2).4.1: all numbers count from 1')
    return _place(found.groups())


def segment_paths(names: Sequence[str]) -> list[str]:
    """The paths of segments by their names in order. A line that is no segment is named by its place.

    >>> segment_paths(["MSH", "OBX", "OBX", "by hand"])
    ['MSH', 'OBX', 'OBX(2)', 'segment 4']
    """
    seen: Counter[str] = Counter()
    paths = []
    for at, name in enumerate(names, 1):
        seen[name] += 1
        if not SEGMENT_NAME.fullmatch(name):
            paths.append(f"segment {at}")
        else:
            paths.append(f"{name}({seen[name]})" if seen[name] > 1 else name)
    return paths


def _place(groups: tuple[str | None, ...]) -> Place:
    field, *others = (int(number) if number else None for number in groups)
    assert field is not None
    return Place(field, *others)

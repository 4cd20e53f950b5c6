"""FHIR paths as mappings write them: `name[0].given[1]`, relative to the resource.

An index says that the element is a list and which of its entries is meant; a path says nothing of whether
the element exists (`mapping.check` does).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mapping.mistakes import MappingError

MAX_INDEX = 999  # a list that a mapping spells out by hand; far beyond any, and no memory is lost on a typo
STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(0|[1-9][0-9]*)\])?", re.ASCII)


class BadPath(MappingError):
    """The path cannot be read; the message says at which step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a path. `index` is None where the path gives none."""

    name: str
    index: int | None = None

    def __str__(self) -> str:
        """The step as a mapping writes it."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"


Path: TypeAlias = tuple[Step, ...]


def parse(path: str) -> Path:
    """`name[0].given[1]` → its steps; never empty. Raises BadPath."""
    return tuple(_step(text, path) for text in path.split("."))


def render(steps: Sequence[Step]) -> str:
    """The path of `steps`, such that `parse(render(steps)) == steps`."""
    return ".".join(map(str, steps))


def element(steps: Sequence[Step]) -> str:
    """The path without indexes, as StructureDefinitions name elements: `name.given`."""
    return ".".join(step.name for step in steps)


def _step(text: str, path: str) -> Step:
    match = STEP.fullmatch(text)
    if match is None:
        raise BadPath(f'"{path}" cannot be read at "{text}": steps are names, with an index as in name[0].given[1]')
    name, index = match.groups()
    if index is None:
        return Step(name)
    if len(index) > len(str(MAX_INDEX)) or int(index) > MAX_INDEX:
        raise BadPath(f'"{path}": the index of {name} is over {MAX_INDEX}')
    return Step(name, int(index))

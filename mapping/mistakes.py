"""Mistakes in a mapping: found all at once, each with its place, so that one round of mending is enough.

    MappingError
    ├── InvalidMapping     the document has mistakes, listed
    ├── BadPath            a FHIR path that cannot be read (`mapping.paths`)
    ├── BadKey             a key that identifies nothing (`mapping.identity`)
    ├── BadPackage         an installed package that cannot be used (`mapping.installed`)
    └── NoDefinitions      the table of FHIR's elements cannot be read (`mapping.r4`)

This room stands alone: a stage or the api turns these into its own kinds of failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 5  # mistakes named in the message of an exception; the rest are counted


class MappingError(Exception):
    """Base of what this room raises on purpose."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend in a mapping.

    `path` leads through the document as it was written
    (`resources[0].attributes[3].inputGroups[0].inputs[0].sqlValue.column`), `place` says the same for a
    person (`Patient.birthDate`) and may be empty, `reason` is a sentence in lower case with the remedy
    where there is one.
    """

    path: str
    reason: str
    place: str = ""

    def __str__(self) -> str:
        """The mistake in one line: place (or path), then reason."""
        return f"{self.place or self.path or 'mapping'}: {self.reason}"


class InvalidMapping(MappingError):
    """A mapping with mistakes: all of them, in the order of the document."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        shown = "; ".join(str(mistake) for mistake in self.mistakes[:SHOWN])
        more = len(self.mistakes) - SHOWN
        super().__init__(f"{shown}; and {more} more" if more > 0 else shown)

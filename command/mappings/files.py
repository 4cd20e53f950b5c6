"""Mapping files, read and checked as the api would."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.concept_maps import ConceptMaps
from api.problems import Problem
from command.stack.trouble import Trouble
from mapping import formats
from mapping.check import check
from mapping.formats import Reading
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import Mapping
from mapping.r4 import Definitions
from pipeline.settings import Secret


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping file: what it says (None where its form is wrong), and all that is wrong with it."""

    file: Path
    reading: Reading | None
    mistakes: tuple[Mistake, ...]

    def right(self) -> Reading:
        """What it says. Raises Trouble where it has mistakes."""
        if self.reading is None or self.mistakes:
            count = f"{len(self.mistakes)} mistake{'s' if len(self.mistakes) != 1 else ''}"
            raise Trouble(f"{self.file}: {count}", log=[str(one) for one in self.mistakes])
        return self.reading


def parsed(file: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises Trouble."""
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise Trouble(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise Trouble(f"{file}: is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Trouble(f"{file}: must be a JSON object")
    return document


def checked(file: Path, known: Definitions) -> Checked:
    """The mapping in a file, with its mistakes. Raises Trouble where there is no JSON in it."""
    try:
        reading = formats.read(parsed(file), known)
    except InvalidMapping as error:
        return Checked(file, None, error.mistakes)
    reading = replace(reading, mapping=_with_concept_maps(reading.mapping))
    return Checked(file, reading, tuple(check(reading.mapping, known)))


def _with_concept_maps(mapping: Mapping) -> Mapping:
    """The mapping with what it names and lacks, of the FHIR server at FHIR_API_URL where that is set."""
    url, token = os.environ.get("FHIR_API_URL"), os.environ.get("FHIR_API_TOKEN")
    if not url:
        return mapping
    try:
        return ConceptMaps(url, token=Secret(token) if token else None).complete(mapping)
    except Problem as problem:
        raise Trouble(str(problem)) from None

"""Every format that a mapping may be written in, read into the one form, and told apart by its shape.

    {"firth": 1, "mapping": {…}}              our own: what the api exports (`mapping.document`)
    resources[].primary_key_table             fhir-river's, 4 and 5 (`mapping.river`)
    resources[].primaryKeyTable, or one such  Pyrog's, 7 to 10, and its GraphQL (`mapping.pyrog`)

What a document says of its version is passed over: exports say the wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mapping import credential, document, pyrog, river
from mapping.complete import complete
from mapping.credential import Credential
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import Mapping
from mapping.r4 import Definitions


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was understood.

    `told` is what a person should know (what was filled in, what stays open), none of it in the way of an import.
    `credential` is how to log in to the source, where the document says so.
    """

    mapping: Mapping
    told: tuple[Mistake, ...]
    credential: Credential | None


def read(given: object, definitions: Definitions) -> Reading:
    """Read a parsed JSON document, with its gaps filled. Raises InvalidMapping with all mistakes of its form, those
    of the credential included. What it means is checked by `mapping.check`, whose paths are those of Pyrog's shape.
    """
    mistakes: list[Mistake] = []
    mapping: Mapping | None = None
    login: Credential | None = None
    try:
        mapping = _mapping(given)
    except InvalidMapping as error:
        mistakes += error.mistakes
    try:
        login = _credential(given)
    except InvalidMapping as error:
        mistakes += error.mistakes
    if mapping is None or mistakes:
        raise InvalidMapping(mistakes)
    completed, told = complete(mapping, definitions)
    return Reading(completed, tuple(told), login)


def _mapping(given: object) -> Mapping:
    if isinstance(given, dict) and "firth" in given:
        return document.read(given)
    if isinstance(given, dict) and river.is_river(given):
        return river.read(given)
    return pyrog.read(given)


def _credential(given: object) -> Credential | None:
    """Beside the resources, as river has it, or in the source. Exports come with the login taken out."""
    if not isinstance(given, dict):
        return None
    holder: Any = given if river.is_river(given) else given.get("source")
    path = "credential" if holder is given else "source.credential"
    found = holder.get("credential") if isinstance(holder, dict) else None
    return credential.read(found, path=path) if credential.is_complete(found) else None

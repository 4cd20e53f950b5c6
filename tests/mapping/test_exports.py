"""The exports that others published: those of version 10 are read, and say what they said there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mapping import document, pyrog
from mapping.mistakes import InvalidMapping
from mapping.model import Column

EXPORTS = Path(__file__).parents[3] / "shared" / "reference" / "fhir-river"

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the published exports are not beside this repository")


def export(name: str) -> Any:
    return json.loads((EXPORTS / name).read_text(encoding="utf-8"))


def test_the_export_of_version_10_is_read() -> None:
    mapping = pyrog.read(export("old-mapping.json"))
    assert document.load(document.dump(mapping)) == mapping
    first = mapping.resources[0]
    assert first.logical_reference == "b8efd322-3e38-4072-9c68-e62e15d84d04"
    assert first.primary_key == Column("patients", "subject_id", "public")
    assert [one.path for one in first.attributes] == [
        "name[0].given[0]", "name[0]", "name[0].given[1]",
        "identifier[0].system", "identifier[0]", "identifier[0].value",
    ]  # fmt: skip


def test_published_concept_maps_are_read_as_they_are() -> None:
    mapping = pyrog.read(export("old-mapping.json") | {"conceptMaps": export("concept_maps.json")})
    (genders,) = mapping.concept_maps
    assert genders.codes == {"F": "female", "M": "male"}


@pytest.mark.parametrize("name", ["mapping-v7-mimic.json", "mapping-v5-mimic.json"])
def test_older_exports_are_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(InvalidMapping, match="only Pyrog's version 10 can be read"):
        pyrog.read(export(name))

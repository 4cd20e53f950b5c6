"""The table of R4's elements, as built from HL7's definitions. Skipped where the table was not built."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from mapping import r4_build, r4_codes
from mapping.r4 import Definitions, NoDefinitions

TABLE = Path(os.environ.get("FHIR_DEFINITIONS", ".firth/cache/fhir/r4.json"))


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    if not TABLE.exists():
        pytest.skip(f"{TABLE} is not built: ./firth up builds it")
    return Definitions.load(TABLE)


def test_an_element_has_its_type_and_cardinality(definitions: Definitions) -> None:
    given = definitions.element("Patient", "name[0].given[1]")
    assert given is not None
    assert (given.type, given.min, given.max, given.is_list) == ("string", 0, None, True)


def test_each_type_of_a_choice_is_an_element_of_its_own(definitions: Definitions) -> None:
    deceased = definitions.element("Patient", "deceasedDateTime")
    assert deceased is not None
    assert (deceased.type, deceased.choice) == ("dateTime", "deceased")
    assert definitions.element("Patient", "deceasedInteger") is None
    assert definitions.element("Patient", "deceased[x]") is None


def test_a_required_binding_lists_its_codes(definitions: Definitions) -> None:
    gender = definitions.element("Patient", "gender")
    assert gender is not None
    assert gender.codes == {"http://hl7.org/fhir/administrative-gender": ("male", "female", "other", "unknown")}


def test_a_binding_by_hierarchy_is_listed_too(definitions: Definitions) -> None:
    status = definitions.element("Condition", "clinicalStatus")
    assert status is not None
    assert status.codes is not None
    (codes,) = status.codes.values()
    assert {"active", "recurrence", "relapse", "inactive", "remission", "resolved"} == set(codes)


@pytest.mark.parametrize(
    "path", ["contact[0].name.family", "contact[0].telecom[0].system", "_birthDate.extension[0].url"]
)
def test_paths_go_through_backbones_and_primitive_extensions(definitions: Definitions, path: str) -> None:
    assert definitions.element("Patient", path) is not None


@pytest.mark.parametrize("path", ["", "nam", "name.givn", "birthDate.value", "contained[0].id.x", "name..given"])
def test_what_r4_does_not_have_is_not_found(definitions: Definitions, path: str) -> None:
    assert definitions.element("Patient", path) is None


def test_content_references_lead_back(definitions: Definitions) -> None:
    item = definitions.element("Questionnaire", "item[0].item[0].item[0].linkId")
    assert item is not None
    assert item.min == 1


def test_required_elements_are_told_with_their_choices(definitions: Definitions) -> None:
    required = definitions.type("MedicationRequest").required
    assert ("status",) in required
    assert ("medicationCodeableConcept", "medicationReference") in required


def test_every_element_has_a_type_that_is_known(definitions: Definitions) -> None:
    for name in definitions.resources:
        for element in definitions.type(name).elements.values():
            assert element.type in definitions or definitions.is_primitive(element.type), (name, element)


def test_only_real_resources_can_be_made(definitions: Definitions) -> None:
    assert {"Patient", "Observation", "Bundle"} <= definitions.resources
    assert not {"Resource", "DomainResource", "HumanName"} & definitions.resources


def test_a_missing_or_broken_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoDefinitions, match="is not there"):
        Definitions.load(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("[]")
    with pytest.raises(NoDefinitions, match="no table"):
        Definitions.load(tmp_path / "broken.json")


def test_a_build_from_something_else_says_what_is_missing(tmp_path: Path) -> None:
    archive = tmp_path / "other.jar"
    with zipfile.ZipFile(archive, "w") as jar:
        jar.writestr("readme.txt", "nothing")
    assert r4_build.main([str(archive), str(tmp_path / "r4.json")]) == 2
    assert not (tmp_path / "r4.json").exists()


def test_xml_that_declares_entities_is_refused() -> None:
    bomb = '<!DOCTYPE b [<!ENTITY a "aaaa">]><Bundle xmlns="http://hl7.org/fhir">&a;</Bundle>'
    with pytest.raises(r4_build.BadDefinitions, match="entities"):
        list(r4_build.resources(bomb))


def test_a_small_bundle_is_read_resource_by_resource() -> None:
    text = io.StringIO()
    text.write('<Bundle xmlns="http://hl7.org/fhir">')
    for url in "ab":
        text.write(f'<entry><resource><ValueSet><url value="{url}"/></ValueSet></resource></entry>')
    text.write("</Bundle>")
    assert [r4_codes.value_of(node, "url") for node in r4_build.resources(text.getvalue())] == ["a", "b"]

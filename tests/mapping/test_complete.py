"""What a format leaves open: filled from FHIR where it can be, told where not."""

from __future__ import annotations

from typing import Any

from mapping import pyrog
from mapping.complete import complete
from tests.mapping.documents import DEFINITIONS, attribute, condition, document, resource, sql, static


def completed(*attributes: dict[str, Any], **more: Any) -> tuple[Any, list[str]]:
    mapping, told = complete(pyrog.read(document(resource(*attributes, **more))), DEFINITIONS)
    return mapping.resources[0], [f"{one.path}: {one}" for one in told]


def test_an_open_type_is_that_of_the_path() -> None:
    made, told = completed(attribute("name[0].given[0]", sql("a"), type=""), {"path": "name[0]", "inputs": []})
    assert [one.type for one in made.attributes] == ["string", "HumanName"]
    assert not told


def test_a_type_that_r4_does_not_have_there_is_replaced_and_told() -> None:
    made, told = completed(attribute("birthDate", sql("a"), type="dateTime"))
    assert made.attributes[0].type == "date"
    assert told == [
        "resources[0].attributes[0]: Patient.birthDate: is called dateTime; FHIR R4 has date there, which is taken"
    ]


def test_a_definition_of_which_only_the_id_is_known_is_the_one_type_with_all_the_paths() -> None:
    given = [attribute("status", static("final")), attribute("valueString", sql("a"))]
    made, told = completed(*given, definition=None, definitionId="bp")
    assert made.resource_type == "Observation"
    assert "Observation alone has all its paths" in told[0]


def test_paths_that_fit_no_type_tell_nothing() -> None:
    made, told = completed(attribute("x", sql("a")), definition=None, definitionId="bp")
    assert made.resource_type == "bp"
    assert not told


def test_an_element_that_is_not_there_and_has_no_inputs_is_passed_over() -> None:
    _, told = completed({"path": "nickname", "inputs": []})
    (one,) = told
    assert one.startswith("resources[0].attributes[0]: Patient.nickname: FHIR R4 has no such element")


def test_two_forms_of_a_choice_that_can_meet_are_told() -> None:
    flag, dated = attribute("deceasedBoolean", sql("a")), attribute("deceasedDateTime", sql("b"))
    _, told = completed(flag, dated)
    assert "this or deceasedBoolean, never both" in told[-1]
    with_condition = attribute("deceasedDateTime", sql("b"), conditions=[condition("NOTNULL", None)])
    assert "never both" not in "".join(completed(flag, with_condition)[1])


def test_a_reference_to_no_resource_of_the_mapping_is_told_to_stay_logical() -> None:
    system = "http://terminology.arkhn.org/00000000-0000-4000-8000-000000000000"
    _, told = completed(attribute("managingOrganization.identifier.system", static(system)))
    assert any("it stays a logical reference, with its identifier" in one for one in told)

from __future__ import annotations

from typing import Any

import pytest

from mapping import pyrog
from mapping.check import check
from tests.mapping.documents import (
    DEFINITIONS,
    attribute,
    condition,
    document,
    filtered,
    join,
    resource,
    sql,
    static,
)

ATTRIBUTES = "resources[0].attributes"
GROUP = f"{ATTRIBUTES}[0].inputGroups[0]"
INPUT = f"{GROUP}.inputs[0]"
ADMISSIONS = join("patients.subject_id", "admissions.subject_id")
GENDER_MAP = {"id": "m", "title": "sex", "codes": {"M": "male", "F": "femme"}}


def found(*attributes: dict[str, Any], concept_maps: Any = None, **more: Any) -> list[tuple[str, str]]:
    mapping = pyrog.read(document(resource(*attributes, **more), conceptMaps=concept_maps))
    return [(one.path, one.reason) for one in check(mapping, DEFINITIONS)]


def test_a_right_mapping_has_no_mistake() -> None:
    assert not found(
        {"path": "name[0]", "definitionId": "HumanName", "inputGroups": []},
        attribute("name[0].given[0]", sql("first", script="strip")),
        attribute("name[0].given[1]", sql("x"), static("y"), mergingScript="merge_concat"),
        attribute("birthDate", static("1970-01"), type="date", conditions=[condition(), condition("NULL", None)]),
        attribute("gender", sql("sex", ADMISSIONS, table="admissions", conceptMapId="m"), type="code"),
        attribute("deceasedBoolean", sql("flag"), type="boolean"),
        attribute("multipleBirthInteger", static("2"), type="integer"),
        attribute("link[0].other", static("x")),
        concept_maps=[GENDER_MAP | {"codes": {"M": "male"}}],
        filters=[filtered("IN", "a, b"), filtered("BETWEEN", "1,2"), filtered("LIKE", "%x,")],
    )


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        (attribute("nam[0].given[0]", sql("a")), f"{ATTRIBUTES}[0].path", "no nam in Patient"),
        (attribute("name[0].first", sql("a")), f"{ATTRIBUTES}[0].path", "no first in Patient.name[0]"),
        (attribute("birthDate.x", sql("a")), f"{ATTRIBUTES}[0].path", "no x in Patient.birthDate"),
        (attribute("name.given[0]", sql("a")), f"{ATTRIBUTES}[0].path", "name is a list: write name[0]"),
        (attribute("name[0].given", sql("a")), f"{ATTRIBUTES}[0].path", "given is a list"),
        (attribute("gender[0]", static("male")), f"{ATTRIBUTES}[0].path", "gender is no list"),
        (attribute("name[x]", sql("a")), f"{ATTRIBUTES}[0].path", "cannot be read at"),
        (attribute("deceased", sql("a")), f"{ATTRIBUTES}[0].path", "no deceased in Patient"),
        (attribute("id", sql("a")), f"{ATTRIBUTES}[0].path", "computed from the primary key"),
        (attribute("name[0]", sql("a"), type="HumanName"), f"{ATTRIBUTES}[0].inputGroups", "no value of its own"),
        (attribute("birthDate", type="date"), f"{GROUP}.inputs", "has no input"),
        (attribute("birthDate", sql("a"), sql("b"), type="date"), f"{GROUP}.mergingScript", "is needed"),
        (attribute("birthDate", sql("a"), mergingScript="mix", type="date"), f"{GROUP}.mergingScript", 'script "mix"'),
        (attribute("birthDate", sql("a"), mergingScript="strip", type="date"), f"{GROUP}.mergingScript", "a cleaning"),
        (attribute("birthDate", sql("a", script="tidy"), type="date"), f"{INPUT}.script", 'script "tidy"'),
        (attribute("birthDate", sql("a", script="merge_concat"), type="date"), f"{INPUT}.script", "merging"),
        (attribute("gender", sql("a", conceptMapId="x"), type="code"), f"{INPUT}.conceptMapId", "no concept map"),
        (attribute("gender", sql("a", conceptMapId="m"), type="code"), f"{INPUT}.conceptMapId", "gives femme"),
        (attribute("gender", static("mâle"), type="code"), f"{INPUT}.staticValue", "gender takes male, female"),
        (attribute("birthDate", static("01/02/1970"), type="date"), f"{INPUT}.staticValue", "is no date"),
        (attribute("multipleBirthInteger", static("two"), type="integer"), f"{INPUT}.staticValue", "no number"),
        (attribute("deceasedBoolean", static("dead"), type="boolean"), f"{INPUT}.staticValue", "neither true"),
        (attribute("birthDate", static("1970", script="strip"), type="date"), f"{INPUT}.staticValue", "neither"),
        (attribute("link[0].type", static("x"), type="code"), ATTRIBUTES, "other is required"),
        (attribute("birthDate", sql("a", table="admissions"), type="date"), f"{INPUT}.sqlValue", "no join leads"),
        (attribute("birthDate", sql("a", ADMISSIONS), type="date"), f"{INPUT}.sqlValue", "joins end at"),
        (attribute("birthDate", sql("a", join("stays.id", "admissions.id"), table="admissions"), type="date"),
         f"{INPUT}.sqlValue.joins[0].tables[0]", '"stays" is not reached yet (reached: patients)'),
        (attribute("birthDate", sql("a", join("admissions.id", "patients.id"), table="patients"), type="date"),
         f"{INPUT}.sqlValue.joins[0].tables[0]", 'it comes first, "admissions" second'),
        (attribute("birthDate", sql("a", *[join("patients.id", "patients.parent")] * 21), type="date"),
         f"{INPUT}.sqlValue.joins", "more than 20"),
        (attribute("birthDate", sql("a"), type="date", conditions=[condition("IN", "a,,b")]),
         f"{GROUP}.conditions[0].value", "empty value"),
        (attribute("birthDate", sql("a"), type="date",
                   conditions=[condition(sqlValue={"table": "x", "column": "y", "owner": None})]),
         f"{GROUP}.conditions[0].sqlValue", "no join leads"),
    ],
)  # fmt: skip
def test_each_mistake_of_an_attribute_is_told_with_its_path(given: dict[str, Any], path: str, reason: str) -> None:
    ((at, said),) = found(given, concept_maps=[GENDER_MAP])
    assert at == path
    assert reason in said


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        (filtered("BETWEEN", "1"), "resources[0].filters[0].value", "two values"),
        (filtered("BETWEEN", "1,2,3"), "resources[0].filters[0].value", "two values"),
        (filtered("IN", "a,,b"), "resources[0].filters[0].value", "empty value"),
        (filtered(">=", "'2150-08-29'"), "resources[0].filters[0].value", "without quotes"),
        (filtered("=", "1", sqlColumn={"table": "x", "column": "y"}), "resources[0].filters[0].sqlColumn", "no join"),
    ],
)
def test_each_mistake_of_a_filter_is_told_with_its_path(given: dict[str, Any], path: str, reason: str) -> None:
    ((at, said),) = found(filters=[given])
    assert at == path
    assert reason in said


def test_an_unknown_resource_type_is_told_once() -> None:
    given = found(attribute("x", sql("a")), attribute("y", sql("a")), definition={"type": "Patiente"})
    assert given == [("resources[0].definition.type", '"Patiente" is no resource type of FHIR R4')]


def test_an_element_mapped_twice_is_told_once() -> None:
    given = found(attribute("birthDate", sql("a"), type="date"), attribute("birthDate", sql("b"), type="date"))
    assert [path for path, _ in given] == [f"{ATTRIBUTES}[0].path"]


def test_required_elements_that_nothing_maps_are_told() -> None:
    given = found(definition={"type": "Observation"})
    assert [reason for _, reason in given] == [
        "status is required, and nothing maps it",
        "valueString or valueInteger is required, and nothing maps it",
    ]


def test_two_resources_with_one_logical_reference_would_write_the_same_ids() -> None:
    mapping = pyrog.read(document(resource(), resource(id="other")))
    (mistake,) = check(mapping, DEFINITIONS)
    assert mistake.path == "resources[1].logicalReference"


def test_a_self_join_reaches_the_table_again() -> None:
    assert not found(attribute("birthDate", sql("dob", join("patients.mother", "patients.subject_id")), type="date"))


def test_a_mistake_reads_as_a_sentence_with_its_place() -> None:
    mapping = pyrog.read(document(resource(attribute("name[0].first", sql("a")))))
    assert str(check(mapping, DEFINITIONS)[0]) == "Patient.name[0].first: FHIR R4 has no first in Patient.name[0]"

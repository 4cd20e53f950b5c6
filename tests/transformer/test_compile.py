"""Mistakes in a mapping, found when it is compiled, each with its place."""

from __future__ import annotations

import pytest

from mapping.mistakes import InvalidMapping
from mapping.model import Attribute, ConceptMap
from tests.transformer.building import (
    PATIENTS,
    REFERENCE,
    Engine,
    attribute,
    group,
    mapping,
    read,
    resource,
    static,
    when,
)

STATIC = "inputGroups[0].inputs[0].staticValue"
SCRIPT = "inputGroups[0].inputs[0].script"
MERGING = "inputGroups[0].mergingScript"
SYSTEM = "generalPractitioner[0].identifier.system"

CASES: dict[str, tuple[Attribute, str, str]] = {
    "an element that R4 does not have": (attribute("nam[0].family", read("a")), "path", "nam"),
    "a list without an index": (attribute("name.family", read("a")), "path", "list"),
    "an index where there is no list": (attribute("birthDate[0]", read("a")), "path", "no list"),
    "a path that cannot be read": (attribute("name[x].family", read("a")), "path", "cannot be read"),
    "a value for a complex element": (attribute("name[0]", read("a")), "inputGroups", "HumanName"),
    "something inside of a plain value": (attribute("birthDate.year", read("a")), "path", "year"),
    "the id": (attribute("id", read("a")), "path", "primary key"),
    "a choice without its type": (attribute("deceased", read("a")), "path", "deceased"),
    "an unknown script": (attribute("birthDate", read("a", script="clean_dat")), SCRIPT, "clean_dat"),
    "a merging script that cleans": (attribute("birthDate", read("a", script="merge_concat")), SCRIPT, "merge_concat"),
    "an unknown merging script": (attribute("birthDate", read("a"), read("b"), merge="concat"), MERGING, "concat"),
    "several inputs and no merging": (attribute("birthDate", read("a"), read("b")), MERGING, "several"),
    "an unknown concept map": (
        attribute("gender", read("a", concept_map="none")),
        "inputGroups[0].inputs[0].conceptMapId",
        "none",
    ),
    "a static value of another type": (attribute("active", static("maybe")), STATIC, "true"),
    "a static code that R4 does not allow": (attribute("gender", static("man")), STATIC, "male"),
    "a static date that no calendar has": (attribute("birthDate", static("2023-02-29")), STATIC, "calendar"),
    "a static code in a second group": (
        attribute("gender", group(read("a"), conditions=[when("a", "NOTNULL")]), group(static("man"))),
        "inputGroups[1].inputs[0].staticValue",
        "male",
    ),
    "a condition that compares with nothing": (
        attribute("birthDate", group(read("a"), conditions=[when("a", "EQ")])),
        "inputGroups[0].conditions[0]",
        "needs a value",
    ),
    "a merge of static values that R4 does not allow": (
        attribute("gender", static("fe"), static("man"), merge="merge_concat_without_separator"),
        "inputGroups[0]",
        "male",
    ),
    "a static code to fall back on": (
        attribute("gender", read("a"), static("man"), merge="select_first_not_empty"),
        "inputGroups[0].inputs[1].staticValue",
        "male",
    ),
    "something in a contained resource": (attribute("contained[0].id", read("a")), "path", "contained"),
    "an extension of one of several values": (attribute("name[0]._given[0].id", read("a")), "path", "extends"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_found_with_its_place(engine: Engine, case: str) -> None:
    wrong, path, reason = CASES[case]
    key = attribute("generalPractitioner[0].identifier.value", read("k"))
    mistakes = engine.mistakes("Patient", key, wrong)
    (found,) = [mistake for mistake in mistakes if mistake.path.startswith("resources[0].attributes[1]")]
    assert found.path == f"resources[0].attributes[1].{path}".rstrip(".")
    assert reason in found.reason
    assert found.place == f"Patient.{wrong.path}"


def test_a_path_without_end_is_told(engine: Engine) -> None:
    paths = ["extension[0]." * depth + "url" for depth in range(1, 60)]
    mistakes = engine.mistakes("Patient", *[attribute(path, static("urn:x")) for path in paths])
    assert {mistake.reason for mistake in mistakes} == {"goes deeper than 40 elements"}


def test_all_mistakes_are_found_at_once(engine: Engine) -> None:
    assert len(engine.mistakes("Patient", attribute("nam", read("a")), attribute("gender", static("man")))) == 2


def test_a_path_that_is_mapped_twice_is_told(engine: Engine) -> None:
    assert engine.mistakes("Patient", attribute("birthDate", read("a")), attribute("birthDate", read("b")))


def test_a_required_element_that_nothing_maps_is_told(engine: Engine) -> None:
    (mistake,) = engine.mistakes("Observation", attribute("status", static("final")))
    assert "code" in mistake.reason
    (mistake,) = engine.mistakes("Patient", attribute("communication[0].preferred", static("true")))
    assert "language" in mistake.reason


def test_a_reference_to_a_type_that_cannot_stand_there_is_told(engine: Engine) -> None:
    (mistake,) = engine.mistakes(
        "Patient",
        attribute("managingOrganization.identifier.system", static(REFERENCE + PATIENTS)),
        attribute("managingOrganization.identifier.value", read("a")),
    )
    assert mistake.reason == "means a Patient, but only Organization can stand there"


def test_a_concept_map_that_leads_to_codes_that_r4_does_not_allow_is_told(engine: Engine) -> None:
    one = resource("Patient", attribute("gender", read("a", concept_map="bad")))
    with pytest.raises(InvalidMapping, match="homme"):
        engine.compile(mapping(one, concept_maps=[ConceptMap("bad", "bad", {"M": "homme"})]), one)


def test_mistakes_of_other_resources_do_not_matter(engine: Engine) -> None:
    good = resource("Patient", attribute("birthDate", read("a")))
    bad = resource("Practitioner", attribute("nam", read("a")), id="r2")
    assert engine.compile(mapping(good, bad), good).resource_type == "Patient"
    with pytest.raises(InvalidMapping):
        engine.compile(mapping(good, bad), bad)


def test_nothing_of_a_mapping_is_run_as_code(engine: Engine) -> None:
    evil = "'); import os; os.abort() #"
    made = engine.patient(
        attribute("name[0].text", static(evil)),
        attribute("birthDate", group(read("a"), conditions=[when(evil, "EQ", evil)])),
        **{"a": "2000", evil: evil},
    )
    assert made == {"name": [{"text": evil}], "birthDate": "2000"}

"""What the engine makes of a record."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest

from mapping.model import ConceptMap
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from tests.transformer.building import (
    DOCTORS,
    GENDERS,
    PATIENTS,
    REFERENCE,
    Engine,
    attribute,
    group,
    mapping,
    read,
    resource,
    rows,
    static,
    when,
)
from transformer.scripts import Scripts


def test_a_record_becomes_a_resource(engine: Engine) -> None:
    plan = engine.plan(
        "Patient",
        attribute("identifier[0].system", static("urn:mimic")),
        attribute("identifier[0].value", read("id")),
        attribute("name[0].family", read("family", script="make_title")),
        attribute("name[0].given[0]", read("given")),
        attribute("gender", read("sex", concept_map="genders")),
        attribute("birthDate", read("dob", script="clean_date")),
        attribute("deceasedDateTime", read("dod", script="clean_dateTime")),
        attribute("maritalStatus.coding[0].code", read("marital", script="map_marital_status")),
        attribute("generalPractitioner[0].identifier.system", static(REFERENCE + DOCTORS)),
        attribute("generalPractitioner[0].identifier.value", read("doctor")),
        profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
    )
    columns = rows(
        {"id": 7, "family": "DOE ", "given": "Jane", "sex": "F", "dob": "2094-03-05T00:00:00",
         "dod": "2165-08-12T10:00:00", "marital": "MARRIED", "doctor": 42.0}
    )  # fmt: skip
    made = plan.run(columns, "7")
    assert (made.type, made.id, made.write) == ("Patient", str(uuid5(UUID(PATIENTS), "7")), "replace")
    assert orjson.loads(made.body) == {
        "resourceType": "Patient",
        "id": made.id,
        "meta": {
            "source": "urn:firth:source:s1",
            "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"],
            "tag": [
                {"system": "http://terminology.arkhn.org/CodeSystem/source", "code": "s1"},
                {"system": "http://terminology.arkhn.org/CodeSystem/resource", "code": "r1"},
            ],
        },
        "identifier": [{"system": "urn:mimic", "value": "7"}],
        "name": [{"family": "Doe", "given": ["Jane"]}],
        "gender": "female",
        "birthDate": "2094-03-05",
        "deceasedDateTime": "2165-08-12T10:00:00+02:00",
        "maritalStatus": {"coding": [{"code": "M"}]},
        "generalPractitioner": [
            {
                "reference": f"Practitioner/{uuid5(UUID(DOCTORS), '42')}",
                "identifier": {"system": REFERENCE + DOCTORS, "value": "42"},
            }
        ],
    }


def test_members_stand_in_the_order_of_fhir_whatever_the_order_of_the_mapping(engine: Engine) -> None:
    plan = engine.plan(
        "Patient", attribute("birthDate", static("2000")), attribute("gender", read("sex", script="map_gender")),
        attribute("active", static("true")),
    )  # fmt: skip
    for sex in (["M"], ["M", None]):
        assert list(orjson.loads(plan.run(rows({"sex": sex}), "1").body))[3:] == ["active", "gender", "birthDate"]


@pytest.mark.parametrize("value", [None, "", "   ", math.nan, b""])
def test_nothing_empty_is_written(engine: Engine, value: Value) -> None:
    attributes = [
        attribute("name[0].family", read("a")),
        attribute("contact[0].name.family", read("a")),
        attribute("birthDate", read("a")),
    ]
    assert engine.patient(*attributes, a=value) == {}


def test_static_values_describe_others_and_go_with_them(engine: Engine) -> None:
    attributes = [
        attribute("telecom[0].system", static("phone")),
        attribute("telecom[0].value", read("phone")),
        attribute("telecom[0].period.start", static("2020")),
        attribute("name[0].text", static("somebody")),
    ]
    assert engine.patient(*attributes, phone="1") == {
        "name": [{"text": "somebody"}],
        "telecom": [{"system": "phone", "value": "1", "period": {"start": "2020"}}],
    }
    assert engine.patient(*attributes, phone=None) == {"name": [{"text": "somebody"}]}


def test_where_a_resource_comes_from_is_said_besides_what_the_mapping_says(engine: Engine) -> None:
    plan = engine.plan(
        "Patient",
        attribute("meta.source", static("urn:other")),
        attribute("meta.tag[0].code", read("tag")),
        attribute("meta.lastUpdated", read("at", script="clean_instant")),
    )
    made = orjson.loads(plan.run(rows({"tag": "x", "at": None}), "1").body)["meta"]
    assert made["source"] == "urn:other"
    assert [tag["code"] for tag in made["tag"]] == ["x", "s1", "r1"]
    made = orjson.loads(plan.run(rows({"tag": None, "at": None}), "1").body)["meta"]
    assert [tag["code"] for tag in made["tag"]] == ["s1", "r1"]


# Values: script, concept map, cast, merging


def test_the_order_is_script_concept_map_cast_merging(engine: Engine) -> None:
    numbers = ConceptMap("numbers", "numbers", {"one": "1", "two": "2"})
    one = resource(
        "Patient",
        attribute(
            "multipleBirthInteger",
            group(read("n", script="clean_codes", concept_map="numbers"), read("m"), merge="select_first_not_empty"),
        ),
    )
    plan = engine.compile(mapping(one, concept_maps=[numbers]), one)
    assert engine.run(plan, {"n": "HL7:two", "m": 5}) == {"multipleBirthInteger": 2}
    assert engine.run(plan, {"n": None, "m": "5"}) == {"multipleBirthInteger": 5}


def test_a_code_that_the_concept_map_lacks_is_refused(engine: Engine) -> None:
    error = engine.refusal(attribute("gender", read("sex", concept_map="genders")), sex="X")
    assert error.reason == "unmapped-code"
    rule = f"has a code that concept map {GENDERS.title!r} does not have"
    assert str(error) == f"Patient.gender {rule}, from column t.sex"


def test_a_group_that_takes_the_first_that_is_not_empty_says_itself_what_stands_for_an_unmapped_code(
    engine: Engine,
) -> None:
    gender = attribute("gender", read("sex", concept_map="genders"), static("unknown"), merge="select_first_not_empty")
    assert engine.patient(gender, sex="X") == {"gender": "unknown"}
    assert engine.patient(gender, sex="F ") == {"gender": "female"}


def test_static_inputs_come_last_in_a_merge(engine: Engine) -> None:
    text = attribute("name[0].text", static("Esq."), read("a"), read("b"), merge="merge_concat")
    assert engine.patient(text, a="John", b=3) == {"name": [{"text": "John 3 Esq."}]}


def test_what_is_merged_may_be_of_parts_that_are_no_value_themselves(engine: Engine) -> None:
    died = attribute("deceasedDateTime", read("day"), static("12:00"), merge="merge_datetime")
    assert engine.patient(died, day="20210829") == {"deceasedDateTime": "2021-08-29T12:00:00+02:00"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("TRUE", True), ("false ", False), (1, True), ("0", False), (1.0, True)],
)
def test_booleans(engine: Engine, value: Value, expected: bool) -> None:
    assert engine.patient(attribute("active", read("a")), a=value) == {"active": expected}


@pytest.mark.parametrize("value", [3, "3", " 3 ", "+3", 3.0, "3.00"])
def test_whole_numbers(engine: Engine, value: Value) -> None:
    assert engine.patient(attribute("multipleBirthInteger", read("a")), a=value) == {"multipleBirthInteger": 3}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("active", "yes"), ("active", 2), ("multipleBirthInteger", "3.5"), ("multipleBirthInteger", 2.5),
        ("multipleBirthInteger", True), ("multipleBirthInteger", "٣"), ("multipleBirthInteger", math.inf),
        ("extension[0].valueDecimal", "1,5"), ("extension[0].valueDecimal", "NaN"),
        ("extension[0].valueDecimal", -math.inf),
    ],
)  # fmt: skip
def test_values_of_another_type_are_refused(engine: Engine, path: str, value: Value) -> None:
    error = engine.refusal(attribute(path, read("a")), attribute("extension[0].url", static("urn:x")), a=value)
    assert error.reason == "wrong-type"


@pytest.mark.parametrize(
    ("value", "written"),
    [("12.50", "12.50"), ("0.000", "0.000"), ("+7", "7"), (".5", "0.5"), (3, "3"), (2.5, "2.5"), ("1e3", "1E+3"),
     ("123456789012345678901234567890.12", "123456789012345678901234567890.12")],
)  # fmt: skip
def test_decimals_keep_their_digits(engine: Engine, value: Value, written: str) -> None:
    plan = engine.plan(
        "Patient", attribute("extension[0].valueDecimal", read("a")), attribute("extension[0].url", static("urn:x"))
    )
    assert f'"valueDecimal":{written}}}'.encode() in plan.run(rows({"a": value}), "1").body


def test_bytes_are_text_in_utf8_or_base64(engine: Engine) -> None:
    assert engine.patient(attribute("photo[0].data", read("a")), a=b"\xff\x00") == {"photo": [{"data": "/wA="}]}
    assert engine.patient(attribute("photo[0].title", read("a")), a="é".encode()) == {"photo": [{"title": "é"}]}
    error = engine.refusal(attribute("photo[0].title", read("a")), a=b"caf\xe9")
    assert error.reason == "invalid-text"
    assert str(error) == "Patient.photo[0].title is made of bytes that are not UTF-8 text, from column t.a"


# Conditions


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        (when("a", "EQ", "x"), "x", True),
        (when("a", "EQ", "x"), "y", False),
        (when("a", "EQ", "x", exclude=True), "y", True),
        (when("a", "NEQ", "x"), "y", True),
        (when("a", "NEQ", "x"), None, False),
        (when("a", "NEQ", "x", exclude=True), None, True),
        (when("a", "EQ", "7"), 7, True),
        (when("a", "EQ", "7"), 7.0, True),
        (when("a", "EQ", "7"), "7.00", True),
        (when("a", "EQ", "7"), "007", False),
        (when("a", "EQ", "true"), True, True),
        (when("a", "EQ", "1"), True, True),
        (when("a", "EQ", "f"), False, True),
        (when("a", "LT", "10"), 9, True),
        (when("a", "LT", "10"), "9", True),
        (when("a", "GT", "10"), "9.5", False),
        (when("a", "GE", "10"), 10, True),
        (when("a", "LE", "b"), "a", True),
        (when("a", "LT", "2150-08-29"), "2150-08-28 23:59:59", True),
        (when("a", "GE", "2150-08-29"), "2150-08-29T00:00:00", True),
        (when("a", "EQ", "2150-08-29 00:00:00"), "2150-08-29", True),
        (when("a", "GT", "2150-08-29T10:00:00"), "2150-08-29T10:00:00.5+00:00", True),
        (when("a", "IN", "x, y"), "y", True),
        (when("a", "IN", "x,y"), "z", False),
        (when("a", "IN", "1,2"), 2, True),
        (when("a", "NULL"), None, True),
        (when("a", "NULL"), " ", True),
        (when("a", "NULL"), "x", False),
        (when("a", "NOTNULL"), 0, True),
        (when("a", "NOTNULL"), None, False),
    ],
)
def test_a_group_applies_when_its_condition_says_so(engine: Engine, condition: Any, value: Value, holds: bool) -> None:
    text = attribute("name[0].text", group(static("yes"), conditions=[condition]), group(static("no")))
    assert engine.patient(text, a=value) == {"name": [{"text": "yes" if holds else "no"}]}


def test_the_first_group_whose_conditions_all_hold_gives_the_value(engine: Engine) -> None:
    text = attribute(
        "name[0].text",
        group(read("b"), conditions=[when("a", "EQ", "1"), when("b", "NOTNULL")]),
        group(static("second"), conditions=[when("a", "EQ", "1")]),
    )
    assert engine.patient(text, a="1", b="first") == {"name": [{"text": "first"}]}
    assert engine.patient(text, a="1", b=None) == {"name": [{"text": "second"}]}
    assert engine.patient(text, a="2", b="first") == {}


def test_a_condition_may_ask_of_what_a_script_makes_of_the_value(engine: Engine) -> None:
    number = when("a", "NOTNULL", script="clean_quantity")
    text = attribute("name[0].text", group(static("number"), conditions=[number]), group(static("text")))
    assert engine.patient(text, a="1.5") == {"name": [{"text": "number"}]}
    assert engine.patient(text, a="1-2") == {"name": [{"text": "text"}]}


def test_conditions_are_asked_of_each_row(engine: Engine) -> None:
    value = attribute("identifier[0].value", group(read("v"), conditions=[when("k", "EQ", "id")]))
    assert engine.patient(value, v=["1", "2", "3"], k=["id", "no", "id"]) == {
        "identifier": [{"value": "1"}, {"value": "3"}]
    }


# References


def doctor(system: Any) -> list[Any]:
    return [
        attribute("managingOrganization.display", static("x")),
        attribute("generalPractitioner[0].identifier.system", system),
        attribute("generalPractitioner[0].identifier.value", read("k")),
    ]


def test_a_system_from_the_row_refers_just_as_well(engine: Engine) -> None:
    made = engine.patient(*doctor(read("s")), s=REFERENCE + DOCTORS, k="a")
    assert made["generalPractitioner"][0]["reference"] == f"Practitioner/{uuid5(UUID(DOCTORS), 'a')}"
    assert "reference" not in engine.patient(*doctor(read("s")), s="urn:other", k="a")["generalPractitioner"][0]


@pytest.mark.parametrize("system", [static(REFERENCE + "0"), read("s")])
def test_a_reference_to_what_the_mapping_does_not_have_stays_logical(engine: Engine, system: Any) -> None:
    made = engine.patient(*doctor(system), s=REFERENCE + "0", k="a")
    assert made["generalPractitioner"] == [{"identifier": {"system": REFERENCE + "0", "value": "a"}}]


def test_references_of_several_rows_are_all_computed(engine: Engine) -> None:
    made = engine.patient(*doctor(static(REFERENCE + DOCTORS)), k=["a", "b", None, "a"])
    assert [one["identifier"]["value"] for one in made["generalPractitioner"]] == ["a", "b"]
    assert len({one["reference"] for one in made["generalPractitioner"]}) == 2


def test_a_script_that_breaks_its_promise_is_told_by_name_without_its_message(engine: Engine) -> None:
    def broken(value: Value) -> Value:
        raise ValueError(value)

    scripts = Scripts(UTC)
    scripts.cleaning = {**scripts.cleaning, "strip": broken}
    other = Engine(engine.definitions, engine.checks, scripts)
    error = other.refusal(attribute("birthDate", read("a", script="strip")), a="secret")
    assert error.reason == "script-failed"
    assert str(error) == "Patient.birthDate could not be made: strip failed with ValueError, from column t.a"
    assert "secret" not in repr(error.__cause__)


def test_what_leaves_is_checked_and_the_column_is_named(engine: Engine) -> None:
    error = engine.refusal(attribute("birthDate", read("dob", script="clean_date")), dob="2179-89-44")
    assert error.reason == "wrong-format"
    assert str(error) == (
        "Patient.birthDate is not a date that the calendar has, as YYYY, YYYY-MM or YYYY-MM-DD, from column t.dob"
    )


def test_a_required_element_that_stayed_empty_names_the_columns_it_should_have_come_from(engine: Engine) -> None:
    plan = engine.plan("Observation", attribute("status", static("final")), attribute("code.text", read("label")))
    with pytest.raises(InvalidRecord) as caught:
        plan.run(rows({"label": None}), "1")
    assert caught.value.reason == "missing-element"
    assert str(caught.value) == "Observation.code is required, from column t.label"


def test_a_megabyte_of_text_passes_and_more_is_refused(engine: Engine) -> None:
    note = attribute("name[0].text", read("a"))
    assert len(engine.patient(note, a="x" * 1024 * 1024)["name"][0]["text"]) == 1024 * 1024
    assert engine.refusal(note, a="x" * (1024 * 1024 + 1)).reason == "wrong-format"


@pytest.mark.parametrize("text", ["a\x00b", "\x07", "half a \ud800 pair"])
def test_text_that_fhir_cannot_hold_is_refused(engine: Engine, text: str) -> None:
    assert engine.refusal(attribute("name[0].text", read("a")), a=text).reason in ("wrong-format", "invalid-text")

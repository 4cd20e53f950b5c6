"""The check of resources that leave: sound R4 passes, each kind of fault is told by place and rule."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from transformer.resource_check import ResourceChecks

# Unpacked from the npm package hl7.fhir.r4.examples, for whoever has it.
EXAMPLES = Path(os.environ.get("FHIR_EXAMPLES", ".firth/cache/fhir/examples"))

# Of HL7's 5,306 examples these are wrong themselves: a SearchParameter without `base`, an ImplementationGuide
# without `name`, an id of over 64 characters, a code that ends in a blank, an item without `linkId`.
WRONG_EXAMPLES = 15

PATIENT = {"resourceType": "Patient", "id": "1"}

SOUND: list[dict[str, Any]] = [
    {},
    {"birthDate": "2024-02-29"},
    {"birthDate": "2000-02-29"},
    {"birthDate": "1999"},
    {"_birthDate": {"extension": [{"url": "urn:x", "valueDateTime": "2021-08-29T18:20:00.5Z"}]}},
    {"name": [{"given": ["A", None], "_given": [None, {"extension": [{"url": "urn:x", "valueBoolean": True}]}]}]},
    {"deceasedDateTime": "2021-08-29T18:20:60+14:00"},
    {"contact": [{"relationship": [{"text": "mother"}]}]},
    {"contained": [{"resourceType": "Organization", "name": "o"}]},
    {"extension": [{"url": "urn:x", "extension": [{"url": "y", "valueQuantity": {"value": 1.5}}]}]},
    {"text": {"status": "generated", "div": "<div/>"}},
    {"multipleBirthInteger": 2},
]

FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"birthdate": "2000"}, "birthdate", "unknown-element"),
    ({"name": [{"first": "x"}]}, "name[0].first", "unknown-element"),
    ({"name": {"family": "x"}}, "name", "wrong-cardinality"),
    ({"name": []}, "name", "wrong-cardinality"),
    ({"name": [{}]}, "name[0]", "wrong-cardinality"),
    ({"birthDate": ["2000"]}, "birthDate", "wrong-format"),
    ({"birthDate": "2179-89-44"}, "birthDate", "wrong-format"),
    ({"birthDate": "2023-02-29"}, "birthDate", "wrong-format"),
    ({"birthDate": "1900-02-29"}, "birthDate", "wrong-format"),
    ({"birthDate": "2023-04-31"}, "birthDate", "wrong-format"),
    ({"birthDate": "0000-00-00"}, "birthDate", "wrong-format"),
    ({"birthDate": "2023-04-30T10:00:00Z"}, "birthDate", "wrong-format"),
    ({"birthDate": "2000-01-01\n"}, "birthDate", "wrong-format"),
    ({"deceasedDateTime": "2021-08-29T18:20:00"}, "deceasedDateTime", "wrong-format"),
    ({"deceasedDateTime": "2021-08-29 18:20:00Z"}, "deceasedDateTime", "wrong-format"),
    ({"deceasedBoolean": True, "deceasedDateTime": "2021"}, "deceasedDateTime", "wrong-cardinality"),
    ({"gender": "man"}, "gender", "unbound-code"),
    ({"gender": None}, "gender", "unbound-code"),
    ({"active": "true"}, "active", "wrong-format"),
    ({"active": 1}, "active", "wrong-format"),
    ({"multipleBirthInteger": 2**31}, "multipleBirthInteger", "wrong-format"),
    ({"multipleBirthInteger": 1.5}, "multipleBirthInteger", "wrong-format"),
    ({"name": [{"family": ""}]}, "name[0].family", "wrong-format"),
    ({"name": [{"family": "\x00"}]}, "name[0].family", "wrong-format"),
    ({"language": " en"}, "language", "wrong-format"),
    ({"id": "a_b"}, "id", "wrong-format"),
    ({"id": "a" * 65}, "id", "wrong-format"),
    ({"communication": [{"preferred": True}]}, "communication[0].language", "missing-element"),
    ({"link": [{"other": {"display": "x"}}]}, "link[0].type", "missing-element"),
    ({"extension": [{"valueString": "x"}]}, "extension[0].url", "missing-element"),
    ({"contained": [{"resourceType": "Organisation"}]}, "contained[0].resourceType", "unknown-element"),
    ({"contained": [{"resourceType": "Patient", "gender": "x"}]}, "contained[0].gender", "unbound-code"),
    ({"resourceType": "Patent"}, "resourceType", "unknown-element"),
]


@pytest.mark.parametrize("members", SOUND, ids=str)
def test_sound_resources_pass(checks: ResourceChecks, members: dict[str, Any]) -> None:
    resource = PATIENT | members
    assert checks.fault(resource) is None
    assert checks.of("Patient").is_valid(resource)


@pytest.mark.parametrize(("members", "place", "reason"), FAULTS, ids=[str(fault[0])[:60] for fault in FAULTS])
def test_a_fault_is_told_by_place_and_rule(
    checks: ResourceChecks, members: dict[str, Any], place: str, reason: str
) -> None:
    found = checks.fault(PATIENT | members)
    assert found is not None
    assert (found.place, found.reason) == (place, reason)


def test_a_required_choice_is_named_without_its_types(checks: ResourceChecks) -> None:
    found = checks.fault(
        {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "x"}}
    )
    assert found is not None
    assert (found.place, found.reason) == ("medication", "missing-element")


def test_a_required_plain_value_may_be_an_extension_that_says_why_there_is_none(checks: ResourceChecks) -> None:
    resource: dict[str, Any] = {"resourceType": "Observation", "code": {"text": "x"}}
    found = checks.fault(resource)
    assert found is not None
    assert found.place == "status"
    reason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    resource["_status"] = {"extension": [{"url": reason, "valueCode": "unknown"}]}
    assert checks.fault(resource) is None


def test_a_bound_concept_needs_one_coding_of_the_set(checks: ResourceChecks) -> None:
    def condition(*codings: dict[str, str]) -> dict[str, Any]:
        return {"resourceType": "Condition", "subject": {"display": "x"}, "clinicalStatus": {"coding": list(codings)}}

    right = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    other = {"system": "urn:ours", "code": "A"}
    assert checks.fault(condition(other, right)) is None
    found = checks.fault(condition(other))
    assert found is not None
    assert (found.element, found.reason) == ("clinicalStatus", "unbound-code")
    assert "resolved" in found.rule


def test_no_fault_repeats_a_value(checks: ResourceChecks) -> None:
    planted = "Xyzzy Plugh"
    for members in (
        {"gender": planted}, {"birthDate": planted}, {"active": planted}, {"language": planted + " "}, {"id": planted},
        {planted: 1}, {"name": planted}, {"name": [planted]}, {"contained": [{"resourceType": planted}]},
        {"multipleBirthInteger": planted}, {"deceasedBoolean": planted},
    ):  # fmt: skip
        found = checks.fault(PATIENT | members)
        assert found is not None
        assert "Xyzzy" not in repr(found)


def test_the_published_examples_pass(checks: ResourceChecks) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip(f"{EXAMPLES} is not there: npm pack hl7.fhir.r4.examples, unpacked, in FHIR_EXAMPLES")
    read = [json.loads(path.read_bytes()) for path in sorted(EXAMPLES.glob("*.json"))]
    examples = [example for example in read if "resourceType" in example]
    faulty = [example["id"] for example in examples if checks.fault(example) is not None]
    assert len(examples) > 5000
    assert len(faulty) <= WRONG_EXAMPLES, faulty

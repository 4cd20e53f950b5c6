"""What does not add up is told, whoever counted wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from command.api_client import ResourceProgress
from command.demo.run import finish
from command.demo.verify import Checked
from command.stack.trouble import Trouble

PROGRESS = ResourceProgress(
    resource_id="mimic-patient",
    resource_type="Patient",
    state="completed",
    total=100,
    extracted=100,
    transformed=97,
    loaded={"fhir": 96, "mongodb": 97},
    failed={"transformer": 3, "loader-fhir": 1},
    cancelled=0,
    fault=None,
    first_errors=[],
)


def checked(
    progress: ResourceProgress = PROGRESS, *, source: int = 100, stored: Mapping[str, int] | None = None
) -> Checked:
    return Checked(progress=progress, source=source, stored=stored or {"fhir": 96, "mongodb": 97}, changed=0)


def test_rows_that_became_resources_or_dead_letters_are_no_mistake() -> None:
    assert checked().mistakes == []
    finish([checked()])


def test_a_row_that_was_not_extracted_is_missed() -> None:
    assert checked(source=101).mistakes == ["mimic-patient: 101 rows in the source, but 100 extracted"]


def test_a_row_that_a_sink_lost_is_missed() -> None:
    lost = replace(PROGRESS, loaded={"fhir": 95, "mongodb": 97})
    assert checked(lost, stored={"fhir": 95, "mongodb": 97}).mistakes == [
        "mimic-patient: 100 in, but 95 in fhir and 4 dead letters out"
    ]


def test_a_sink_that_holds_less_than_was_loaded_is_told() -> None:
    assert checked(stored={"fhir": 90, "mongodb": 97}).mistakes == [
        "mimic-patient: 96 loaded into fhir, but the server holds 90"
    ]


def test_what_a_larger_demo_left_in_the_fhir_server_is_no_mistake() -> None:
    assert checked(stored={"fhir": 960, "mongodb": 97}).mistakes == []


def test_a_resource_given_up_ends_the_demo_with_a_sentence() -> None:
    with pytest.raises(Trouble, match=r"in is not out \+ dead letters: 1 counts are wrong") as raised:
        finish([checked(replace(PROGRESS, fault="there is no table patients"))])
    assert raised.value.log == ("mimic-patient: given up: there is no table patients",)

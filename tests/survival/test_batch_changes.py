"""Batches that are cancelled, sent again, or run beside each other: every count as exact as ever."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from command.api_client import ResourceProgress
from command.demo.mapping import mapping_of
from command.demo.servers import Documents
from command.demo.site import Site
from command.stack.stack import Stack
from tests.stack import RunningStack
from tests.survival.batches import Hospital, Running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


@pytest.fixture
def hospital(servers: Stack, stack: RunningStack) -> Iterator[Hospital]:
    with Hospital.open(servers) as opened:
        yield opened


@contextmanager
def without_table(hospital: Hospital, name: str) -> Iterator[None]:
    """A source that lacks this table."""
    with psycopg.connect(Site.of(hospital.stack).source_url, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE {name} RENAME TO hidden".encode())
        try:
            yield
        finally:
            connection.execute(f"ALTER TABLE hidden RENAME TO {name}".encode())


def batch_of(hospital: Hospital, *resource_ids: str) -> Running:
    return Running(hospital, hospital.api.start_batch(resource_ids), "")


def resources(running: Running) -> dict[str, ResourceProgress]:
    return {each.resource_id: each for each in running.now().resources}


def loaded_once(running: Running) -> bool:
    return set(running.loads().values()) == {1}


def test_a_cancelled_batch_ends_and_what_it_loaded_is_counted(hospital: Hospital) -> None:
    running = hospital.start_batch()
    running.wait_for_some("loader-fhir")
    assert hospital.api.cancel_batch(running.batch_id) == "cancelling"
    assert running.wait().state == "cancelled"
    after = resources(running)
    assert sum(one.cancelled for one in after.values()) > 0
    for one in after.values():
        assert one.extracted >= one.transformed
        assert one.total is not None
    with closing(Documents(Site.of(hospital.stack).mongodb_url)) as documents:
        for resource_id, one in after.items():
            held = documents.count_of(one.resource_type, resource_id, running.batch_id)
            assert held == one.loaded["mongodb"], "what was loaded stays, and is counted"
    next_one = batch_of(hospital, "mimic-practitioner")
    assert next_one.wait().state == "completed", "others are not touched"


def test_dead_letters_are_tried_again_alone_and_counted_anew(hospital: Hospital) -> None:
    running = batch_of(hospital, "mimic-patient")
    running.wait()
    before = resources(running)["mimic-patient"]
    assert before.failed["transformer"] > 0
    assert hospital.api.retry_batch(running.batch_id) == before.failed["transformer"]
    assert running.wait().state == "completed"
    assert resources(running)["mimic-patient"] == before, "the mapping is the same, and so is what it refuses"
    assert loaded_once(running), "nothing but dead letters went through again"


def test_an_extraction_that_broke_off_goes_on_when_it_is_tried_again(hospital: Hospital) -> None:
    with without_table(hospital, "caregivers"):
        running = batch_of(hospital, "mimic-practitioner")
        assert running.wait().state == "failed"
        fault = resources(running)["mimic-practitioner"].fault
        assert fault is not None
        assert "caregivers" in fault
    assert hospital.api.retry_batch(running.batch_id) == 1
    assert running.wait().state == "completed"
    after = resources(running)["mimic-practitioner"]
    assert (after.fault, sum(after.failed.values())) == (None, 0)
    assert after.total == after.extracted == after.loaded["fhir"] == after.loaded["mongodb"] > 0
    assert loaded_once(running)


def test_two_batches_of_one_resource_at_once_are_each_exact(hospital: Hospital) -> None:
    batches = [batch_of(hospital, "mimic-condition") for _ in range(2)]
    first, second = [(running.wait().state, resources(running)["mimic-condition"]) for running in batches]
    assert first == second
    assert first[0] == "completed"
    assert all(loaded_once(running) for running in batches)


def test_a_small_batch_gets_its_turns_beside_one_of_fifty_resources(hospital: Hospital) -> None:
    document = mapping_of(Site.of(hospital.stack))
    document["source"] |= {"id": "fifty", "name": "fifty"}
    document["resources"] = [copied(document, "mimic-encounter", f"fifty-{number}") for number in range(50)]
    hospital.api.import_mapping(document)
    large = batch_of(hospital, *(f"fifty-{number}" for number in range(50)))
    small = batch_of(hospital, "mimic-practitioner")
    assert small.wait().state == "completed"
    assert not large.now().is_over
    hospital.api.cancel_batch(large.batch_id)
    assert large.wait().state == "cancelled"


def copied(document: dict[str, Any], resource_id: str, new_id: str) -> dict[str, Any]:
    """One resource of a mapping, under another id and with resources of its own."""
    (resource,) = [each for each in document["resources"] if each["id"] == resource_id]
    made: dict[str, Any] = copy.deepcopy(resource)
    made["id"] = new_id
    made["logicalReference"] = None
    return made

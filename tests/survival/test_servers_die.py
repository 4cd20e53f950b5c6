"""Servers that are killed in the middle of a batch and stay away for a while: nothing lost, nothing twice, and the
api answers throughout. OUTAGE_SECONDS=120 has them stay away for longer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from command.demo.database import create_source
from command.demo.mapping import mapping_of
from command.demo.site import Site
from command.stack import processes
from command.stack.places import Place
from command.stack.stack import Stack
from tests.api.running import free_port
from tests.stack import RunningStack
from tests.survival.asking import Answer, asking
from tests.survival.batches import PATIENTS, STAGES, Hospital, Running, assert_exact, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1200)]

AWAY = float(os.environ.get("OUTAGE_SECONDS", "12"))  # longer than a transaction and a session may last
SOON = 6.0  # seconds in which the api answers, whatever is away


def kill_for_a_while(stack: RunningStack, server: str) -> None:
    stack.kill(server)
    since = time.monotonic()
    wait_for(lambda: time.monotonic() - since > AWAY, "the time without it", AWAY + 60)
    stack.start(server)


def in_the_middle(hospital: Hospital) -> Running:
    running = hospital.start_batch()
    running.wait_for_some("loader-fhir")
    return running


def assert_answered(answers: list[Answer], *statuses: int) -> None:
    """The api answered all the while, soon, and with these statuses, each of them."""
    assert {answer.status for answer in answers} == set(statuses)
    assert max(answer.seconds for answer in answers) < SOON


def test_a_batch_is_exact_though_the_broker_is_killed_and_the_next_one_is_too_and_previews_are_answered(
    hospital: Hospital, stack: RunningStack
) -> None:
    running = in_the_middle(hospital)
    with asking(running) as answers:
        kill_for_a_while(stack, "kafka")
        assert_exact(running)
    assert_answered(answers, 200)
    assert_exact(hospital.start_batch("mimic-practitioner"))
    assert len(hospital.api.preview("mimic-practitioner", [14_001]).instances) == 1


def test_a_batch_is_exact_though_the_fhir_server_is_killed(hospital: Hospital, stack: RunningStack) -> None:
    running = in_the_middle(hospital)
    with asking(running) as answers:
        kill_for_a_while(stack, "hapi")
        assert_exact(running)
    assert_answered(answers, 200)


def test_a_batch_is_exact_though_the_database_of_api_source_and_hapi_is_killed(
    hospital: Hospital, stack: RunningStack
) -> None:
    running = in_the_middle(hospital)
    with asking(running) as answers:
        kill_for_a_while(stack, "postgres")
        stack.start()  # the api is ready again
        assert_exact(running)
    assert_answered(answers, 200, 503)


@pytest.fixture
def source(hospital: Hospital, servers: Stack) -> Iterator[RunningStack]:
    """The hospital's source on a server of its own."""
    ports = replace(servers.ports, postgres=free_port())
    alone = Stack(Place(servers.place.folder / "source"), ports, {})
    alone.start("postgres")
    site = Site.of(alone)
    create_source(site.source_url, patients=PATIENTS)
    hospital.api.import_mapping(mapping_of(site))
    yield RunningStack(alone)
    processes.stop(alone.place, "postgres")


def test_a_batch_is_exact_though_its_source_is_killed(hospital: Hospital, source: RunningStack) -> None:
    running = hospital.start_batch()
    running.wait_for_some("extractor")
    with asking(running) as answers:
        kill_for_a_while(source, "postgres")
        assert_exact(running)
    assert_answered(answers, 200)


def test_a_batch_is_exact_though_the_api_is_killed(hospital: Hospital, stack: RunningStack) -> None:
    running = in_the_middle(hospital)
    kill_for_a_while(stack, "api")
    assert_exact(running)


def test_a_batch_is_exact_though_every_worker_is_restarted_in_turn(hospital: Hospital, stack: RunningStack) -> None:
    stack.scale(**{stage.replace("-", "_"): 2 for stage in STAGES})
    running = in_the_middle(hospital)
    for stage in STAGES:
        for worker in (stage, f"{stage}-2"):
            stack.stop(worker)
            stack.start(worker)
    assert_exact(running)


def test_workers_that_run_need_no_registry_and_those_that_start_wait_for_it(
    hospital: Hospital, stack: RunningStack, servers: Stack
) -> None:
    stack.kill("registry")
    first = hospital.start_batch("mimic-patient", "mimic-encounter")
    assert first.wait().state == "completed"
    stack.stop("transformer")
    (transformer,) = (server for server in servers.servers() if server.name == "transformer")
    processes.launch(servers.place, transformer)  # as a supervisor does, who knows nothing of registries
    second = hospital.start_batch("mimic-patient", "mimic-encounter")
    second.wait_for_some("extractor")
    stack.start()
    assert_exact(second)
    assert set(first.loads().values()) == {1}

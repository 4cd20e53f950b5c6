"""Workers that are killed, put to sleep or multiplied in the middle of a batch: nothing lost, nothing twice."""

from __future__ import annotations

import time

import pytest

from tests.stack import RunningStack
from tests.survival.batches import STAGES, Hospital, assert_exact, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

SESSION = 10.0  # seconds after which the broker takes a silent worker for dead


@pytest.mark.parametrize("victim", STAGES)
def test_a_batch_is_exact_though_a_worker_is_killed_in_the_middle(
    hospital: Hospital, stack: RunningStack, victim: str
) -> None:
    running = hospital.start_batch()
    running.wait_for_some(victim)
    stack.kill(victim)
    stack.start(victim)
    assert_exact(running)


def test_a_batch_is_exact_though_all_workers_are_killed_one_after_another(
    hospital: Hospital, stack: RunningStack
) -> None:
    running = hospital.start_batch()
    running.wait_for_some("loader-fhir")
    for victim in STAGES:
        stack.kill(victim)
        stack.start(victim)
    assert_exact(running)


@pytest.mark.parametrize("sleeper", STAGES)
def test_a_worker_that_slept_past_its_session_does_no_harm(
    hospital: Hospital, stack: RunningStack, sleeper: str
) -> None:
    stack.scale(**{stage.replace("-", "_"): 2 for stage in STAGES})
    running = hospital.start_batch()
    running.wait_for_some(sleeper)
    stack.pause(sleeper)
    slept_from = time.monotonic()
    # The other worker of the stage goes on with all of it, the sleeper wakes up to find itself replaced.
    wait_for(lambda: time.monotonic() - slept_from > SESSION * 1.5, "the session time-out")
    stack.resume(sleeper)
    assert_exact(running)


def test_a_batch_run_twice_changes_nothing(hospital: Hospital) -> None:
    first = hospital.start_batch()
    assert_exact(first)
    again = hospital.start_batch()
    assert_exact(again)
    assert again.changed() == 0, "the second run wrote resources that the first had written"
    assert again.loads().keys() == first.loads().keys()

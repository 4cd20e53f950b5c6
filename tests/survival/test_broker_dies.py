"""The broker, killed in the middle of a batch, stays away for a while: nothing lost, nothing twice, and the api answers
throughout."""

from __future__ import annotations

import time

import pytest

from tests.stack import RunningStack
from tests.survival.asking import asking
from tests.survival.batches import Hospital, assert_exact, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

AWAY = 15.0  # seconds: longer than a transaction and a session may last
SOON = 6.0  # seconds in which the api answers, whatever is away


def test_a_batch_is_exact_though_the_broker_is_killed(hospital: Hospital, stack: RunningStack) -> None:
    running = hospital.start_batch()
    running.wait_for_some("loader-fhir")
    with asking(running) as answers:
        stack.kill("kafka")
        since = time.monotonic()
        wait_for(lambda: time.monotonic() - since > AWAY, "the time without it", AWAY + 60)
        stack.start("kafka")
        assert_exact(running)
    assert {answer.status for answer in answers} == {200}
    assert max(answer.seconds for answer in answers) < SOON

"""The worker loop when processes die, sleep or are replaced, and when the broker is gone: on a real broker."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from command.stack.stack import Stack
from pipeline import kafka
from tests.pipeline.running import Stage, until
from tests.stack import RunningStack

pytestmark = pytest.mark.stack

MANY = 5_000


def test_a_worker_killed_in_a_batch_is_followed_by_the_next_of_its_slot(stage: Stage) -> None:
    keys = stage.write([b"good"] * MANY)
    first = stage.holding_worker()
    until((first.control / "holding").exists)
    first.send(signal.SIGKILL)
    first.exit_code()
    stage.worker()
    stage.until_out(keys)
    assert stage.counts() == (MANY, 0, 0)


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(stage: Stage) -> None:
    keys = stage.write([b"good", b"good", b"refuse"] * MANY)
    good = [key for number, key in enumerate(keys) if number % 3 < 2]
    for part in (0.2, 0.4, 0.6, 0.8):
        worker = stage.worker(MAX_RECORDS="50", FLOOD_LIMIT="1000000")
        until(lambda part=part: len(stage.out_keys()) > part * len(good))  # type: ignore[misc]
        worker.send(signal.SIGKILL)
        worker.exit_code()
    stage.worker(FLOOD_LIMIT="1000000")
    stage.until_out(good)
    until(lambda: stage.counts() == (2 * MANY, MANY, 0))
    letters = [letter.id for letter in stage.dead_letters()]
    assert len(set(letters)) == len(letters) == MANY


def test_a_worker_that_slept_past_its_session_does_no_harm_and_joins_again(stage: Stage) -> None:
    sleeper = stage.holding_worker("0")
    keys = stage.write([b"good"] * MANY)
    until((sleeper.control / "holding").exists)
    sleeper.send(signal.SIGSTOP)
    stage.worker("1")
    stage.until_out(keys)
    sleeper.untell("hold")
    sleeper.send(signal.SIGCONT)
    sleeper.until_said("transaction not committed")
    until(lambda: stage.members() == 2, what="the sleeper in the group again")
    keys += stage.write([b"good"] * MANY)
    stage.until_out(keys)
    assert stage.counts() == (2 * MANY, 0, 0)
    assert sleeper.alive


def test_a_worker_whose_slot_was_taken_leaves_with_its_own_exit_code(stage: Stage) -> None:
    first = stage.holding_worker("0")
    keys = stage.write([b"good"] * MANY)
    until((first.control / "holding").exists)
    stage.worker("0")
    first.until_said("partitions assigned")
    until(lambda: stage.members() == 2)
    first.untell("hold")
    assert first.exit_code() == 3
    stage.until_out(keys)
    assert stage.counts() == (MANY, 0, 0)


def test_a_worker_that_cannot_tell_what_to_read_joins_anew_when_it_can(stage: Stage) -> None:
    worker = stage.worker()
    keys = stage.write([b"good"] * MANY)
    stage.until_out(keys)
    worker.tell("lost")
    worker.until_said("starting over", times=2)
    keys += stage.write([b"good"] * MANY)
    worker.untell("lost")
    stage.until_out(keys)
    assert worker.alive


def test_a_rebalance_in_the_middle_of_a_batch_loses_and_doubles_nothing(stage: Stage) -> None:
    first = stage.holding_worker("0")
    keys = stage.write([b"good"] * MANY)
    until((first.control / "holding").exists)
    second = stage.worker("1")
    second.until_said("started")
    until(lambda: stage.members() == 2)
    first.untell("hold")
    second.until_said("partitions assigned")
    stage.until_out(keys)
    assert stage.counts() == (MANY, 0, 0)


def test_records_of_an_open_or_aborted_transaction_are_never_read(stage: Stage) -> None:
    stage.worker()
    writer = kafka.producer(stage.settings, transactional_id=f"writer-{stage.name}")
    writer.init_transactions(30)
    writer.begin_transaction()
    writer.produce(stage.reads, b"good", b"open", partition=0)
    writer.flush(30)
    keys = stage.write([b"good"] * 10, partition=1)
    behind = stage.write([b"good"] * 10, partition=0)
    stage.until_out(keys)
    writer.abort_transaction(30)
    stage.until_out(keys + behind)


def test_after_an_abort_the_same_records_are_taken_again(stage: Stage) -> None:
    keys = stage.write([b"good"] * 100)
    stage.to = f"{stage.to}-later"
    worker = stage.worker()
    worker.until_said("transaction not committed")
    stage.make_topic(stage.to)
    stage.until_out(keys)
    until(lambda: stage.counts() == (100, 0, 0))
    assert worker.alive


def test_an_idle_worker_costs_next_to_nothing(stage: Stage) -> None:
    worker = stage.worker()
    stage.until_out(stage.write([b"good"]))
    process = psutil.Process(worker.pid)
    began, before = time.monotonic(), sum(process.cpu_times()[:2])
    until(lambda: time.monotonic() - began > 4)
    assert sum(process.cpu_times()[:2]) - before < 0.2


def test_partitions_that_were_taken_away_during_a_wait_flow_when_they_come_back(stage: Stage) -> None:
    waiting = stage.worker("0")
    waiting.tell("down")
    keys = stage.write([b"good"] * MANY)
    waiting.until_said("waiting")
    slow = stage.holding_worker("1")
    until((slow.control / "holding").exists)
    # The third starts a rebalance that lasts until the slow one has done its batch: longer than the wait.
    third = stage.worker("2")
    third.tell("down")
    waiting.until_said("partitions revoked", times=2)
    waits = len(waiting.said("waiting"))
    waiting.untell("down")
    until(lambda: waiting.waited(waits))
    slow.untell("hold")
    for other in (slow, third):
        other.until_said("partitions assigned")
        other.send(signal.SIGTERM)
        assert other.exit_code() == 0
    stage.until_out(keys)
    assert stage.counts() == (MANY, 0, 0)


def test_a_broker_killed_and_away_for_longer_than_a_transaction_may_last_loses_and_doubles_nothing(
    stage: Stage, servers: Stack
) -> None:
    running = RunningStack(servers)
    workers = [stage.worker(slot, MAX_RECORDS="20") for slot in ("0", "1")]
    keys = stage.write([b"good"] * 2 * MANY)
    until(lambda: len(stage.out_keys()) > 500)
    running.kill("kafka")
    gone = time.monotonic()
    until(lambda: time.monotonic() - gone > kafka.TRANSACTION_TIMEOUT + 2)
    running.start("kafka")
    stage.until_out(keys, limit=120)
    until(lambda: stage.counts() == (2 * MANY, 0, 0))
    assert all(worker.alive for worker in workers)


def test_a_worker_can_be_stopped_while_the_broker_is_gone_and_the_next_goes_on(stage: Stage, servers: Stack) -> None:
    running = RunningStack(servers)
    worker = stage.worker(MAX_RECORDS="20")
    keys = stage.write([b"good"] * MANY)
    until(stage.out_keys)
    running.stop("kafka")
    worker.send(signal.SIGTERM)
    assert worker.exit_code(limit=60) in (0, 4)
    running.start("kafka")
    stage.worker()
    stage.until_out(keys, limit=120)
    until(lambda: stage.counts() == (MANY, 0, 0))

"""The worker loop when processes die, sleep or are replaced, and when the broker is gone: on a real broker."""

from __future__ import annotations

import signal

import psutil
import pytest

from pipeline import kafka
from tests.pipeline.running import Stage, until

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
    worker = stage.worker()
    keys = stage.write([b"good"] * 100)
    stage.until_out(keys)
    gone = f"{stage.to}-later"
    other = stage.worker("1", NAME=f"{stage.name}-b", TO=gone)
    other.until_said("transaction not committed")
    stage.make_topic(gone)
    until(lambda: len(stage.committed(gone)) >= len(keys))
    assert sorted(record.key or b"" for record in stage.committed(gone)) == sorted(keys)
    assert worker.alive


def test_an_idle_worker_costs_next_to_nothing(stage: Stage) -> None:
    worker = stage.worker()
    stage.until_out(stage.write([b"good"]))
    process = psutil.Process(worker.pid)
    before = process.cpu_times()
    process.cpu_percent()
    until(lambda: sum(psutil.Process().cpu_times()[:2]) >= 0 and process.cpu_percent(3.0) >= 0)
    after = process.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.15

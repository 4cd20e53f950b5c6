"""A worker before somebody's open transaction: it waits, says so, and then goes on exactly where the group stands."""

from __future__ import annotations

import signal

import pytest
from confluent_kafka import TopicPartition

from pipeline import kafka
from tests.pipeline.running import Stage, until

pytestmark = pytest.mark.stack

MANY = 2_000


def test_offsets_in_an_open_transaction_are_waited_for_through_rebalances(stage: Stage) -> None:
    first = stage.worker("0")
    keys = stage.write([b"good"] * MANY)
    stage.until_out(keys)
    first.send(signal.SIGTERM)
    first.exit_code()
    # As a worker leaves it behind that died before its commit.
    dead = kafka.producer(stage.settings, transactional_id=f"dead-{stage.name}")
    dead.init_transactions(30)
    outsider = kafka.consumer(stage.settings, group=stage.name, session_timeout=10)
    stands = outsider.committed([TopicPartition(stage.reads, number) for number in range(4)], 30)
    dead.begin_transaction()
    dead.send_offsets_to_transaction(stands, outsider.consumer_group_metadata(), 30)
    workers = [stage.worker(str(slot), HELD_AFTER="2") for slot in range(3)]
    until(lambda: stage.members() == len(workers))
    for worker in workers:
        worker.until_said("held by an open transaction")
    dead.abort_transaction(30)
    keys += stage.write([b"good"] * MANY)
    stage.until_out(keys)
    assert stage.counts() == (2 * MANY, 0, 0)


def test_a_worker_says_which_partitions_an_open_transaction_holds_up(stage: Stage) -> None:
    worker = stage.worker(HELD_AFTER="2")
    writer = kafka.producer(stage.settings, transactional_id=f"writer-{stage.name}")
    writer.init_transactions(30)
    writer.begin_transaction()
    writer.produce(stage.reads, b"good", b"open", partition=1)
    writer.flush(30)
    keys = stage.write([b"good"] * 10)
    worker.until_said("held by an open transaction")
    writer.abort_transaction(30)
    worker.until_said("no longer held")
    stage.until_out(keys)
    assert [told["partitions"] for told in worker.said("held by an open transaction")] == [[1]]

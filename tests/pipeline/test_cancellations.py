"""What a worker drops of batches that it heard were cancelled."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline import kafka as clients
from pipeline.cancellations import Cancellations
from pipeline.codec import Codec
from pipeline.events import BatchCancelled
from pipeline.records import Count, Outcome, Produced, Record
from pipeline.service_settings import KafkaSettings, WorkerSettings
from pipeline.topics import CANCEL
from tests.pipeline.running import until
from tests.stack import Kafka

pytestmark = pytest.mark.stack


def record(batch_id: str) -> Record:
    return Record("in", 0, 0, 0, b"key", batch_id.encode(), [("batch_id", batch_id.encode()), ("resource_id", b"r")])


def copy(records: Sequence[Record]) -> Outcome:
    assert records, "a stage is not called for nothing"
    return Outcome(produced=[Produced("out", one.key, one.value) for one in records])


def test_records_of_a_cancelled_batch_are_dropped_and_counted_and_no_others(kafka: Kafka) -> None:
    broker = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)
    with Cancellations(WorkerSettings(kafka=broker)) as cancelled:
        stage = cancelled.sparing(copy)
        records = [record("kept"), record("gone"), record("gone")]
        assert len(stage(records).produced) == 3
        producer = clients.producer(broker)
        producer.produce(CANCEL, Codec.local().encode(BatchCancelled("gone", 0)), b"gone")
        producer.flush(10)
        until(lambda: "gone" in cancelled, what="the cancellation heard")
        outcome = stage(records)
        assert [one.value for one in outcome.produced] == [b"kept"]
        assert outcome.counts == [Count("gone", "r", cancelled=2)]
        assert stage(records[1:]) == Outcome(counts=[Count("gone", "r", cancelled=2)])
    with Cancellations(WorkerSettings(kafka=broker)) as later:
        until(lambda: "gone" in later, what="the cancellation heard by a worker that started after it")

"""Cancelled batches: every worker hears of them, and drops what it is still given of them.

The api tells on the topic `batch_cancel`. Each worker reads all of it, with assigned partitions and no group,
from its start: until it has heard of a batch it works on it, which does no harm.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from pipeline import kafka
from pipeline.background import Background
from pipeline.progress import whose
from pipeline.records import Count, Outcome, Record, Stage
from pipeline.service_settings import WorkerSettings
from pipeline.topic_maker import ensure_topics
from pipeline.topics import CANCEL

_POLL: Final = 0.5  # seconds; how long a request to stop may go unnoticed


class Cancellations(Background):
    """The ids of cancelled batches, as far as they have been heard of; listens from `with` to its end."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._batches: set[str] = set()
        super().__init__("cancellations", self._listen)

    def __contains__(self, batch_id: object) -> bool:
        return batch_id in self._batches

    def sparing(self, stage: Stage) -> Stage:
        """`stage`, without the records of cancelled batches, which are counted as cancelled."""
        return lambda records: _spared(stage, records, self._batches) if self._batches else stage(records)

    def _listen(self, stopping: threading.Event) -> None:
        ensure_topics(self._settings.kafka, self._settings.topics, patience=0)
        consumer = kafka.reader(self._settings.kafka, seldom=True)
        try:
            partitions = consumer.list_topics(CANCEL, timeout=5).topics[CANCEL].partitions
            consumer.assign([TopicPartition(CANCEL, number, OFFSET_BEGINNING) for number in partitions])
            while not stopping.is_set():
                message = consumer.poll(_POLL)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    self._batches.add((message.key() or b"").decode(errors="replace"))
                elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 — public name of a client's error
                    raise kafka.failure(error)
        finally:
            consumer.close()


def _spared(stage: Stage, records: Sequence[Record], batches: set[str]) -> Outcome:
    kept: list[Record] = []
    dropped: Counter[tuple[str, str]] = Counter()
    for record in records:
        owner = whose(record)
        if owner is not None and owner[0] in batches:
            dropped[owner] += 1
        else:
            kept.append(record)
    outcome = stage(kept) if kept else Outcome()
    outcome.counts += [Count(*owner, cancelled=number) for owner, number in dropped.items()]
    return outcome

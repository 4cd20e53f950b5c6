"""How far a worker is behind its partitions' ends, and whether an open transaction keeps it there.

A `read_committed` reader stops before the first record of a transaction that is still open. Those of workers
end within kafka.TRANSACTION_TIMEOUT. One that lasts for longer than HELD_AFTER belongs to another writer, or
the broker has lost its end: nothing behind it is read until it is ended, which a person has to be told.
"""

from __future__ import annotations

import time
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

HELD_AFTER: Final = 30.0  # seconds
_EVERY: Final = 1.0  # seconds between two measures
_ANSWER: Final = 1.0  # seconds for the broker to say where a partition's committed records end


class Lag:
    """The lag of one consumer, from what the client knows anyway."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._measured = 0.0
        self._looked = time.monotonic()
        self._stable: dict[tuple[str, int], int] = {}
        self.records = 0
        self.held: list[int] = []

    def measure(self) -> bool:
        """Bring `records` and `held`, the partitions that an open transaction holds back, up to date; False
        where the last time is less than a second ago."""
        now = time.monotonic()
        if now - self._measured < _EVERY:
            return False
        self._measured = now
        behind: list[TopicPartition] = []
        self.records = 0
        given = self._consumer.assignment()
        for began, place in zip(given, self._consumer.position(given), strict=True):
            low, end = self._consumer.get_watermark_offsets(place, cached=True)
            # What is not known yet is below zero, as the position before something was read.
            at = max(0, low, began.offset, place.offset)
            if at < end:
                self.records += end - at
                behind.append(TopicPartition(place.topic, place.partition, end))
        if now - self._looked >= HELD_AFTER:
            self._looked = now
            self._look(behind)
        return True

    def _look(self, behind: list[TopicPartition]) -> None:
        """A partition whose committed records end before all of its records, and where they did the last time,
        has a transaction that was open all the time between."""
        before, self._stable = self._stable, {}
        for place in behind:
            try:
                asked = self._consumer.get_watermark_offsets(place, _ANSWER)
            except KafkaException:
                continue  # the broker is away, which is told elsewhere
            if asked is not None and asked[1] < place.offset:
                self._stable[place.topic, place.partition] = asked[1]
        self.held = sorted(place[1] for place, end in self._stable.items() if before.get(place) == end)

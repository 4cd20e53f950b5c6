"""How far extraction runs ahead of the sinks.

A database gives rows faster than most sinks take them. What is extracted lies in a queue, and a batch that begins
later comes behind all of it: so a chunk waits while too much of what was extracted waits for the fastest sink.
Sinks do not wait for each other: one that is slow, or down, has its own queue before it, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import ConsumerGroupState, IsolationLevel, KafkaException
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

from pipeline import kafka, logs
from pipeline.service_settings import KafkaSettings
from pipeline.standing import Standing
from pipeline.topics import EXTRACT, TRANSFORM

log = logs.get(__name__)

ANSWER: Final = 5.0  # seconds to wait for one answer of the broker
LOOK_AGAIN: Final = 1.0  # seconds between two looks at the backlog
LONGEST: Final = 8.0  # seconds that a chunk waits; a worker that is to stop may be waiting, too
SLICE: Final = 0.25  # seconds

_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Headway:
    """Lets a chunk begin when at most `ahead` records wait for the fastest sink, or when it has waited long.

    `backlog` tells how many do; it is asked once a second. 0 for `ahead` is no limit.
    """

    def __init__(
        self,
        backlog: Callable[[], int],
        *,
        ahead: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._backlog, self._ahead = backlog, ahead
        self._clock, self._sleep = clock, sleep
        self._known, self._looked = 0, float("-inf")

    def wait(self) -> None:
        """Return when the next chunk may begin."""
        until = self._clock() + LONGEST
        while self._ahead and self._waiting() > self._ahead and self._clock() < until:
            self._sleep(SLICE)

    def _waiting(self) -> int:
        if self._clock() - self._looked >= LOOK_AGAIN:
            self._known, self._looked = self._backlog(), self._clock()
        return self._known


class Backlog:
    """Asks the broker how many records lie between the extractor and the fastest sink that is at work."""

    def __init__(self, broker: KafkaSettings) -> None:
        self._broker = broker
        self._admin = kafka.admin(broker)
        self._groups: dict[str, Standing] = {}

    def __call__(self) -> int:
        """How many records; 0 where the broker does not say."""
        try:
            listed = self._admin.list_consumer_groups(
                request_timeout=ANSWER, states={ConsumerGroupState.STABLE}
            ).result()
            groups = [group.group_id for group in listed.valid]
            before = self._behind("transformer", EXTRACT) if "transformer" in groups else 0
            sinks = [self._behind(group, TRANSFORM) for group in groups if group.startswith("loader-")]
        except KafkaException as error:
            log.warning("backlog unknown", sentence=str(kafka.failure(error)))
            self._connect_anew()
            return 0
        return before + min(sinks, default=0)

    def _connect_anew(self) -> None:
        # Clients that knew the broker before it was started anew ask by what they knew then, for minutes in vain.
        self._admin = kafka.admin(self._broker)
        for standing in self._groups.values():
            standing.close()
        self._groups = {}

    def _behind(self, group: str, topic: str) -> int:
        """How many records of the topic the group has not taken yet, of partitions that it has begun with."""
        if group not in self._groups:
            self._groups[group] = Standing(self._broker, group)
        taken = self._groups[group].of(topic)
        wanted = {Place(topic, partition): _LATEST for partition, offset in taken.items() if offset >= 0}
        if not wanted:
            return 0
        ends = self._admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER)
        return sum(max(0, end.result().offset - taken[place.partition]) for place, end in ends.items())

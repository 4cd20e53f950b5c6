"""Reading whole topics with assigned partitions and no group, from places that somebody else keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from pipeline import kafka, logs
from pipeline.errors import Unavailable
from pipeline.service_settings import KafkaSettings

log = logs.get(__name__)

# A topic's id, not its name: a topic that was deleted and made anew starts again at offset 0.
Place: TypeAlias = tuple[str, int]  # topic id, partition

EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]

ANSWER: Final = 5.0  # seconds to wait for one answer of the broker


class Reader:
    """All partitions of some topics, committed records only. For one thread."""

    def __init__(self, broker: KafkaSettings, topics: Sequence[str], *, from_now: bool = False) -> None:
        """`from_now`: what was there before the first `assign` is left out."""
        self._from_now = from_now
        self._admin = kafka.admin(broker)
        self._consumer: Consumer = kafka.reader(broker)
        self._topics = tuple(topics)
        self._ids: dict[str, str] = {}
        self._next: dict[Place, int] = {}

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def assign(self, kept: Mapping[Place, int]) -> None:
        """Read every partition there is, from where `kept` says, or else from its start.

        Does nothing when no partition is new since the last call. Raises Unavailable, as `check` does too, and
        Misconfigured.
        """
        ids, partitions = self._described()
        self._must_be(ids)
        places = [(ids[topic], number) for topic, number in partitions]
        if set(places) == set(self._next):
            return
        known = {**kept, **self._next}
        lows = bounds(self._admin, partitions, LATEST if self._from_now and not self._next else EARLIEST)
        highs = bounds(self._admin, partitions, LATEST)
        starts: list[TopicPartition] = []
        for place, (topic, number), low, high in zip(places, partitions, lows, highs, strict=True):
            start, lost = start_of(low, known.get(place), high)
            if lost:  # nothing can be done but to tell: the counts of some batches will stay short
                log.error("records lost before they were read", topic=topic, partition=number, offset=start, count=lost)
            starts.append(TopicPartition(topic, number, start))
        try:
            self._consumer.assign(starts)
        except KafkaException as error:
            raise kafka.failure(error) from None
        self._ids = ids
        self._next = dict(zip(places, (start.offset for start in starts), strict=True))
        log.info("partitions assigned", topics=list(self._topics), count=len(starts))

    def read(self, *, most: int, wait: float, gather: float) -> list[Message]:
        """Up to `most` records: waits `wait` seconds for the first, then `gather` for others. Raises Unavailable,
        Misconfigured."""
        first = self._consumer.poll(wait)
        if first is None:
            return []
        records: list[Message] = []
        for message in [first, *self._consumer.consume(most - 1, gather)]:
            error = message.error()
            if error is None:
                self._next[self.place(message)] = (message.offset() or 0) + 1
                records.append(message)
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 — public name of a client's error
                raise kafka.failure(error)
        return records

    def check(self) -> None:
        """Raises Unavailable when a topic was made anew: make a new reader then, what this one read last may be of
        either. The client goes on in it at the offset where it was in the old one, or at its start, and tells nobody;
        or not at all, if the broker was started since it knows the old one: it waits for a leader's later epoch.
        """
        self._must_be(self._described()[0])

    def _must_be(self, ids: Mapping[str, str]) -> None:
        if self._ids and ids != self._ids:
            raise Unavailable(f"{' or '.join(self._topics)}: the topic was made anew")

    def place(self, message: Message) -> Place:
        """Where a record stands."""
        topic, partition = message.topic(), message.partition()
        assert topic is not None, "a consumed record stands somewhere"
        assert partition is not None
        return self._ids[topic], partition

    def topic(self, place: Place) -> str:
        """The name of the topic of a place."""
        return next(name for name, topic_id in self._ids.items() if topic_id == place[0])

    def next_offsets(self) -> dict[Place, int]:
        """Where reading goes on, for every partition that is read."""
        return dict(self._next)

    def offsets_of(self, topic: str) -> dict[tuple[str, int], int]:
        """Where reading of a topic goes on, by topic and partition."""
        return {(topic, number): offset for (of, number), offset in self._next.items() if of == self._ids[topic]}

    def _described(self) -> tuple[dict[str, str], list[tuple[str, int]]]:
        """Topic ids by name, and all partitions by topic name and number."""
        ids: dict[str, str] = {}
        partitions: list[tuple[str, int]] = []
        try:
            futures = self._admin.describe_topics(TopicCollection(list(self._topics)), request_timeout=ANSWER)
            for topic, future in futures.items():
                description = future.result()
                ids[topic] = str(description.topic_id)
                partitions += [(topic, partition.id) for partition in description.partitions]
        except KafkaException as error:
            raise kafka.failure(error) from None
        return ids, partitions


def bounds(
    admin: AdminClient,
    partitions: Sequence[tuple[str, int]],
    spec: OffsetSpec,
    *,
    isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
) -> list[int]:
    """The first or next offset of each partition; by `isolation` the next may be an open transaction's first.

    Asked of the broker by the admin's client: a consumer does not know of a new partition for a while. Raises
    Unavailable, Misconfigured.
    """
    asked = {TopicPartition(topic, number): spec for topic, number in partitions}
    try:
        futures = admin.list_offsets(asked, isolation_level=isolation, request_timeout=ANSWER)
        found = {(each.topic, each.partition): int(future.result().offset) for each, future in futures.items()}
    except KafkaException as error:
        raise kafka.failure(error) from None
    return [found[each] for each in partitions]


def start_of(low: int, kept: int | None, high: int) -> tuple[int, int]:
    """Where to begin in a partition that has offsets from `low` up to `high`, and how many records were lost:
    those that retention took before they were read, or the newest, if the broker lost them."""
    if kept is None:
        return low, 0
    start = min(max(low, kept), high)
    return start, abs(start - kept)

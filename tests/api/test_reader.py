"""Reading whole topics from kept offsets."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from api.reader import Place, Reader, start_of
from pipeline import kafka as clients
from pipeline.errors import Unavailable
from pipeline.service_settings import KafkaSettings
from tests.api.running import until
from tests.stack import Kafka


@pytest.mark.parametrize(
    ("kept", "start", "lost"), [(None, 5, 0), (5, 5, 0), (7, 7, 0), (9, 9, 0), (3, 5, 2), (12, 9, 3)]
)
def test_reading_begins_where_it_was_as_far_as_the_broker_still_has_it(kept: int | None, start: int, lost: int) -> None:
    assert start_of(5, kept, 9) == (start, lost)


class Topic:
    """A topic of the test's own."""

    def __init__(self, broker: KafkaSettings, partitions: int) -> None:
        self.broker = broker
        self.name = f"read-{uuid4().hex}"
        self.admin: AdminClient = clients.admin(broker)
        self.make(partitions)

    def make(self, partitions: int) -> None:
        self.admin.create_topics([NewTopic(self.name, partitions, 1)])[self.name].result()
        until(self._there, what="topic made")

    def remove(self) -> None:
        self.admin.delete_topics([self.name])[self.name].result()
        until(lambda: not self._there(), what="topic removed")

    def grow(self, partitions: int) -> None:
        self.admin.create_partitions([NewPartitions(self.name, partitions)])[self.name].result()

    def write(self, *values: str, partition: int = 0) -> None:
        producer = clients.producer(self.broker)
        for value in values:
            producer.produce(self.name, value=value.encode(), partition=partition)
        assert producer.flush(30) == 0

    def trim(self, before: int) -> None:
        """What retention does."""
        self.admin.delete_records([TopicPartition(self.name, 0, before)])
        until(lambda: self._low() == before, what="records gone")

    def _low(self) -> int:
        low: int = clients.reader(self.broker).get_watermark_offsets(TopicPartition(self.name, 0), timeout=10)[0]
        return low

    def _there(self) -> bool:
        return self.name in self.admin.list_topics(timeout=10).topics


@pytest.fixture
def make_topic(kafka: Kafka) -> Callable[[int], Topic]:
    return lambda partitions: Topic(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers), partitions)


def values(reader: Reader, count: int) -> list[str]:
    """The next `count` records, and the proof that there are no more."""
    found: list[str] = []
    until(lambda: _more(reader, found) >= count, limit=30, what=f"{count} records")
    assert reader.read(most=100, wait=0.3, gather=0) == []
    return sorted(found)


def _more(reader: Reader, found: list[str]) -> int:
    found += [(record.value() or b"").decode() for record in reader.read(most=100, wait=0.3, gather=0.05)]
    return len(found)


def again(topic: Topic, kept: dict[Place, int]) -> Reader:
    reader = Reader(topic.broker, (topic.name,))
    reader.assign(kept)
    return reader


@pytest.mark.stack
def test_every_partition_is_read_from_its_start_and_then_from_where_it_was(make_topic: Callable[[int], Topic]) -> None:
    topic = make_topic(2)
    topic.write("a", "b")
    topic.write("c", partition=1)
    reader = again(topic, {})
    assert values(reader, 3) == ["a", "b", "c"]
    kept = reader.next_offsets()
    reader.close()
    topic.write("d", partition=1)
    assert values(again(topic, kept), 1) == ["d"]


@pytest.mark.stack
def test_a_new_partition_is_read_and_the_others_go_on(make_topic: Callable[[int], Topic]) -> None:
    topic = make_topic(1)
    topic.write("a")
    reader = again(topic, {})
    assert values(reader, 1) == ["a"]
    topic.grow(2)
    topic.write("b")
    until(lambda: _assigned(reader) == 2, what="partition noticed")
    topic.write("c", partition=1)
    assert values(reader, 2) == ["b", "c"]


def _assigned(reader: Reader) -> int:
    reader.assign({})
    return len(reader.next_offsets())


@pytest.mark.stack
def test_a_topic_made_anew_is_read_from_its_start(make_topic: Callable[[int], Topic]) -> None:
    topic = make_topic(1)
    topic.write("a", "b")
    reader = again(topic, {})
    assert values(reader, 2) == ["a", "b"]
    kept = reader.next_offsets()
    reader.close()
    topic.remove()
    topic.make(1)
    topic.write("c", "d", "e")
    assert values(again(topic, kept), 3) == ["c", "d", "e"]


@pytest.mark.stack
@pytest.mark.parametrize("number", [1, 5], ids=["fewer than before", "more than before"])
def test_nothing_is_taken_from_a_topic_that_was_made_anew(make_topic: Callable[[int], Topic], number: int) -> None:
    topic = make_topic(1)
    topic.write("a", "b")
    reader = again(topic, {})
    assert values(reader, 2) == ["a", "b"]
    kept = reader.next_offsets()
    topic.remove()
    topic.make(1)
    topic.write(*("new" for _ in range(number)))
    with pytest.raises(Unavailable, match="made anew"):
        until(lambda: _taken(reader), what="a refusal")
    with pytest.raises(Unavailable, match="made anew"):
        reader.assign({})
    assert values(again(topic, kept), number) == ["new"] * number


def _taken(reader: Reader) -> bool:
    records = reader.read(most=100, wait=0.3, gather=0)
    reader.check()
    return bool(records)


@pytest.mark.stack
def test_what_retention_took_is_passed_over(make_topic: Callable[[int], Topic]) -> None:
    topic = make_topic(1)
    topic.write("a")
    reader = again(topic, {})
    assert values(reader, 1) == ["a"]
    kept = reader.next_offsets()
    reader.close()
    topic.write("b", "c")
    topic.trim(before=2)
    assert values(again(topic, kept), 1) == ["c"]

"""Topics read as any reader of Firth's reads them: from the beginning to the end, committed records alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from command.stack import kafka
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from pipeline.kafka import reader
from pipeline.service_settings import KafkaSettings


def committed(stack: Stack, topic: str) -> Iterator[Any]:
    """The client's messages of all committed records of a topic, in order within each partition; none of a topic
    that is not there yet. Raises Trouble."""
    consumer = reader(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(stack.ports)))
    try:
        found = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in found])
        ended = 0
        while ended < len(found):
            message: Any = consumer.poll(10)
            if message is None:
                raise Trouble(f"kafka: topic {topic} cannot be read to its end")
            if message.error() is None:
                yield message
            elif message.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 — the library's public name
                ended += 1
            else:
                raise Trouble(f"kafka: topic {topic}: {message.error().str()}")
    finally:
        consumer.close()

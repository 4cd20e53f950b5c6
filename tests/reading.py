"""Topics read as any reader of Firth's reads them: from the beginning to the end, committed records alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from command.stack import kafka
from command.stack.stack import Stack
from pipeline.kafka import reader
from pipeline.service_settings import KafkaSettings


def committed(stack: Stack, topic: str) -> Iterator[Any]:
    """The client's messages of all committed records of a topic, which may not be there yet."""
    consumer = reader(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(stack.ports)))
    try:
        found = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in found])
        ended = 0
        while ended < len(found):
            message: Any = consumer.poll(10)
            assert message is not None, f"{topic} cannot be read to its end"
            if message.error() is None:
                yield message
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ended += 1
    finally:
        consumer.close()

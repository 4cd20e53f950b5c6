"""Making the topics where they are missing. Every service calls it at its start, all at once if need be."""

from __future__ import annotations

import time
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pipeline import kafka, logs, topics
from pipeline.errors import Misconfigured, Unavailable
from pipeline.service_settings import KafkaSettings, TopicSettings

log = logs.get(__name__)

_HOUR: Final = 3600 * 1000
_ANSWER: Final = 10.0  # seconds to wait for one answer of the broker


def ensure_topics(broker: KafkaSettings, settings: TopicSettings, *, patience: float = 60.0) -> None:
    """Make the topics that are missing; those that exist are left as they are.

    Waits up to `patience` seconds for a broker that does not answer. Raises Unavailable, Misconfigured.
    """
    client = kafka.admin(broker)
    until = time.monotonic() + patience
    while True:
        try:
            return _make_missing(client, settings)
        except Unavailable as error:
            if time.monotonic() >= until:
                raise
            log.warning("waiting for the broker", sentence=str(error))
            time.sleep(min(1.0, patience))


def _make_missing(client: AdminClient, settings: TopicSettings) -> None:
    try:
        present = client.list_topics(timeout=_ANSWER).topics
    except KafkaException as error:
        client.poll(0)  # raises Misconfigured where the broker answered, and refused us
        raise kafka.failure(error) from None
    missing = [_topic(name, settings) for name in topics.ALL if name not in present]
    if not missing:
        return
    for name, future in client.create_topics(missing, operation_timeout=_ANSWER).items():
        try:
            future.result()
        except KafkaException as error:
            _judge(name, error.args[0])
        else:
            log.info("topic made", topic=name, partitions=settings.partitions)


def _judge(name: str, error: KafkaError) -> None:
    """Nothing, if another service made the topic first; else raises."""
    if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
        return
    if error.code() == KafkaError.INVALID_REPLICATION_FACTOR:
        raise Misconfigured(f"topic {name}: fewer brokers than TOPIC_REPLICATION asks for")
    raise kafka.failure(error)


def _topic(name: str, settings: TopicSettings) -> NewTopic:
    limit = topics.DEAD_LETTER_LIMIT if name == topics.DLQ else topics.RECORD_LIMIT
    return NewTopic(
        name,
        num_partitions=settings.partitions,
        replication_factor=settings.replication,
        config={
            "cleanup.policy": "delete",
            "retention.ms": str(_hours(name, settings) * _HOUR),
            # The limits are on key, value and headers; packing comes on top.
            "max.message.bytes": str(limit + 64 * 1024),
            "min.insync.replicas": str(max(1, settings.replication - 1)),
        },
    )


def _hours(name: str, settings: TopicSettings) -> int:
    if name in topics.PREVIEWS:
        return 1  # of no use after seconds, and patients' data
    # What a person may still want to look at or send again is kept longer than what flowed through.
    return settings.retention_hours * (4 if name in (topics.DLQ, topics.PROGRESS) else 1)

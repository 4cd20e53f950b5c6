"""What goes into a transaction, on the broker that librdkafka brings along for tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from confluent_kafka import KafkaError, Producer, TopicPartition

from pipeline import kafka
from pipeline.errors import FirthError, Misconfigured, Replaced, Unavailable
from pipeline.health import Pulse
from pipeline.records import Headers, Produced
from pipeline.service_settings import KafkaSettings
from pipeline.transactions import Transactions

HEADERS = [("batch_id", b"b1"), ("resource_id", b"r1")]


@pytest.fixture
def broker() -> Iterator[KafkaSettings]:
    """A broker in this process: it has transactions, and the topic `out`."""
    keeper = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    keeper.list_topics("out", timeout=10)  # makes it
    (found,) = keeper.list_topics(timeout=10).brokers.values()
    yield KafkaSettings(bootstrap_servers=f"{found.host}:{found.port}")
    keeper.flush()


@pytest.mark.parametrize("headers", [HEADERS, tuple(HEADERS), []])
def test_headers_are_any_sequence(broker: KafkaSettings, headers: Headers) -> None:
    reader = kafka.reader(broker)
    transactions = Transactions(broker, "stage-0", Pulse())
    transactions.open()
    transactions.write([Produced("out", b"key", b"value", headers)], [], reader.consumer_group_metadata())
    reader.assign([TopicPartition("out", partition, 0) for partition in range(4)])
    message = next(each for each in iter(partial(reader.poll, 10), None) if each.error() is None)
    assert (message.value(), message.headers() or []) == (b"value", list(headers))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._FENCED, Replaced),
        (KafkaError.PRODUCER_FENCED, Replaced),
        (KafkaError.INVALID_PRODUCER_ID_MAPPING, Unavailable),
        (KafkaError.INVALID_TXN_STATE, Unavailable),
        (KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Misconfigured),
    ],
)
def test_only_a_client_that_another_has_shut_out_is_replaced(code: int, kind: type[FirthError]) -> None:
    assert type(kafka.failure(KafkaError(code, "the end of a client", True))) is kind

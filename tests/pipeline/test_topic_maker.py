"""Topics as the settings say, on a real broker."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import pytest
from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

from pipeline import kafka as clients
from pipeline import topics
from pipeline.service_settings import KafkaSettings, TopicSettings
from pipeline.topic_maker import ensure_topics
from tests.pipeline.running import until
from tests.stack import Kafka

pytestmark = pytest.mark.stack

HOUR = 3600 * 1000
SETTINGS = TopicSettings.from_environment({"TOPIC_PARTITIONS": "3", "TOPIC_RETENTION_HOURS": "2"})


@pytest.fixture
def broker(kafka: Kafka) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Names that no topic has yet, by the usual ones: those of the session's stack are at work."""
    mark = uuid4().hex[:8]
    own = {name: f"{name}-{mark}" for name in topics.ALL}
    for constant in ("DLQ", "PROGRESS"):
        monkeypatch.setattr(topics, constant, own[getattr(topics, constant)])
    for constant in ("PREVIEWS", "ALL"):
        monkeypatch.setattr(topics, constant, tuple(own[name] for name in getattr(topics, constant)))
    return own


def numbers(broker: KafkaSettings, own: Mapping[str, str], setting: str) -> dict[str, int]:
    """What the broker has for a setting of each topic, by the topic's usual name."""
    wanted = {ConfigResource(ResourceType.TOPIC, name): usual for usual, name in own.items()}
    admin = clients.admin(broker)
    described = admin.describe_configs(list(wanted))
    return {wanted[resource]: int(future.result(10)[setting].value) for resource, future in described.items()}


def partitions(broker: KafkaSettings, own: Mapping[str, str]) -> dict[str, int]:
    """How many each topic has, by its usual name; a broker tells of new topics a moment after it made them."""
    admin = clients.admin(broker)

    def made() -> dict[str, int]:
        listed = admin.list_topics(timeout=10).topics
        all_there = listed.keys() >= set(own.values())
        return {usual: len(listed[name].partitions) for usual, name in own.items()} if all_there else {}

    return until(made)


def test_topics_have_the_partitions_and_the_retention_of_the_settings_and_sizes_of_their_own(
    broker: KafkaSettings, own: Mapping[str, str]
) -> None:
    ensure_topics(broker, SETTINGS)
    assert partitions(broker, own) == dict.fromkeys(own, 3)
    usual = dict.fromkeys(own, 2 * HOUR)
    longer = {"DLQ": 8 * HOUR, "progress": 8 * HOUR}
    previews = dict.fromkeys(("preview_trigger", "preview_extract", "preview_result"), HOUR)
    assert numbers(broker, own, "retention.ms") == {**usual, **longer, **previews}
    packing, mebibyte = 64 * 1024, 1024 * 1024
    sizes = dict.fromkeys(own, 8 * mebibyte + packing) | {"DLQ": 9 * mebibyte + packing}
    assert numbers(broker, own, "max.message.bytes") == sizes


def test_topics_that_are_there_are_left_as_they_are(broker: KafkaSettings, own: Mapping[str, str]) -> None:
    ensure_topics(broker, SETTINGS)
    before = partitions(broker, own)
    ensure_topics(broker, TopicSettings(partitions=5, retention_hours=100))
    assert partitions(broker, own) == before == dict.fromkeys(own, 3)
    assert numbers(broker, own, "retention.ms")["extract"] == 2 * HOUR

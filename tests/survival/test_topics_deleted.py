"""Topics that a person deletes while a batch runs: what was only there is lost, and said to be; all else goes on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from command.stack.trouble import Trouble
from pipeline import kafka as clients
from pipeline import topics
from pipeline.service_settings import KafkaSettings, TopicSettings
from tests.stack import RunningStack
from tests.survival.batches import Hospital, assert_exact, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

LOADERS = ("loader-fhir", "loader-mongodb")


@dataclass(frozen=True)
class Topics:
    """The broker's topics, as a person with Kafka's tools handles them."""

    admin: AdminClient

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result()

    def there(self, topic: str) -> bool:
        return topic in self.admin.list_topics(timeout=10).topics

    def assert_made_anew(self, topic: str) -> None:
        """It has our partitions and our limits, which are not the broker's own."""
        assert len(self.admin.list_topics(timeout=10).topics[topic].partitions) == TopicSettings().partitions
        resource = ConfigResource(ResourceType.TOPIC, topic)
        assert not self.admin.describe_configs([resource])[resource].result()["max.message.bytes"].is_default


@pytest.fixture
def by_hand(stack: RunningStack) -> Topics:
    return Topics(clients.admin(KafkaSettings(bootstrap_servers=stack.kafka.bootstrap_servers)))


def test_batches_say_what_they_lack_and_the_next_is_exact(
    hospital: Hospital, stack: RunningStack, by_hand: Topics
) -> None:
    # The readers sleep, so that each topic surely has something that nobody has read. The trigger is a single record:
    # a reader that sleeps may have been sent it, and does what it says when it wakes up.
    pause(stack, *LOADERS)
    transformed = hospital.start_batch()
    transformed.wait_for_some("transformer")
    pause(stack, "transformer")
    extracted = hospital.start_batch()
    extracted.wait_for_some("extractor")
    stack.kill("extractor")
    begun = hospital.start_batch("mimic-patient")
    wait_for(lambda: begun.now().state == "running", "its trigger")
    deleted = {topics.TRANSFORM: transformed, topics.EXTRACT: extracted, topics.TRIGGER: begun}
    for topic in deleted:
        by_hand.delete(topic)
    stack.repair()
    for topic, running in deleted.items():
        batch = running.wait()
        assert batch.state == "failed"
        assert [fault for resource in batch.resources if (fault := resource.fault) and f"on {topic}" in fault]
        by_hand.assert_made_anew(topic)
    assert_exact(hospital.start_batch("mimic-patient", "mimic-encounter"))


def pause(stack: RunningStack, *readers: str) -> None:
    for reader in readers:
        stack.pause(reader)


def test_topics_of_which_all_is_read_are_not_missed(hospital: Hospital, stack: RunningStack, by_hand: Topics) -> None:
    read = (topics.LOAD, topics.PROGRESS, topics.DLQ, topics.CANCEL, *topics.PREVIEWS)
    for topic in read:
        by_hand.delete(topic)
    wait_for(lambda: all(by_hand.there(topic) for topic in read), "the topics again")
    for topic in read:
        by_hand.assert_made_anew(topic)
    stack.start()  # ready again
    assert_exact(hospital.start_batch("mimic-patient", "mimic-encounter"))
    wait_for(lambda: is_previewed(hospital), "an answer to a preview")


def is_previewed(hospital: Hospital) -> bool:
    try:
        return len(hospital.api.preview("mimic-patient", [10_020]).instances) == 1
    except Trouble:  # the first is lost: by its answer the api finds out
        return False

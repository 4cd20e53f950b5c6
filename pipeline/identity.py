"""Which topic of a name it is: one that was deleted and made anew has another id, and offsets of the old one mean
nothing in it.

The client tells nobody. It goes on at the offset where it was, and what the new topic has before that is passed over
(librdkafka 2.16). So a worker asks itself, after it has taken records and before their offsets are committed; and
these say of which topic they are, should it be made anew just between the two.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicCollection, TopicPartition

from pipeline import kafka
from pipeline.errors import Unavailable
from pipeline.service_settings import KafkaSettings

_ANSWER: Final = 5.0  # seconds for the broker to describe a topic


class TopicChanged(Unavailable):
    """The topic was deleted and made anew: what was taken belongs to no topic any more."""


class Identity:
    """The identity of the topic that a worker reads, as it was when its partitions were settled."""

    def __init__(self, broker: KafkaSettings, topic: str) -> None:
        self._admin = kafka.admin(broker)
        self._topic = topic
        self._id = ""

    def ask(self) -> Future[Any]:
        """Have the broker asked; `note` and `check` wait for the answer."""
        return self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=_ANSWER)[self._topic]

    def note(self, asked: Future[Any]) -> None:
        """It is this topic from now on. Raises KafkaException where there is none, or no answer."""
        self._id = str(asked.result().topic_id)

    def check(self, asked: Future[Any]) -> None:
        """Raises TopicChanged where it is another topic by now, and Unavailable where there is none, or no answer."""
        try:
            now = str(asked.result().topic_id)
        except KafkaException as error:
            raise kafka.failure(error, place=f"topic {self._topic}: ") from None
        if now != self._id:
            raise TopicChanged(f"topic {self._topic} was deleted and made anew: what was only in the old one is lost")

    def offset(self, partition: int, offset: int) -> TopicPartition:
        """An offset to commit, which says of which topic it is."""
        return TopicPartition(self._topic, partition, offset, metadata=self._id)

    def start(self, committed: TopicPartition) -> TopicPartition:
        """Where to begin, by what the group has committed."""
        # Offsets of versions that did not know of ids say nothing, and are taken at their word.
        ours = committed.offset >= 0 and committed.metadata in (None, "", self._id)
        return TopicPartition(self._topic, committed.partition, committed.offset if ours else OFFSET_BEGINNING)

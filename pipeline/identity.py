"""Which topic of a name it is: one that was deleted and made anew has another id, and offsets of the old one mean
nothing in it.

The client tells nobody. It goes on at the offset where it was, and what the new topic has before that is passed over
(librdkafka 2.16). So a worker asks itself, after it has taken records and before their offsets are committed; and
these say of which topic they are, should it be made anew just between the two. Where nothing comes it asks from time
to time: a new topic may have as many records as were read of the old one, and wait for ever to be noticed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicCollection, TopicPartition

from pipeline import kafka
from pipeline.errors import StartOver, Unavailable
from pipeline.service_settings import KafkaSettings

_ANSWER: Final = 5.0  # seconds for the broker to describe a topic
_LOOK_AGAIN: Final = 5.0  # seconds between two looks at topics of which nothing comes


class TopicChanged(StartOver):
    """The topic was deleted and made anew: what was taken belongs to no topic any more."""


class Identities:
    """The identity of each topic that a worker reads, as it was when its partitions were settled."""

    def __init__(self, broker: KafkaSettings) -> None:
        self._admin = kafka.admin(broker)
        self._ids: dict[str, str] = {}
        self._looked = time.monotonic()
        self._asked: Mapping[str, Future[Any]] = {}

    def ask(self, topics: Collection[str]) -> Mapping[str, Future[Any]]:
        """Have the broker asked for these; `note` and `check` wait for the answers."""
        return self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=_ANSWER)

    def note(self, asked: Mapping[str, Future[Any]]) -> None:
        """They are these topics from now on. Raises KafkaException where one is not there, or without an answer, and
        TopicChanged where one was another topic before: a client that has read that may never read this one, if the
        broker was started since; it waits for a leader's later epoch (librdkafka 2.16)."""
        self._ids = {topic: str(answer.result().topic_id) for topic, answer in asked.items()} | self._ids
        self.check(asked)

    def check(self, asked: Mapping[str, Future[Any]]) -> None:
        """Raises TopicChanged where one is another topic by now, and Unavailable where it is not there, or without an
        answer."""
        for topic, answer in asked.items():
            try:
                now = str(answer.result().topic_id)
            except KafkaException as error:
                raise kafka.failure(error, place=f"topic {topic}: ") from None
            if now != self._ids[topic]:
                raise TopicChanged(f"topic {topic} was deleted and made anew: what was only in the old one is lost")

    def look(self) -> None:
        """Ask now and then, and wait for no answer. Raises TopicChanged; a topic that is not there is waited for."""
        if time.monotonic() - self._looked >= _LOOK_AGAIN and self._ids:
            self._looked = time.monotonic()
            self._asked = self.ask(self._ids)
        elif self._asked and all(answer.done() for answer in self._asked.values()):
            asked, self._asked = self._asked, {}
            try:
                self.check(asked)
            except TopicChanged:
                raise
            except Unavailable:
                return  # it tells whoever needs more of the broker

    def offset(self, topic: str, partition: int, offset: int) -> TopicPartition:
        """An offset to commit, which says of which topic it is."""
        return TopicPartition(topic, partition, offset, metadata=self._ids[topic])

    def start(self, committed: TopicPartition) -> TopicPartition:
        """Where to begin, by what the group has committed."""
        # Offsets of versions that did not know of ids say nothing, and are taken at their word.
        ours = committed.offset >= 0 and committed.metadata in (None, "", self._ids[committed.topic])
        return TopicPartition(committed.topic, committed.partition, committed.offset if ours else OFFSET_BEGINNING)

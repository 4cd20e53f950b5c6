"""Where a consumer group stands in a topic, asked by one who is no member of it.

By a consumer with the group's name that never joins it: the admin client, which could be asked too, takes the whole
process with it when the group's coordinator is not there yet or elsewhere, as at each start of a broker (librdkafka
2.16, a null pointer; see 5040).
"""

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaException, TopicPartition

from pipeline import kafka
from pipeline.service_settings import KafkaSettings

_ANSWER: Final = 5.0  # seconds to wait for one answer of the broker


class Standing:
    """What a group has committed. Keeps its connections until it is closed. One thread."""

    def __init__(self, broker: KafkaSettings, group: str) -> None:
        self._consumer = kafka.onlooker(broker, group=group)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def of(self, topic: str) -> dict[int, int]:
        """The offset at which the group goes on, for each partition; -1 for those that it has not begun with.

        Raises KafkaException where the broker does not say.
        """
        partitions = self._consumer.list_topics(topic, timeout=_ANSWER).topics[topic].partitions
        places = self._consumer.committed([TopicPartition(topic, number) for number in partitions], _ANSWER)
        for place in places:
            if place.error is not None:
                raise KafkaException(place.error)
        return {place.partition: max(-1, place.offset) for place in places}

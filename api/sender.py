"""Records from PostgreSQL into Kafka, each exactly once.

In one Kafka transaction a sender writes a number of records, and commits the position of the last one as an
offset of a consumer group that has no members and exists for such notes alone. Making a sender ends the
transaction of the one before and fences that one for good; then it reads the note: up to there all is sent,
and of the rest nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaException, TopicPartition

from pipeline import kafka
from pipeline.errors import Unavailable
from pipeline.records import Produced
from pipeline.service_settings import KafkaSettings
from pipeline.transactions import send_offsets

ANSWER: Final = 10.0  # seconds to wait for one answer of the broker


class Sender:
    """The only one that sends under `name`. After any exception make a new one. Each kind of record is noted
    under the name of some topic, at which nothing else of the group looks."""

    def __init__(self, broker: KafkaSettings, name: str) -> None:
        self._notes = kafka.consumer(broker, group=name, session_timeout=10)
        self._producer = kafka.producer(broker, transactional_id=name)
        try:
            self._producer.init_transactions(ANSWER)
        except KafkaException as error:
            raise kafka.failure(error) from None

    def sent_upto(self, topic: str) -> int:
        """The position of the last record sent that was noted under `topic`, 0 if there is none."""
        try:
            (note,) = self._notes.committed([TopicPartition(topic, 0)], timeout=ANSWER)
        except KafkaException as error:
            raise kafka.failure(error) from None
        return max(0, note.offset)

    def send(self, records: Sequence[Produced], *, note: tuple[str, int] | None = None) -> None:
        """Write these records in this order, and `note`: a topic, and the position of the last of them.

        Raises Unavailable, Replaced, Misconfigured.
        """
        try:
            self._producer.begin_transaction()
            for topic, key, value, headers in records:
                self._producer.produce(topic, value, key, headers=list(headers))
            if note is not None:
                place = TopicPartition(note[0], 0, note[1])
                send_offsets(self._producer, [place], self._notes.consumer_group_metadata(), limit=ANSWER)
            self._producer.commit_transaction(ANSWER)
        except KafkaException as error:
            raise kafka.failure(error) from None
        except TimeoutError:
            raise Unavailable("broker: does not take the note of what was sent") from None
        except BufferError:
            raise Unavailable("broker: takes no records at the moment") from None

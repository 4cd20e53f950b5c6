"""Sending the triggers of batches, each exactly once.

`POST /batch` writes the batch into PostgreSQL and nothing into Kafka, so there is no moment at which one
knows of it and the other doesn't. The leader (`api.leader`) then sends what is not sent yet:

1. It gives the new triggers positions, ever larger, in the order of their batches.
2. In one Kafka transaction it writes a number of triggers, and commits the last one's position as the
   offset of a consumer group that has no members and exists for this note alone.
3. It marks them as sent in PostgreSQL, which only saves work: the truth is the note.

A leader begins with `init_transactions`, which ends its predecessor's transaction and fences it for good,
then reads the note: up to there all is sent, and of the rest nothing is. So a kill at any point neither
loses a trigger nor sends it twice. The group is named for this installation of the database, and positions
are microseconds of the clock at least, so that a database made anew or restored from a backup does not find
its new triggers below an old note.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from confluent_kafka import KafkaException, TopicPartition
from sqlalchemy import Connection, exists, func, select, text, update

from api import state
from pipeline import kafka, logs
from pipeline.codec import Codec
from pipeline.errors import Unavailable
from pipeline.events import ExtractorTrigger
from pipeline.records import BATCH_ID, RESOURCE_ID
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import TRIGGER

log = logs.get(__name__)

CHANNEL: Final = "firth_triggers"
MOST: Final = 1_000  # triggers a transaction
ANSWER: Final = 10.0  # seconds to wait for one answer of the broker
LOOK_AGAIN: Final = 1.0  # seconds, should a notification be missed


def wake(connection: Connection) -> None:
    """Tell the leader, once the current transaction is committed, that there is something to send."""
    connection.execute(select(func.pg_notify(CHANNEL, "")))


class Dispatch:
    """The work of the leader among api processes: see the module."""

    def __init__(self, broker: KafkaSettings, registry: RegistrySettings) -> None:
        self._broker = broker
        self._registry = registry

    def __call__(self, connection: Connection, stopping: threading.Event) -> None:
        """Send triggers until `stopping`. Raises Unavailable, Replaced or SQLAlchemyError; begin anew then."""
        codec = Codec.connect(self._registry, patience=0)
        with connection.begin():
            connection.execute(text(f"LISTEN {CHANNEL}"))
            name = connection.execute(select(state.installation.c.id)).scalar_one()
        sender = Sender(self._broker, codec, f"firth-api-triggers-{name}")
        mark_sent(connection, sender.sent_upto())
        while not stopping.is_set():
            waiting = positioned(connection)
            if waiting:
                sender.send(waiting)
                mark_sent(connection, waiting[-1].trigger_position)
                log.info("triggers sent", count=len(waiting))
            else:
                _await_notification(connection)


class Sender:
    """Writes triggers and the note of how far they go in one transaction. Making one fences all others."""

    def __init__(self, broker: KafkaSettings, codec: Codec, name: str) -> None:
        self._codec = codec
        self._notes = kafka.consumer(broker, group=name, session_timeout=10)
        self._producer = kafka.producer(broker, transactional_id=name)
        try:
            self._producer.init_transactions(ANSWER)
        except KafkaException as error:
            raise kafka.failure(error) from None

    def sent_upto(self) -> int:
        """The position of the last trigger sent, 0 if there is none."""
        try:
            (note,) = self._notes.committed([TopicPartition(TRIGGER, 0)], timeout=ANSWER)
        except KafkaException as error:
            raise kafka.failure(error) from None
        return max(0, note.offset)

    def send(self, triggers: Sequence[Any]) -> None:
        """Write these rows of `batch_resources`, in this order. After any exception make a new sender."""
        try:
            self._producer.begin_transaction()
            for row in triggers:
                self._producer.produce(
                    TRIGGER,
                    key=f"{row.batch_id}:{row.resource_id}".encode(),
                    value=self._codec.encode(ExtractorTrigger(row.batch_id, row.resource_id, row.mapping_hash)),
                    headers=[(BATCH_ID, row.batch_id.encode()), (RESOURCE_ID, row.resource_id.encode())],
                )
            note = TopicPartition(TRIGGER, 0, triggers[-1].trigger_position)
            self._producer.send_offsets_to_transaction([note], self._notes.consumer_group_metadata(), ANSWER)
            self._producer.commit_transaction(ANSWER)
        except KafkaException as error:
            raise kafka.failure(error) from None
        except BufferError:
            raise Unavailable("broker: takes no triggers at the moment") from None


def positioned(connection: Connection) -> list[Any]:
    """The triggers to send next, in order, after giving the new ones their positions."""
    ours, batches = state.batch_resources, state.batches
    with connection.begin():
        new = connection.execute(
            select(ours.c.batch_id, ours.c.resource_id)
            .join(batches, batches.c.id == ours.c.batch_id)
            .where(ours.c.trigger_position.is_(None))
            .order_by(batches.c.position, ours.c.ordinal)
        ).all()
        if new:
            last = connection.execute(select(func.coalesce(func.max(ours.c.trigger_position), 0))).scalar_one()
            first = max(last + 1, time.time_ns() // 1000)
            for position, row in enumerate(new, start=first):
                where = (ours.c.batch_id == row.batch_id) & (ours.c.resource_id == row.resource_id)
                connection.execute(update(ours).where(where).values(trigger_position=position))
        query = select(ours).where(~ours.c.triggered).order_by(ours.c.trigger_position).limit(MOST)
        return list(connection.execute(query))


def mark_sent(connection: Connection, upto: int) -> None:
    """Note in PostgreSQL what is sent, and that batches of which all is sent are running."""
    ours, batches = state.batch_resources, state.batches
    waiting = exists().where(ours.c.batch_id == batches.c.id, ~ours.c.triggered)
    with connection.begin():
        sent = ours.c.trigger_position <= upto
        connection.execute(update(ours).where(~ours.c.triggered, sent).values(triggered=True))
        connection.execute(update(batches).where(batches.c.state == "starting", ~waiting).values(state="running"))


def _await_notification(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    try:
        for _ in raw.notifies(timeout=LOOK_AGAIN, stop_after=1):
            pass
    except psycopg.OperationalError:
        raise Unavailable("PostgreSQL does not answer") from None

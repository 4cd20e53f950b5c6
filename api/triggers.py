"""Telling the stages what was asked for: triggers of batches, dead letters to try again, cancellations.

A request writes what it asks for into PostgreSQL and nothing into Kafka, so there is no moment at which one
knows of it and the other doesn't. The leader (`api.leader`) then sends what is not sent yet:

1. It gives what is new a position, ever larger, in the order in which it is to be sent.
2. It sends by `api.sender`, which notes the last position in the same Kafka transaction.
3. It marks as sent in PostgreSQL, which only saves work: the truth is the note, which a new leader reads first.

So a kill at any point neither loses a trigger nor sends it twice. The sender is named for this installation of
the database, and positions are microseconds of the clock at least, so that a database made anew or restored
from a backup does not find its new triggers below an old note. A cancellation does no harm twice, and needs no
position.

Of one batch, no more than a few resources are extracted at once: another batch waits for a few chunks in its
partition, not for one of each of fifty resources.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import Column, Connection, and_, exists, func, select, text, update

from api import state
from api.sender import Sender
from pipeline import logs
from pipeline.codec import Codec
from pipeline.dead_letters import ATTEMPT, SINK
from pipeline.errors import Unavailable
from pipeline.events import BatchCancelled, ExtractorTrigger
from pipeline.live import LIVE_STAGE
from pipeline.records import BATCH_ID, RESOURCE_ID, Produced
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import CANCEL, DLQ, LIVE_RETRY, TRIGGER

log = logs.get(__name__)

CHANNEL: Final = "firth_triggers"
MOST: Final = 1_000  # triggers a transaction
MOST_RETRIES: Final = 100  # dead letters a transaction: each may be of some megabytes
AT_ONCE: Final = 8  # resources of one batch that are extracted at the same time
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
        """Send until `stopping`. Raises Unavailable, Replaced or SQLAlchemyError; begin anew then."""
        codec = Codec.connect(self._registry, patience=0)
        with connection.begin():
            connection.execute(text(f"LISTEN {CHANNEL}"))
            name = connection.execute(select(state.installation.c.id)).scalar_one()
        sender = Sender(self._broker, f"firth-api-triggers-{name}")
        mark_sent(connection, sender.sent_upto(TRIGGER))
        mark_retried(connection, sender.sent_upto(DLQ))
        while not stopping.is_set():
            cancelled = tell_cancelled(connection, sender, codec)
            triggers = send_triggers(connection, sender, codec)
            retries = send_retries(connection, sender)
            if not cancelled + triggers + retries:
                _await_notification(connection)


def send_triggers(connection: Connection, sender: Sender, codec: Codec) -> int:
    """Send the next triggers; how many they were."""
    waiting = positioned(connection)
    if waiting:
        last = waiting[-1].trigger_position
        sender.send([trigger(row, codec) for row in waiting], note=(TRIGGER, last))
        mark_sent(connection, last)
        log.info("triggers sent", count=len(waiting))
    return len(waiting)


def positioned(connection: Connection) -> list[Any]:
    """The triggers to send next, in order, after giving those that may begin their positions."""
    ours, batches = state.batch_resources, state.batches
    with connection.begin():
        # Locked, so that nobody who cancels the batch meanwhile takes them for unsent.
        new = connection.execute(
            select(ours.c.batch_id, ours.c.resource_id)
            .join(batches, batches.c.id == ours.c.batch_id)
            .where(ours.c.trigger_position.is_(None), ours.c.ended_at.is_(None))
            .order_by(batches.c.position, ours.c.ordinal)
            .with_for_update(of=ours)
        ).all()
        running = ours.c.trigger_position.is_not(None) & ~ours.c.extraction_ended
        query = select(ours.c.batch_id, func.count().label("number")).where(running).group_by(ours.c.batch_id)
        under_way = Counter({row.batch_id: row.number for row in connection.execute(query)})
        position = _next_position(connection, ours.c.trigger_position)
        for row in new:
            if under_way[row.batch_id] >= AT_ONCE:
                continue
            under_way[row.batch_id] += 1
            where = (ours.c.batch_id == row.batch_id) & (ours.c.resource_id == row.resource_id)
            connection.execute(update(ours).where(where).values(trigger_position=position))
            position += 1
        query = select(ours).where(~ours.c.triggered, ours.c.trigger_position.is_not(None))
        return list(connection.execute(query.order_by(ours.c.trigger_position).limit(MOST)))


def trigger(row: Any, codec: Codec) -> Produced:
    """The trigger of a row of `batch_resources`."""
    event = ExtractorTrigger(row.batch_id, row.resource_id, row.mapping_hash)
    headers = ((BATCH_ID, row.batch_id.encode()), (RESOURCE_ID, row.resource_id.encode()))
    return Produced(TRIGGER, f"{row.batch_id}:{row.resource_id}".encode(), codec.encode(event), headers)


def mark_sent(connection: Connection, upto: int) -> None:
    """Note in PostgreSQL what is sent, and that batches of which something is sent are running."""
    ours, batches = state.batch_resources, state.batches
    sent_one = exists().where(ours.c.batch_id == batches.c.id, ours.c.triggered)
    with connection.begin():
        sent = ours.c.trigger_position <= upto
        connection.execute(update(ours).where(~ours.c.triggered, sent).values(triggered=True))
        connection.execute(update(batches).where(batches.c.state == "starting", sent_one).values(state="running"))


def send_retries(connection: Connection, sender: Sender) -> int:
    """Send the next dead letters again; how many they were."""
    waiting = positioned_retries(connection)
    if waiting:
        last = waiting[-1].retry_position
        sender.send([again(row) for row in waiting], note=(DLQ, last))
        mark_retried(connection, last)
        log.info("dead letters sent again", count=len(waiting))
    return len(waiting)


def positioned_retries(connection: Connection) -> list[Any]:
    """The dead letters to send next, the oldest first, after giving the new ones their positions."""
    ours, letters = state.retries, state.dead_letters
    with connection.begin():
        new = (
            select(ours.c.dead_letter_id, func.row_number().over(order_by=letters.c.position).label("number"))
            .join(letters, letters.c.id == ours.c.dead_letter_id)
            .where(~ours.c.sent, ours.c.position.is_(None))
            .subquery()
        )
        first = _next_position(connection, ours.c.position)
        numbered = update(ours).where(ours.c.dead_letter_id == new.c.dead_letter_id)
        connection.execute(numbered.values(position=first + new.c.number))
        query = (
            select(letters, ours.c.position.label("retry_position"))
            .join(ours, and_(ours.c.dead_letter_id == letters.c.id, ~ours.c.sent))
            .order_by(ours.c.position)
            .limit(MOST_RETRIES)
        )
        return list(connection.execute(query))


def again(letter: Any) -> Produced:
    """The record of a dead letter, as it was, to be tried once more by the stage and the sink that refused it."""
    headers = [(name, None if value is None else base64.b64decode(value)) for name, value in letter.headers]
    headers = [(name, value) for name, value in headers if name not in (ATTEMPT, SINK)]
    headers.append((ATTEMPT, str(letter.attempt + 1).encode()))
    if letter.sink is not None:
        headers.append((SINK, letter.sink.encode()))
    # A topic of rows is a connector's, and others read it, too.
    topic = LIVE_RETRY if letter.stage == LIVE_STAGE else letter.topic
    return Produced(topic, letter.key, letter.value, headers)


def mark_retried(connection: Connection, upto: int) -> None:
    """Note in PostgreSQL which dead letters are sent."""
    ours = state.retries
    with connection.begin():
        connection.execute(update(ours).where(~ours.c.sent, ours.c.position <= upto).values(sent=True))


def tell_cancelled(connection: Connection, sender: Sender, codec: Codec) -> int:
    """Tell the stages of cancelled batches; of how many."""
    ours = state.cancellations
    with connection.begin():
        batch_ids: Sequence[str] = connection.execute(select(ours.c.batch_id).where(~ours.c.told)).scalars().all()
    if batch_ids:
        now = time.time_ns() // 1_000_000
        told = [Produced(CANCEL, one.encode(), codec.encode(BatchCancelled(one, now))) for one in batch_ids]
        sender.send(told)
        with connection.begin():
            connection.execute(update(ours).where(ours.c.batch_id.in_(batch_ids)).values(told=True))
        log.info("cancellations told", count=len(batch_ids))
    return len(batch_ids)


def _next_position(connection: Connection, column: Column[Any]) -> int:
    last: int = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
    return max(last + 1, time.time_ns() // 1000)


def _await_notification(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    try:
        for _ in raw.notifies(timeout=LOOK_AGAIN, stop_after=1):
            pass
    except psycopg.OperationalError:
        raise Unavailable("PostgreSQL does not answer") from None

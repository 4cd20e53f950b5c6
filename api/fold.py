"""Folding `progress` and `DLQ` into PostgreSQL: what the stages say, added up where it can be asked for.

One transaction holds the sums, the dead letters and the offsets they were read up to, on the connection
that holds the leader's lock (`api.leader`). So a fold happens once, whenever the process is killed: either
all of it is there, or the next leader reads the same records again.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from confluent_kafka import Message
from sqlalchemy import Connection, delete, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from api import binding_counts, state, triggers
from api.counting import (
    EXTRACTOR,
    Delta,
    ResourceKey,
    Step,
    Tally,
    added,
    end_batches,
    settled,
    summed,
    tallied,
    tallies_of,
)
from api.credentials import forget_credentials
from api.losses import Losses
from api.reader import Place, Reader
from pipeline import logs, metrics
from pipeline.codec import Codec, E
from pipeline.errors import InvalidRecord
from pipeline.events import DeadLetter, Progress
from pipeline.live import topic_of
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import DLQ, PROGRESS

log = logs.get(__name__)

MOST: Final = 5_000  # records a fold; their bytes are bounded by what the consumer fetches ahead
WAIT: Final = 0.5  # seconds for the first record of a fold
GATHER: Final = 0.2  # seconds for more: at most five folds a second, however small their records come
LOOK_AGAIN: Final = 10.0  # seconds between two looks for new partitions, and topics made anew
TIDY: Final = 3600.0  # seconds between two tidyings


class Fold:
    """The work of the leader among api processes: see the module."""

    def __init__(self, broker: KafkaSettings, registry: RegistrySettings, *, dead_letter_days: int) -> None:
        self._broker = broker
        self._registry = registry
        self._kept_for = timedelta(days=dead_letter_days)

    def __call__(self, connection: Connection, stopping: threading.Event) -> None:
        """Fold until `stopping`. Raises Unavailable or SQLAlchemyError when Kafka or PostgreSQL is away."""
        codec = Codec.connect(self._registry, patience=0)
        reader = Reader(self._broker, (PROGRESS, DLQ))
        metrics.FOLDING.set(1)
        try:
            self._fold(connection, stopping, reader, codec)
        finally:
            metrics.FOLDING.set(0)
            reader.close()

    def _fold(self, connection: Connection, stopping: threading.Event, reader: Reader, codec: Codec) -> None:
        looked = tidied = float("-inf")
        unknown = 0
        losses = Losses(self._broker)
        while not stopping.is_set():
            now = time.monotonic()
            if now - looked > LOOK_AGAIN:
                reader.assign(kept_offsets(connection))
                losses.look(connection, reader.offsets_of(PROGRESS))
                looked = time.monotonic()
                if unknown:  # after a restore there may be thousands a second: told in sum
                    log.warning("progress of unknown batches", count=unknown)
                    unknown = 0
            if now - tidied > TIDY:
                tidy(connection, dead_letters_before=datetime.now(UTC) - self._kept_for)
                tidied = now
            messages = reader.read(most=MOST, wait=WAIT, gather=GATHER)
            if messages:
                reader.check()
                unknown += fold(connection, messages, reader, codec)
            else:
                _still_leading(connection)


def kept_offsets(connection: Connection) -> dict[Place, int]:
    """How far every partition is folded in."""
    with connection.begin():
        rows = connection.execute(select(state.consumed)).all()
    return {(row.topic_id, row.partition): row.next_offset for row in rows}


def fold(connection: Connection, messages: Sequence[Message], reader: Reader, codec: Codec) -> int:
    """Take in these records and how far they go, in one transaction. Returns what `add_progress` does."""
    progress = decoded(Progress, (m for m in messages if m.topic() == PROGRESS), codec)
    letters = decoded(DeadLetter, (m for m in messages if m.topic() == DLQ), codec)
    touched = {reader.place(message) for message in messages}
    offsets = {place: offset for place, offset in reader.next_offsets().items() if place in touched}
    deltas = summed(progress)
    live = {key: delta for key, delta in deltas.items() if topic_of(key[0]) is not None}
    with connection.begin():
        unknown = add_progress(connection, {key: delta for key, delta in deltas.items() if key not in live})
        binding_counts.add(connection, live)
        add_dead_letters(connection, letters)
        _keep_offsets(connection, offsets, reader)
    metrics.FOLDED.inc(len(messages))
    return unknown


def decoded(event: type[E], messages: Iterable[Message], codec: Codec) -> list[E]:
    """The events of these records. What is none was written by a stranger: told, counted, left out.

    Raises Unavailable when the registry is needed and away: nothing is left out for that.
    """
    events: list[E] = []
    for message in messages:
        try:
            events.append(codec.decode(event, message.value()))
        except InvalidRecord as error:
            metrics.FOREIGN_RECORDS.labels(message.topic() or "").inc()
            log.warning(
                "record skipped", sentence=str(error),
                topic=message.topic(), partition=message.partition(), offset=message.offset(),
            )  # fmt: skip
    return events


def add_progress(connection: Connection, deltas: Mapping[ResourceKey, Delta]) -> int:
    """Add `deltas` to the counts, and end the resources and batches that are over. Within a transaction.

    Returns how many of them are of batches that this database doesn't know: it was made anew, or restored.
    """
    resources = _locked(connection, deltas)
    unknown = len(deltas) - len(resources)
    metrics.UNKNOWN_BATCHES.inc(unknown)
    if not resources:
        return unknown
    _add_counts(connection, {key: deltas[key] for key in resources})
    batch_ids = {batch_id for batch_id, _ in resources}
    tallies = tallies_of(connection, batch_ids)
    for key, row in resources.items():
        _update_resource(connection, row, deltas[key], tallies.get(key, {}))
    end_batches(connection, batch_ids)
    if any(deltas[key].extraction_ended for key in resources):
        triggers.wake(connection)  # the batch's next resource may begin
    return unknown


def _locked(connection: Connection, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Any]:
    """The rows of these resources, with the sinks of their batch; unknown ones are left out."""
    ours, batches = state.batch_resources, state.batches
    cancelled = exists().where(state.cancellations.c.batch_id == ours.c.batch_id).label("cancelled")
    query = (
        select(ours, batches.c.sinks, cancelled)
        .join(batches, batches.c.id == ours.c.batch_id)
        # An id with a NUL is none of ours, and PostgreSQL would refuse the whole query for it.
        .where(tuple_(ours.c.batch_id, ours.c.resource_id).in_([key for key in keys if "\x00" not in "".join(key)]))
        # Of these rows alone, before those of their batches: as everybody else who locks both.
        .with_for_update(of=ours)
    )
    return {(row.batch_id, row.resource_id): row for row in connection.execute(query)}


def _add_counts(connection: Connection, deltas: Mapping[ResourceKey, Delta]) -> None:
    rows = [
        {"batch_id": batch_id, "resource_id": resource_id} | tallied(step, tally)
        for (batch_id, resource_id), delta in deltas.items()
        for step, tally in delta.tallies.items()
    ]
    counts = state.counts
    new = insert(counts)
    connection.execute(new.on_conflict_do_update(index_elements=counts.primary_key, set_=added(counts, new)), rows)


def _update_resource(connection: Connection, row: Any, delta: Delta, tallies: Mapping[Step, Tally]) -> None:
    over = row.extraction_ended or delta.extraction_ended
    total = row.total if delta.total is None else delta.total
    if over and total is None:  # the extractor gave up without having counted: what it did is all there is
        total = tallies.get((EXTRACTOR, ""), Tally()).finished
    fault = row.fault or state.printable(delta.fault)
    values: dict[str, object] = {"total": total, "fault": fault, "extraction_ended": over}
    if row.ended_at is None and over and settled(tallies, row.sinks, total=total):
        ended = "failed" if fault else "cancelled" if row.cancelled else "completed"
        values |= {"state": ended, "ended_at": moment(delta.at)}
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    ours = state.batch_resources
    where = (ours.c.batch_id == row.batch_id) & (ours.c.resource_id == row.resource_id)
    connection.execute(update(ours).where(where).values(values))


def add_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters; one that is there already, refused twice, is left as it is."""
    if not letters:
        return
    statement = insert(state.dead_letters).on_conflict_do_nothing(index_elements=["id"])
    connection.execute(statement, [_dead_letter_row(letter) for letter in letters])


def _dead_letter_row(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": state.printable(letter.id),
        "stage": state.printable(letter.stage),
        "sink": state.printable(letter.sink),
        "reason": state.printable(letter.reason),
        "sentence": state.printable(letter.sentence),
        "details": state.printable(letter.details),
        "batch_id": state.printable(letter.batch_id),
        "resource_id": state.printable(letter.resource_id),
        "topic": state.printable(letter.topic),
        "partition": letter.partition,
        "offset": letter.offset,
        "attempt": letter.attempt,
        "recorded_at": moment(letter.timestamp),
        "failed_at": moment(letter.failed_at),
        "key": letter.key,
        "value": letter.value,
        "headers": [
            [state.printable(name), None if value is None else base64.b64encode(value).decode()]
            for name, value in letter.headers
        ],
    }


def moment(milliseconds: int) -> datetime:
    """A time in milliseconds since the epoch; one that no calendar has (a broken clock) becomes now."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.now(UTC)


def _keep_offsets(connection: Connection, offsets: Mapping[Place, int], reader: Reader) -> None:
    rows = [
        {"topic_id": place[0], "partition": place[1], "topic": reader.topic(place), "next_offset": offset}
        for place, offset in offsets.items()
    ]
    statement = insert(state.consumed)
    after = {"next_offset": statement.excluded.next_offset}
    connection.execute(statement.on_conflict_do_update(index_elements=state.consumed.primary_key, set_=after), rows)


def _still_leading(connection: Connection) -> None:
    """Raises SQLAlchemyError when the connection, and with it the leader's lock, is gone."""
    with connection.begin():
        connection.execute(select(1))


def tidy(connection: Connection, *, dead_letters_before: datetime) -> None:
    """Forget old dead letters, and the credentials of deleted mappings that no batch needs any more."""
    with connection.begin():
        connection.execute(delete(state.dead_letters).where(state.dead_letters.c.failed_at < dead_letters_before))
        forget_credentials(connection)

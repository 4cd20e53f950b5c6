"""Records that are nowhere: what a batch would wait for in vain after a topic was deleted, or after retention took
what nobody had read yet.

A resource whose counts stand still is looked for: before every stage, from where its group stands, and in the
progress that is not folded yet. While a record of it is found, something will come of it, now or when a server is
back. Where none is, nothing will: the resource is given up, and says what it lacks and where that was lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import Connection, exists, func, select, tuple_, update

from api import state, triggers
from api.counting import EXTRACTOR, LOADER, TRANSFORMER, ResourceKey, Step, Tally, end_batches, tallies_of
from api.reader import EARLIEST, LATEST, bounds
from pipeline import kafka, logs
from pipeline.dead_letters import header_text
from pipeline.errors import FirthError, Unavailable
from pipeline.records import BATCH_ID, RESOURCE_ID
from pipeline.service_settings import KafkaSettings
from pipeline.standing import Standing
from pipeline.topics import EXTRACT, TRANSFORM, TRIGGER

log = logs.get(__name__)

Offsets: TypeAlias = Mapping[tuple[str, int], int]  # by topic and partition

STANDSTILL: Final = 30.0  # seconds without a change after which a resource is looked for; then twice as many
MOST: Final = 100_000  # records to look through: where there are more, whoever is to take them is not through
ANSWER: Final = 5.0  # seconds to wait for one answer of the broker


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How far a resource is that is not over."""

    sinks: Sequence[str]
    extraction_ended: bool
    tallies: Mapping[Step, Tally]

    def lack(self) -> str:
        """What will not come, for a person."""
        extractor = self.tallies.get((EXTRACTOR, ""), Tally())
        transformer = self.tallies.get((TRANSFORMER, ""), Tally())
        lost = [] if self.extraction_ended else [f"the extraction, after {extractor.finished:,} records, on {TRIGGER}"]
        if extractor.succeeded > transformer.finished:
            lost.append(f"{extractor.succeeded - transformer.finished:,} records on {EXTRACT}")
        for sink in self.sinks:
            loaded = self.tallies.get((LOADER, sink), Tally()).finished
            if transformer.succeeded > loaded:
                lost.append(f"{transformer.succeeded - loaded:,} records for {sink} on {TRANSFORM}")
        return (
            f"lost on the way: {', '.join(lost) or 'what was told of its progress'}: a topic was deleted or emptied "
            "before all of it was read: start a new batch"
        )


@dataclass(slots=True)
class _Standstill:
    """A resource as it is since a moment, and when to look for it."""

    resource: UnderWay
    since: float
    look_at: float


class Losses:
    """Finds and ends resources of which nothing more will come. For the one process that folds."""

    def __init__(
        self, broker: KafkaSettings, *, standstill: float = STANDSTILL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._broker, self._standstill, self._clock = broker, standstill, clock
        self._known: dict[ResourceKey, _Standstill] = {}

    def look(self, connection: Connection, folded: Offsets) -> None:
        """Give up what is lost. `folded` tells how far each partition of `progress` is folded in."""
        with connection.begin():
            due = self._due(under_way(connection))
        if not due:
            return
        try:
            found = found_in_topics(self._broker, due, folded)
        except FirthError as error:
            log.warning("what stands still was not looked for", sentence=str(error), count=len(due))
            found = set(due)
        now = self._clock()
        for key in found:
            known = self._known[key]
            known.look_at = now + max(self._standstill, now - known.since)
        give_up(connection, {key: resource for key, resource in due.items() if key not in found})

    def _due(self, resources: Mapping[ResourceKey, UnderWay]) -> dict[ResourceKey, UnderWay]:
        """Those that have stood still for long enough to be looked for."""
        now = self._clock()
        before, self._known = self._known, {}
        for key, resource in resources.items():
            known = before.get(key)
            if known is None or known.resource != resource:
                known = _Standstill(resource, now, now + self._standstill)
            self._known[key] = known
        return {key: known.resource for key, known in self._known.items() if now >= known.look_at}


def under_way(connection: Connection) -> dict[ResourceKey, UnderWay]:
    """All resources that are not over and of which everything was sent that is to be sent. Within a transaction."""
    ours, batches, letters, retries = state.batch_resources, state.batches, state.dead_letters, state.retries
    to_send = exists().where(
        letters.c.batch_id == ours.c.batch_id, retries.c.dead_letter_id == letters.c.id, ~retries.c.sent
    )
    rows = connection.execute(
        select(ours.c.batch_id, ours.c.resource_id, ours.c.extraction_ended, batches.c.sinks)
        .join(batches, batches.c.id == ours.c.batch_id)
        .where(ours.c.ended_at.is_(None), ours.c.triggered, ~to_send)
    ).all()
    tallies = tallies_of(connection, {row.batch_id for row in rows})
    keys = ((row.batch_id, row.resource_id) for row in rows)
    return {
        key: UnderWay(row.sinks, row.extraction_ended, tallies.get(key, {}))
        for key, row in zip(keys, rows, strict=True)
    }


def found_in_topics(
    broker: KafkaSettings, resources: Mapping[ResourceKey, UnderWay], folded: Offsets
) -> set[ResourceKey]:
    """Those of which a stage still has a record before it, or progress is not folded; all of them where there is too
    much to look through. Raises Unavailable when the broker does not answer, Misconfigured when we may not ask."""
    sinks = {sink for resource in resources.values() for sink in resource.sinks}
    readers = [(EXTRACTOR, TRIGGER), (TRANSFORMER, EXTRACT), *((f"{LOADER}-{sink}", TRANSFORM) for sink in sinks)]
    admin = kafka.admin(broker)
    try:
        # From the first stage to the last: what moves on meanwhile is found further down.
        taken = [_taken(broker, group, topic) for group, topic in readers]
        left = list(_left(admin, [*taken, folded]))
        if sum(each.end - each.start for each in left) > MOST:
            return set(resources)
        settled = [TopicPartition(*each.place, each.start) for each in left if each.start < each.settled]
        # What an open transaction holds back may still be committed; what was aborted stays there, and is nothing.
        held = [TopicPartition(*each.place, max(each.start, each.settled)) for each in left if each.settled < each.end]
        found = _found(broker, settled, resources.keys())
        return found | _found(broker, held, resources.keys(), uncommitted=True)
    except KafkaException as error:
        raise kafka.failure(error) from None


def _taken(broker: KafkaSettings, group: str, topic: str) -> Offsets:
    """How far a group has taken each partition of a topic; -1 for those that it has not begun with."""
    with closing(Standing(broker, group)) as standing:
        return {(topic, partition): offset for partition, offset in standing.of(topic).items()}


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left to read of a partition, from `start` to `end`; from `settled` on an open transaction holds it."""

    place: tuple[str, int]
    start: int
    settled: int
    end: int


def _left(admin: AdminClient, taken: Sequence[Offsets]) -> Iterator[_Left]:
    """Of each partition that the first of its readers is not through with."""
    places = sorted({place for one in taken for place in one})
    lows = bounds(admin, places, EARLIEST)
    settled = bounds(admin, places, LATEST, isolation=IsolationLevel.READ_COMMITTED)
    ends = bounds(admin, places, LATEST)
    for place, low, stable, end in zip(places, lows, settled, ends, strict=True):
        first = min(one[place] for one in taken if place in one)
        # Elsewhere stands a group that knew an earlier topic of this name.
        start = first if low <= first <= end else low
        if start < end:
            yield _Left(place, start, stable, end)


def _found(
    broker: KafkaSettings, places: list[TopicPartition], wanted: Collection[ResourceKey], *, uncommitted: bool = False
) -> set[ResourceKey]:
    """Those of `wanted` that have a record from these places on."""
    found: set[ResourceKey] = set()
    if not places:
        return found
    with closing(kafka.reader(broker, uncommitted=uncommitted)) as consumer:
        consumer.assign(places)
        ended = 0
        while ended < len(places) and len(found) < len(wanted):
            first = consumer.poll(ANSWER)
            if first is None:
                raise Unavailable("broker: does not give its records in time")
            for message in [first, *consumer.consume(1000, 0)]:
                error = message.error()
                if error is None:
                    headers: Any = message.headers() or ()
                    found.add((header_text(headers, BATCH_ID) or "", header_text(headers, RESOURCE_ID) or ""))
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 — public name of a client's error
                    ended += 1
                else:
                    raise kafka.failure(error)
            found.intersection_update(wanted)
    return found


def give_up(connection: Connection, lost: Mapping[ResourceKey, UnderWay]) -> None:
    """End those of these resources that are still as they were."""
    if not lost:
        return
    ours = state.batch_resources
    with connection.begin():
        of_lost = tuple_(ours.c.batch_id, ours.c.resource_id).in_(list(lost))
        connection.execute(select(ours.c.resource_id).where(of_lost).with_for_update())
        now = under_way(connection)
        lost = {key: resource for key, resource in lost.items() if now.get(key) == resource}
        for (batch_id, resource_id), resource in lost.items():
            fault = resource.lack()
            ended = {"state": "failed", "fault": fault, "extraction_ended": True, "ended_at": func.now()}
            where = (ours.c.batch_id == batch_id) & (ours.c.resource_id == resource_id)
            connection.execute(update(ours).where(where).values(ended))
            log.error("records lost", batch_id=batch_id, resource_id=resource_id, sentence=fault)
        end_batches(connection, {batch_id for batch_id, _ in lost})
        triggers.wake(connection)  # the batch's next resource may begin

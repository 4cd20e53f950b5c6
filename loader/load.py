"""The loader's stage: `transform` records into a sink, and what became of each resource onto `load`.

Knows nothing of FHIR servers or databases: those are sinks (`loader.sink`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from loader.queue import Queue
from loader.sink import Change, Name, Result, Sink
from pipeline import topics
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.events import Loaded, Transformed
from pipeline.records import Count, Outcome, Produced, Record, Refusal

# What FHIR allows, and all that may go into an address or name a collection.
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(slots=True)
class _Taken:
    """A record that could be read, its changes, and what became of each."""

    record: Record
    event: Transformed
    changes: list[Change]
    results: list[Result] = field(default_factory=list)


def load(records: Sequence[Record], *, sink: Sink, name: str, codec: Codec) -> Outcome:
    """Write the resources of `records` to `sink`, and answer each record.

    A record counts as loaded when the sink took all of its resources. One that holds a refused resource is
    refused, once, with the first refusal; its other resources are written all the same, and told on `load`.
    `name` is the sink's, as `load` events carry it. Raises what the sink raises, and Unavailable when the
    codec has to ask a registry that is down: nothing is lost then, the same records can be given again.
    """
    outcome = Outcome()
    taken: list[_Taken] = []
    for record in records:
        try:
            taken.append(_take(record, codec))
        except InvalidRecord as error:
            outcome.refused.append(Refusal(record, error))
    _deliver(taken, sink)

    succeeded: Counter[tuple[str, str]] = Counter()
    for each in taken:
        outcome.produced += _loaded(each, name, codec)
        refusals = [result for result in each.results if isinstance(result, InvalidRecord)]
        if refusals:
            outcome.refused.append(Refusal(each.record, _refusal(refusals, of=len(each.changes))))
        else:
            succeeded[each.event.batch_id, each.event.resource_id] += 1
    outcome.counts += [
        Count(batch_id, resource_id, succeeded=number) for (batch_id, resource_id), number in succeeded.items()
    ]
    return outcome


def _take(record: Record, codec: Codec) -> _Taken:
    """Raises InvalidRecord when the record is no `transform` event or names a resource as FHIR does not."""
    event = codec.decode(Transformed, record.value)
    # Without a key no order is promised: such records need not wait for each other.
    key = record.key if record.key is not None else b"%d-%d" % (record.partition, record.offset)
    changes = []
    for resource in event.resources:
        if not _TYPE.fullmatch(resource.type) or not _ID.fullmatch(resource.id):
            raise InvalidRecord("a resource's type or id is none that FHIR allows", reason="bad-resource-id")
        changes.append(
            Change(
                key=key,
                type=resource.type,
                id=resource.id,
                write=resource.write,
                body=resource.body,
                as_of=event.as_of,
                batch_id=event.batch_id,
                resource_id=event.resource_id,
            )
        )
    return _Taken(record, event, changes)


def _deliver(taken: Sequence[_Taken], sink: Sink) -> None:
    """Hand every change over, one a resource at a time, and set the results of all that were taken."""
    by_name: dict[Name, list[Change]] = {}
    for each in taken:
        for change in each.changes:
            by_name.setdefault(change.name, []).append(change)
    queues = {name: Queue(changes) for name, changes in by_name.items()}

    waiting = list(queues.values())
    while waiting:
        heads = [head for queue in waiting if (head := queue.head) is not None]
        for queue, result in zip(waiting, sink.write(heads), strict=True):
            queue.settle(result)
        waiting = [queue for queue in waiting if queue.head is not None]

    answers = {name: iter(queue.results) for name, queue in queues.items()}
    for each in taken:
        each.results = [next(answers[change.name]) for change in each.changes]


def _loaded(taken: _Taken, name: str, codec: Codec) -> list[Produced]:
    """The `load` events of one record: one a resource that the sink took."""
    event = taken.event
    produced = []
    for change, result in zip(taken.changes, taken.results, strict=True):
        if isinstance(result, InvalidRecord):
            continue
        loaded = Loaded(
            sink=name,
            batch_id=event.batch_id,
            resource_id=event.resource_id,
            as_of=event.as_of,
            type=change.type,
            id=change.id,
            write=change.write,
            outcome=result,
            body=change.body,
        )
        produced.append(Produced(topics.LOAD, taken.record.key, codec.encode(loaded), taken.record.headers))
    return produced


def _refusal(refusals: Sequence[InvalidRecord], *, of: int) -> InvalidRecord:
    """The refusal of a record: its first resource's, and how many more there were."""
    first = refusals[0]
    if len(refusals) == 1:
        return first
    sentence = f"{first} ({len(refusals)} of the record's {of} resources were refused)"
    return InvalidRecord(sentence, reason=first.reason, details=first.details)

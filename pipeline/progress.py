"""Progress: what a transaction did, summed up per resource of a batch, and when to give a resource up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.dead_letters import attempt_of, clean, header_text
from pipeline.events import Progress
from pipeline.live import topic_of
from pipeline.records import BATCH_ID, RESOURCE_ID, Count, Outcome, Record

_REMEMBERED: Final = 10_000  # resources of batches whose refusals are counted; the oldest is forgotten


def whose(record: Record) -> tuple[str, str] | None:
    """Batch and resource of a record, by its headers; None if it does not say."""
    batch_id, resource_id = header_text(record.headers, BATCH_ID), header_text(record.headers, RESOURCE_ID)
    return None if batch_id is None or resource_id is None else (batch_id, resource_id)


def sum_up(outcome: Outcome, *, stage: str, sink: str | None, now: int) -> list[Progress]:
    """One event per resource of a batch that the outcome speaks of, counts and refusals added up.

    Of several totals the last is taken, of several faults the first. A refused record without headers
    belongs to no batch: it is a dead letter, and counted nowhere. `now` is in milliseconds since the epoch.
    """
    sums: dict[tuple[str, str], Progress] = {}
    counts = [(count, 0) for count in outcome.counts]
    owners = (whose(refusal.record) for refusal in outcome.refused)
    counts += [(Count(*owner), 1) for owner in owners if owner is not None]
    for count, failed in counts:
        key = (count.batch_id, count.resource_id)
        was = sums.get(key)
        sums[key] = Progress(
            batch_id=count.batch_id,
            resource_id=count.resource_id,
            stage=stage,
            sink=sink,
            succeeded=count.succeeded + (was.succeeded if was else 0),
            failed=failed + (was.failed if was else 0),
            cancelled=count.cancelled + (was.cancelled if was else 0),
            total=count.total if was is None or count.total is not None else was.total,
            fault=was.fault if was is not None and was.fault is not None else count.fault and clean(count.fault),
            at=now,
        )
    return list(sums.values())


class Flood:
    """Gives up a resource of a batch when more than `limit` of its records were refused here, and more than
    were not: the mapping or the source is wrong, and a dead letter for every row helps nobody.

    Each worker counts for itself, from its start. What was refused once and is sent again is always tried, and so are
    live rows: nobody would bring those again that were given up.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: OrderedDict[tuple[str, str], list[int]] = OrderedDict()
        self._given_up: set[tuple[str, str]] = set()

    def divide(self, records: Sequence[Record]) -> tuple[Sequence[Record], list[Count]]:
        """The records that are worth a try, and counts of the others, which are cancelled."""
        if not self._given_up:
            return records, []
        tried: list[Record] = []
        cancelled: list[Count] = []
        for record in records:
            owner = whose(record)
            if owner is None or owner not in self._given_up or attempt_of(record.headers) > 1:
                tried.append(record)
            else:
                cancelled.append(Count(*owner, cancelled=1, fault=self._fault(owner)))
        return tried, cancelled

    def learn(self, committed: Iterable[Progress]) -> None:
        """Take in what a committed transaction did."""
        for progress in committed:
            if topic_of(progress.batch_id) is not None:
                continue
            owner = (progress.batch_id, progress.resource_id)
            seen = self._seen.setdefault(owner, [0, 0])
            self._seen.move_to_end(owner)
            seen[0] += progress.failed
            seen[1] += progress.succeeded
            if seen[0] > self._limit and seen[0] > seen[1]:
                self._given_up.add(owner)
        while len(self._seen) > _REMEMBERED:
            self._given_up.discard(self._seen.popitem(last=False)[0])

    def _fault(self, owner: tuple[str, str]) -> str:
        failed, succeeded = self._seen[owner]
        return f"given up: {failed} of {failed + succeeded} records refused (FLOOD_LIMIT is {self._limit})"

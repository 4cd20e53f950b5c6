"""The arithmetic of a batch: adding up what stages did, and telling when it is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Table, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import Insert

from api import state
from pipeline import logs
from pipeline.events import Progress

log = logs.get(__name__)

EXTRACTOR: Final = "extractor"
TRANSFORMER: Final = "transformer"
LOADER: Final = "loader"

ResourceKey: TypeAlias = tuple[str, str]  # batch id, resource id
Step: TypeAlias = tuple[str, str]  # stage, sink; "" where the stage has no sinks


@dataclass(frozen=True, slots=True)
class Tally:
    """Source records that one step finished with, by how it ended with them."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def finished(self) -> int:
        """All of them."""
        return self.succeeded + self.failed + self.cancelled

    @property
    def dropped(self) -> int:
        """Those that no later step will see."""
        return self.failed + self.cancelled

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.succeeded + other.succeeded, self.failed + other.failed, self.cancelled + other.cancelled)


@dataclass(slots=True)
class Delta:
    """What happened to one resource of one batch since the last fold.

    `extraction_ended`: the extractor has said its last word of it. `at` is the latest of it all, in
    milliseconds since the epoch.
    """

    tallies: dict[Step, Tally] = field(default_factory=dict)
    total: int | None = None
    fault: str | None = None
    extraction_ended: bool = False
    at: int = 0

    def add(self, event: Progress) -> None:
        """Take in one event."""
        step = (event.stage, event.sink or "")
        tally = Tally(event.succeeded, event.failed, event.cancelled)
        self.tallies[step] = self.tallies.get(step, Tally()) + tally
        self.total = self.total if event.total is None else event.total
        self.fault = self.fault or event.fault
        if event.stage == EXTRACTOR and (event.total is not None or event.fault is not None):
            self.extraction_ended = True
        self.at = max(self.at, event.at)


def summed(events: Iterable[Progress]) -> dict[ResourceKey, Delta]:
    """Events added up by resource of a batch."""
    deltas: dict[ResourceKey, Delta] = {}
    for event in events:
        deltas.setdefault((event.batch_id, event.resource_id), Delta()).add(event)
    return deltas


def tallied(step: Step, tally: Tally) -> dict[str, Any]:
    """A step's tally as columns of `counts` and `binding_counts`."""
    stage, sink = step
    return {
        "stage": state.printable(stage),
        "sink": state.printable(sink),
        "succeeded": tally.succeeded,
        "failed": tally.failed,
        "cancelled": tally.cancelled,
    }


def added(counts: Table, new: Insert) -> dict[str, ColumnElement[int]]:
    """What an insert of such rows sets where there is one already: the sums."""
    return {name: counts.c[name] + new.excluded[name] for name in ("succeeded", "failed", "cancelled")}


def settled(tallies: Mapping[Step, Tally], sinks: Sequence[str], *, total: int) -> bool:
    """Whether nothing more will happen to a resource whose extraction has ended, with this total: the extractor
    is through with all of it, which it is not while a refused key is asked for again; and every record that it
    extracted was refused or cancelled on the way, or is dealt with by every sink.

    Records that the extractor itself refused never reach anybody, and nobody is waited for.
    """
    extractor = tallies.get((EXTRACTOR, ""), Tally())
    if extractor.finished < total:
        return False
    due = extractor.succeeded - tallies.get((TRANSFORMER, ""), Tally()).dropped
    return all(tallies.get((LOADER, sink), Tally()).finished >= due for sink in sinks)


def tallies_of(connection: Connection, batch_ids: Iterable[str]) -> dict[ResourceKey, dict[Step, Tally]]:
    """All that is counted of these batches, by resource."""
    counts = state.counts
    found: dict[ResourceKey, dict[Step, Tally]] = {}
    for row in connection.execute(select(counts).where(counts.c.batch_id.in_(list(batch_ids)))):
        tally = Tally(row.succeeded, row.failed, row.cancelled)
        found.setdefault((row.batch_id, row.resource_id), {})[row.stage, row.sink] = tally
    return found


def end_batches(connection: Connection, batch_ids: Collection[str]) -> None:
    """End those of whose resources every one is over. Within a transaction."""
    ours, batches, cancellations = state.batch_resources, state.batches, state.cancellations
    of_batch = ours.c.batch_id == batches.c.id
    open_one = exists().where(of_batch, ours.c.ended_at.is_(None))
    failed_one = exists().where(of_batch, ours.c.state == "failed")
    cancelled = exists().where(cancellations.c.batch_id == batches.c.id)
    last = select(func.max(ours.c.ended_at)).where(of_batch).scalar_subquery()
    over = batches.c.id.in_(batch_ids) & batches.c.ended_at.is_(None) & ~open_one
    how = case((cancelled, "cancelled"), (failed_one, "failed"), else_="completed")
    ended = connection.execute(update(batches).where(over).values(state=how, ended_at=last))
    if ended.rowcount:
        log.info("batches ended", count=ended.rowcount)

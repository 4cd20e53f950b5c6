"""What became of live rows, added up by binding and step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from api import state
from api.counting import Delta, ResourceKey, Step, Tally, added, tallied
from pipeline.live import topic_of


@dataclass(slots=True)
class Counted:
    """All that is counted of one binding; `last_at` is when something last happened."""

    tallies: dict[Step, Tally] = field(default_factory=dict)
    last_at: datetime | None = None


def add(connection: Connection, deltas: Mapping[ResourceKey, Delta]) -> None:
    """Add what happened to live rows, by `pipeline.live`'s id and resource. What is bound no more is left out.
    Within a transaction."""
    ours = state.bindings
    wanted = {(topic_of(batch_id) or "", resource_id): delta for (batch_id, resource_id), delta in deltas.items()}
    if not wanted:
        return
    # Locked, so that none is deleted before its counts are in.
    found = select(ours.c.topic, ours.c.resource_id).where(
        tuple_(ours.c.topic, ours.c.resource_id).in_([key for key in wanted if "\x00" not in "".join(key)])
    )
    bound = [(row.topic, row.resource_id) for row in connection.execute(found.with_for_update(key_share=True))]
    rows = [
        {"topic": topic, "resource_id": resource_id, "last_at": datetime.now(UTC)} | tallied(step, tally)
        for topic, resource_id in bound
        for step, tally in wanted[topic, resource_id].tallies.items()
    ]
    if not rows:
        return
    counts = state.binding_counts
    new = insert(counts)
    sums = added(counts, new) | {"last_at": func.greatest(counts.c.last_at, new.excluded.last_at)}
    connection.execute(new.on_conflict_do_update(index_elements=counts.primary_key, set_=sums), rows)


def counted(connection: Connection) -> dict[tuple[str, str], Counted]:
    """What is counted of every binding, by topic and resource."""
    found: dict[tuple[str, str], Counted] = {}
    for row in connection.execute(select(state.binding_counts)):
        one = found.setdefault((row.topic, row.resource_id), Counted())
        one.tallies[row.stage, row.sink] = Tally(row.succeeded, row.failed, row.cancelled)
        one.last_at = max(one.last_at or row.last_at, row.last_at)
    return found

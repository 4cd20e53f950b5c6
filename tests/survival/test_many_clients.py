"""Ten clients at once, each with batches and previews of its own: every batch is exact, every preview is answered."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from command.api_client import Api, Batch
from command.demo.servers import source_rows
from command.demo.site import Site
from command.stack import services
from command.stack.stack import Stack
from tests.survival.batches import PATIENTS, Hospital, assert_exact, loads

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1800)]

CLIENTS = 10
LASTS = float(os.environ.get("LOAD_SECONDS", "10"))
SOON = 10.0  # seconds in which a preview is answered, whatever else is asked
FIRST = 10_020  # the first patient after those with bad rows


@dataclass
class Done:
    """What one client did: batches that are over, and the seconds that each preview took."""

    batches: list[Batch] = field(default_factory=list)
    previews: list[float] = field(default_factory=list)


def client(stack: Stack, number: int, resource_id: str) -> Done:
    """Start a batch, ask for previews until it is over, and again, until the time is over."""
    done = Done()
    began = time.monotonic()
    with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
        while time.monotonic() - began < LASTS:
            batch_id = api.start_batch([resource_id])
            while not (batch := api.batch(batch_id)).is_over:
                done.previews.append(preview(api, FIRST + (number + len(done.previews)) % (PATIENTS - 20)))
            done.batches.append(batch)
    return done


def preview(api: Api, key: int) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    found = api.preview("mimic-patient", [key])
    identifiers = [each["value"] for instance in found.instances for each in instance["identifier"]]
    assert str(key) in identifiers, found
    assert found.errors == []
    return time.monotonic() - began


def mistakes(batch: Batch, source: dict[str, int]) -> list[str]:
    """What does not add up in the counts of a batch."""
    if batch.state != "completed":
        return [f"{batch.batch_id}: {batch.state}: {[one.fault for one in batch.resources]}"]
    return [
        f"{batch.batch_id}: {one.resource_id}: {source[one.resource_id]} rows, {one.total} of them extracted, "
        f"{loaded} in {sink}"
        for one in batch.resources
        for sink, loaded in one.loaded.items()
        if one.total != source[one.resource_id] or loaded + one.refused(sink) != one.total
    ]


def test_ten_clients_are_answered_and_their_batches_exact(hospital: Hospital) -> None:
    source = source_rows(Site.of(hospital.stack))
    resource_ids = (list(source) * CLIENTS)[:CLIENTS]
    with ThreadPoolExecutor(CLIENTS) as threads:
        done: Sequence[Done] = list(threads.map(client, [hospital.stack] * CLIENTS, range(CLIENTS), resource_ids))
    batches = [batch for one in done for batch in one.batches]
    previews = sorted(seconds for one in done for seconds in one.previews)
    print(  # noqa: T201 — figures of a longer run, shown by pytest -s
        f"{len(batches)} batches of {sum(one.total or 0 for batch in batches for one in batch.resources)} rows, "
        f"{len(previews)} previews: median {previews[len(previews) // 2]:.3f} s, longest {previews[-1]:.2f} s"
    )
    assert [mistake for batch in batches for mistake in mistakes(batch, source)] == []
    loaded = loads(hospital.stack)
    for batch in batches:
        times = loaded[batch.batch_id]
        assert set(times.values()) == {1}
        assert len(times) == sum(number for one in batch.resources for number in one.loaded.values())
    assert previews[-1] < SOON
    assert_exact(hospital.start_batch("mimic-patient"))

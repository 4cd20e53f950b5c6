"""What a sink takes straight from its client, of changes that lie ready: the limits beside which loaders and batches
are measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from pymongo import ReplaceOne
from pymongo.database import Database

from command.stack.trouble import Trouble
from loader import mongo
from loader.answers import Verdict, verdict
from loader.bundles import bundle
from loader.documents import document
from loader.fhir_client import FhirClient
from loader.mongo import BULK
from loader.sink import Change

Way: TypeAlias = tuple[int, int]  # resources of a bundle, bundles at once


def post(client: FhirClient, changes: Sequence[Change], way: Way) -> float:
    """Resources a second that a FHIR server takes as ready bundles."""
    size, parallel = way
    bundles = iter([bundle(changes[at : at + size], {}) for at in range(0, len(changes), size)])
    lock = threading.Lock()
    failures: list[str] = []

    def lane() -> None:
        while True:
            with lock:
                ready = next(bundles, None)
            if ready is None or failures:
                return
            answer = client.transact(ready)
            while verdict(answer) is Verdict.PASSING:  # two bundles met on a placeholder
                answer = client.transact(ready)
            if verdict(answer) is not Verdict.ACCEPTED:
                failures.append(answer.said)

    lanes = [threading.Thread(target=lane) for _ in range(parallel)]
    began = time.perf_counter()
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    if failures:
        raise Trouble(f"HAPI did not take a ready bundle: {failures[0]}")
    return len(changes) / (time.perf_counter() - began)


def upsert(database: Database[mongo.Document], changes: Sequence[Change]) -> float:
    """Resources a second that MongoDB takes as ready bulks of the loader's size, one after the other."""
    now = datetime.now(UTC)
    bulks: list[tuple[str, list[ReplaceOne[mongo.Document]]]] = []
    open_bulks: dict[str, list[ReplaceOne[mongo.Document]]] = {}
    for change in changes:
        beside = {"batch_id": change.batch_id, "resource_id": change.resource_id, "as_of": 1, "loaded_at": now}
        whole = {"resource": document(change.body), "firth": beside}
        bulk = open_bulks.setdefault(change.type, [])
        if not bulk:
            bulks.append((change.type, bulk))
        bulk.append(ReplaceOne({"_id": change.id, "firth.as_of": {"$lte": 1}}, whole, upsert=True))
        if len(bulk) == BULK:
            del open_bulks[change.type]
    began = time.perf_counter()
    for resource_type, bulk in bulks:
        database[resource_type].bulk_write(bulk, ordered=False)
    return len(changes) / (time.perf_counter() - began)

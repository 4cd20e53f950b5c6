"""A batch end to end, one worker a stage, into MongoDB and then into HAPI FHIR: records a second beside what the
same server takes of the same resources straight from the client, where each microsecond goes, and whether a record
costs the same at the end as in the beginning. With `full` it takes about twelve minutes, so that growth would show."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Final

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from command.api_client import Api, Batch
from command.bench.limits import post, upsert
from command.bench.loader import HEAP, warm_up
from command.bench.servers import bench_stack
from command.demo.database import create_source
from command.demo.mapping import mapping_of
from command.demo.servers import source_rows
from command.demo.site import Site
from command.stack import hapi, mongodb, processes, registry, services
from command.stack.processes import Server
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from command.topic_reading import committed
from loader import mongo
from loader.bundles import waves
from loader.fhir_client import FhirClient
from loader.sink import Change
from pipeline import topics
from pipeline.codec import Codec
from pipeline.events import Transformed
from pipeline.service_settings import RegistrySettings

PATIENTS: Final = 1_000  # 30 records each
PATIENTS_FULL: Final = {"mongodb": 15_000, "fhir": 2_500}
PARTS: Final = 4  # of the batch, each measured for itself
TARGET: Final = 0.75  # of what the server takes from its client alone
ENOUGH: Final = {"mongodb": 4_000.0, "fhir": math.inf}  # records a second, where the target is more than that
MANY: Final = 10_000_000  # records, for which the time is extrapolated
MOST: Final = {"mongodb": 30_000, "fhir": 80_000}  # records whose resources the limit is measured with
WARM_UP: Final = 60.0  # seconds, of HAPI
WAYS: Final = ((50, 2), (100, 2), (100, 3), (200, 2))  # of posting bundles to HAPI, tried for the limit
TRIED: Final = 3_000  # resources, with each of them
STANDSTILL: Final = 120.0  # seconds without progress, after which the benchmark gives up
ASK_EVERY: Final = 0.5  # seconds: each costs the api and PostgreSQL 5 ms

_UUID: Final = re.compile(rb"\b[0-9a-f]{8}-(?=[0-9a-f]{4}-[0-9a-f]{4}-)")


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process used during the batch, in seconds: of a core, and for workers by the clock in the
    stage's function and in transactions (None for other processes); and its memory in bytes."""

    name: str
    cpu: float
    stage: float | None
    transaction: float | None
    memory: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the batch: seconds since its start, records done with, and what each process had spent."""

    seconds: float
    records: int
    spent: Mapping[str, Spent]


def bench(console: Console, *, full: bool) -> None:
    """Run the demo's batch of all resources into each sink, and print what it cost, process by process."""
    os.environ.setdefault("FHIR_HEAP", HEAP)
    for sink in ("mongodb", "fhir"):
        _bench(console, sink, patients=PATIENTS_FULL[sink] if full else PATIENTS)


def _bench(console: Console, sink: str, *, patients: int) -> None:
    stages = ("extractor", "transformer", f"loader-{sink}")
    with bench_stack(*stages) as stack:
        create_source(Site.of(stack).source_url, patients=patients)
        if sink == "fhir":
            warm_up(FhirClient(hapi.url(stack.ports), token=None, time_limit=60), WARM_UP)
        expected = source_rows(Site.of(stack))
        running = [server for server in stack.servers() if processes.running(stack.place, server.name)]
        with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
            api.import_mapping(mapping_of(Site.of(stack)))
            first = {"mimic-practitioner": expected["mimic-practitioner"]}  # warms what first use makes
            _wait(api, api.start_batch(list(first)), sink, records=sum(first.values()))
            records = sum(expected.values())
            began = time.perf_counter()
            marks = [Mark(0.0, 0, _spent(stack, running, stages))]
            batch_id = api.start_batch(list(expected))
            for part in range(1, PARTS + 1):
                done = _wait(api, batch_id, sink, records=records * part // PARTS)
                if done > marks[-1].records:  # a loader may take more than a part at once
                    marks.append(Mark(time.perf_counter() - began, done, _spent(stack, running, stages)))
        limit = _limit(stack, sink)
    _print_costs(console, marks, sink)
    _print_curve(console, marks, sink, limit)


def _wait(api: Api, batch_id: str, sink: str, *, records: int) -> int:
    """Wait until that many records of a batch, at least, are in the sink or dead letters: how many are."""
    last, moved = -1, time.monotonic()
    while (done := _finished(api.batch(batch_id), sink)) < records:
        if done != last:
            last, moved = done, time.monotonic()
        elif time.monotonic() - moved > STANDSTILL:
            raise Trouble(f"batch {batch_id}: nothing has moved for {STANDSTILL:.0f} s")
        time.sleep(ASK_EVERY)
    return done


def _finished(batch: Batch, sink: str) -> int:
    return sum(resource.loaded[sink] + resource.refused(sink) for resource in batch.resources)


def _spent(stack: Stack, servers: Sequence[Server], stages: Sequence[str]) -> dict[str, Spent]:
    found = {}
    for server in servers:
        started = processes.running(stack.place, server.name)
        if started is None:
            raise Trouble(f"{server.name} died during the benchmark")
        stage, transaction = _clock(server.address) if server.name in stages else (None, None)
        family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
        memory = sum(process.memory_info().rss for process in family)
        found[server.name] = Spent(server.name, _cpu(family), stage, transaction, memory)
    return found


def _cpu(family: Sequence[psutil.Process]) -> float:
    """Seconds of a core that a process and those it started have used, ended ones included."""
    times = [process.cpu_times() for process in family]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def _clock(metrics_url: str) -> tuple[float, float]:
    """Seconds in the stage's function and in transactions, as a worker counts them."""
    sums = {
        sample.name: sample.value
        for family in text_string_to_metric_families(requests.get(metrics_url, timeout=10).text)
        for sample in family.samples
    }
    return sums["firth_stage_seconds_sum"], sums["firth_transaction_seconds_sum"]


# ---- the limit


def _limit(stack: Stack, sink: str) -> float:
    """Resources a second that the server takes of what the batch made, under other ids, what others point at first."""
    # Each once, as a bundle must have it: those of the first batch were made again.
    each = {change.name: change for change in _resources(stack, MOST[sink])}
    made = [change for wave in waves(list(each.values())) for change in wave]
    if sink == "mongodb":
        with mongo.connect(mongodb.url(stack.ports), time_limit=60) as database:
            return upsert(database["limit"], [_other(change, 0) for change in made])
    server = FhirClient(hapi.url(stack.ports), token=None, time_limit=60)
    some = made[:: max(1, len(made) // TRIED)]
    rates = {way: post(server, [_other(change, n) for change in some], way) for n, way in enumerate(WAYS, start=1)}
    return post(server, [_other(change, 0) for change in made], max(rates, key=lambda way: rates[way]))


def _resources(stack: Stack, most: int) -> Iterator[Change]:
    """Those of the first records, in the order of time."""
    codec = Codec.connect(RegistrySettings(url=registry.url(stack.ports)))
    messages = sorted(islice(committed(stack, topics.TRANSFORM), most), key=lambda message: message.timestamp()[1])
    for message in messages:
        event = codec.decode(Transformed, message.value())
        for one in event.resources:
            if one.write == "replace":
                yield Change(
                    key=message.key(),
                    type=one.type,
                    id=one.id,
                    write=one.write,
                    body=one.body,
                    as_of=event.as_of,
                    batch_id=event.batch_id,
                    resource_id=event.resource_id,
                )


def _other(change: Change, number: int) -> Change:
    """The same with other UUIDs, others again for another number: new to the server, they point at each other as
    before."""

    def moved(text: bytes) -> bytes:
        return _UUID.sub(lambda found: b"%08x-" % (int(found[0][:-1], 16) ^ 0xFFFFFFFF - number), text)

    return replace(change, id=moved(change.id.encode()).decode(), body=moved(change.body))


# ---- what is told


def _print_costs(console: Console, marks: Sequence[Mark], sink: str) -> None:
    before, early, after = marks[0].spent, marks[1].spent, marks[-1].spent
    records = marks[-1].records

    def each(later: float | None, sooner: float | None) -> str:
        return "" if later is None or sooner is None else f"{(later - sooner) / records * 1e6:,.0f}"

    columns = ("process", "CPU µs/record", "in the stage µs", "in transactions µs", "MiB after a quarter", "at the end")
    table = Table(*columns, title=f"into {sink}: where the time goes")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in after.items():
        was = before[name]
        memory = [f"{at[name].memory / 2**20:,.0f}" for at in (early, after)]
        times = (each(one.cpu, was.cpu), each(one.stage, was.stage), each(one.transaction, was.transaction))
        table.add_row(name, *times, *memory)
    table.add_section()
    table.add_row("all", f"{_cpu_between(marks[0], marks[-1]):,.0f}")
    console.print(table)


def _cpu_between(one: Mark, other: Mark) -> float:
    """Microseconds of a core for each record between two moments, all processes together."""
    spent = sum(other.spent[name].cpu - one.spent[name].cpu for name in other.spent)
    return spent / (other.records - one.records) * 1e6


def _print_curve(console: Console, marks: Sequence[Mark], sink: str, limit: float) -> None:
    table = Table("records", "records/s", "CPU µs/record", title=f"into {sink}: from beginning to end")
    for column in table.columns:
        column.justify = "right"
    for one, other in pairwise(marks):
        rate = (other.records - one.records) / (other.seconds - one.seconds)
        table.add_row(f"{other.records:,}", f"{rate:,.0f}", f"{_cpu_between(one, other):,.0f}")
    console.print(table)
    whole = marks[-1].records / marks[-1].seconds
    console.print(
        f"{marks[-1].records:,} records in {marks[-1].seconds:.1f} s: {whole:,.0f}/s, {whole / limit:.2f} of the "
        f"{limit:,.0f}/s that the server takes from its client alone (target {TARGET:.2f}: "
        f"{min(TARGET * limit, ENOUGH[sink]):,.0f}/s). "
        f"As many as in the last part each second, {MANY:,} take {MANY / rate / 3600:.1f} h."
    )

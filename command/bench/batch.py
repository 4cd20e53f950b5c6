"""A batch end to end into MongoDB, one worker a stage: records a second, where each microsecond goes, and what
memory each process takes on the way. With `full` it takes a good ten minutes, so that growth would show."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from command.api_client import Api, Batch
from command.bench.servers import bench_stack
from command.demo.database import create_source
from command.demo.run import mapping_of
from command.demo.servers import source_rows
from command.demo.site import Site
from command.stack import processes, services
from command.stack.processes import Server
from command.stack.stack import Stack
from command.stack.trouble import Trouble

PATIENTS: Final = 1_000
PATIENTS_FULL: Final = 25_000
SINK: Final = "mongodb"
STAGES: Final = ("extractor", "transformer", f"loader-{SINK}")
STANDSTILL: Final = 120.0  # seconds without progress, after which the benchmark gives up
ASK_EVERY: Final = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process used during the batch, in seconds: of a core, and for workers by the clock in the
    stage's function and in transactions (None for other processes); and its memory in bytes."""

    name: str
    cpu: float
    stage: float | None
    transaction: float | None
    memory: int


def bench(console: Console, *, full: bool) -> None:
    """Run the demo's batch of all resources and print what it cost, process by process."""
    with bench_stack(*STAGES) as stack:
        create_source(Site.of(stack).source_url, patients=PATIENTS_FULL if full else PATIENTS)
        expected = source_rows(Site.of(stack))
        running = [server for server in stack.servers() if processes.running(stack.place, server.name)]
        with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
            api.import_mapping(mapping_of(Site.of(stack)))
            first = {"mimic-practitioner": expected["mimic-practitioner"]}  # warms what first use makes
            _run(api, api.start_batch(list(first)), records=sum(first.values()))
            records = sum(expected.values())
            before = _spent(stack, running)
            began = time.perf_counter()
            batch_id = api.start_batch(list(expected))
            _run(api, batch_id, records=records // 4)
            early = _spent(stack, running)
            _run(api, batch_id, records=records)
            seconds = time.perf_counter() - began
            after = _spent(stack, running)
    spent = [_less(after[server.name], before[server.name]) for server in running]
    _print(console, spent, early, records=records, seconds=seconds)


def _run(api: Api, batch_id: str, *, records: int) -> None:
    """Wait until that many records of a batch are in the sink or dead letters."""
    last, moved = -1, time.monotonic()
    while (done := _finished(api.batch(batch_id))) < records:
        if done != last:
            last, moved = done, time.monotonic()
        elif time.monotonic() - moved > STANDSTILL:
            raise Trouble(f"batch {batch_id}: nothing has moved for {STANDSTILL:.0f} s")
        time.sleep(ASK_EVERY)


def _finished(batch: Batch) -> int:
    return sum(resource.loaded[SINK] + resource.refused(SINK) for resource in batch.resources)


def _spent(stack: Stack, servers: list[Server]) -> dict[str, Spent]:
    found = {}
    for server in servers:
        started = processes.running(stack.place, server.name)
        if started is None:
            raise Trouble(f"{server.name} died during the benchmark")
        stage, transaction = _clock(server.address) if server.name in STAGES else (None, None)
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


def _less(after: Spent, before: Spent) -> Spent:
    def difference(one: float | None, other: float | None) -> float | None:
        return None if one is None or other is None else one - other

    return Spent(
        after.name,
        after.cpu - before.cpu,
        difference(after.stage, before.stage),
        difference(after.transaction, before.transaction),
        after.memory,
    )


def _print(
    console: Console, spent: Sequence[Spent], early: Mapping[str, Spent], *, records: int, seconds: float
) -> None:
    def each(value: float | None) -> str:
        return "" if value is None else f"{value / records * 1e6:,.0f}"

    columns = ("process", "CPU µs/record", "in the stage µs", "in transactions µs", "MiB after a quarter", "at the end")
    table = Table(*columns, title="where the time goes")
    for column in table.columns[1:]:
        column.justify = "right"
    for one in spent:
        memory = [f"{at.memory / 2**20:,.0f}" for at in (early[one.name], one)]
        table.add_row(one.name, each(one.cpu), each(one.stage), each(one.transaction), *memory)
    whole = sum(one.cpu for one in spent)
    table.add_section()
    table.add_row("all", each(whole), "", "")
    console.print(table)
    cores = psutil.cpu_count() or 1
    limit = cores * records / whole
    console.print(
        f"{records:,} records in {seconds:.1f} s: {records / seconds:,.0f}/s by the clock, "
        f"{records / seconds / limit:.2f} of the {limit:,.0f}/s that {cores} cores fully busy with this work would give"
    )

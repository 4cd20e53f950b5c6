"""Rows into a topic by Kafka Connect: our JDBC and SFTP sources, and Debezium beside them.

Ten narrow columns, the JSON converter, one task, exactly once. The JDBC source reads a table that is there, the SFTP
source the same rows in a CSV file; Debezium streams them while they are written, its snapshot left out. Time is taken
by the records' timestamps, so that no start counts; of the first rows apart, for Java compiles meanwhile. Memory is
looked at ten times on the way: the process, and what its heap holds after a collection, by the JVM's own log of them.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Any, Final, TextIO

import orjson
import psutil
import psycopg
from confluent_kafka import TopicPartition
from rich.console import Console
from rich.table import Table

from command.bench.servers import bench_stack
from command.connect_client import ConnectCluster
from command.connectors import configuration
from command.stack import connect, kafka, postgres, processes, sftp
from command.stack.stack import Stack
from command.stack.system import java
from command.stack.trouble import Trouble
from pipeline.kafka import reader
from pipeline.service_settings import KafkaSettings

ROWS: Final = 300_000
FULL_ROWS: Final = 2_000_000
WARM_UP: Final = 300_000  # rows before those
LOOKS: Final = 10  # at memory, after the warm-up
COLLECTED: Final = re.compile(r"Pause .*->(\d+)M\(")  # what the heap holds after a collection, in MiB
TARGET: Final = 25_000  # rows a second
OURS: Final = ("JDBC source", "SFTP source")
PATIENCE: Final = 600.0  # seconds
TABLE: Final = """
CREATE TABLE {} (row_id int PRIMARY KEY, subject_id int NOT NULL, hadm_id int, itemid int NOT NULL, charttime timestamp,
    value text, valuenum float, valueuom text, flag text, storetime timestamptz)
"""
FILL: Final = """
INSERT INTO {} SELECT i, i / 50, i / 100, i %% 700, timestamp '2150-01-01' + i * interval '1 minute', (i %% 1000)::text,
    (i %% 1000) / 10.0, 'mg/dL', CASE WHEN i %% 7 = 0 THEN 'abnormal' END, now() FROM generate_series(1, %(rows)s) i
"""


COPY: Final = """
COPY (SELECT row_id, subject_id, hadm_id, itemid, charttime, value, valuenum, valueuom, flag, storetime FROM {})
TO STDOUT (FORMAT csv, HEADER)
"""
TYPES: Final = {
    **dict.fromkeys(("row_id", "subject_id", "hadm_id", "itemid"), "INT32"),
    **dict.fromkeys(("charttime", "value", "valueuom", "flag", "storetime"), "STRING"),
    "valuenum": "FLOAT64",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A record's arrival: when, in seconds, and Connect's seconds of CPU until then. Its memory then in MiB: of the
    process, and the least that its heap has held after a collection since the mark before; None where it had none."""

    at: float
    cpu: float
    process: int
    heap: int | None


@dataclass(frozen=True, slots=True)
class Figure:
    """What one connector did: marks of its first record, of the last of the warm-up, and of each tenth of the `rows`
    after that."""

    name: str
    rows: int
    first: Mark
    warm: Mark
    tenths: Sequence[Mark]

    @property
    def last(self) -> Mark:
        return self.tenths[-1]


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print: 300,000 rows, or with `full` two million, after those that warm up."""
    rows = FULL_ROWS if full else ROWS
    with (
        bench_stack("connect", "postgres", "sftp") as stack,
        closing(ConnectCluster(connect.url(stack.ports))) as cluster,
    ):
        console.print(f"{rows:,} rows after {WARM_UP:,} to warm up, each way …")
        figures = [_jdbc(stack, cluster, rows), _sftp(stack, cluster, rows), _debezium(stack, cluster, rows)]
    _show_speed(console, figures)
    _show_memory(console, figures, rows)
    console.print(
        f"Connect may have a heap of {connect.HEAP}. Behind a collection it holds what died old, too, until one of "
        "all of it: a short run's heap seems to grow."
    )


def _show_speed(console: Console, figures: Sequence[Figure]) -> None:
    table = Table("", "rows/s", "target", "µs of CPU a row", "rows/s of the warm-up")
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in figures:
        first, warm, last = figure.first, figure.warm, figure.last
        table.add_row(
            figure.name,
            f"{figure.rows / (last.at - warm.at):,.0f}",
            f"{TARGET:,}" if figure.name in OURS else "",
            f"{(last.cpu - warm.cpu) / figure.rows * 1e6:.1f}",
            f"{WARM_UP / (warm.at - first.at):,.0f}",
        )
    console.print(table)


def _show_memory(console: Console, figures: Sequence[Figure], rows: int) -> None:
    """The curve of each, and how steep it is, so that longer runs can be reckoned."""
    table = Table("MiB after rows", *(f"{figure.name}, {what}" for figure in figures for what in ("process", "heap")))
    for column in table.columns:
        column.justify = "right"
    curves = [[(mark.process, mark.heap) for mark in (figure.warm, *figure.tenths)] for figure in figures]
    counts = _looks(rows)
    for number, count in enumerate(counts):
        table.add_row(f"{count:,}", *(_shown(value) for curve in curves for value in curve[number]))
    table.add_section()
    steep = (_slope(counts, values) for curve in curves for values in zip(*curve, strict=True))
    table.add_row("a million more", *("–" if value is None else f"{value:+.1f}" for value in steep))
    console.print(table)


def _shown(value: int | None) -> str:
    return "–" if value is None else str(value)


def _slope(counts: Sequence[int], values: Sequence[int | None]) -> float | None:
    """MiB a million rows, of a straight line through what is known; None where that is less than two points."""
    known = [(count / 1e6, value) for count, value in zip(counts, values, strict=True) if value is not None]
    return linear_regression(*zip(*known, strict=True)).slope if len(known) > 1 else None


def _jdbc(stack: Stack, cluster: ConnectCluster, rows: int) -> Figure:
    _execute(stack, TABLE.format("bench_jdbc"), _fill("bench_jdbc", rows), "ANALYZE bench_jdbc")
    config = _of_folder("jdbc-mimic", {"table.include.list": "bench_jdbc", "tasks.max": "1", "topic.prefix": "bench."})
    return _measure(stack, cluster, OURS[0], config, "bench.bench_jdbc", rows)


def _sftp(stack: Stack, cluster: ConnectCluster, rows: int) -> Figure:
    """The rows that the JDBC source has read, as a file."""
    _write_csv(stack, sftp.files(stack.place) / "bench" / "bench.csv")
    fields = {name: {"type": kind, "isOptional": True} for name, kind in TYPES.items()}
    changes = {
        "input.path": "/bench",
        "finished.path": "/bench/finished",
        "value.schema": orjson.dumps({"name": "bench", "type": "STRUCT", "fieldSchemas": fields}).decode(),
        "kafka.topic": "bench.file",
    }
    return _measure(stack, cluster, OURS[1], _of_folder("sftp-csv", changes), "bench.file", rows)


def _write_csv(stack: Stack, file: Path) -> None:
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    file.parent.mkdir(parents=True)
    half = file.with_suffix(".half")
    with (
        psycopg.connect(url) as source,
        source.cursor() as cursor,
        cursor.copy(COPY.format("bench_jdbc").encode()) as copy,
        half.open("wb") as content,
    ):
        for block in copy:
            content.write(block)
    half.rename(file)


def _debezium(stack: Stack, cluster: ConnectCluster, rows: int) -> Figure:
    _execute(stack, TABLE.format("bench_cdc"))
    config = _of_folder("debezium-mimic", {"table.include.list": "public.bench_cdc", "snapshot.mode": "no_data"})
    return _measure(stack, cluster, "Debezium", config, "cdc.public.bench_cdc", rows, then=(_fill("bench_cdc", rows),))


def _fill(table: str, rows: int) -> str:
    return FILL.format(table) % {"rows": WARM_UP + rows}


def _of_folder(name: str, changes: Mapping[str, str]) -> dict[str, str]:
    """A configuration of kafka_connect_connectors/, changed; one partition, for the order of time."""
    return {**configuration(name).settings, "topic.creation.default.partitions": "1", **changes}


def _measure(
    stack: Stack,
    cluster: ConnectCluster,
    name: str,
    config: Mapping[str, str],
    topic: str,
    rows: int,
    *,
    then: tuple[str, ...] = (),
) -> Figure:
    cluster.put(name.replace(" ", "-"), config)
    if then:
        _wait_until_streaming(stack)
        _execute(stack, *then)
    first, warm, *tenths = _marks(stack, topic, (1, *_looks(rows)))
    cluster.delete(name.replace(" ", "-"))
    return Figure(name, rows, first, warm, tenths)


def _looks(rows: int) -> list[int]:
    """Behind how many rows memory is looked at, the warm-up's included."""
    return [WARM_UP + look * rows // LOOKS for look in range(LOOKS + 1)]


def _wait_until_streaming(stack: Stack) -> None:
    """Until Debezium has its place in the log of changes, from where on it sees what is written."""
    limit = time.monotonic() + PATIENCE
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        while not admin.execute("select 1 from pg_replication_slots where active").fetchone():
            if time.monotonic() > limit:
                raise Trouble("Debezium does not stream")
            time.sleep(0.2)


def _marks(stack: Stack, topic: str, numbers: Sequence[int]) -> list[Mark]:
    """The arrival of the records of these numbers, counted from 1 and rising, in the one partition of `topic`."""
    consumer = reader(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(stack.ports)))
    limit = time.monotonic() + PATIENCE
    wanted, marks, counted = list(numbers), list[Mark](), 0
    collections = _collections(stack)
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        # Looked at now and then, so that reading does not take the machine from what is measured.
        while wanted:
            if time.monotonic() > limit:
                raise Trouble(f"{topic}: {counted} of {wanted[-1]} rows after {PATIENCE:.0f} s")
            messages: list[Any] = [message for message in consumer.consume(20_000, 1.0) if message.error() is None]
            while wanted and counted + len(messages) >= wanted[0]:
                message = messages[wanted.pop(0) - counted - 1]
                marks.append(_mark(stack, message.timestamp()[1] / 1000, _least(collections)))
            counted += len(messages)
    finally:
        collections.close()
        consumer.close()
    return marks


def _collections(stack: Stack) -> TextIO:
    """The log of the worker's collections, from now on; to be closed. Raises Trouble."""
    file = stack.place.logs / "connect-collections.log"
    jcmd = java().resolve().with_name("jcmd")
    order = [str(jcmd), str(_worker(stack).pid), "VM.log", f"output={file}", "what=gc=info"]
    if subprocess.run(order, capture_output=True, check=False).returncode:
        raise Trouble(f"{jcmd} cannot have Connect log its collections")
    log = file.open()
    log.seek(0, os.SEEK_END)
    return log


def _least(collections: TextIO) -> int | None:
    """MiB that the heap has held after a collection since this was last asked, at least; None where there was none."""
    return min(map(int, COLLECTED.findall(collections.read())), default=None)


def _mark(stack: Stack, at: float, heap: int | None) -> Mark:
    worker = psutil.Process(_worker(stack).pid)
    times = worker.cpu_times()
    return Mark(at, float(times.user + times.system), int(worker.memory_info().rss) >> 20, heap)


def _worker(stack: Stack) -> processes.Started:
    started = processes.running(stack.place, "connect")
    assert started is not None
    return started


def _execute(stack: Stack, *statements: str) -> None:
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())

"""Rows into a topic by Kafka Connect: our JDBC and SFTP sources, and Debezium beside them.

Ten narrow columns, the JSON converter, one task, exactly once. The JDBC source reads a table that is there, the SFTP
source the same rows in a CSV file; Debezium streams them while they are written, its snapshot left out. Time is taken
by the records' timestamps, so that no start counts; of the first rows apart, for Java compiles meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import psutil
import psycopg
from confluent_kafka import TopicPartition
from rich.console import Console
from rich.table import Table

from command.bench.servers import bench_stack
from command.connect_client import ConnectCluster
from command.connectors import configurations
from command.stack import connect, kafka, postgres, processes, sftp
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from pipeline.kafka import reader
from pipeline.service_settings import KafkaSettings

ROWS: Final = 300_000
FULL_ROWS: Final = 2_000_000
WARM_UP: Final = 300_000  # rows before those
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
    """A record's arrival: when, in seconds, and Connect's seconds of CPU until then, and its memory in bytes."""

    at: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Figure:
    """What one connector did: marks of its first record, of the last of the warm-up, and of the `rows` after that."""

    name: str
    rows: int
    first: Mark
    warm: Mark
    last: Mark


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print: 300,000 rows, or with `full` two million, after those that warm up."""
    rows = FULL_ROWS if full else ROWS
    with (
        bench_stack("connect", "postgres", "sftp") as stack,
        closing(ConnectCluster(connect.url(stack.ports))) as cluster,
    ):
        console.print(f"{rows:,} rows after {WARM_UP:,} to warm up, each way …")
        figures = [_jdbc(stack, cluster, rows), _sftp(stack, cluster, rows), _debezium(stack, cluster, rows)]
    table = Table("", "rows/s", "target", "µs of CPU a row", "memory, warm → end", "rows/s of the warm-up")
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in figures:
        first, warm, last = figure.first, figure.warm, figure.last
        table.add_row(
            figure.name,
            f"{figure.rows / (last.at - warm.at):,.0f}",
            f"{TARGET:,}" if figure.name in OURS else "",
            f"{(last.cpu - warm.cpu) / figure.rows * 1e6:.1f}",
            f"{warm.memory >> 20} → {last.memory >> 20} MiB",
            f"{WARM_UP / (warm.at - first.at):,.0f}",
        )
    console.print(table)
    console.print(f"the heap of Connect: {connect.HEAP}")


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
    settings = next(each.settings for each in configurations() if each.name == name)
    return {**settings, "topic.creation.default.partitions": "1", **changes}


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
    first, warm, last = _marks(stack, topic, (1, WARM_UP, WARM_UP + rows))
    cluster.delete(name.replace(" ", "-"))
    return Figure(name, rows, first, warm, last)


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
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        # Looked at now and then, so that reading does not take the machine from what is measured.
        while wanted:
            if time.monotonic() > limit:
                raise Trouble(f"{topic}: {counted} of {wanted[-1]} rows after {PATIENCE:.0f} s")
            messages: list[Any] = [message for message in consumer.consume(20_000, 1.0) if message.error() is None]
            while wanted and counted + len(messages) >= wanted[0]:
                message = messages[wanted.pop(0) - counted - 1]
                marks.append(_mark(stack, message.timestamp()[1] / 1000))
            counted += len(messages)
    finally:
        consumer.close()
    return marks


def _mark(stack: Stack, at: float) -> Mark:
    worker = psutil.Process(_worker(stack).pid)
    times = worker.cpu_times()
    return Mark(at, float(times.user + times.system), int(worker.memory_info().rss))


def _worker(stack: Stack) -> processes.Started:
    started = processes.running(stack.place, "connect")
    assert started is not None
    return started


def _execute(stack: Stack, *statements: str) -> None:
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())

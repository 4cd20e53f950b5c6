"""Rows into a topic by Kafka Connect: our JDBC and SFTP sources, and Debezium beside them.

Ten narrow columns, the JSON converter, one task, exactly once. The JDBC source reads a table that is there, the SFTP
source the same rows in a CSV file; Debezium streams them while they are written, its snapshot left out. Time is taken
from the first record's timestamp to the last one's, so that neither's start counts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
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
class Figure:
    """Records of one connector: how many, in how many seconds, how many of CPU Connect took, and its memory in bytes.

    `memory` is that after a quarter of the rows, and at the end.
    """

    name: str
    rows: int
    seconds: float
    cpu: float
    memory: tuple[int, int]


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print: 300,000 rows, or with `full` two million."""
    rows = FULL_ROWS if full else ROWS
    with (
        bench_stack("connect", "postgres", "sftp") as stack,
        closing(ConnectCluster(connect.url(stack.ports))) as cluster,
    ):
        console.print(f"{rows:,} rows, each way …")
        figures = [_jdbc(stack, cluster, rows), _sftp(stack, cluster, rows), _debezium(stack, cluster, rows)]
    table = Table("", "rows/s", "µs of CPU a row", "memory, a quarter → end", "target")
    for figure in figures:
        target = f"{TARGET:,}" if figure.name in OURS else ""
        speed, cpu = f"{figure.rows / figure.seconds:,.0f}", f"{figure.cpu / figure.rows * 1e6:.1f}"
        memory = " → ".join(f"{size >> 20}" for size in figure.memory) + " MiB"
        table.add_row(figure.name, speed, cpu, memory, target)
    console.print(table)
    console.print(f"the heap of Connect: {connect.HEAP}")


def _jdbc(stack: Stack, cluster: ConnectCluster, rows: int) -> Figure:
    _execute(stack, TABLE.format("bench_jdbc"), FILL.format("bench_jdbc") % {"rows": rows}, "ANALYZE bench_jdbc")
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
    fill = (FILL.format("bench_cdc") % {"rows": rows},)
    return _measure(stack, cluster, "Debezium", config, "cdc.public.bench_cdc", rows, then=fill)


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
    cpu = _cpu(stack)
    cluster.put(name.replace(" ", "-"), config)
    if then:
        _wait_until_streaming(stack)
        _execute(stack, *then)
    seconds, memory = _arrival(stack, topic, rows)
    figure = Figure(name, rows, seconds, _cpu(stack) - cpu, (memory, _memory(stack)))
    cluster.delete(name.replace(" ", "-"))
    return figure


def _wait_until_streaming(stack: Stack) -> None:
    """Until Debezium has its place in the log of changes, from where on it sees what is written."""
    limit = time.monotonic() + PATIENCE
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        while not admin.execute("select 1 from pg_replication_slots where active").fetchone():
            if time.monotonic() > limit:
                raise Trouble("Debezium does not stream")
            time.sleep(0.2)


def _arrival(stack: Stack, topic: str, rows: int) -> tuple[float, int]:
    """Seconds from the first record of `topic` to its last, once `rows` are there; Connect's memory after a quarter."""
    consumer = reader(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(stack.ports)))
    partition = TopicPartition(topic, 0, 0)
    limit = time.monotonic() + PATIENCE
    counted, first, last, memory = 0, 0, 0, 0
    try:
        consumer.assign([partition])
        # Looked at now and then, so that reading does not take the machine from what is measured.
        while counted < rows:
            if time.monotonic() > limit:
                raise Trouble(f"{topic}: {counted} of {rows} rows after {PATIENCE:.0f} s")
            messages: list[Any] = [message for message in consumer.consume(20_000, 1.0) if message.error() is None]
            if messages:
                first = first or messages[0].timestamp()[1]
                last = messages[-1].timestamp()[1]
            counted += len(messages)
            if not memory and counted >= rows // 4:
                memory = _memory(stack)
    finally:
        consumer.close()
    return float(last - first) / 1000, memory


def _cpu(stack: Stack) -> float:
    times = psutil.Process(_worker(stack).pid).cpu_times()
    return float(times.user + times.system)


def _memory(stack: Stack) -> int:
    return int(psutil.Process(_worker(stack).pid).memory_info().rss)


def _worker(stack: Stack) -> processes.Started:
    started = processes.running(stack.place, "connect")
    assert started is not None
    return started


def _execute(stack: Stack, *statements: str) -> None:
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())

"""Rows of a table into a topic by Kafka Connect: our JDBC source, and Debezium beside it.

Ten narrow columns, the JSON converter, one task, exactly once. The JDBC source reads a table that is there; Debezium
streams the same rows while they are written, its snapshot left out. Time is taken from the first record's timestamp to
the last one's, so that neither's start counts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import psutil
import psycopg
from confluent_kafka import TopicPartition
from rich.console import Console
from rich.table import Table

from command.bench.servers import bench_stack
from command.connect_client import ConnectCluster
from command.connectors import configurations
from command.stack import connect, kafka, postgres, processes
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from pipeline.kafka import reader
from pipeline.service_settings import KafkaSettings

ROWS: Final = 300_000
FULL_ROWS: Final = 2_000_000
TARGET: Final = 25_000  # rows a second
PATIENCE: Final = 600.0  # seconds
TABLE: Final = """
CREATE TABLE {} (row_id int PRIMARY KEY, subject_id int NOT NULL, hadm_id int, itemid int NOT NULL, charttime timestamp,
    value text, valuenum float, valueuom text, flag text, storetime timestamptz)
"""
FILL: Final = """
INSERT INTO {} SELECT i, i / 50, i / 100, i %% 700, timestamp '2150-01-01' + i * interval '1 minute', (i %% 1000)::text,
    (i %% 1000) / 10.0, 'mg/dL', CASE WHEN i %% 7 = 0 THEN 'abnormal' END, now() FROM generate_series(1, %(rows)s) i
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """Records of one connector: how many, in how many seconds, and of those how many of CPU Connect took."""

    name: str
    rows: int
    seconds: float
    cpu: float


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print: 300,000 rows, or with `full` two million."""
    rows = FULL_ROWS if full else ROWS
    with bench_stack("connect", "postgres") as stack, closing(ConnectCluster(connect.url(stack.ports))) as cluster:
        console.print(f"{rows:,} rows, each way …")
        ours = _jdbc(stack, cluster, rows)
        peer = _debezium(stack, cluster, rows)
        memory = psutil.Process(_worker(stack).pid).memory_info().rss
    table = Table("", "rows/s", "µs of CPU a row", "target")
    for figure in (ours, peer):
        target = f"{TARGET:,}" if figure is ours else ""
        table.add_row(figure.name, f"{rows / figure.seconds:,.0f}", f"{figure.cpu / rows * 1e6:.1f}", target)
    console.print(table)
    console.print(f"memory of Connect at the end: {memory >> 20} MiB, with a heap of {connect.HEAP}")


def _jdbc(stack: Stack, cluster: ConnectCluster, rows: int) -> Figure:
    _execute(stack, TABLE.format("bench_jdbc"), FILL.format("bench_jdbc") % {"rows": rows}, "ANALYZE bench_jdbc")
    config = _of_folder("jdbc-mimic", {"table.include.list": "bench_jdbc", "tasks.max": "1", "topic.prefix": "bench."})
    return _measure(stack, cluster, "JDBC source", config, "bench.bench_jdbc", rows)


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
    seconds = _seconds(stack, topic, rows)
    used = _cpu(stack) - cpu
    cluster.delete(name.replace(" ", "-"))
    return Figure(name, rows, seconds, used)


def _wait_until_streaming(stack: Stack) -> None:
    """Until Debezium has its place in the log of changes, from where on it sees what is written."""
    limit = time.monotonic() + PATIENCE
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        while not admin.execute("select 1 from pg_replication_slots where active").fetchone():
            if time.monotonic() > limit:
                raise Trouble("Debezium does not stream")
            time.sleep(0.2)


def _seconds(stack: Stack, topic: str, rows: int) -> float:
    """From the first record of `topic` to its last, once `rows` are there."""
    consumer = reader(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(stack.ports)))
    partition = TopicPartition(topic, 0, 0)
    limit = time.monotonic() + PATIENCE
    counted, first, last = 0, 0, 0
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
    finally:
        consumer.close()
    return float(last - first) / 1000


def _cpu(stack: Stack) -> float:
    times = psutil.Process(_worker(stack).pid).cpu_times()
    return float(times.user + times.system)


def _worker(stack: Stack) -> processes.Started:
    started = processes.running(stack.place, "connect")
    assert started is not None
    return started


def _execute(stack: Stack, *statements: str) -> None:
    url = postgres.url(stack.place, stack.ports, database=postgres.SOURCE)
    with psycopg.connect(url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())

"""Connect's workers come and go in the middle of a load: what the JDBC source promises of each row then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psycopg
import pytest

from command.stack.stack import Stack
from tests.connect.conftest import DATABASE
from tests.connect.driving import Cluster
from tests.connect.workers import worker
from tests.stack import RunningStack
from tests.survival.batches import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


@contextmanager
def growing(cluster: Cluster, *tables: str) -> Iterator[None]:
    """New tables, each of which somebody writes some rows to at a time, until the end."""
    cluster.execute(*(f"create table {table} (row_id serial primary key, value text)" for table in tables))
    over = Event()

    def write() -> None:
        with psycopg.connect(cluster.source_url, autocommit=True) as connection:
            while not over.wait(0.05):
                for table in tables:
                    connection.execute(
                        f"insert into {table} (value) select md5(i::text) from generate_series(1, 20) i".encode()
                    )

    writer = Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def rows(cluster: Cluster, table: str) -> int:
    with psycopg.connect(cluster.source_url) as connection:
        found = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert found is not None
    return int(found[0])


def sent(cluster: Cluster, topic: str) -> Counter[int]:
    """How often each row of a table has come."""
    return Counter(record.value["row_id"] for record in cluster.records(topic))


def wait_for_size(cluster: Cluster, topic: str, size: int) -> None:
    wait_for(lambda: cluster.size(topic) >= size, f"{size} records in {topic}", 120)


def wait_for_more(cluster: Cluster, *topics: str) -> None:
    """Until each of the topics has grown."""
    before = {topic: cluster.size(topic) for topic in topics}
    wait_for(lambda: all(cluster.size(topic) > size + 20 for topic, size in before.items()), "more rows", 90)


def test_each_row_comes_once_though_connect_is_killed_again_and_again(cluster: Cluster) -> None:
    total, kills = 10_000, 2
    running = RunningStack(cluster.stack)
    cluster.execute(
        "create table labevents (row_id int primary key, value text)",
        f"insert into labevents select i, md5(i::text) from generate_series(1, {total}) i",
    )
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="row_id",
        topic_prefix="killed-",
        table_include_list="labevents",
        batch_max_rows=100,  # slow enough that every kill is in the middle
        producer_override_transaction_timeout_ms=5000,  # how long a transaction that was left open can hold a start up
    )
    cluster.run("killed", config)
    for kill in range(1, kills + 1):
        wait_for_size(cluster, "killed-labevents", kill * total // (kills + 1))
        running.kill("connect")
        assert cluster.size("killed-labevents") < total
        running.start("connect")
    wait_for_size(cluster, "killed-labevents", total)
    cluster.wait_for("killed-labevents", total)
    assert sent(cluster, "killed-labevents") == Counter(range(1, total + 1))


def test_rows_of_several_tables_come_once_though_a_second_worker_comes_and_dies(
    cluster: Cluster, connect_servers: Stack
) -> None:
    tables = ("shared_a", "shared_b", "shared_c")
    topics = [f"two-{table}" for table in tables]
    running = RunningStack(connect_servers)
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="row_id",
        topic_prefix="two-",
        table_include_list=",".join(tables),
        tasks_max=3,
    )
    with growing(cluster, *tables):
        cluster.run("two", config)
        wait_for_more(cluster, *topics)
        with worker(connect_servers, DATABASE, "connect-2") as second:
            wait_for(lambda: second.id in cluster.workers("two"), "a task on the second worker", 90)
            wait_for_more(cluster, *topics)
            running.kill("connect-2")
            wait_for(lambda: second.id not in cluster.workers("two"), "its tasks to move", 90)
            wait_for_more(cluster, *topics)
    for table, topic in zip(tables, topics, strict=True):
        count = rows(cluster, table)
        cluster.wait_for(topic, count)
        assert sent(cluster, topic) == Counter(range(1, count + 1))


def test_no_row_is_lost_by_a_worker_that_is_killed_and_not_set_up_for_exactly_once(
    cluster: Cluster, connect_servers: Stack
) -> None:
    running = RunningStack(connect_servers)
    apart = {
        "exactly_once_source_support": "disabled",
        "group_id": "at-least-once",
        "config_storage_topic": "at-least-once-configs",
        "offset_storage_topic": "at-least-once-offsets",
        "status_storage_topic": "at-least-once-status",
        "offset_flush_interval_ms": "1000",
    }
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="row_id",
        topic_prefix="once-or-more-",
        table_include_list="unguarded",
    )
    topic = "once-or-more-unguarded"
    with worker(connect_servers, DATABASE, "connect-apart", **apart) as alone:
        with growing(cluster, "unguarded"):
            alone.cluster.run("once-or-more", config)
            for _ in range(2):
                wait_for_more(cluster, topic)
                running.kill("connect-apart")
                alone.start()
            wait_for_more(cluster, topic)
        every = set(range(1, rows(cluster, "unguarded") + 1))
        wait_for(lambda: sent(cluster, topic).keys() == every, "every row", 60)
        alone.cluster.delete_all()

"""Connect's workers come and go in the middle of a load: what the JDBC and the SFTP source promise of each row then."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from command.stack.sftp import drop
from command.stack.stack import Stack
from tests.connect.conftest import DATABASE
from tests.connect.driving import Cluster
from tests.connect.loads import growing, lines, make_table, sent, wait_for_more
from tests.connect.workers import worker
from tests.stack import RunningStack
from tests.survival.batches import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def run_both(
    cluster: Cluster, name: str, *, tables: str, tasks: int = 1, batch: int = 1000, **settings: object
) -> None:
    """A JDBC source `NAME` of tables, into `NAME-TABLE`, and an SFTP source `NAME-csv` of folder `NAME`."""
    rows = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="id",
        topic_prefix=f"{name}-",
        table_include_list=tables,
        tasks_max=tasks,
        batch_max_rows=batch,
        **settings,
    )
    files = cluster.sftp(
        name,
        kafka_topic=f"{name}-csv",
        key_columns="id",
        tasks_max=tasks,
        batch_size=batch,
        **settings,
    )
    cluster.run(name, rows)
    cluster.run(f"{name}-csv", files)


def test_each_row_comes_once_though_connect_is_killed_again_and_again(cluster: Cluster, files: Path) -> None:
    total, kills, topics = 12_000, 2, ("killed-labevents", "killed-csv")
    running = RunningStack(cluster.stack)
    make_table(cluster, "labevents", rows=total)
    drop(files / "killed", "a.csv", lines(1, total * 3 // 4))
    drop(files / "killed", "b.csv", lines(total * 3 // 4 + 1, total))
    run_both(
        cluster,
        "killed",
        tables="labevents",
        batch=100,  # slow enough that every kill is in the middle
        producer_override_transaction_timeout_ms=5000,  # how long a transaction that was left open can hold a start up
    )
    for kill in range(1, kills + 1):
        some = kill * total // (kills + 1)
        wait_for(lambda: any(cluster.size(topic) >= some for topic in topics), f"{some} rows", 120)  # noqa: B023
        running.kill("connect")
        assert any(cluster.size(topic) < total for topic in topics)
        running.start("connect")
    for topic in topics:
        cluster.wait_for(topic, total, seconds=120)
        assert sent(cluster, topic) == Counter(range(1, total + 1)), topic
    finished = files / "killed" / "finished"
    wait_for(lambda: sorted(file.name for file in finished.glob("*")) == ["a.csv", "b.csv"], "both files' move", 60)


def test_each_row_comes_once_though_a_second_worker_dies_and_comes_back(
    cluster: Cluster, files: Path, connect_servers: Stack
) -> None:
    running = RunningStack(connect_servers)
    tables = {f"two-{table}": table for table in ("shared_a", "shared_b", "shared_c")}
    topics = (*tables, "two-csv")
    with (
        worker(connect_servers, DATABASE, "connect-2") as second,
        growing(cluster, tables=tables, folders={"two-csv": files / "two"}) as written,
    ):
        run_both(cluster, "two", tables=",".join(tables.values()), tasks=3)
        for name in ("two", "two-csv"):
            wait_for(lambda: second.id in cluster.workers(name), f"a task of {name} on the second worker", 90)  # noqa: B023
        wait_for_more(cluster, *topics)
        running.kill("connect-2")
        for name in ("two", "two-csv"):
            wait_for(lambda: second.id not in cluster.workers(name), f"the tasks of {name} to move", 90)  # noqa: B023
        wait_for_more(cluster, *topics)
        second.start()
        wait_for(lambda: second.id in cluster.workers("two") | cluster.workers("two-csv"), "a task to move back", 90)
        wait_for_more(cluster, *topics)
    for topic in topics:
        cluster.wait_for(topic, written[topic])
        assert sent(cluster, topic) == Counter(range(1, written[topic] + 1)), topic


def test_no_row_is_lost_by_a_worker_that_is_killed_and_not_set_up_for_exactly_once(
    cluster: Cluster, files: Path, connect_servers: Stack
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
    topics = ("apart-unguarded", "apart-csv")
    with worker(connect_servers, DATABASE, "connect-apart", **apart) as alone:
        folders = {"apart-csv": files / "apart"}
        with growing(cluster, tables={"apart-unguarded": "unguarded"}, folders=folders) as written:
            run_both(alone.cluster, "apart", tables="unguarded")
            for _ in range(2):
                wait_for_more(cluster, *topics)
                running.kill("connect-apart")
                alone.start()
            wait_for_more(cluster, *topics)
        for topic in topics:
            every = set(range(1, written[topic] + 1))
            wait_for(lambda: sent(cluster, topic).keys() == every, f"every row of {topic}", 60)  # noqa: B023
        alone.cluster.delete_all()

"""Connect's workers come and go in the middle of a load: what the JDBC and the SFTP source promise of each row then.
FIRTH_KILLS=10 has the one of a load of 100,000 rows, and of as many lines, killed ten times."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

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

KILLS: Final = int(os.environ.get("FIRTH_KILLS", "1"))
TOTAL: Final = max(20_000, 10_000 * KILLS)
# So that the load is longer than a kill takes; and a transaction that was left open holds a start up for a moment only.
SLOW: Final = {"batch": 100, "producer_override_transaction_timeout_ms": 5000}


def run_rows(
    cluster: Cluster, name: str, tables: str, *, tasks: int = 1, batch: int = 1000, **settings: object
) -> None:
    """A JDBC source `NAME` of tables, into `NAME-TABLE`."""
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="id",
        topic_prefix=f"{name}-",
        table_include_list=tables,
        tasks_max=tasks,
        batch_max_rows=batch,
        **settings,
    )
    cluster.run(name, config)


def run_lines(cluster: Cluster, name: str, *, tasks: int = 1, batch: int = 1000, **settings: object) -> None:
    """An SFTP source `NAME-csv` of folder `NAME`, into a topic of its own name."""
    config = cluster.sftp(
        name,
        kafka_topic=f"{name}-csv",
        key_columns="id",
        tasks_max=tasks,
        batch_size=batch,
        **settings,
    )
    cluster.run(f"{name}-csv", config)


def run_both(cluster: Cluster, name: str, tables: str, *, tasks: int = 1) -> None:
    """Both of a name."""
    run_rows(cluster, name, tables, tasks=tasks)
    run_lines(cluster, name, tasks=tasks)


def start_rows(cluster: Cluster, _: Path, total: int) -> str:
    """A load of so many rows of a table, under way; its topic."""
    make_table(cluster, "labevents", rows=total)
    run_rows(cluster, "killed", "labevents", **SLOW)
    return "killed-labevents"


def start_lines(cluster: Cluster, files: Path, total: int) -> str:
    """A load of so many lines of two files, under way; its topic."""
    drop(files / "killed", "a.csv", lines(1, total * 3 // 4))
    drop(files / "killed", "b.csv", lines(total * 3 // 4 + 1, total))
    run_lines(cluster, "killed", **SLOW)
    return "killed-csv"


@pytest.mark.parametrize("start", [start_rows, start_lines])
def test_each_row_comes_once_though_connect_is_killed_in_the_middle_again_and_again(
    cluster: Cluster, files: Path, start: Callable[[Cluster, Path, int], str]
) -> None:
    running, chance = RunningStack(cluster.stack), Random()
    stretch = TOTAL // (KILLS + 1)  # behind the last kill is one more
    topic = start(cluster, files, TOTAL)
    for kill in range(KILLS):
        some = round((kill + chance.random()) * stretch)
        wait_for(lambda: cluster.size(topic) > some, f"more than {some} rows", 120)  # noqa: B023
        running.kill("connect")
        assert len(cluster.records(topic)) < TOTAL, (
            f"kill {kill + 1}, meant to be behind row {some}, came after the load"
        )
        running.start("connect")
    cluster.wait_for(topic, TOTAL, seconds=120)
    assert sent(cluster, topic) == Counter(range(1, TOTAL + 1))
    wait_for(lambda: not list((files / "killed").glob("*.csv")), "the move of what was read", 60)


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
        run_both(cluster, "two", ",".join(tables.values()), tasks=3)
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
            run_both(alone.cluster, "apart", "unguarded")
            for _ in range(2):
                wait_for_more(cluster, *topics)
                running.kill("connect-apart")
                alone.start()
            wait_for_more(cluster, *topics)
        for topic in topics:
            every = set(range(1, written[topic] + 1))
            wait_for(lambda: sent(cluster, topic).keys() == every, f"every row of {topic}", 60)  # noqa: B023
        alone.cluster.delete_all()

"""Loads of rows and of lines of CSV files, each with a number of its own, so that whoever reads them can be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg

from command.stack.sftp import drop
from tests.connect.driving import Cluster
from tests.survival.batches import wait_for

ROWS, LINES = 20, 50  # at a time


def lines(first: int, last: int) -> bytes:
    """CSV with a header, a row for each number."""
    return b"id,name\n" + b"".join(b"%d,name %d\n" % (number, number) for number in range(first, last + 1))


def make_table(cluster: Cluster, table: str, *, rows: int = 0) -> None:
    """A table whose rows have numbers from 1 on."""
    cluster.execute(
        f"create table {table} (id serial primary key, value text)",
        f"insert into {table} (value) select md5(i::text) from generate_series(1, {rows}) i",
    )


@contextmanager
def growing(cluster: Cluster, *, tables: dict[str, str], folders: dict[str, Path]) -> Iterator[Counter[str]]:
    """New tables and folders, by the topics that they go to. Somebody adds some rows and a file at a time, until the
    end; how many each has so far is told by topic."""
    for table in tables.values():
        make_table(cluster, table)
    written, over = Counter[str](), Event()

    def write() -> None:
        with psycopg.connect(cluster.source_url, autocommit=True) as connection:
            while not over.wait(0.3):
                for topic, table in tables.items():
                    connection.execute(
                        f"insert into {table} (value) select md5(i::text) from generate_series(1, {ROWS}) i".encode()
                    )
                    written[topic] += ROWS
                for topic, folder in folders.items():
                    first = written[topic] + 1
                    drop(folder, f"{first:07}.csv", lines(first, first + LINES - 1))
                    written[topic] += LINES

    writer = Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        over.set()
        writer.join()


def sent(cluster: Cluster, topic: str) -> Counter[int]:
    """How often each number has come."""
    return Counter(int(record.value["id"]) for record in cluster.records(topic))


def wait_for_more(cluster: Cluster, *topics: str) -> None:
    """Until each of the topics has grown by more than the ends of some transactions."""
    before = {topic: cluster.size(topic) for topic in topics}
    wait_for(lambda: all(cluster.size(topic) > size + LINES for topic, size in before.items()), "more rows", 90)

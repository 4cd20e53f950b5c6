"""A new row of the source until its resource is in HAPI: by the JDBC source, which looks every 500 ms."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from random import Random
from statistics import median, quantiles
from typing import Final

from rich.console import Console
from rich.table import Table

from command.api_client import Api
from command.bench.servers import bench_stack
from command.connect_client import ConnectCluster
from command.connectors import apply_all, configurations
from command.demo.database import create_source
from command.demo.live import CAREGIVER, PATIENT, NewRow, Watch, bind, catch_up, rows_of
from command.demo.mapping import mapping_of
from command.demo.site import Site
from command.stack import connect

PATIENTS: Final = 100
ROWS, ROWS_FULL = 30, 100  # of each kind
LIMIT: Final = 1.5  # seconds that the median should be below
KINDS: Final[dict[str, NewRow]] = {"off the row (caregivers)": CAREGIVER, "its key fetched (patients)": PATIENT}


def bench(console: Console, *, full: bool) -> None:
    """Write row after row at moments that the connector's polls know nothing of, and wait for each."""
    moments = Random(4)  # noqa: S311
    with bench_stack("connect", "live", "transformer", "loader-fhir", "postgres") as stack:
        site = Site.of(stack)
        create_source(site.source_url, patients=PATIENTS)
        with closing(Api(site.api_url, token=site.api_token)) as api:
            api.import_mapping(mapping_of(site))
            with closing(ConnectCluster(connect.url(stack.ports))) as cluster:
                apply_all(cluster, [each for each in configurations() if each.name == "jdbc-mimic"], console)
            bind(api)
            catch_up(api, rows_of(site))
        found: dict[str, list[float]] = {name: [] for name in KINDS}
        with closing(Watch(site)) as watch:
            for _ in range(ROWS_FULL if full else ROWS):
                for name, row in KINDS.items():
                    time.sleep(moments.uniform(0, 0.5))
                    found[name].append(watch.arrival(row)[1])
    _print(console, found)


def _print(console: Console, found: Mapping[str, Sequence[float]]) -> None:
    table = Table("from commit to HAPI", "rows", "median s", "95 of 100 s", "longest s", "median to stay below")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, seconds in found.items():
        figures = (median(seconds), quantiles(seconds, n=20)[-1], max(seconds))
        table.add_row(name, str(len(seconds)), *(f"{each:.2f}" for each in figures), f"{LIMIT}")
    console.print(table)

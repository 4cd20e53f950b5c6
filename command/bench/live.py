"""A new row or a new file until its resource is in HAPI: by our sources, which look every 500 ms."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
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
from command.demo.live import CAREGIVER, PATIENT, Watch, bind, catch_up, rows_of
from command.demo.mapping import mapping_of
from command.demo.site import Site
from command.stack import connect

PATIENTS: Final = 100
ROWS, ROWS_FULL = 30, 100  # of each kind
LIMIT: Final = 1.5  # seconds that the median should be below
SOURCES: Final = ("jdbc-mimic", "sftp-csv")
KINDS: Final[Mapping[str, Callable[[Watch], tuple[str, float]]]] = {
    "a row, taken as it is (caregivers)": lambda watch: watch.arrival(CAREGIVER),
    "a row, its key fetched (patients)": lambda watch: watch.arrival(PATIENT),
    "a CSV file, from its rename": Watch.dropped,
}


def bench(console: Console, *, full: bool) -> None:
    """Write rows and files at moments that the connectors' polls know nothing of, and wait for each."""
    moments = Random(4)  # noqa: S311
    with bench_stack("connect", "live", "transformer", "loader-fhir", "postgres", "sftp") as stack:
        site = Site.of(stack)
        create_source(site.source_url, patients=PATIENTS)
        with closing(Api(site.api_url, token=site.api_token)) as api:
            api.import_mapping(mapping_of(site))
            with closing(ConnectCluster(connect.url(stack.ports))) as cluster:
                apply_all(cluster, [each for each in configurations() if each.name in SOURCES], console)
            bind(api)
            catch_up(api, rows_of(site))
        found: dict[str, list[float]] = {name: [] for name in KINDS}
        with closing(Watch(site)) as watch:
            watch.dropped()  # the first file has the topic made, which takes a worker some seconds to notice
            for _ in range(ROWS_FULL if full else ROWS):
                for name, arrival in KINDS.items():
                    time.sleep(moments.uniform(0, 0.5))
                    found[name].append(arrival(watch)[1])
    _print(console, found)


def _print(console: Console, found: Mapping[str, Sequence[float]]) -> None:
    table = Table("until it is in HAPI", "times", "median s", "95 of 100 s", "longest s", "median to stay below")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, seconds in found.items():
        figures = (median(seconds), quantiles(seconds, n=20)[-1], max(seconds))
        table.add_row(name, str(len(seconds)), *(f"{each:.2f}" for each in figures), f"{LIMIT}")
    console.print(table)

"""A preview of one row: how long it takes on an idle stack, and while a large batch runs into MongoDB."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from itertools import count, islice
from statistics import median, quantiles
from typing import Final

from rich.console import Console
from rich.table import Table

from command.api_client import Api
from command.bench.servers import bench_stack
from command.demo.database import create_source
from command.demo.mapping import mapping_of
from command.demo.servers import source_rows
from command.demo.site import Site
from command.stack import services
from command.stack.trouble import Trouble

PATIENTS: Final = 1_000
PATIENTS_FULL: Final = 32_000  # a million rows
FIRST: Final = 10_020  # the first patient after those with bad rows
STAGES: Final = ("extractor", "transformer", "loader-mongodb")
IDLE: Final = 200  # previews
BUSY: Final = 500  # at most
PAUSE: Final = 0.05  # seconds between two: somebody who looks at rows, not a load
LIMITS: Final = {"idle": 300, "during a batch": 1_000}  # milliseconds that the median should be below


def bench(console: Console, *, full: bool) -> None:
    """Ask for one patient after another, first alone and then beside a batch of all resources."""
    with bench_stack(*STAGES) as stack:
        create_source(Site.of(stack).source_url, patients=PATIENTS_FULL if full else PATIENTS)
        with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
            api.import_mapping(mapping_of(Site.of(stack)))
            keys = (FIRST + number % (PATIENTS // 2) for number in count())
            first = _preview(api, next(keys))
            idle = [_preview(api, key) for key in islice(keys, IDLE)]
            batch_id = api.start_batch(list(source_rows(Site.of(stack))))
            busy: list[float] = []
            while len(busy) < BUSY and _is_busy(api, batch_id):
                busy += [_preview(api, key) for key in islice(keys, 5)]
    if not busy:
        raise Trouble("the batch was over before the first preview beside it: --full has a larger one")
    _print(console, first, {"idle": idle, "during a batch": busy})


def _preview(api: Api, key: int) -> float:
    """Seconds that a preview took."""
    began = time.perf_counter()
    found = api.preview("mimic-patient", [key])
    seconds = time.perf_counter() - began
    if len(found.instances) != 1:
        raise Trouble(f"the preview of patient {key} shows {len(found.instances)} instances: {found.errors}")
    time.sleep(PAUSE)
    return seconds


def _is_busy(api: Api, batch_id: str) -> bool:
    """Whether rows of the batch are not in MongoDB yet."""
    resources = api.batch(batch_id).resources
    return any(one.total is None or one.loaded["mongodb"] + one.refused("mongodb") < one.total for one in resources)


def _print(console: Console, first: float, found: dict[str, Sequence[float]]) -> None:
    table = Table("stack", "previews", "median ms", "95 of 100 ms", "longest ms", "median to stay below")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, seconds in found.items():
        figures = (median(seconds), quantiles(seconds, n=20)[-1], max(seconds))
        table.add_row(name, str(len(seconds)), *(f"{each * 1000:,.0f}" for each in figures), f"{LIMITS[name]:,}")
    console.print(table)
    console.print(f"the first preview of all, which compiles the mapping: {first * 1000:,.0f} ms")

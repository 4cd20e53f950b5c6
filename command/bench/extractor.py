"""The extractor alone: rows of a large table, each joined with its dictionary, into events ready to be written.

The limit is a bare psycopg server-side cursor that reads the same joined rows in the same order, and does nothing
with them. The extractor reads them chunk by chunk, groups, sorts and encodes. Its memory is looked at after every
chunk: it must not grow with the table.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from command.bench.servers import bench_stack
from command.stack import postgres
from command.stack.stack import Stack
from extractor.chunk import Extractor
from extractor.connectors import connectors
from extractor.patience import Patience
from extractor.settings import ChunkSettings, SourceSettings
from extractor.sources import Sources
from mapping.credential import Credential
from mapping.model import Attribute, Column, Input, InputGroup, Join, Mapping, ResourceMapping, Source, TableColumn
from pipeline.codec import Codec
from pipeline.events import ExtractorTrigger
from pipeline.records import Record
from pipeline.topics import EXTRACT, TRIGGER

ROWS: Final = 200_000
FULL_ROWS: Final = 5_000_000
DATABASE: Final = "postgres"
TARGET: Final = 20_000  # rows a second
MEMORY: Final = 300  # MiB
MEBIBYTE: Final = 1024 * 1024

TABLES: Final = """
CREATE TABLE bench_labitems (itemid int PRIMARY KEY, label text, loinc text);
INSERT INTO bench_labitems SELECT i, 'analyte ' || i, i || '-5' FROM generate_series(0, 699) i;
CREATE TABLE bench_labevents (
    row_id bigint, subject_id int, hadm_id int, itemid int, charttime timestamp, value text, valuenum float,
    valueuom varchar(20), flag varchar(20), storetime timestamptz
);
INSERT INTO bench_labevents SELECT i, i / 50, i / 100, i %% 700, timestamp '2150-01-01' + i * interval '1 minute',
    (i %% 1000)::text, (i %% 1000) / 10.0, 'mg/dL', CASE WHEN i %% 7 = 0 THEN 'abnormal' END, now()
    FROM generate_series(1, %(rows)s) i;
ALTER TABLE bench_labevents ADD PRIMARY KEY (row_id);
ANALYZE bench_labevents
"""

CURSOR: Final = """
SELECT l.*, d.label, d.loinc FROM bench_labevents l LEFT JOIN bench_labitems d ON d.itemid = l.itemid ORDER BY l.row_id
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement: seconds by the clock and of this process's CPU for all rows, memory in bytes at most."""

    name: str
    rows: int
    seconds: float
    cpu: float
    memory: int = 0


def bench(console: Console, *, full: bool = False) -> None:
    """Measure and print: 200,000 rows, or with `full` the 5 million that the memory is promised for."""
    rows = FULL_ROWS if full else ROWS
    with bench_stack("postgres") as stack:
        console.print(f"making {rows:,} rows …")
        with psycopg.connect(_url(stack), autocommit=True) as admin:
            for statement in TABLES.split(";"):
                admin.execute((statement % {"rows": rows}).encode())
        limit = _cursor(stack, rows)
        ours, early = _extract(stack, rows)
    _show(console, limit, ours, early)


def _url(stack: Stack) -> str:
    return postgres.url(stack.place, stack.ports, database=DATABASE)


def _cursor(stack: Stack, rows: int) -> Figure:
    read, start, cpu = 0, time.perf_counter(), time.process_time()
    with psycopg.connect(_url(stack)) as connection, connection.cursor(name="limit") as cursor:
        cursor.itersize = 2000
        cursor.execute(CURSOR)
        for _ in cursor:
            read += 1
    assert read == rows, f"the cursor read {read} rows of {rows}"
    return Figure("psycopg server-side cursor", rows, time.perf_counter() - start, time.process_time() - cpu)


def _extract(stack: Stack, rows: int) -> tuple[Figure, int]:
    """The extractor's figure, and its memory after a tenth of the rows."""
    process, stage, codec = psutil.Process(), _extractor(stack), Codec.local()
    record: Record | None = _trigger(codec.encode(ExtractorTrigger("bench", "labevents", "hash")))
    written = early = most = 0
    start, cpu = time.perf_counter(), time.process_time()
    while record is not None:
        outcome = stage(record)
        assert not outcome.refused, outcome.refused[0].error
        written += sum(item.topic == EXTRACT for item in outcome.produced)
        record = next((_trigger(item.value) for item in outcome.produced if item.topic == TRIGGER), None)
        most = max(most, process.memory_info().rss)
        if written <= rows // 10:
            early = most
    assert written == rows, f"the extractor wrote {written} records of {rows}"
    return Figure("extractor", rows, time.perf_counter() - start, time.process_time() - cpu, most), early


def _trigger(value: bytes | None) -> Record:
    return Record(TRIGGER, 0, 0, 0, b"bench:labevents", value, ())


def _extractor(stack: Stack) -> Extractor:
    credential = Credential(
        model="POSTGRES",
        host="127.0.0.1",
        port=stack.ports.postgres,
        database=DATABASE,
        login=postgres.ADMIN,
        password=stack.place.secret(f"postgres-{postgres.ADMIN}"),
    )
    sources = Sources(
        SourceSettings(), credential_of=lambda _: credential, secret_of=lambda _: None, connectors=connectors()
    )
    return Extractor(
        sources=sources,
        mapping_of=lambda _: _mapping(),
        codec=Codec.local(),
        settings=ChunkSettings(),
        patience=Patience(0),
    )


def _mapping() -> Mapping:
    table = "bench_labevents"
    names = ("subject_id", "hadm_id", "itemid", "charttime", "value", "valuenum", "valueuom", "flag", "storetime")
    item = (Join(TableColumn(table, "itemid"), TableColumn("bench_labitems", "itemid")),)
    columns = [Column(table, name) for name in names]
    columns += [Column("bench_labitems", name, None, item) for name in ("label", "loinc")]
    group = InputGroup(tuple(Input(column=column) for column in columns))
    events = ResourceMapping(
        id="labevents",
        label="labevents",
        resource_type="Observation",
        profile=None,
        logical_reference="b8efd322-3e38-4072-9c68-e62e15d84d04",
        primary_key=Column(table, "row_id"),
        filters=(),
        attributes=(Attribute("valueString", "string", (group,)),),
    )
    return Mapping(source=Source("bench", "bench"), resources=(events,))


def _show(console: Console, limit: Figure, ours: Figure, early: int) -> None:
    table = Table("", "rows/s", "µs of CPU a row", "target", "of the limit")
    for one in (limit, ours):
        target = f"{TARGET:,}" if one is ours else ""
        ratio = f"{limit.seconds / one.seconds:.2f}" if one is ours else ""
        table.add_row(one.name, f"{one.rows / one.seconds:,.0f}", f"{one.cpu / one.rows * 1e6:.1f}", target, ratio)
    console.print(table)
    console.print(
        f"memory: {ours.memory / MEBIBYTE:.0f} MiB at most, {early / MEBIBYTE:.0f} MiB after a tenth of the rows"
        f" (target: flat, under {MEMORY} MiB; the benchmark's own libraries are in it)"
    )

"""The loader draining a full `transform` topic, beside what the same sink takes straight from the same client.

For HAPI the limit is ready-made bundles posted at the best size and parallelism found in this run, while the loader
runs as it is delivered; for MongoDB ready-made operations in the loader's own bulks. Limit and loader are measured in
turns, since both servers change with what they hold; the ratio is of the means.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from subprocess import Popen
from typing import Final
from uuid import UUID, uuid4, uuid5

import orjson
import psutil
from confluent_kafka import TopicPartition
from rich.console import Console
from rich.table import Table

from command.bench.limits import Way, post, upsert
from command.bench.servers import bench_stack
from command.stack import hapi, kafka, mongodb, registry
from command.stack.places import ROOT
from command.stack.stack import Stack
from command.stack.trouble import Trouble
from loader import mongo
from loader.fhir_client import FhirClient
from loader.sink import Change
from pipeline import kafka as clients
from pipeline import topics
from pipeline.codec import Codec
from pipeline.events import Progress, Resource, Transformed
from pipeline.service_settings import KafkaSettings, RegistrySettings, TopicSettings
from pipeline.topic_maker import ensure_topics

PATIENTS: Final = 2_000
OBSERVATIONS_A_PATIENT: Final = 5
HEAP: Final = "3g"  # what HAPI's best wants
TRANSACTION: Final = 1_000  # records that a transformer writes at once
STANDSTILL: Final = 120.0  # seconds without progress, after which the benchmark gives up
TARGETS: Final = {"fhir": 0.9, "mongodb": 0.8}


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are."""

    kafka: KafkaSettings
    registry: RegistrySettings
    fhir: str
    mongodb: str


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured: seconds of warm-up, resources of one measurement, how often limit and loader take
    turns, and what is tried for the limit as (bundle size, parallelism)."""

    warm_up: float
    turns: int
    fhir: int
    mongodb: int
    ways: Sequence[Way]


QUICK: Final = Amount(warm_up=15, turns=1, fhir=10_000, mongodb=30_000, ways=[(100, 2)])
FULL: Final = Amount(
    warm_up=60,
    turns=3,
    fhir=20_000,
    mongodb=30_000,
    ways=[
        (20, 2),
        (50, 2),
        (100, 1),
        (100, 2),
        (100, 3),
        (100, 4),
        (200, 2),
        (200, 3),
        (500, 2),
        (1000, 2),
    ],
)


@dataclass(frozen=True, slots=True)
class Drained:
    """What the loader did: resources a second, and microseconds of its own CPU for each."""

    rate: float
    cpu: float


def bench(console: Console, *, full: bool) -> None:
    """Measure both sinks and print each beside its limit."""
    os.environ.setdefault("FHIR_HEAP", HEAP)
    with bench_stack("registry", "hapi", "mongodb") as stack:
        measure(console, _servers(stack), FULL if full else QUICK)


def measure(console: Console, servers: Servers, amount: Amount) -> None:
    """The benchmark on running servers, whose data it adds to."""
    table = Table("sink", "resources/s: limit", "loader", "ratio", "target", "loader's CPU, µs")
    ensure_topics(servers.kafka, TopicSettings())
    _fhir(console, table, servers, amount)
    _mongodb(table, servers, amount)
    console.print(table)


def warm_up(client: FhirClient, seconds: float) -> None:
    """Have a FHIR server write for a while: a new one needs three times as long for a resource."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        post(client, _changes(4_000), (100, 2))


def _servers(stack: Stack) -> Servers:
    return Servers(
        KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(stack.ports)),
        RegistrySettings(url=registry.url(stack.ports)),
        hapi.url(stack.ports),
        mongodb.url(stack.ports),
    )


def _fhir(console: Console, table: Table, servers: Servers, amount: Amount) -> None:
    client = FhirClient(servers.fhir, token=None, time_limit=60)
    warm_up(client, amount.warm_up)
    rates = {way: post(client, _changes(amount.fhir // 4), way) for way in amount.ways}
    for (size, parallel), rate in rates.items():
        console.print(f"HAPI: bundles of {size}, {parallel} at once: {rate:,.0f} resources/s")
    best = max(rates, key=lambda way: rates[way])

    def limit() -> float:
        return post(client, _changes(amount.fhir), best)

    _drain(servers, "fhir", _changes(amount.fhir // 4), {})  # warms the broker up, as HAPI is by now
    _row(table, "fhir", *_in_turns(amount, limit, lambda: _drain(servers, "fhir", _changes(amount.fhir), {})))


def _mongodb(table: Table, servers: Servers, amount: Amount) -> None:
    with mongo.connect(servers.mongodb, time_limit=60) as client:
        database = client["bench"]
        into = {"MONGODB_DATABASE": database.name}
        upsert(database, _changes(amount.mongodb // 4))  # warms it up

        def limit() -> float:
            return upsert(database, _changes(amount.mongodb))

        _row(
            table,
            "mongodb",
            *_in_turns(amount, limit, lambda: _drain(servers, "mongodb", _changes(amount.mongodb), into)),
        )


def _in_turns(
    amount: Amount, limit: Callable[[], float], drain: Callable[[], Drained]
) -> tuple[list[float], list[Drained]]:
    """The limit first and last, the loader between."""
    limits, drained = [limit()], []
    for _ in range(amount.turns):
        drained.append(drain())
        limits.append(limit())
    return limits, drained


def _row(table: Table, sink: str, limits: Sequence[float], drained: Sequence[Drained]) -> None:
    rate = fmean(each.rate for each in drained)
    table.add_row(
        sink,
        " ".join(f"{each:,.0f}" for each in limits),
        " ".join(f"{each.rate:,.0f}" for each in drained),
        f"{rate / fmean(limits):.2f}",
        f"{TARGETS[sink]:.2f}",
        f"{fmean(each.cpu for each in drained):.0f}",
    )


# ---- what is written


def _changes(number: int) -> list[Change]:
    """New patients with their observations, in the order of a batch: a sixth patients, then the rest."""
    run = uuid4()
    patients = min(PATIENTS, max(1, number // (OBSERVATIONS_A_PATIENT + 1)))
    changes = [_patient(run, at) for at in range(patients)]
    return changes + [_observation(run, at, patients) for at in range(number - patients)]


def _patient(run: UUID, at: int) -> Change:
    body = {
        "identifier": [{"system": "urn:bench:patient", "value": str(at)}],
        "active": True,
        "name": [{"use": "official", "family": f"Family{at % 997}", "given": [f"Given{at % 89}"]}],
        "gender": "female" if at % 2 else "male",
        "birthDate": f"19{at % 90 + 10}-0{at % 9 + 1}-1{at % 9}",
        "address": [{"line": ["1 Quay Road"], "city": "Firth", "postalCode": "69000", "country": "FR"}],
    }
    return _change(run, "Patient", at, body)


def _observation(run: UUID, at: int, patients: int) -> Change:
    body = {
        "identifier": [{"system": "urn:bench:lab", "value": str(at)}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": f"{at % 499}-1", "display": "Haemoglobin"}]},
        "subject": {"reference": f"Patient/{uuid5(run, f'Patient{at % patients}')}"},
        "effectiveDateTime": f"2150-01-{at % 28 + 1:02}T03:04:05Z",
        "valueQuantity": {"value": at % 1000 / 10, "unit": "mg/dL", "system": "http://unitsofmeasure.org"},
    }
    return _change(run, "Observation", at, body)


def _change(run: UUID, resource_type: str, at: int, body: Mapping[str, object]) -> Change:
    resource_id = str(uuid5(run, f"{resource_type}{at}"))
    meta = {"source": "urn:bench", "tag": [{"system": "urn:bench:source", "code": "bench"}]}
    whole = orjson.dumps({"resourceType": resource_type, "id": resource_id, "meta": meta, **body})
    batch = str(run)
    return Change(
        key=f"{resource_type}:{resource_id}".encode(),
        type=resource_type,
        id=resource_id,
        write="replace",
        body=whole,
        as_of=1,
        batch_id=batch,
        resource_id=resource_type,
    )


# ---- the loader


def _drain(servers: Servers, sink: str, changes: Sequence[Change], settings: dict[str, str]) -> Drained:
    """Fill the topic, start a loader, wait until all is loaded. The rate is from the end of its first batch on:
    starting it is not what is measured."""
    _skip(servers, sink)
    _fill(servers, changes)
    with _loader(servers, sink, settings) as process:
        done, at_first = _progress(servers, sink, changes[0].batch_id, len(changes), process)
        cpu = _cpu(process) - at_first
    began, ended = min(done), max(done)
    left = len(changes) - done[began]
    return Drained(rate=left / (ended - began) * 1000, cpu=cpu / left * 1e6)


def _cpu(process: psutil.Process) -> float:
    """Seconds of a core that the process used so far."""
    return sum(process.cpu_times()[:2])


def _skip(servers: Servers, sink: str) -> None:
    """Have the loader begin behind all that is in the topic now: what others were measured with."""
    consumer = clients.consumer(servers.kafka, group=f"loader-{sink}", session_timeout=10)
    ends = []
    for partition in consumer.list_topics(topics.TRANSFORM).topics[topics.TRANSFORM].partitions:
        _, end = consumer.get_watermark_offsets(TopicPartition(topics.TRANSFORM, partition))
        ends.append(TopicPartition(topics.TRANSFORM, partition, end))
    consumer.commit(offsets=ends, asynchronous=False)
    consumer.close()


def _fill(servers: Servers, changes: Sequence[Change]) -> None:
    codec = Codec.connect(servers.registry)
    producer = clients.producer(servers.kafka)
    for number, change in enumerate(changes):
        if number % TRANSACTION == 0:  # so that partitions take turns as those that a transformer wrote
            producer.flush()
        resource = Resource(change.type, change.id, change.write, change.body)
        event = Transformed(change.batch_id, change.resource_id, "bench", change.as_of, [resource])
        headers: list[tuple[str, str | bytes | None]] = [
            ("batch_id", change.batch_id.encode()),
            ("resource_id", change.resource_id.encode()),
        ]
        while True:
            try:
                producer.produce(topics.TRANSFORM, codec.encode(event), change.key, headers=headers)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


@contextmanager
def _loader(servers: Servers, sink: str, settings: dict[str, str]) -> Iterator[psutil.Process]:
    environment = {
        **os.environ,
        **settings,
        "SINK": sink,
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka.bootstrap_servers,
        "SCHEMA_REGISTRY_URL": servers.registry.url,
        "FHIR_API_URL": servers.fhir,
        "MONGODB_URL": servers.mongodb,
        "LOG_LEVEL": "warning",
    }
    process = Popen([sys.executable, "-m", "loader"], cwd=ROOT, env=environment)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _progress(
    servers: Servers, sink: str, batch_id: str, number: int, process: psutil.Process
) -> tuple[dict[int, int], float]:
    """Wait until `number` records are done: how many were, by the time (ms) of the loader's transactions, and
    the CPU that it had used when the first of them was seen."""
    codec = Codec.connect(servers.registry)
    reader = clients.reader(servers.kafka)
    metadata = reader.list_topics(topics.PROGRESS).topics[topics.PROGRESS]
    reader.assign([TopicPartition(topics.PROGRESS, partition, 0) for partition in metadata.partitions])
    done: dict[int, int] = {}
    at_first = 0.0
    moved = time.monotonic()
    while sum(done.values()) < number:
        message = reader.poll(0.1)
        if not process.is_running() or time.monotonic() - moved > STANDSTILL:
            raise Trouble(f"the {sink} loader stands still at {sum(done.values())} of {number} records")
        if message is None or message.error() is not None:
            continue
        told = codec.decode(Progress, message.value())
        if told.batch_id != batch_id or told.sink != sink:
            continue
        if told.failed:
            raise Trouble(f"the {sink} loader refused {told.failed} records")
        at_first = at_first if done else _cpu(process)
        done[told.at] = done.get(told.at, 0) + told.succeeded
        moved = time.monotonic()
    reader.close()
    return done, at_first

"""The worker loop alone, with a stage that copies; and three such stages in a row.

The limit is the same clients with nothing of ours between them: consume, produce, send the offsets, commit,
in the same transactions. What the loop adds are records as values, an outcome, counts and metrics.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.cimpl import NewTopic
from rich.console import Console
from rich.table import Table

from command.bench.servers import bench_stack
from command.stack import kafka as broker
from pipeline import kafka, logs
from pipeline.codec import Codec
from pipeline.records import Outcome, Produced, Record
from pipeline.service_settings import KafkaSettings, WorkerSettings
from pipeline.worker import run_worker

PARTITIONS: Final = 4
AT_ONCE: Final = 5_000  # records a transaction, at most
HEADERS: Final[list[tuple[str, str | bytes | None]]] = [
    ("batch_id", b"8f14e45f-ceea-467f-a5e1-9d3c1b2f4a60"),
    ("resource_id", b"mimic-patient"),
]
VALUE: Final = bytes(range(256)) * 4
RECORDS: Final = 200_000
RECORDS_FULL: Final = 1_000_000
RATE: Final = 2_000  # records a second through three stages
SECONDS: Final = 10
SECONDS_FULL: Final = 60
TARGET_CPU: Final = 100_000  # records a second of the worker's CPU
TARGET_CLOCK: Final = 60_000  # records a second by the clock
TARGET_MEDIAN: Final = 60.0  # milliseconds
TARGET_99: Final = 250.0
SETTLE: Final = 3.0  # seconds that stages in a row run before their latency counts
SPAWN: Final = get_context("spawn")

Copier = Callable[[KafkaSettings, str, str, "Meter"], None]


class Meter:
    """Told of every batch; at the first it notes the time, and after `records` tells what passed since."""

    def __init__(self, records: int, tell: Connection | None) -> None:
        self._left, self._records, self._tell = records, records, tell
        self._began: tuple[float, float] | None = None

    def batch(self, size: int) -> None:
        """A batch of `size` records is about to be worked on, those before it are committed."""
        now = (time.perf_counter(), time.process_time())
        if self._began is None:
            self._began = now
        elif self._left <= 0 and self._tell is not None:
            done = self._records - self._left
            self._tell.send((done, now[0] - self._began[0], now[1] - self._began[1]))
            self._tell = None
        self._left -= size


@dataclass(frozen=True, slots=True)
class Speed:
    """Records a second: of the process's CPU, all threads of it, and by the clock."""

    cpu: float
    clock: float


def bench(console: Console, *, full: bool) -> None:
    """Measure and print. With `full`, a million records and a minute of three stages."""
    with bench_stack("kafka") as stack:
        settings = KafkaSettings(bootstrap_servers=broker.bootstrap_servers(stack.ports), compression="none")
        records = RECORDS_FULL if full else RECORDS
        source = _topic(settings, "bench-source")
        _fill(settings, source, records + 4 * AT_ONCE)
        limit, ours = (_speed(settings, source, copier, records) for copier in (_bare, _loop))
        slow, late = (_latencies(settings, copier, SECONDS_FULL if full else SECONDS) for copier in (_bare, _loop))
    _print(console, limit, ours, slow, late)


# ---- the two that are compared; each runs in a process of its own, until it is ended


def _loop(settings: KafkaSettings, reads: str, to: str, meter: Meter) -> None:
    logs.configure("bench", "warning")

    def stage(records: Sequence[Record]) -> Outcome:
        meter.batch(len(records))
        return Outcome(produced=[Produced(to, each.key, each.value, each.headers) for each in records])

    worker = WorkerSettings(kafka=settings)
    run_worker(worker, stage=stage, name=f"loop-{to}", reads=reads, codec=Codec.local(), max_records=AT_ONCE)


def _bare(settings: KafkaSettings, reads: str, to: str, meter: Meter) -> None:
    producer = kafka.producer(settings, transactional_id=f"bare-{to}")
    producer.init_transactions()
    consumer = kafka.consumer(settings, group=f"bare-{to}", session_timeout=10)
    consumer.subscribe([reads])
    while True:
        first = consumer.poll(0.5)
        if first is None:
            continue
        messages = [first, *consumer.consume(AT_ONCE - 1, 0)]
        meter.batch(len(messages))
        _copy(consumer, producer, messages, to)


def _copy(consumer: Consumer, producer: Producer, messages: list[Any], to: str) -> None:
    producer.begin_transaction()
    for message in messages:
        producer.produce(to, message.value(), message.key(), headers=message.headers())
    last = {message.partition(): message for message in messages}
    places = [TopicPartition(each.topic(), each.partition(), each.offset() + 1) for each in last.values()]
    producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata())
    producer.commit_transaction()


# ---- measuring


def _speed(settings: KafkaSettings, source: str, copier: Copier, records: int) -> Speed:
    here, there = SPAWN.Pipe(duplex=False)
    to = _topic(settings, f"bench-speed{copier.__name__}")
    with _running(copier, settings, source, to, Meter(records, there)):
        done, seconds, cpu = here.recv()
    return Speed(cpu=done / cpu, clock=done / seconds)


def _latencies(settings: KafkaSettings, copier: Copier, seconds: int) -> list[float]:
    """Milliseconds from before the first topic to after the third stage, of every record."""
    topics = [_topic(settings, f"bench-row{copier.__name__}-{number}") for number in range(4)]
    found: list[float] = []
    reader = kafka.reader(settings)
    reader.assign([TopicPartition(topics[-1], number, 0) for number in range(PARTITIONS)])
    producer = kafka.producer(settings)
    with (
        _running(copier, settings, topics[0], topics[1], Meter(0, None)),
        _running(copier, settings, topics[1], topics[2], Meter(0, None)),
        _running(copier, settings, topics[2], topics[3], Meter(0, None)),
    ):
        producer.produce(topics[0], b"0")  # the stages are up when it has come through
        _read_until(reader, lambda: bool(found), found)
        found.clear()
        began, sent, rest = time.perf_counter(), 0, VALUE[:-20]
        while (passed := time.perf_counter() - began) < SETTLE + seconds:
            while sent < passed * RATE:
                if passed > SETTLE:
                    stamp = b"%020d" % time.time_ns()
                    producer.produce(topics[0], stamp + rest, str(sent).encode(), headers=HEADERS)
                else:
                    producer.produce(topics[0], b"0", str(sent).encode(), headers=HEADERS)
                sent += 1
            producer.poll(0)
            _read(reader, found)
        due = time.perf_counter() + 10
        _read_until(reader, lambda: len(found) >= sent or time.perf_counter() > due, found)
    reader.close()
    return [each for each in found if each >= 0]


def _read(reader: Consumer, found: list[float]) -> None:
    """Adds the latencies of what has come; -1 for records that carry no time."""
    for message in reader.consume(1000, 0.002):
        if message.error() is None:
            value = message.value() or b""
            found.append((time.time_ns() - int(value[:20])) / 1e6 if len(value) > 20 else -1.0)


def _read_until(reader: Consumer, enough: Callable[[], bool], found: list[float]) -> None:
    while not enough():
        _read(reader, found)


@contextmanager
def _running(copier: Copier, settings: KafkaSettings, reads: str, to: str, meter: Meter) -> Iterator[None]:
    process = SPAWN.Process(target=copier, args=(settings, reads, to, meter), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _topic(settings: KafkaSettings, name: str) -> str:
    admin = kafka.admin(settings)
    for future in admin.create_topics([NewTopic(name, num_partitions=PARTITIONS)]).values():
        future.result()
    return name


def _fill(settings: KafkaSettings, topic: str, records: int) -> None:
    producer = kafka.producer(settings)
    for number in range(records):
        while True:
            try:
                producer.produce(topic, VALUE, b"%d" % number, headers=HEADERS)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


def _print(console: Console, limit: Speed, ours: Speed, slow: list[float], late: list[float]) -> None:
    table = Table(title="Exactly once, records of 1 kB with two headers, broker on the same machine")
    for heading in ("", "bare clients", "worker loop", "ratio", "target"):
        table.add_column(heading, justify="left" if not heading else "right")

    def row(what: str, bare: float, loop: float, *, ratio: float, target: float, form: str) -> None:
        table.add_row(what, format(bare, form), format(loop, form), f"{ratio:.2f}", format(target, form))

    row(
        "records/s of the worker's CPU", limit.cpu, ours.cpu, ratio=ours.cpu / limit.cpu, target=TARGET_CPU, form=",.0f"
    )
    ratio = ours.clock / limit.clock
    row("records/s by the clock", limit.clock, ours.clock, ratio=ratio, target=TARGET_CLOCK, form=",.0f")
    for name, target, percent in (("median", TARGET_MEDIAN, 50), ("99th percentile", TARGET_99, 99)):
        bare, loop = (statistics.quantiles(each, n=100)[percent - 1] for each in (slow, late))
        what = f"three stages at {RATE:,}/s, {name}, ms"
        row(what, bare, loop, ratio=bare / loop, target=target, form=",.1f")
    console.print(table)

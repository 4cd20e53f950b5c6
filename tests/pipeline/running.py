"""What the loop's tests need of a broker: a stage's topics, its worker processes, and what came out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from confluent_kafka import TopicPartition
from confluent_kafka.cimpl import NewTopic

from pipeline import kafka, topics
from pipeline.codec import Codec
from pipeline.dead_letters import header_text
from pipeline.events import DeadLetter, Progress
from pipeline.records import BATCH_ID, Record
from pipeline.service_settings import KafkaSettings, TopicSettings
from pipeline.topic_maker import ensure_topics
from pipeline.topics import RECORD_LIMIT

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def until(condition: Callable[[], T], *, limit: float = 60.0, what: str = "") -> T:
    """What `condition` gives as soon as it is true; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {limit} s: {what or condition}"
        time.sleep(0.05)
    return found


class Process:
    """One worker process, with its log and the files that control its stage."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        self.control, self._log_file = folder, folder / "log"
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.pipeline.scripted"],
                cwd=ROOT,
                env={**os.environ, **environment, "CONTROL": str(folder)},
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, *files: str) -> None:
        """Have the stage do as these files say from now on."""
        for name in files:
            (self.control / name).touch()

    def untell(self, *files: str) -> None:
        for name in files:
            (self.control / name).unlink(missing_ok=True)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def exit_code(self, limit: float = 60.0) -> int:
        return self._process.wait(limit)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def log(self) -> str:
        return self._log_file.read_text()

    def said(self, event: str) -> list[dict[str, object]]:
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == event]

    def until_said(self, event: str, limit: float = 60.0, times: int = 1) -> None:
        until(lambda: len(self.said(event)) >= times, limit=limit, what=f"{event!r} in:\n{self.log()}")

    def waited(self, number: int) -> bool:
        """Whether its wait of that number (1 is the first) is over."""
        wait = self.said("waiting")[number - 1]
        ends = datetime.fromisoformat(str(wait["at"])) + timedelta(seconds=float(str(wait["seconds"])) + 0.5)
        return datetime.now(UTC) > ends

    def end(self) -> None:
        self.untell("hold")
        if self.alive:
            self.send(signal.SIGCONT)
            self._process.kill()
        self._process.wait()


class Stage:
    """A stage of its own: a topic to read, one to write, a group, a batch id."""

    _codec = Codec.local()

    def __init__(self, broker: str, folder: Path, *, partitions: int = 4) -> None:
        self.settings = KafkaSettings(bootstrap_servers=broker)
        self._folder = folder
        mark = uuid4().hex[:8]
        self.name, self.reads, self.to, self.batch = (f"{word}-{mark}" for word in ("stage", "in", "out", "batch"))
        self._processes: list[Process] = []
        ensure_topics(self.settings, TopicSettings())
        self._admin = kafka.admin(self.settings)
        self.make_topic(self.reads, partitions)
        self.make_topic(self.to, partitions)
        self._producer = kafka.producer(self.settings)

    def make_topic(self, topic: str, partitions: int = 4) -> None:
        limit = str(RECORD_LIMIT + 64 * 1024)
        made = NewTopic(topic, num_partitions=partitions, config={"max.message.bytes": limit})
        for future in self._admin.create_topics([made]).values():
            future.result()

    def delete_topic(self, topic: str) -> None:
        for future in self._admin.delete_topics([topic]).values():
            future.result()

    def worker(self, slot: str = "0", **environment: str) -> Process:
        """Start one more worker."""
        process = Process(
            self._folder / f"worker-{len(self._processes)}",
            {
                "NAME": self.name,
                "READS": self.reads,
                "TO": self.to,
                "WORKER_SLOT": slot,
                "SESSION_TIMEOUT": "6",
                "KAFKA_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers,
            }
            | environment,
        )
        self._processes.append(process)
        return process

    def holding_worker(self, slot: str = "0", **environment: str) -> Process:
        """A worker whose stage waits as soon as it has a batch."""
        process = self.worker(slot, **environment)
        process.tell("hold")
        return process

    def write(self, values: Sequence[bytes], *, partition: int = -1, resource: str = "r1") -> list[bytes]:
        """Write one record a value, each with a key of its own; the keys."""
        headers: list[tuple[str, str | bytes | None]] = [("batch_id", self.batch), ("resource_id", resource)]
        keys = [uuid4().hex.encode() for _ in values]
        for key, value in zip(keys, values, strict=True):
            self._producer.produce(self.reads, value, key, partition=partition, headers=headers)
            if len(self._producer) > 10_000:
                self._producer.flush()
        assert self._producer.flush(30) == 0
        return keys

    def committed(self, topic: str) -> list[Record]:
        """All committed records of a topic, partition by partition in order."""
        reader = kafka.reader(self.settings)
        partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
        reader.assign([TopicPartition(topic, number, 0) for number in partitions])
        records: list[Record] = []
        ends = 0
        while ends < len(partitions):
            for message in reader.consume(1000, 0.2):
                if message.error() is not None:
                    ends += 1
                    continue
                where = (message.topic() or "", message.partition() or 0, message.offset() or 0)
                headers = [(name, value if isinstance(value, bytes) else None) for name, value in _pairs(message)]
                records.append(Record(*where, message.timestamp()[1], message.key(), message.value(), headers))
        reader.close()
        return sorted(records, key=lambda record: (record.partition, record.offset))

    def out_keys(self) -> list[bytes]:
        return [record.key or b"" for record in self.committed(self.to)]

    def until_out(self, keys: Sequence[bytes], limit: float = 60.0) -> None:
        """Wait until there are as many results as keys; they must be the keys' own, each once."""
        until(lambda: len(self.out_keys()) >= len(keys), limit=limit, what=f"results in {self.to}")
        self.must_be(keys)

    def must_be(self, keys: Sequence[bytes]) -> None:
        wrong = Counter(self.out_keys())
        wrong.subtract(Counter(keys))
        assert not {key: count for key, count in wrong.items() if count}, "missing (<0) or doubled (>0)"

    def dead_letters(self) -> list[DeadLetter]:
        found = [self._codec.decode(DeadLetter, record.value) for record in self._of_batch(topics.DLQ)]
        return [letter for letter in found if letter.batch_id == self.batch]

    def progress(self) -> list[Progress]:
        return [self._codec.decode(Progress, record.value) for record in self._of_batch(topics.PROGRESS)]

    def counts(self) -> tuple[int, int, int]:
        """Succeeded, failed and cancelled, added up."""
        told = self.progress()
        return sum(p.succeeded for p in told), sum(p.failed for p in told), sum(p.cancelled for p in told)

    def members(self) -> int:
        """Members of the group, as the broker sees it."""
        described = self._admin.describe_consumer_groups([self.name])[self.name].result()
        return len(described.members)

    def end(self) -> None:
        for process in self._processes:
            process.end()
        gone = self._admin.delete_topics([self.reads, self.to])
        for future in gone.values():
            future.exception()  # a test may have deleted them itself

    def _of_batch(self, topic: str) -> list[Record]:
        return [each for each in self.committed(topic) if header_text(each.headers, BATCH_ID) == self.batch]


def _pairs(message: object) -> list[tuple[str, object]]:
    return list(message.headers() or ())  # type: ignore[attr-defined]

"""A whole loader, as a process, between a real broker and real sinks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import orjson
import pytest
import requests
from confluent_kafka import TopicPartition

from command.stack.places import ROOT
from command.stack.stack import Stack
from loader import mongo
from pipeline import kafka as clients
from pipeline import topics
from pipeline.codec import Codec
from pipeline.events import DeadLetter, Loaded, Progress, Resource, Transformed
from pipeline.service_settings import KafkaSettings, RegistrySettings, TopicSettings
from pipeline.topic_maker import ensure_topics
from tests.loader.making import body
from tests.stack import Kafka, RunningStack

pytestmark = pytest.mark.stack
LIMIT = 90.0  # seconds, on a busy machine


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, looking again after what the condition itself waits."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"


class Topics:
    """The broker's topics as a stage before the loader and a reader behind it see them."""

    def __init__(self, kafka: Kafka) -> None:
        self._settings = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)
        ensure_topics(self._settings, TopicSettings())
        self.codec = Codec.connect(RegistrySettings(url=kafka.registry_url))

    def transformed(self, event: Transformed, *, key: str) -> None:
        producer = clients.producer(self._settings)
        headers: list[tuple[str, str | bytes | None]] = [
            ("batch_id", event.batch_id.encode()),
            ("resource_id", event.resource_id.encode()),
        ]
        producer.produce(topics.TRANSFORM, self.codec.encode(event), key.encode(), headers=headers)
        producer.flush()

    def all_of(self, topic: str, batch_id: str) -> list[bytes]:
        """The committed values of one batch in a topic, which other tests have written to as well."""
        reader = clients.reader(self._settings)
        partitions = reader.list_topics(topic).topics[topic].partitions
        reader.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        values: list[bytes] = []
        ended: set[int | None] = set()
        while len(ended) < len(partitions):
            message = reader.poll(1.0)
            if message is None:
                continue
            value = message.value()
            if message.error() is not None:
                ended.add(message.partition())
            elif value is not None and dict(message.headers() or ()).get("batch_id") == batch_id.encode():
                values.append(value)
        reader.close()
        return values

    def loaded(self, batch_id: str) -> list[Loaded]:
        return [self.codec.decode(Loaded, value) for value in self.all_of(topics.LOAD, batch_id)]

    def progress(self, batch_id: str) -> tuple[int, int]:
        events = [self.codec.decode(Progress, value) for value in self.all_of(topics.PROGRESS, batch_id)]
        return sum(event.succeeded for event in events), sum(event.failed for event in events)

    def dead_letters(self, batch_id: str) -> list[DeadLetter]:
        return [self.codec.decode(DeadLetter, value) for value in self.all_of(topics.DLQ, batch_id)]


@contextmanager
def loader(kafka: Kafka, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running loader; it must end well when it is told to stop."""
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "SCHEMA_REGISTRY_URL": kafka.registry_url,
        **settings,
    }
    process = subprocess.Popen([sys.executable, "-m", "loader"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        code = process.wait(LIMIT)
    assert code == 0


@pytest.fixture
def broker(kafka: Kafka, servers: Stack) -> Topics:
    """Topics that nobody else loads from: the session's own loaders, where other tests started them, are stopped."""
    for sink in ("fhir", "mongodb"):
        RunningStack(servers).stop(f"loader-{sink}")
    return Topics(kafka)


def run_batch(broker: Topics, sink: str) -> tuple[str, list[str]]:
    """Ten records, one of which no sink takes; wait until they are done. The batch and its resources' ids."""
    batch, ids = str(uuid4()), [uuid4().hex for _ in range(10)]
    for number, each in enumerate(ids):
        raw = body(each, gender="female") if number != 3 else b'{"resourceType":"Patient","id":'
        event = Transformed(batch, "patients", "hash", 1, [Resource("Patient", each, "replace", raw)])
        broker.transformed(event, key=f"patients:{number}")
    until(lambda: sum(broker.progress(batch)) == 10)
    assert broker.progress(batch) == (9, 1)
    loaded = broker.loaded(batch)
    assert sorted(event.id for event in loaded) == sorted(ids[:3] + ids[4:])
    assert {(event.sink, event.outcome) for event in loaded} == {(sink, "written")}
    return batch, ids


def test_a_topic_becomes_resources_in_hapi_and_a_dead_letter_with_its_outcome(
    kafka: Kafka, broker: Topics, hapi: str
) -> None:
    with loader(kafka, SINK="fhir", FHIR_API_URL=hapi):
        batch, ids = run_batch(broker, "fhir")
    statuses = [requests.get(f"{hapi}/Patient/{each}", timeout=20).status_code for each in ids]
    assert statuses == [200, 200, 200, 404, *[200] * 6]
    (letter,) = broker.dead_letters(batch)
    assert (letter.stage, letter.sink, letter.reason) == ("loader", "fhir", "refused-by-server")
    assert letter.details is not None
    assert orjson.loads(letter.details)["resourceType"] == "OperationOutcome"


def test_a_topic_becomes_documents_in_mongodb_and_a_dead_letter(kafka: Kafka, broker: Topics, mongodb: str) -> None:
    name = f"worker-{uuid4().hex[:8]}"
    with loader(kafka, SINK="mongodb", MONGODB_URL=mongodb, MONGODB_DATABASE=name):
        batch, ids = run_batch(broker, "mongodb")
    with mongo.connect(mongodb, time_limit=10) as client:
        # The topic may hold other tests' records too.
        held = client[name].Patient.distinct("_id", {"_id": {"$in": ids}})
        assert sorted(held) == sorted(ids[:3] + ids[4:])
        client.drop_database(name)
    (letter,) = broker.dead_letters(batch)
    assert (letter.stage, letter.sink, letter.reason) == ("loader", "mongodb", "unwritable")


def test_a_loader_without_a_sink_says_what_is_missing_and_stops() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SINK"}
    ended = subprocess.run(
        [sys.executable, "-m", "loader"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert ended.returncode == 2
    assert b"SINK is not set" in ended.stdout + ended.stderr

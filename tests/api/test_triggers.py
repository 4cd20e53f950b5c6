"""Every trigger of every batch is on `extractor_trigger` once, whatever was killed when."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import Any

import pytest
import requests
from sqlalchemy import Connection, Engine, select, text

from api import state
from api.batches import create
from api.mapping_store import keep
from api.reader import Reader
from api.sender import Sender
from api.triggers import mark_sent, positioned, trigger
from mapping import pyrog
from pipeline import kafka as clients
from pipeline.codec import Codec
from pipeline.errors import Replaced
from pipeline.events import ExtractorTrigger
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import TRIGGER
from tests.api.running import Api, mapping, until
from tests.stack import Kafka

pytestmark = pytest.mark.stack

RESOURCES = ["patients", "wards", "beds"]


@pytest.fixture
def codec(quiet_kafka: Kafka) -> Codec:
    return Codec.connect(RegistrySettings(url=quiet_kafka.registry_url))


@pytest.fixture
def broker(quiet_kafka: Kafka) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=quiet_kafka.bootstrap_servers)


def sent(broker: KafkaSettings, codec: Codec, batch_ids: set[str]) -> Counter[tuple[str, str]]:
    """How often the topic has a trigger of each resource of these batches: committed ones, all of the topic."""
    reader = Reader(broker, (TRIGGER,))
    reader.assign({})
    wanted = {batch_id.encode() for batch_id in batch_ids}
    found: Counter[tuple[str, str]] = Counter()
    try:
        while records := reader.read(most=1000, wait=1.0, gather=0.2):
            for record in records:
                headers = record.headers() or []
                if dict(headers).get("batch_id") in wanted:
                    event = codec.decode(ExtractorTrigger, record.value())
                    assert record.key() == f"{event.batch_id}:{event.resource_id}".encode()
                    ours = [("batch_id", event.batch_id.encode()), ("resource_id", event.resource_id.encode())]
                    assert headers == ours
                    found[event.batch_id, event.resource_id] += 1
    finally:
        reader.close()
    return found


def send(sender: Sender, codec: Codec, rows: list[Any]) -> None:
    sender.send([trigger(row, codec) for row in rows], note=(TRIGGER, rows[-1].trigger_position))


def once(batch_ids: set[str]) -> Counter[tuple[str, str]]:
    return Counter({(batch_id, resource_id): 1 for batch_id in batch_ids for resource_id in RESOURCES})


def waiting(connection: Connection, batch_id: str) -> None:
    """A batch in PostgreSQL whose triggers are not sent."""
    with connection.begin():
        keep(connection, pyrog.read(mapping("hospital", *RESOURCES)))
        create(connection, batch_id, RESOURCES, sinks=("fhir",))


def states(connection: Connection) -> set[str]:
    with connection.begin():
        return set(connection.execute(select(state.batches.c.state)).scalars())


def name(engine: Engine) -> str:
    return f"test-triggers-{engine.url.database}"


def test_a_kill_after_the_commit_does_not_send_again(broker: KafkaSettings, codec: Codec, engine: Engine) -> None:
    batch_id = f"after-{engine.url.database}"
    with engine.connect() as connection:
        waiting(connection, batch_id)
        send(Sender(broker, name(engine)), codec, positioned(connection))  # killed before mark_sent
        assert states(connection) == {"starting"}
        mark_sent(connection, Sender(broker, name(engine)).sent_upto(TRIGGER))
        assert positioned(connection) == []
        assert states(connection) == {"running"}
    assert sent(broker, codec, {batch_id}) == once({batch_id})


def test_a_kill_before_the_commit_sends_once(broker: KafkaSettings, codec: Codec, engine: Engine) -> None:
    batch_id = f"before-{engine.url.database}"
    with engine.connect() as connection:
        waiting(connection, batch_id)
        rows = positioned(connection)
        killed = clients.producer(broker, transactional_id=name(engine))
        killed.init_transactions(10)
        killed.begin_transaction()
        for row in rows:
            event = ExtractorTrigger(row.batch_id, row.resource_id, row.mapping_hash)
            killed.produce(TRIGGER, key=b"written, not committed", value=codec.encode(event))
        killed.flush(10)
        sender = Sender(broker, name(engine))
        mark_sent(connection, sender.sent_upto(TRIGGER))
        assert [row.trigger_position for row in positioned(connection)] == [row.trigger_position for row in rows]
        send(sender, codec, rows)
    assert sent(broker, codec, {batch_id}) == once({batch_id})


def test_a_leader_that_was_only_asleep_can_send_no_more(broker: KafkaSettings, codec: Codec, engine: Engine) -> None:
    batch_id = f"asleep-{engine.url.database}"
    with engine.connect() as connection:
        waiting(connection, batch_id)
        rows = positioned(connection)
        asleep = Sender(broker, name(engine))
        send(Sender(broker, name(engine)), codec, rows)
        with pytest.raises(Replaced):
            send(asleep, codec, rows)
    assert sent(broker, codec, {batch_id}) == once({batch_id})


def test_positions_rise_even_when_the_clock_was_put_back(engine: Engine) -> None:
    with engine.connect() as connection:
        waiting(connection, "one")
        far = 4_000_000_000_000_000
        with connection.begin():
            connection.execute(text(f"UPDATE firth.batch_resources SET trigger_position = {far} + ordinal"))
        waiting(connection, "two")
        assert [row.trigger_position for row in positioned(connection)] == [far + number for number in range(6)]


def test_batches_posted_between_kills_run_once_each(
    start_api: Callable[..., Api], broker: KafkaSettings, codec: Codec
) -> None:
    apis = [start_api().ready(), start_api().ready()]
    apis[0].post("/mappings", mapping("hospital", *RESOURCES))
    accepted: set[str] = set()
    turns = cycle(range(2))
    for number in range(12):
        api = apis[next(turns)]
        with suppress(requests.RequestException):  # not accepted: it may be stored nevertheless, and is counted below
            accepted.add(api.post("/batch", {"resource_ids": RESOURCES})["batch_id"])
        if number % 3 == 2:  # right after an answer: before, while or after its triggers are sent
            api.end(signal.SIGKILL)
            api.start()
    batches = until(lambda: _all_running(apis[next(turns)].ready()), what="all batches running")
    assert accepted <= batches
    assert sent(broker, codec, batches) == once(batches)


def _all_running(api: Api) -> set[str]:
    batches = api.get("/batch?limit=500")["batches"]
    return {batch["batch_id"] for batch in batches if all(each["state"] == "running" for each in batches)}

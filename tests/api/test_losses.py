"""A batch never waits for what is nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from api import state
from api.losses import Losses
from api.reader import Reader
from pipeline import kafka as clients
from pipeline.errors import Unavailable
from pipeline.records import BATCH_ID, RESOURCE_ID
from pipeline.service_settings import KafkaSettings
from pipeline.topics import EXTRACT, PROGRESS, TRANSFORM, TRIGGER
from tests.api.running import until
from tests.api.test_batches import progress, report, shown, started
from tests.stack import Kafka

pytestmark = pytest.mark.stack


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def of(batch_id: str, resource_id: str) -> list[tuple[str, Any]]:
    """The headers of a record."""
    return [(BATCH_ID, batch_id.encode()), (RESOURCE_ID, resource_id.encode())]


@dataclass(frozen=True)
class Broker:
    """Topics that no worker reads."""

    settings: KafkaSettings

    def folded(self) -> dict[tuple[str, int], int]:
        """All of `progress`."""
        reader = Reader(self.settings, (PROGRESS,), from_now=True)
        reader.assign({})
        reader.close()
        return reader.offsets_of(PROGRESS)

    def write(self, topic: str, batch_id: str, resource_id: str) -> None:
        producer = clients.producer(self.settings)
        producer.produce(topic, b"not looked into", headers=of(batch_id, resource_id))
        assert producer.flush(30) == 0


@pytest.fixture
def broker(quiet_kafka: Kafka) -> Broker:
    settings = KafkaSettings(bootstrap_servers=quiet_kafka.bootstrap_servers)
    until(lambda: has_leaders(settings), what="leaders of topics that were made just now")
    return Broker(settings)


def has_leaders(settings: KafkaSettings) -> bool:
    reader = Reader(settings, (TRIGGER, EXTRACT, TRANSFORM, PROGRESS))
    try:
        reader.assign({})
    except Unavailable:
        return False
    finally:
        reader.close()
    return True


def begun(served: FlaskClient, engine: Engine, *resource_ids: str) -> str:
    """A batch whose triggers were sent."""
    batch_id = started(served, list(resource_ids))
    with engine.begin() as connection:
        connection.execute(update(state.batch_resources).values(triggered=True))
    return batch_id


def look(losses: Losses, engine: Engine, folded: dict[tuple[str, int], int]) -> None:
    with engine.connect() as connection:
        losses.look(connection, folded)


def test_what_is_nowhere_is_not_waited_for_and_is_named(served: FlaskClient, engine: Engine, broker: Broker) -> None:
    batch_id = begun(served, engine, "patients", "wards")
    report(
        engine,
        progress(batch_id, "patients", "extractor", succeeded=1_010, failed=1, total=1_011),
        progress(batch_id, "patients", "transformer", succeeded=7, failed=1),
        progress(batch_id, "patients", "loader", "fhir", succeeded=7),
        progress(batch_id, "patients", "loader", "mongodb", succeeded=4, failed=1),
    )
    look(Losses(broker.settings, standstill=0), engine, broker.folded())
    batch = shown(served, batch_id)
    patients, wards = batch["resources"]
    assert {batch["state"], patients["state"], wards["state"]} == {"failed"}
    assert "1,002 records on extract, 2 records for mongodb on transform:" in patients["fault"]
    assert "the extraction, after 0 records, on extractor_trigger:" in wards["fault"]
    assert patients["extracted"] == 1_010


@pytest.mark.parametrize("topic", [TRIGGER, EXTRACT, TRANSFORM, PROGRESS])
def test_what_a_topic_still_has_is_waited_for(served: FlaskClient, engine: Engine, broker: Broker, topic: str) -> None:
    batch_id = begun(served, engine, "patients", "wards")
    folded = broker.folded()
    broker.write(topic, batch_id, "wards")
    look(Losses(broker.settings, standstill=0), engine, folded)
    assert [each["state"] for each in shown(served, batch_id)["resources"]] == ["failed", "running"]


def test_what_a_transaction_wrote_is_waited_for_until_it_is_aborted(
    served: FlaskClient, engine: Engine, broker: Broker
) -> None:
    batch_id = begun(served, engine, "wards")
    writer = clients.producer(broker.settings, transactional_id=batch_id)
    writer.init_transactions(30)
    writer.begin_transaction()
    writer.produce(TRANSFORM, b"not looked into", headers=of(batch_id, "wards"))
    assert writer.flush(30) == 0
    folded = broker.folded()
    look(Losses(broker.settings, standstill=0), engine, folded)
    assert shown(served, batch_id)["resources"][0]["state"] == "running"
    writer.abort_transaction(30)
    look(Losses(broker.settings, standstill=0), engine, folded)
    assert shown(served, batch_id)["resources"][0]["state"] == "failed"


def test_what_moved_lately_is_waited_for(served: FlaskClient, engine: Engine, broker: Broker) -> None:
    batch_id = begun(served, engine, "wards")
    clock, folded = Clock(), broker.folded()
    losses = Losses(broker.settings, standstill=30, clock=clock)
    states = []
    for moment in (0, 29, 31, 58, 62):
        clock.now = moment
        if moment == 29:
            report(engine, progress(batch_id, "wards", "extractor", succeeded=1))
        look(losses, engine, folded)
        states.append(shown(served, batch_id)["state"])
    assert states[:4] == ["starting"] * 4
    assert states[4] == "failed"

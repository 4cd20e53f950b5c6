"""Cancelling batches, and sending their dead letters again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.fold import add_dead_letters
from api.reader import Reader
from api.sender import Sender
from api.triggers import mark_retried, mark_sent, positioned, send_retries, send_triggers, tell_cancelled
from pipeline.codec import Codec
from pipeline.events import BatchCancelled, ExtractorTrigger
from pipeline.records import Record
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import CANCEL, DLQ, EXTRACT, TRANSFORM, TRIGGER
from tests.api.running import CALLER, mapping
from tests.api.test_batches import all_done, dead_letter, progress, report, shown, started
from tests.stack import Kafka

pytestmark = pytest.mark.stack


@pytest.fixture
def codec(quiet_kafka: Kafka) -> Codec:
    return Codec.connect(RegistrySettings(url=quiet_kafka.registry_url))


@pytest.fixture
def broker(quiet_kafka: Kafka) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=quiet_kafka.bootstrap_servers)


@pytest.fixture
def sender(broker: KafkaSettings, engine: Engine) -> Sender:
    return Sender(broker, f"test-changes-{engine.url.database}")


@pytest.fixture
def narrowed(codec: Codec) -> bytes:
    """A trigger of one key, of a batch that nobody knows."""
    return codec.encode(ExtractorTrigger("nobody's", "patients", "hash", [9], part=True))


def cancel(served: FlaskClient, batch_id: str) -> tuple[int, str]:
    answer = served.delete(f"/batch/{batch_id}", headers=CALLER)
    return answer.status_code, answer.get_json().get("state", "")


def retry(served: FlaskClient, batch_id: str) -> int:
    answer = served.post(f"/batch/{batch_id}/retry", json={}, headers=CALLER)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    retried: int = answer.get_json()["retried"]
    return retried


def records_of(broker: KafkaSettings, topics: tuple[str, ...], wanted: Callable[[Record], bool]) -> list[Record]:
    """The committed records of these topics that are wanted."""
    reader = Reader(broker, topics)
    reader.assign({})
    found = []
    try:
        while messages := reader.read(most=1000, wait=1.0, gather=0.2):
            for one in messages:
                where = (one.topic() or "", one.partition() or 0, one.offset() or 0, one.timestamp()[1])
                found.append(Record(*where, one.key(), one.value(), one.headers() or ()))  # type: ignore[arg-type]
    finally:
        reader.close()
    return [record for record in found if wanted(record)]


# ---- cancelling


def test_a_batch_that_has_not_begun_is_cancelled_at_once(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served)
    assert cancel(served, batch_id) == (202, "cancelled")
    batch = shown(served, batch_id)
    assert {batch["state"], *(each["state"] for each in batch["resources"])} == {"cancelled"}
    with engine.connect() as connection:
        assert positioned(connection) == []
    assert cancel(served, batch_id) == (202, "cancelled"), "again, the same answer"


def test_a_batch_under_way_is_cancelled_when_every_stage_is_through_with_it(
    served: FlaskClient, engine: Engine, sender: Sender, codec: Codec, broker: KafkaSettings
) -> None:
    batch_id = started(served, ["patients"])
    with engine.connect() as connection:
        send_triggers(connection, sender, codec)
    report(engine, progress(batch_id, "patients", "extractor", succeeded=2000))
    assert cancel(served, batch_id) == (202, "cancelling")
    with engine.connect() as connection:
        assert tell_cancelled(connection, sender, codec) == 1
        assert tell_cancelled(connection, sender, codec) == 0
    (told,) = records_of(broker, (CANCEL,), lambda record: record.key == batch_id.encode())
    assert codec.decode(BatchCancelled, told.value).batch_id == batch_id
    report(
        engine,
        progress(batch_id, "patients", "extractor", total=2000),
        progress(batch_id, "patients", "transformer", succeeded=500, cancelled=1500),
        progress(batch_id, "patients", "loader", "fhir", succeeded=100, cancelled=400),
    )
    assert shown(served, batch_id)["state"] == "cancelling"
    report(engine, progress(batch_id, "patients", "loader", "mongodb", succeeded=500))
    batch = shown(served, batch_id)
    assert (batch["state"], batch["resources"][0]["state"]) == ("cancelled", "cancelled")
    assert (batch["resources"][0]["total"], batch["resources"][0]["cancelled"]) == (2000, 1900)


def test_what_is_over_cannot_be_cancelled(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    report(engine, *all_done(batch_id, "patients", 1))
    assert cancel(served, batch_id)[0] == 409
    assert cancel(served, "nobody")[0] == 404
    assert shown(served, batch_id)["state"] == "completed"


# ---- sending again


def refused(engine: Engine, batch_id: str, narrowed: bytes) -> None:
    """Ten rows: one refused by the extractor, three by the transformer (one was too large to be kept), one by HAPI."""
    with engine.begin() as connection:
        add_dead_letters(
            connection,
            [
                dead_letter(batch_id, 1, stage="extractor", topic=TRIGGER, key=b"patients:9", value=narrowed),
                dead_letter(batch_id, 2, topic=EXTRACT, key=b"patients:1", value=b"one"),
                dead_letter(batch_id, 3, topic=EXTRACT, key=b"patients:2", value=b"two", headers=[("a", b"b")]),
                dead_letter(batch_id, 4, stage="loader", sink="fhir", topic=TRANSFORM, key=b"patients:3"),
                dead_letter(batch_id, 5, topic=EXTRACT, value=None, reason="too-large"),
            ],
        )
    report(
        engine,
        progress(batch_id, "patients", "extractor", succeeded=9, failed=1, total=10),
        progress(batch_id, "patients", "transformer", succeeded=6, failed=3),
        progress(batch_id, "patients", "loader", "fhir", succeeded=5, failed=1),
        progress(batch_id, "patients", "loader", "mongodb", succeeded=6),
    )


def test_dead_letters_are_sent_again_once_and_only_they(
    served: FlaskClient, engine: Engine, sender: Sender, broker: KafkaSettings, narrowed: bytes
) -> None:
    batch_id, other = started(served, ["patients"]), started(served, ["patients"])
    refused(engine, batch_id, narrowed)
    with engine.begin() as connection:
        add_dead_letters(connection, [dead_letter(other, 99, topic=EXTRACT, value=other.encode())])
    assert retry(served, batch_id) == 4
    assert retry(served, batch_id) == 0
    with engine.connect() as connection:
        assert send_retries(connection, sender) == 4
        assert send_retries(connection, sender) == 0

    def of_batch(record: Record) -> bool:
        return (record.value or b"") in (narrowed, b"one", b"two", b"\x00not avro", other.encode())

    sent = {record.key: record for record in records_of(broker, (TRIGGER, EXTRACT, TRANSFORM), of_batch)}
    assert {key: (record.topic, record.value) for key, record in sent.items()} == {
        b"patients:9": (TRIGGER, narrowed),
        b"patients:1": (EXTRACT, b"one"),
        b"patients:2": (EXTRACT, b"two"),
        b"patients:3": (TRANSFORM, b"\x00not avro"),
    }
    assert dict(sent[b"patients:2"].headers) == {"a": b"b", "attempt": b"2"}
    assert dict(sent[b"patients:3"].headers) == {"attempt": b"2", "sink": b"fhir"}


def test_a_kill_between_sending_and_noting_it_does_not_send_again(
    served: FlaskClient, engine: Engine, broker: KafkaSettings, sender: Sender, narrowed: bytes
) -> None:
    batch_id = started(served, ["patients"])
    refused(engine, batch_id, narrowed)
    retry(served, batch_id)
    with engine.connect() as connection:
        send_retries(connection, sender)
        with connection.begin():
            connection.exec_driver_sql("UPDATE firth.retries SET sent = false")  # as if killed before it was noted
        successor = Sender(broker, f"test-changes-{engine.url.database}")
        mark_sent(connection, successor.sent_upto(TRIGGER))
        mark_retried(connection, successor.sent_upto(DLQ))
        assert send_retries(connection, successor) == 0


def test_a_retried_batch_is_open_until_the_stages_have_said_what_became_of_it(
    served: FlaskClient, engine: Engine, narrowed: bytes
) -> None:
    batch_id = started(served, ["patients"])
    refused(engine, batch_id, narrowed)
    batch = shown(served, batch_id)
    assert (batch["state"], batch["resources"][0]["failed"]) == ("completed", 5)
    retry(served, batch_id)
    (patients,) = shown(served, batch_id)["resources"]
    assert (patients["failed"], patients["ended_at"], patients["total"]) == (1, None, 10)
    assert [error["reason"] for error in patients["first_errors"]] == ["too-large"]
    report(
        engine,
        progress(batch_id, "patients", "extractor", succeeded=1),
        progress(batch_id, "patients", "transformer", succeeded=2, failed=1),
        progress(batch_id, "patients", "loader", "fhir", succeeded=2),
    )
    assert shown(served, batch_id)["ended_at"] is None, "one is on its way to FHIR, two to MongoDB"
    report(
        engine,
        progress(batch_id, "patients", "loader", "fhir", succeeded=1),
        progress(batch_id, "patients", "loader", "mongodb", succeeded=2),
    )
    batch = shown(served, batch_id)
    (patients,) = batch["resources"]
    assert (batch["state"], patients["state"], patients["failed"]) == ("completed", "completed", 2)
    assert patients["loaded"] == {"fhir": 8, "mongodb": 8}


def test_a_trigger_that_is_sent_again_goes_on_where_the_extraction_broke_off(
    served: FlaskClient, engine: Engine, narrowed: bytes
) -> None:
    batch_id = started(served, ["patients"])
    fault = 'table "patients" is not there'
    letter = dead_letter(
        batch_id,
        1,
        stage="extractor",
        topic=TRIGGER,
        value=narrowed,
        key=f"{batch_id}:patients".encode(),
        reason="unknown-table",
    )
    with engine.begin() as connection:
        add_dead_letters(connection, [letter])
    report(
        engine,
        progress(batch_id, "patients", "extractor", succeeded=2000),
        progress(batch_id, "patients", "extractor", failed=1, total=2001, fault=fault),
        *all_done(batch_id, "patients", 2000)[1:],
    )
    assert shown(served, batch_id)["state"] == "failed"
    assert retry(served, batch_id) == 1
    (patients,) = shown(served, batch_id)["resources"]
    assert (patients["fault"], patients["total"], patients["failed"]) == (None, None, 0)
    report(
        engine,
        progress(batch_id, "patients", "extractor", succeeded=500, total=2500),
        *all_done(batch_id, "patients", 500)[1:],
    )
    batch = shown(served, batch_id)
    assert (batch["state"], batch["resources"][0]["total"]) == ("completed", 2500)


def test_dead_letters_tell_that_they_were_sent_again(served: FlaskClient, engine: Engine, narrowed: bytes) -> None:
    batch_id = started(served, ["patients"])
    refused(engine, batch_id, narrowed)
    retry(served, batch_id)
    listed = served.get(f"/dead-letters?batch_id={batch_id}", headers=CALLER).get_json()["dead_letters"]
    assert [letter["id"] for letter in listed if letter["retried_at"] is None] == ["letter-5"]
    one = served.get("/dead-letters/letter-2", headers=CALLER).get_json()
    assert one["retried_at"] is not None


def test_a_cancelled_batch_has_nothing_to_send_again(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served)
    cancel(served, batch_id)
    assert served.post(f"/batch/{batch_id}/retry", json={}, headers=CALLER).status_code == 409
    assert served.post("/batch/nobody/retry", json={}, headers=CALLER).status_code == 404


# ---- sharing


def test_a_large_batch_begins_a_few_resources_at_a_time_and_a_small_one_beside_it(
    served: FlaskClient, engine: Engine, sender: Sender, codec: Codec
) -> None:
    many = [f"resource-{number}" for number in range(50)]
    served.post("/mappings", json=mapping("large", *many), headers=CALLER)
    large = served.post("/batch", json={"resource_ids": many}, headers=CALLER).get_json()["batch_id"]
    small = started(served, ["patients"])
    with engine.connect() as connection:
        begun = [(row.batch_id, row.resource_id) for row in positioned(connection)]
        assert begun == [*((large, resource_id) for resource_id in many[:8]), (small, "patients")]
        send_triggers(connection, sender, codec)
        assert send_triggers(connection, sender, codec) == 0
        report(engine, progress(large, "resource-3", "extractor", succeeded=1, total=1))
        assert [row.resource_id for row in positioned(connection)] == ["resource-8"]
    states = [each["state"] for each in shown(served, large)["resources"]]
    assert states == ["running"] * 8 + ["starting"] * 42

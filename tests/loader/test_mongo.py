"""The MongoDB sink before a real server of its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from bson.decimal128 import Decimal128
from pymongo.database import Database
from pymongo.errors import NetworkTimeout, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from loader import mongo
from loader.mongo import MongoSink
from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from tests.loader.making import BATCH, SOURCE, change

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def database(mongodb: str) -> Iterator[Database[dict[str, Any]]]:
    with mongo.connect(mongodb, time_limit=10) as client:
        name = f"loader-{uuid4().hex[:8]}"
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def sink(database: Database[dict[str, Any]]) -> MongoSink:
    return MongoSink(database.client, database.name, now=lambda: NOW)


@pytest.mark.stack
def test_a_document_holds_the_resource_and_beside_it_where_it_came_from(
    sink: MongoSink, database: Database[dict[str, Any]]
) -> None:
    sink.write([change("a", as_of=7, gender="male")])
    assert list(database.Patient.find()) == [
        {
            "_id": "a",
            "resource": {"resourceType": "Patient", "id": "a", "gender": "male"},
            "firth": {
                "batch_id": BATCH,
                "resource_id": SOURCE,
                "as_of": 7,
                "loaded_at": NOW.replace(tzinfo=None),
            },
        }
    ]


@pytest.mark.stack
def test_decimals_keep_their_precision_and_compare_by_value(
    sink: MongoSink, database: Database[dict[str, Any]]
) -> None:
    sink.write([change("a", "Observation", raw=b'{"resourceType":"Observation","id":"a","v":1.50,"n":3}')])
    (found,) = database.Observation.find({"resource.v": 1.5})
    assert found["resource"]["v"] == Decimal128("1.50")
    assert found["resource"]["n"] == 3


@pytest.mark.stack
def test_the_same_batch_twice_leaves_every_resource_equal(sink: MongoSink, database: Database[dict[str, Any]]) -> None:
    changes = [change(f"r{number}", name=[{"family": "x"}]) for number in range(250)]
    sink.write(changes)
    before = list(database.Patient.find({}, {"resource": 1}).sort("_id"))
    assert sink.write(changes) == ["written"] * 250
    assert list(database.Patient.find({}, {"resource": 1}).sort("_id")) == before


@pytest.mark.stack
def test_an_older_one_of_another_writer_does_not_win(mongodb: str, database: Database[dict[str, Any]]) -> None:
    MongoSink(database.client, database.name).write([change("a", as_of=5)])
    other = MongoSink(database.client, database.name)
    assert other.write([change("a", as_of=4), change("a2", as_of=4)]) == ["superseded", "written"]
    assert other.write([change("a", as_of=4, write="delete")]) == ["superseded"]


@pytest.mark.stack
@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"resourceType":"Patient","a\\u0000b":1}', "unwritable"),
        (b'{"resourceType":"Patient","id":"x","data":"' + b"y" * 17_000_000 + b'"}', "too-large"),
        (b'{"list":[' + b"1," * 2_000_000 + b"1]}", "too-large"),
        (b'{"a":"\\ud800","b":1.5}', "unwritable"),
        (b"not json", "unwritable"),
    ],
)
def test_what_no_document_can_hold_is_refused_and_the_rest_of_the_bulk_is_written(
    sink: MongoSink, database: Database[dict[str, Any]], raw: bytes, reason: str
) -> None:
    changes = [change(f"r{number}") for number in range(20)]
    changes[13] = change("bad", raw=raw)
    results = sink.write(changes)
    error = results[13]
    assert isinstance(error, InvalidRecord)
    assert error.reason == reason
    assert [result for result in results if result == "written"] == ["written"] * 19
    assert database.Patient.count_documents({}) == 19


@pytest.mark.stack
def test_a_resource_of_eight_megabytes_is_written(sink: MongoSink, database: Database[dict[str, Any]]) -> None:
    large = change("a", "Binary", raw=b'{"resourceType":"Binary","id":"a","data":"' + b"QUJD" * 2_000_000 + b'"}')
    assert sink.write([change("b", "Binary"), large]) == ["written", "written"]


def test_a_server_that_is_down_is_unavailable() -> None:
    with mongo.connect("mongodb://127.0.0.1:1", time_limit=0.3) as client, pytest.raises(Unavailable, match="MongoDB"):
        MongoSink(client, "fhir").write([change("a")])


@pytest.mark.parametrize("url", ["http://127.0.0.1", "mongodb://user:s3cret@", "mongodb://h/?w=x&tls=maybe"])
def test_an_address_that_cannot_be_read_is_said_to_be_wrong_without_quoting_it(url: str) -> None:
    with pytest.raises(Misconfigured, match="MONGODB_URL") as raised:
        mongo.connect(url, time_limit=1)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServerSelectionTimeoutError("at s3cret"), Unavailable),
        (NetworkTimeout("at s3cret"), Unavailable),
        (OperationFailure("s3cret", code=189), Unavailable),
        (OperationFailure("s3cret", code=18), Misconfigured),
        (OperationFailure("s3cret", code=13), Misconfigured),
        (PyMongoError("s3cret"), Misconfigured),
    ],
)
def test_every_error_of_the_client_is_one_of_ours_and_quotes_nothing(error: PyMongoError, kind: type) -> None:
    made = mongo._trouble(error)
    assert isinstance(made, kind)
    assert "s3cret" not in str(made)


def sink_without_server() -> MongoSink:
    return MongoSink(mongo.connect("mongodb://127.0.0.1:1", time_limit=0.1), "fhir")


@pytest.mark.parametrize("code", sorted(mongo._INVALID))
def test_an_error_of_the_document_itself_is_told_at_once_with_what_the_server_said(code: int) -> None:
    result = sink_without_server()._failed(change("a"), {"code": code, "errmsg": "it holds Jones"})
    assert isinstance(result, InvalidRecord)
    assert str(result) == f"Patient: refused by MongoDB with code {code}"
    assert result.details is not None
    assert "Jones" in result.details


def test_an_error_that_nobody_knows_is_tried_five_times_before_it_is_given_up() -> None:
    sink = sink_without_server()
    for _ in range(4):
        with pytest.raises(Unavailable, match="code 99999"):
            sink._failed(change("a"), {"code": 99999})
    assert isinstance(sink._failed(change("a"), {"code": 99999}), InvalidRecord)


def test_not_being_allowed_to_write_stops_the_worker() -> None:
    with pytest.raises(Misconfigured, match="MONGODB_URL"):
        sink_without_server()._failed(change("a"), {"code": 13})

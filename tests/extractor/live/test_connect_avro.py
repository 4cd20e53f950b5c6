"""Rows that an Avro converter wrote, as Confluent's and Apicurio's do: the same values as in JSON."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import orjson
import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from extractor.live.columns import as_read
from extractor.live.connect_avro import AvroRows
from extractor.live.rows import read
from pipeline.errors import InvalidRecord, Unavailable
from pipeline.records import Record
from tests.extractor.live.test_columns import CLOCK, CONNECT, DEBEZIUM, LOCAL, MS, ZONED

LOGICAL = {"precision": 64, "scale": 2, "logicalType": "decimal", "connect.parameters": {"scale": "2"}}
VALUES = [
    ("int", 7, "integer", 7),
    ("long", 2**53 + 1, "bigint", 2**53 + 1),
    ("boolean", True, "boolean", True),
    ("double", 0.1, "double precision", 0.1),
    ("float", 0.1, "real", 0.1),
    ("float", 1e10, "real", 1e10),
    ("float", 9.8765433, "real", 9.876543),
    ("float", 16777216.0, "real", 16777216.0),
    ("float", float("nan"), "real", float("nan")),
    ("string", "Zoë", "text", "Zoë"),
    ("bytes", b"\0hi", "bytea", b"\0hi"),
    ({"type": "int", "connect.type": "int16"}, -7, "smallint", -7),
    ({"type": "bytes", "connect.name": f"{CONNECT}Decimal", **LOGICAL}, b"\x96", "numeric", "-1.06"),
    ({"type": "int", "connect.name": f"{CONNECT}Date", "logicalType": "date"}, 65744, "date", "2150-01-01"),
    ({"type": "int", "connect.name": f"{CONNECT}Date", "logicalType": "date"}, 2**31 - 1, "date", "infinity"),
    ({"type": "int", "connect.name": f"{CONNECT}Time", "logicalType": "time-millis"}, 25_200_500, CLOCK, "07:00:00.5"),
    (
        {"type": "long", "connect.name": f"{CONNECT}Timestamp", "logicalType": "timestamp-millis"},
        MS,
        ZONED,
        "2150-01-01T07:00:00.5+00:00",
    ),
    ({"type": "long", "connect.name": f"{DEBEZIUM}MicroTimestamp"}, MS * 1000, LOCAL, "2150-01-01T07:00:00.5"),
    ({"type": "array", "items": "int"}, [1, 2], None, "[1, 2]"),
]


def schema(kind: object, *, name: str = "Value") -> dict[str, Any]:
    """Of a row that may be missing, with a field `x` that may be null, as Debezium's are."""
    return {"type": "record", "name": name, "fields": [{"name": "x", "type": ["null", kind], "default": None}]}


def written(value: object, by: Any, *, schema_id: int = 7) -> bytes:
    """In the Confluent wire format, numbers and bytes as Connect hands them to Avro."""
    body = BytesIO()
    schemaless_writer(body, parse_schema(by), value)
    return struct.pack(">xI", schema_id) + body.getvalue()


def rows(*schemas: object) -> AvroRows:
    """A reader of schemas that are registered as 7, 8, 9 …"""
    return AvroRows({7 + at: orjson.dumps(each).decode() for at, each in enumerate(schemas)}.get)


def record(value: bytes | None, key: bytes | None = None) -> Record:
    return Record("rows", 0, 0, 0, key, value)


@pytest.mark.parametrize(("kind", "value", "sql", "batch"), VALUES)
def test_a_value_is_that_of_a_batch(kind: object, value: object, sql: str | None, batch: object) -> None:
    raw = {name: each for name, each in kind.items() if name != "logicalType"} if isinstance(kind, dict) else kind
    sent = record(written({"x": value}, schema(raw)))
    assert repr(as_read(read(sent, rows(schema(kind))).fields["x"], sql, column="t.x")) == repr(batch)


def test_a_null_is_null_and_a_row_of_null_is_gone() -> None:
    optional = ["null", schema("int")]
    assert read(record(written({"x": None}, optional)), rows(optional)).fields == {"x": None}
    row = read(
        record(written(None, optional), key=written({"x": 1}, schema("int"), schema_id=8)),
        rows(optional, schema("int")),
    )
    assert (row.deleted, row.fields) == (True, {"x": 1})


def test_key_and_value_may_be_of_different_converters() -> None:
    by = schema("int")
    row = read(record(b'{"y": 2}', key=written({"x": 1}, by)), rows(by))
    assert row.fields == {"x": 1, "y": 2}
    assert read(record(written({"x": 1}, by), key=struct.pack(">q", 5)), rows(by)).fields == {"x": 1}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (b"\0\0\0", "the record's value is no Avro record"),
        (b"\0\0\0\0\x63xyz", "Avro by schema 99, which the registry has not"),
        (b"\0\0\0\0\x08\x02", "Avro by schema 8, which cannot be read"),
        (b"\0\0\0\0\x09\x02", "an Avro value, and no record"),
        (written({"x": "private"}, schema("string"))[:-3], r"no Avro record \(EOFError\)"),
    ],
)
def test_what_cannot_be_read_is_refused_without_being_quoted(value: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRecord, match=sentence) as caught:
        read(record(value), rows(schema("string"), {"type": "nonsense"}, "int"))
    assert caught.value.reason == "undecodable"
    assert "private" not in str(caught.value)


@given(st.binary(max_size=40))
def test_no_bytes_make_it_stumble(body: bytes) -> None:
    kinds = [kind for kind, *_ in VALUES]
    fields = [{"name": f"f{at}", "type": ["null", kind]} for at, kind in enumerate(kinds)]
    reader = rows({"type": "record", "name": "Value", "fields": fields})
    try:
        reader.fields(struct.pack(">xI", 7) + body)
    except InvalidRecord as error:
        assert error.reason in ("undecodable", "bad-value")  # noqa: PT017


def test_a_schema_is_asked_for_once_and_again_while_the_registry_is_away() -> None:
    asked: list[int] = []

    def away_at_first(schema_id: int) -> str:
        asked.append(schema_id)
        if len(asked) == 1:
            raise Unavailable("schema registry: away")
        return orjson.dumps(schema("int")).decode()

    reader, sent = AvroRows(away_at_first), written({"x": 1}, schema("int"))
    with pytest.raises(Unavailable):
        reader.fields(sent)
    assert [reader.fields(sent), reader.fields(sent)] == [{"x": 1}, {"x": 1}]
    assert asked == [7, 7]

"""Whatever way a connector sends a value, it becomes what a batch reads of the same row.

The right column is what PostgreSQL's values are in a batch (docs/extraction.md); `tests/live` holds it to the real one.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.live.columns import as_read
from extractor.live.connect_avro import AvroRows
from extractor.live.connect_values import Understood
from extractor.live.rows import read
from pipeline.errors import InvalidRecord
from pipeline.records import Record

NO_AVRO = AvroRows(lambda _: None)
CONNECT = "org.apache.kafka.connect.data."
DEBEZIUM = "io.debezium.time."


def sent(value: object, schema: dict[str, Any] | None) -> Understood:
    """The value of a field `x`, as read from a record with or without a schema."""
    body: object = {"x": value}
    if schema is not None:
        body = {"schema": {"type": "struct", "fields": [{"field": "x", **schema}]}, "payload": body}
    return read(Record("rows", 0, 0, 0, None, orjson.dumps(body)), NO_AVRO).fields["x"]


def decimal(text: str) -> str:
    """A decimal as Connect writes it: its digits as a whole number's bytes, in base64."""
    digits = int(Decimal(text).scaleb(-int(Decimal(text).as_tuple().exponent)))
    raw = digits.to_bytes((digits.bit_length() // 8) + 1, "big", signed=True)
    return base64.b64encode(raw).decode()


MS = 5_680_306_800_500  # 2150-01-01T07:00:00.5
LOCAL, ZONED, CLOCK = "timestamp without time zone", "timestamp with time zone", "time without time zone"
VARIABLE = {"scale": 3, "value": decimal("12.345")}

WITH_SCHEMA = [
    (7, "int32", None, "integer", 7),
    (True, "boolean", None, "boolean", True),
    (1.5, "double", None, "double precision", 1.5),
    (3.0, "double", None, "double precision", 3.0),
    ("NaN", "double", None, None, float("nan")),
    (0.1, "float", None, "real", 0.1),
    ("aGk=", "bytes", None, "bytea", b"hi"),
    (decimal("1.50"), "bytes", f"{CONNECT}Decimal", "numeric", "1.50"),
    (decimal("-0.05"), "bytes", f"{CONNECT}Decimal", "numeric", "-0.05"),
    (decimal("1.50"), "bytes", f"{CONNECT}Decimal", None, "1.50"),
    (VARIABLE, "struct", "io.debezium.data.VariableScaleDecimal", "numeric", "12.345"),
    ("1.50", "string", None, "numeric", "1.50"),
    (7, "int16", None, "numeric", "7"),
    (65744, "int32", f"{CONNECT}Date", "date", "2150-01-01"),
    (65744, "int32", f"{DEBEZIUM}Date", "date", "2150-01-01"),
    ("2150-01-01Z", "string", f"{DEBEZIUM}IsoDate", "date", "2150-01-01"),
    (MS, "int64", f"{CONNECT}Timestamp", LOCAL, "2150-01-01T07:00:00.5"),
    (MS, "int64", f"{CONNECT}Timestamp", ZONED, "2150-01-01T07:00:00.5+00:00"),
    (MS, "int64", f"{CONNECT}Timestamp", None, "2150-01-01T07:00:00.5+00:00"),
    (MS, "int64", f"{DEBEZIUM}Timestamp", None, "2150-01-01T07:00:00.5"),
    (MS * 1000 + 1, "int64", f"{DEBEZIUM}MicroTimestamp", LOCAL, "2150-01-01T07:00:00.500001"),
    (MS * 1_000_000, "int64", f"{DEBEZIUM}NanoTimestamp", LOCAL, "2150-01-01T07:00:00.5"),
    ("2150-01-01T07:00:00.500000Z", "string", f"{DEBEZIUM}ZonedTimestamp", ZONED, "2150-01-01T07:00:00.5+00:00"),
    ("2150-01-01T07:00:00.5Z", "string", f"{DEBEZIUM}IsoTimestamp", LOCAL, "2150-01-01T07:00:00.5"),
    (2**63 - 1, "int64", f"{CONNECT}Timestamp", LOCAL, "infinity"),
    (-(2**63), "int64", f"{CONNECT}Timestamp", ZONED, "-infinity"),
    (25_200_500, "int32", f"{CONNECT}Time", CLOCK, "07:00:00.5"),
    (25_200_000_001, "int64", f"{DEBEZIUM}MicroTime", CLOCK, "07:00:00.000001"),
    (86_400_000_000, "int64", f"{DEBEZIUM}MicroTime", CLOCK, "24:00:00"),
]

WITHOUT_SCHEMA = [
    (None, "integer", None),
    (7, "bigint", 7),
    (1.5, "double precision", 1.5),
    (3, "double precision", 3.0),
    (1.50, None, "1.5"),
    ("1.50", "numeric", "1.50"),
    (65744, "date", "2150-01-01"),
    (MS, LOCAL, "2150-01-01T07:00:00.5"),
    ("2150-01-01T07:00:00.500000Z", LOCAL, "2150-01-01T07:00:00.5"),
    ("2150-01-01 07:00:00", LOCAL, "2150-01-01T07:00:00"),
    ("infinity", LOCAL, "infinity"),
    (MS, ZONED, "2150-01-01T07:00:00.5+00:00"),
    ("2150-01-01T08:00:00+01:00", ZONED, "2150-01-01T07:00:00+00:00"),
    (25_200_000, CLOCK, "07:00:00"),
    ("aGk=", "bytea", b"hi"),
    ("MALE  ", "bpchar", "MALE"),
    ("MALE  ", "text", "MALE  "),
    ("2150-01-01 07:00:00", None, "2150-01-01 07:00:00"),
    (MS, None, MS),
]


@pytest.mark.parametrize(("value", "kind", "logical", "sql", "batch"), WITH_SCHEMA)
def test_a_value_with_its_schema(value: object, kind: str, logical: str | None, sql: str | None, batch: object) -> None:
    schema = {"type": kind, "name": logical, "parameters": {"scale": "2"}}
    found = as_read(sent(value, schema), sql, column="t.x")
    assert repr(found) == repr(batch)


@pytest.mark.parametrize(("value", "sql", "batch"), WITHOUT_SCHEMA)
def test_a_value_by_the_type_of_its_column_alone(value: object, sql: str | None, batch: object) -> None:
    found = as_read(sent(value, None), sql, column="t.x")
    assert repr(found) == repr(batch)


@pytest.mark.parametrize(
    ("value", "sql"),
    [
        ("AJY=", "numeric"),  # a decimal in bytes, of which no schema tells the scale
        ("tomorrow", "date"),
        ("xyzzy", "integer"),
        (1.5, "integer"),
        (True, "integer"),
        ("perhaps", "boolean"),
        ("?", "bytea"),
        ({"a": 1}, "timestamp without time zone"),
    ],
)
def test_what_no_batch_would_read_is_refused_without_being_quoted(value: object, sql: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        as_read(sent(value, None), sql, column="t.x")
    assert caught.value.reason == "bad-value"
    assert str(value) not in str(caught.value)


def test_a_value_that_is_not_of_its_schema_is_refused() -> None:
    with pytest.raises(InvalidRecord, match='field "x" does not fit its schema'):
        sent("today", {"type": "int32", "name": f"{CONNECT}Date"})


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_number_of_milliseconds_is_a_moment_or_beyond_all(units: int) -> None:
    found = as_read(sent(units, {"type": "int64", "name": f"{CONNECT}Timestamp"}), None, column="t.x")
    assert isinstance(found, str)
    if "infinity" not in found:
        moment = datetime.fromisoformat(found)
        assert round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000) == units


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_decimal_keeps_all_its_digits(number: Decimal) -> None:
    schema = {"type": "bytes", "name": f"{CONNECT}Decimal", "parameters": {"scale": "6"}}
    unscaled = int(format(number, "f").replace(".", ""))
    raw = unscaled.to_bytes(unscaled.bit_length() // 8 + 1, "big", signed=True)
    found = as_read(sent(base64.b64encode(raw).decode(), schema), "numeric", column="t.x")
    assert found == format(number, "f") or Decimal(str(found)) == number == 0

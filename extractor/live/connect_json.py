"""What Kafka Connect's JSON converter wrote: rows with a schema beside each, or without.

With schemas, a field's logical type says what its number or text stands for; without, only the column's type in the
source's catalogue does, which is `extractor.live.columns`' part. What is told apart here: numbers, decimals, days,
times and moments, with a zone and without.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from pipeline.dead_letters import header_text
from pipeline.errors import InvalidRecord
from pipeline.live import AS_OF
from pipeline.records import Record

# Of one field. `Beyond` is a day or moment that no calendar of ours has.
Understood: TypeAlias = "bool | int | float | Decimal | str | bytes | date | time | datetime | Beyond | None"

_DELETED: Final = "__deleted"  # added by Debezium's ExtractNewRecordState
_SOURCE_TIME: Final = "__source_ts_ms"  # likewise, as a header or a field, where it is asked to
_READ_TIME: Final = "source.read.ms"  # a header of our JDBC source
_MOMENT: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1)
_DAYS: Final = date(1970, 1, 1).toordinal()

# Numbers with a fraction keep their digits until it is known what they are.
_JSON: Final = json.JSONDecoder(parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Beyond:
    """Infinity, or before the year 1 or after the year 9999."""

    future: bool


class Stripped(Decimal):
    """A decimal whose last noughts the connector left out: 1.5 may be 1.50 in the source."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a connector sent it. `fields` are the value's, then those of the key that it lacks.

    `deleted`: the row is gone; of its fields those may be missing that no index is on. `as_of` is when the source was
    so, in milliseconds since the epoch: the source's own word where it is given, else when the record was made.
    """

    fields: Mapping[str, Understood]
    deleted: bool
    as_of: int


def read(record: Record) -> Row:
    """The row of a record. Raises InvalidRecord (`undecodable`, `bad-value`), which names columns and no values."""
    value, key = _struct(record.value, "value"), _struct(record.key, "key", strict=record.value is None)
    deleted = value is None or str(value.get(_DELETED)).lower() == "true"
    fields = {**(key or {}), **(value or {})}
    return Row(fields=fields, deleted=deleted, as_of=as_of(record, fields))


def as_of(record: Record, fields: Mapping[str, Understood]) -> int:
    """When the source was as a record with these fields says, in milliseconds since the epoch."""
    told = [header_text(record.headers, name) for name in (AS_OF, _SOURCE_TIME, _READ_TIME)]
    for said in (*told, fields.get(_SOURCE_TIME)):
        if said is not None and _MOMENT.fullmatch(str(said)):
            return int(str(said))
    return record.timestamp


def _struct(raw: bytes | None, part: str, *, strict: bool = True) -> dict[str, Understood] | None:
    """The fields of a record's key or value; None where there is none. What is no JSON object is no row; as a key that
    is not needed (not `strict`) it is as none."""
    try:
        found = None if raw is None else _JSON.decode(raw.decode())
    except (ValueError, RecursionError):
        found = raw
    schema = None
    if isinstance(found, dict) and found.keys() == {"schema", "payload"}:
        found, schema = found["payload"], found["schema"]
    if found is None:
        return None
    if not isinstance(found, dict):
        if not strict:
            return None
        sentence = f"the record's {part} is no JSON object: live rows are those that Connect's JsonConverter writes"
        raise InvalidRecord(sentence, reason="undecodable")
    schemas = _schemas(schema)
    return {name: _understood(name, field, schemas.get(name)) for name, field in found.items()}


def _schemas(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {}
    return {each["field"]: each for each in schema.get("fields", ()) if isinstance(each, dict) and "field" in each}


def _understood(name: str, raw: Any, schema: Mapping[str, Any] | None) -> Understood:
    if raw is None or schema is None:
        return _plain(raw)
    reading = _LOGICAL.get(str(schema.get("name"))) or _TYPES.get(str(schema.get("type")))
    try:
        return _plain(raw) if reading is None else reading(raw, schema)
    except (ValueError, TypeError, ArithmeticError, KeyError, AttributeError):
        raise InvalidRecord(f'field "{name}" does not fit its schema', reason="bad-value") from None


def _plain(raw: Any) -> Understood:
    """As JSON has it. An array or an object stays JSON text: no column's value is one in a batch."""
    return json.dumps(raw, default=str) if isinstance(raw, dict | list) else raw


def of_units(units: int, per_second: int) -> datetime | Beyond:
    """The moment, without a zone, of a number since the epoch."""
    try:
        return _EPOCH + timedelta(
            seconds=units // per_second, microseconds=units % per_second * 1_000_000 // per_second
        )
    except OverflowError:
        return Beyond(units > 0)


def of_days(days: int) -> date | Beyond:
    """The day of a number since the epoch."""
    try:
        return date.fromordinal(_DAYS + days)
    except (OverflowError, ValueError):
        return Beyond(days > 0)


def of_day_units(units: int, per_second: int) -> time | str:
    """The time of day of a number since midnight. 24:00, which PostgreSQL has, is text."""
    found = of_units(units, per_second)
    return found.time() if isinstance(found, datetime) and found.date() == _EPOCH.date() else "24:00:00"


def of_bytes(encoded: str, scale: int) -> Decimal:
    """A decimal as Connect writes it: base64 of a whole number, and how many of its digits are a fraction."""
    whole = int.from_bytes(base64.b64decode(encoded, validate=True), "big", signed=True)
    return Decimal(f"{whole}E{-scale}")


def _decimal(raw: Any, schema: Mapping[str, Any]) -> Decimal:
    if isinstance(raw, str):
        return of_bytes(raw, int(schema["parameters"]["scale"]))
    return Decimal(raw)  # decimal.format=NUMERIC


def _variable_decimal(raw: Any, _: Mapping[str, Any]) -> Decimal:
    return Stripped(of_bytes(raw["value"], int(raw["scale"])))


def _zoned(raw: Any, _: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(raw).astimezone(UTC)


def _moment(per_second: int) -> Callable[[Any, Mapping[str, Any]], Understood]:
    return lambda raw, _: of_units(raw, per_second)


def _instant(raw: Any, _: Mapping[str, Any]) -> Understood:
    found = of_units(raw, 1000)
    return found if isinstance(found, Beyond) else found.replace(tzinfo=UTC)


def _time_of_day(per_second: int) -> Callable[[Any, Mapping[str, Any]], Understood]:
    return lambda raw, _: of_day_units(raw, per_second)


_CONNECT: Final = "org.apache.kafka.connect.data."
_DEBEZIUM: Final = "io.debezium.time."
_LOGICAL: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Understood]]] = {
    f"{_CONNECT}Decimal": _decimal,
    f"{_CONNECT}Date": lambda raw, _: of_days(raw),
    f"{_CONNECT}Time": _time_of_day(1000),
    f"{_CONNECT}Timestamp": _instant,
    f"{_DEBEZIUM}Date": lambda raw, _: of_days(raw),
    f"{_DEBEZIUM}Time": _time_of_day(1000),
    f"{_DEBEZIUM}MicroTime": _time_of_day(1_000_000),
    f"{_DEBEZIUM}NanoTime": _time_of_day(1_000_000_000),
    f"{_DEBEZIUM}Timestamp": _moment(1000),
    f"{_DEBEZIUM}MicroTimestamp": _moment(1_000_000),
    f"{_DEBEZIUM}NanoTimestamp": _moment(1_000_000_000),
    f"{_DEBEZIUM}ZonedTimestamp": _zoned,
    "io.debezium.data.VariableScaleDecimal": _variable_decimal,
}
_TYPES: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Understood]]] = {
    "bytes": lambda raw, _: base64.b64decode(raw, validate=True),
    "float": lambda raw, _: float(raw),
    "double": lambda raw, _: float(raw),
}

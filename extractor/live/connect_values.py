"""What Kafka Connect's values mean, whichever converter wrote them: numbers, decimals, days, times and moments, with a
zone and without, are told apart by the schema that a converter wrote beside them.

Without a schema a value is what it is as JSON; only the column's type in the source's catalogue tells more, which is
`extractor.live.columns`' part.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from pipeline.errors import InvalidRecord

# Of one field. `Beyond` is a day or moment that no calendar of ours has.
Understood: TypeAlias = "bool | int | float | Decimal | str | bytes | date | time | datetime | Beyond | None"

_EPOCH: Final = datetime(1970, 1, 1)
_DAYS: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Beyond:
    """Infinity, or before the year 1 or after the year 9999."""

    future: bool


class Stripped(Decimal):
    """A decimal whose last noughts the connector left out: 1.5 may be 1.50 in the source."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a schema says of a field: Connect's type, the name of what it stands for, and that one's parameters."""

    type: str
    name: str | None
    parameters: Mapping[str, str]


def understood(field: str, raw: Any, kind: Kind | None) -> Understood:
    """What the value of `field` stands for; bytes are those of Avro, or JSON's base64. Raises InvalidRecord
    (`bad-value`), which names the field and not the value."""
    if raw is None or kind is None:
        return _plain(raw)
    reading = _LOGICAL.get(kind.name or "") or _TYPES.get(kind.type)
    try:
        return _plain(raw) if reading is None else reading(raw, kind.parameters)
    except (ValueError, TypeError, ArithmeticError, KeyError, AttributeError):
        raise InvalidRecord(f'field "{field}" does not fit its schema', reason="bad-value") from None


def _plain(raw: Any) -> Understood:
    """As it came. An array or an object is JSON text: no column's value is one in a batch."""
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


def _bytes(raw: str | bytes) -> bytes:
    return raw if isinstance(raw, bytes) else base64.b64decode(raw, validate=True)


def _digits(raw: str | bytes, scale: int) -> Decimal:
    """A decimal as Connect writes it: a whole number's bytes, and how many of its digits are a fraction."""
    whole = int.from_bytes(_bytes(raw), "big", signed=True)
    return Decimal(f"{whole}E{-scale}")


def _decimal(raw: Any, parameters: Mapping[str, str]) -> Decimal:
    if isinstance(raw, str | bytes):
        return _digits(raw, int(parameters["scale"]))
    return Decimal(raw)  # decimal.format=NUMERIC


def _variable_decimal(raw: Any, _: Mapping[str, str]) -> Decimal:
    return Stripped(_digits(raw["value"], int(raw["scale"])))


def _zoned(raw: Any, _: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(raw).astimezone(UTC)


def _moment(per_second: int) -> Callable[[Any, Mapping[str, str]], Understood]:
    return lambda raw, _: of_units(raw, per_second)


def _instant(raw: Any, _: Mapping[str, str]) -> Understood:
    found = of_units(raw, 1000)
    return found if isinstance(found, Beyond) else found.replace(tzinfo=UTC)


def _time_of_day(per_second: int) -> Callable[[Any, Mapping[str, str]], Understood]:
    return lambda raw, _: of_day_units(raw, per_second)


def _single(raw: Any, _: Mapping[str, str]) -> float:
    """With the fewest digits that tell it from its neighbours of 32 bits, as PostgreSQL writes a real: 0.1, which Avro
    hands over as 0.10000000149011612."""
    number = float(raw)
    bits = struct.pack("f", number)
    return next(
        (short for digits in range(6, 10) if struct.pack("f", short := float(f"{number:.{digits}g}")) == bits), number
    )


_CONNECT: Final = "org.apache.kafka.connect.data."
_DEBEZIUM: Final = "io.debezium.time."
_LOGICAL: Final[Mapping[str, Callable[[Any, Mapping[str, str]], Understood]]] = {
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
_TYPES: Final[Mapping[str, Callable[[Any, Mapping[str, str]], Understood]]] = {
    "bytes": lambda raw, _: _bytes(raw),
    "float": _single,
    "double": lambda raw, _: float(raw),
}

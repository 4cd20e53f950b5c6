"""A record of a connector as a row: its fields, whether it is gone, and how old it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from extractor.live import connect_json
from extractor.live.connect_avro import MAGIC, AvroRows
from extractor.live.connect_values import Understood
from pipeline.dead_letters import header_text
from pipeline.errors import InvalidRecord
from pipeline.live import AS_OF
from pipeline.records import Record

# Added by Debezium's ExtractNewRecordState: the first as a field, the others as headers or fields where it is asked to.
_DELETED: Final = "__deleted"
_OPERATION: Final = "__op"
_SOURCE_TIME: Final = "__source_ts_ms"
_TRANSACTION: Final = "__source_txId"
_READ_TIME: Final = "source.read.ms"  # a header of our JDBC source
_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)

# A commit is given its time a moment before others can see it, and a batch that reads in between is the older of the
# two. By how much at most, in milliseconds: standbys that must confirm a commit take their time.
_SEEN_AFTER: Final = 60_000


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a connector sent it. `fields` are the value's, then those of the key that it lacks.

    `deleted`: the row is gone; of its fields those may be missing that no index is on. `as_of` is when the source was
    so, in milliseconds since the epoch. `transaction` is the number of the one that has just written it, where told.
    """

    fields: Mapping[str, Understood]
    deleted: bool
    as_of: int
    transaction: int | None


def read(record: Record, avro: AvroRows) -> Row:
    """The row of a record. Raises InvalidRecord (`undecodable`, `bad-value`), which names columns and no values, and
    Unavailable where the registry must be asked for a schema and does not answer."""
    value = _part(record.value, "value", avro)
    key = _key(record, avro)
    deleted = value is None or str(value.get(_DELETED)).lower() == "true"
    fields = {**(key or {}), **(value or {})}
    return Row(fields, deleted, as_of(record, fields), _transaction(record, fields))


def as_of(record: Record, fields: Mapping[str, Understood]) -> int:
    """When the source was as a record with these fields says, in milliseconds since the epoch.

    A poll tells when it looked: what changed since, nobody may tell. A change that Debezium tells of counts from when
    its record was made, since all that follow are told, too, up to a minute after its commit.
    """
    for header in (AS_OF, _READ_TIME):
        said = _number(header_text(record.headers, header))
        if said is not None:
            return said
    committed = _number(_told(record, fields, _SOURCE_TIME))
    if committed is None:
        return record.timestamp
    return max(committed, min(record.timestamp, committed + _SEEN_AFTER))


def _transaction(record: Record, fields: Mapping[str, Understood]) -> int | None:
    # A row that was there when Debezium began has the number of Debezium's own, which lasts until all of them are read.
    return None if _told(record, fields, _OPERATION) == "r" else _number(_told(record, fields, _TRANSACTION))


def _told(record: Record, fields: Mapping[str, Understood], name: str) -> object:
    """What the connector wrote into a header, or else a field."""
    said = header_text(record.headers, name)
    return fields.get(name) if said is None else said


def _number(said: object) -> int | None:
    return int(str(said)) if _NUMBER.fullmatch(str(said)) else None


def _key(record: Record, avro: AvroRows) -> dict[str, Understood] | None:
    """The key's fields. One that is no row, and that is not needed, is as none."""
    try:
        return _part(record.key, "key", avro)
    except InvalidRecord as error:
        if record.value is None or error.reason != "undecodable":
            raise
        return None


def _part(raw: bytes | None, part: str, avro: AvroRows) -> dict[str, Understood] | None:
    """The fields of a record's key or value; None where there is none."""
    if raw is None:
        return None
    try:
        return avro.fields(raw) if raw.startswith(MAGIC) else connect_json.fields(raw)
    except InvalidRecord as error:
        if error.reason != "undecodable":
            raise
        sentence = f"the record's {part} is {error}: live rows are those that Connect's JSON and Avro converters write"
        raise InvalidRecord(sentence, reason="undecodable") from None

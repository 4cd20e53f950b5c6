"""What an Avro converter of Kafka Connect wrote, in the Confluent wire format: a zero byte, the id of its schema in the
registry in four, the row. No JSON begins so."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader

from extractor.live.connect_values import Kind, Understood, understood
from pipeline.errors import InvalidRecord
from pipeline.known_schemas import KnownSchemas

MAGIC: Final = b"\0"
_HEADER: Final = struct.Struct(">xI")


@dataclass(frozen=True, slots=True)
class _Schema:
    """A schema to read by, and what each field of its rows is."""

    parsed: Any
    kinds: Mapping[str, Kind]


class AvroRows:
    """Reads rows by the registry's schemas; `schema_of` tells one by its id, and None of an id that it has not. One
    thread at a time."""

    def __init__(self, schema_of: Callable[[int], str | None]) -> None:
        self._known = KnownSchemas(schema_of, _read)

    def fields(self, raw: bytes) -> dict[str, Understood] | None:
        """The row's fields; None where it is null. Raises InvalidRecord (`undecodable`, `bad-value`), Unavailable."""
        if len(raw) < _HEADER.size:
            raise InvalidRecord("no Avro record", reason="undecodable")
        schema = self._schema(*_HEADER.unpack_from(raw))
        body = BytesIO(raw)
        body.seek(_HEADER.size)
        try:
            found = schemaless_reader(body, schema.parsed, None)
        # Broken bytes make Avro stumble in many ways (EOFError, IndexError, UnicodeDecodeError, MemoryError…).
        except Exception as error:  # noqa: BLE001
            raise InvalidRecord(f"no Avro record ({type(error).__name__})", reason="undecodable") from None
        if found is None:
            return None
        if not isinstance(found, dict):
            raise InvalidRecord("an Avro value, and no record", reason="undecodable")
        return {name: understood(name, value, schema.kinds.get(name)) for name, value in found.items()}

    def _schema(self, schema_id: int) -> _Schema:
        schema = self._known.of(schema_id)
        if schema is None:
            raise InvalidRecord(f"Avro by schema {schema_id}, which the registry has not", reason="undecodable")
        return schema


def _read(schema_id: int, text: str) -> _Schema:
    try:
        plain = _bare(json.loads(text))
        record = _of_union(plain)
        fields = record.get("fields", ()) if isinstance(record, dict) else ()
        return _Schema(parse_schema(plain), {each["name"]: _kind(_of_union(each["type"])) for each in fields})
    except Exception as error:  # noqa: BLE001 — fastavro's own are many
        sentence = f"Avro by schema {schema_id}, which cannot be read ({type(error).__name__})"
        raise InvalidRecord(sentence, reason="undecodable") from None


def _bare(schema: Any) -> Any:
    """The schema without its logical types: values come as the numbers and bytes that JSON has, too, and mean what
    Connect's own names say."""
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if isinstance(schema, dict):
        return {name: _bare(value) for name, value in schema.items() if name != "logicalType"}
    return schema


def _of_union(schema: Any) -> Any:
    """What a field is where it is not null."""
    if isinstance(schema, list):
        return next((each for each in schema if each != "null"), "null")
    return schema


def _kind(schema: Any) -> Kind:
    if not isinstance(schema, dict):
        return Kind(str(schema), None, {})
    parameters = {name: str(value) for name, value in schema.get("connect.parameters", {}).items()}
    return Kind(str(schema["type"]), schema.get("connect.name"), parameters)

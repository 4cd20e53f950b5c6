"""Events to bytes and back: Avro in the Confluent wire format (a zero byte, the schema's id in four, the
body), so that every Kafka tool can read them.

Schemas stand in `schemas/`, one file an event, named for its (first) topic. Their ids are resolved once, when
the codec is made; encoding a record asks nobody. A record written with another schema's id is read by that
schema, which is looked up and kept. The work is fastavro's, but for the events that pass once a row: see
`hot_events`.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, TypeVar, cast

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from pipeline import events, hot_events, topics
from pipeline.errors import InvalidRecord, Unavailable
from pipeline.known_schemas import KnownSchemas
from pipeline.registry import Registry
from pipeline.service_settings import RegistrySettings

Event: TypeAlias = (
    events.ExtractorTrigger
    | events.Extracted
    | events.Transformed
    | events.Loaded
    | events.Progress
    | events.DeadLetter
    | events.BatchCancelled
    | events.Preview
)
E = TypeVar(
    "E",
    events.ExtractorTrigger,
    events.Extracted,
    events.Transformed,
    events.Loaded,
    events.Progress,
    events.DeadLetter,
    events.BatchCancelled,
    events.Preview,
)

TOPIC_OF: Final[dict[type[Event], str]] = {
    events.ExtractorTrigger: topics.TRIGGER,
    events.Extracted: topics.EXTRACT,
    events.Transformed: topics.TRANSFORM,
    events.Loaded: topics.LOAD,
    events.Progress: topics.PROGRESS,
    events.DeadLetter: topics.DLQ,
    events.BatchCancelled: topics.CANCEL,
    events.Preview: topics.PREVIEW_TRIGGER,
}

_SCHEMAS: Final = Path(__file__).parent / "schemas"
_HEADER: Final = struct.Struct(">bI")


def _headers_to_avro(plain: dict[str, Any]) -> None:
    plain["headers"] = [{"name": name, "value": value} for name, value in plain["headers"]]


def _headers_from_avro(plain: dict[str, Any]) -> None:
    plain["headers"] = [(header["name"], header["value"]) for header in plain["headers"]]


def _check_keys(plain: dict[str, Any]) -> None:
    """An integer of more than 64 bits would become a double, and another key."""
    for key in (plain["after"], *(plain["primary_key_values"] or ())):
        if type(key) is int and not -(2**63) <= key < 2**63:
            raise OverflowError("more than 64 bits")


def _resources_from_avro(plain: dict[str, Any]) -> None:
    plain["resources"] = [events.Resource(**resource) for resource in plain["resources"]]


def _preview_to_avro(plain: dict[str, Any]) -> None:
    plain["records"] = [asdict(record) for record in plain["records"]]
    plain["troubles"] = [asdict(trouble) | {"columns": list(trouble.columns)} for trouble in plain["troubles"]]


def _preview_from_avro(plain: dict[str, Any]) -> None:
    plain["records"] = [events.PreviewRecord(**record) for record in plain["records"]]
    plain["troubles"] = [events.Trouble(**trouble) for trouble in plain["troubles"]]


# Events with values inside values; all others are flat, field by field.
_TO_AVRO: Final[dict[type[Event], Callable[[dict[str, Any]], None]]] = {
    events.DeadLetter: _headers_to_avro,
    events.ExtractorTrigger: _check_keys,
    events.Preview: _preview_to_avro,
}
_FROM_AVRO: Final[dict[type[Event], Callable[[dict[str, Any]], None]]] = {
    events.DeadLetter: _headers_from_avro,
    events.Transformed: _resources_from_avro,
    events.Preview: _preview_from_avro,
}

_WRITE: Final[dict[type[Event], Callable[[Any], bytes]]] = {
    events.Extracted: hot_events.write_extracted,
    events.Transformed: hot_events.write_transformed,
    events.Loaded: hot_events.write_loaded,
}
_READ: Final[dict[type[Event], Callable[[bytes, int], tuple[Any, int]]]] = {
    events.Extracted: hot_events.read_extracted,
    events.Transformed: hot_events.read_transformed,
}


@dataclass(frozen=True, slots=True)
class _Form:
    """How one event class is written: its schema under its id."""

    header: bytes
    schema: Any
    write: Callable[[Any], bytes]
    read: Callable[[bytes, int], tuple[Any, int]]


def schema_text(event: type[Event]) -> str:
    """The Avro schema of an event, as JSON."""
    return (_SCHEMAS / f"{TOPIC_OF[event]}.avsc").read_text(encoding="utf-8")


class Codec:
    """Encodes and decodes every event. Make it by `connect` (a registry) or `local` (fixed ids)."""

    def __init__(self, ids: dict[type[Event], int], schema_of: Callable[[int], str | None]) -> None:
        self._foreign = KnownSchemas(schema_of, _parsed)
        self._forms = {event: _form(event, schema_id) for event, schema_id in ids.items()}

    @classmethod
    def connect(cls, settings: RegistrySettings, *, patience: float = 180.0) -> Self:
        """Resolve every schema's id at the registry, registering those that are new.

        Waits up to `patience` seconds for a registry that does not answer. Raises Unavailable, Misconfigured.
        """
        registry = Registry(settings)
        until = time.monotonic() + patience
        while True:
            try:
                ids = {event: registry.id_of(f"{topic}-value", schema_text(event)) for event, topic in TOPIC_OF.items()}
            except Unavailable:
                if time.monotonic() >= until:
                    raise
                time.sleep(min(1.0, patience))
            else:
                return cls(ids, registry.schema)

    @classmethod
    def local(cls) -> Self:
        """A codec without a registry: ids 1, 2, 3… in the order of TOPIC_OF; others are undecodable."""
        return cls({event: number for number, event in enumerate(TOPIC_OF, start=1)}, lambda _: None)

    def encode(self, event: Event) -> bytes:
        """The event in the wire format.

        Raises InvalidRecord (`unencodable`) when a value does not fit its field, as an integer of more than
        64 bits or a text with half a surrogate pair.
        """
        form = self._forms[type(event)]
        try:
            return form.header + form.write(event)
        except (TypeError, ValueError, OverflowError, KeyError) as error:
            # Avro's own sentence quotes the value: keep its kind only.
            place = f"a value of {type(event).__name__} does not fit its schema"
            raise InvalidRecord(f"{place} ({type(error).__name__})", reason="unencodable") from None

    def decode(self, event: type[E], raw: bytes | None) -> E:
        """The event of these bytes.

        Raises InvalidRecord (`undecodable`), and Unavailable when the writer's schema must be looked up and
        the registry does not answer.
        """
        form = self._forms[event]
        if raw is None or len(raw) < _HEADER.size or raw[0] != 0:
            raise InvalidRecord(f"not an Avro record of {event.__name__}", reason="undecodable")
        read = form.read if raw.startswith(form.header) else self._foreign_reader(raw, event)
        try:
            made, end = read(raw, _HEADER.size)
        # Broken bytes make Avro stumble in many ways (EOFError, IndexError, UnicodeDecodeError, MemoryError…).
        except Exception as error:  # noqa: BLE001
            place = f"not an Avro record of {event.__name__}"
            raise InvalidRecord(f"{place} ({type(error).__name__})", reason="undecodable") from None
        if end != len(raw):
            raise InvalidRecord(f"{event.__name__} does not end where its Avro record does", reason="undecodable")
        return cast(E, made)

    def _foreign_reader(self, raw: bytes, event: type[Event]) -> Callable[[bytes, int], tuple[Any, int]]:
        """A reader by the schema that the record was written with, resolved to ours."""
        return _reader(event, self._forms[event].schema, self._writer_schema(_HEADER.unpack_from(raw)[1], event))

    def _writer_schema(self, schema_id: int, event: type[Event]) -> Any:
        """The schema of an id that is not our own."""
        schema = self._foreign.of(schema_id)
        if schema is None:
            raise InvalidRecord(f"{event.__name__} by an unknown schema, id {schema_id}", reason="undecodable")
        return schema


def _parsed(_: int, text: str) -> Any:
    """A schema to read by; None where it is none of Avro's, as a registry may have too."""
    try:
        return parse_schema(json.loads(text))
    except Exception:  # noqa: BLE001 — fastavro's own are many
        return None


def _form(event: type[Event], schema_id: int) -> _Form:
    schema = parse_schema(json.loads(schema_text(event)))
    return _Form(
        header=_HEADER.pack(0, schema_id),
        schema=schema,
        write=_WRITE.get(event) or _writer(event, schema),
        read=_READ.get(event) or _reader(event, schema, None),
    )


def _writer(event: type[Event], schema: Any) -> Callable[[Any], bytes]:
    names = [each.name for each in fields(event)]
    values, nest = attrgetter(*names), _TO_AVRO.get(event)

    def write(made: Any) -> bytes:
        plain = dict(zip(names, values(made), strict=True))
        if nest is not None:
            nest(plain)
        body = BytesIO()
        schemaless_writer(body, schema, plain, strict=True, disable_tuple_notation=True)
        return body.getvalue()

    return write


def _reader(event: type[Event], schema: Any, written_by: Any) -> Callable[[bytes, int], tuple[Any, int]]:
    unnest = _FROM_AVRO.get(event)

    def read(raw: bytes, at: int) -> tuple[Any, int]:
        body = BytesIO(raw)
        body.seek(at)
        plain = cast(dict[str, Any], schemaless_reader(body, written_by or schema, written_by and schema))
        if unnest is not None:
            unnest(plain)
        return event(**plain), body.tell()

    return read

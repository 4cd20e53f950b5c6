"""Events to bytes and back: Avro in the Confluent wire format (a zero byte, the schema's id in four, the
body), so that every Kafka tool can read them.

Schemas stand in `schemas/`, one file a topic. Their ids are resolved once, when the codec is made; encoding
a record asks nobody. A record written with another schema's id is read by that schema, which is looked up
once and kept.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, TypeVar, cast

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from pipeline import events, topics
from pipeline.errors import InvalidRecord, Unavailable
from pipeline.registry import Registry
from pipeline.service_settings import RegistrySettings

Event: TypeAlias = (
    events.ExtractorTrigger
    | events.Extracted
    | events.Transformed
    | events.Loaded
    | events.Progress
    | events.DeadLetter
)
E = TypeVar(
    "E",
    events.ExtractorTrigger,
    events.Extracted,
    events.Transformed,
    events.Loaded,
    events.Progress,
    events.DeadLetter,
)

TOPIC_OF: Final[dict[type[Event], str]] = {
    events.ExtractorTrigger: topics.TRIGGER,
    events.Extracted: topics.EXTRACT,
    events.Transformed: topics.TRANSFORM,
    events.Loaded: topics.LOAD,
    events.Progress: topics.PROGRESS,
    events.DeadLetter: topics.DLQ,
}

_SCHEMAS: Final = Path(__file__).parent / "schemas"
_HEADER: Final = struct.Struct(">bI")
_FOREIGN_SCHEMAS: Final = 1000  # ids kept; beyond this somebody plays with us, and the oldest goes


def _resources_to_avro(plain: dict[str, Any]) -> None:
    plain["resources"] = [{"type": r.type, "id": r.id, "write": r.write, "body": r.body} for r in plain["resources"]]


def _resources_from_avro(plain: dict[str, Any]) -> None:
    plain["resources"] = [events.Resource(**r) for r in plain["resources"]]


def _headers_to_avro(plain: dict[str, Any]) -> None:
    plain["headers"] = [{"name": name, "value": value} for name, value in plain["headers"]]


def _headers_from_avro(plain: dict[str, Any]) -> None:
    plain["headers"] = [(header["name"], header["value"]) for header in plain["headers"]]


# Events with values inside values; all others are flat, field by field.
_TO_AVRO: Final[dict[type[Event], Callable[[dict[str, Any]], None]]] = {
    events.Transformed: _resources_to_avro,
    events.DeadLetter: _headers_to_avro,
}
_FROM_AVRO: Final[dict[type[Event], Callable[[dict[str, Any]], None]]] = {
    events.Transformed: _resources_from_avro,
    events.DeadLetter: _headers_from_avro,
}


@dataclass(frozen=True, slots=True)
class _Form:
    """How one event class is written: its schema under its id."""

    schema: Any
    schema_id: int
    header: bytes
    names: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    nest: Callable[[dict[str, Any]], None] | None
    unnest: Callable[[dict[str, Any]], None] | None


def schema_text(event: type[Event]) -> str:
    """The Avro schema of an event, as JSON."""
    return (_SCHEMAS / f"{TOPIC_OF[event]}.avsc").read_text(encoding="utf-8")


class Codec:
    """Encodes and decodes every event. Make it by `connect` (a registry) or `local` (fixed ids)."""

    def __init__(self, ids: dict[type[Event], int], registry: Registry | None) -> None:
        self._registry = registry
        self._foreign: dict[int, Any] = {}
        self._forms = {event: _form(event, schema_id) for event, schema_id in ids.items()}

    @classmethod
    def connect(cls, settings: RegistrySettings, *, patience: float = 60.0) -> Self:
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
                return cls(ids, registry)

    @classmethod
    def local(cls) -> Self:
        """A codec without a registry: ids 1, 2, 3… in the order of TOPIC_OF; others are undecodable."""
        return cls({event: number for number, event in enumerate(TOPIC_OF, start=1)}, None)

    def encode(self, event: Event) -> bytes:
        """The event in the wire format.

        Raises InvalidRecord (`unencodable`) when a value does not fit its field, as an integer of more than
        64 bits or a text with half a surrogate pair.
        """
        form = self._forms[type(event)]
        plain = dict(zip(form.names, form.values(event), strict=True))
        if form.nest is not None:
            form.nest(plain)
        body = BytesIO()
        body.write(form.header)
        try:
            schemaless_writer(body, form.schema, plain, disable_tuple_notation=True)
        except (TypeError, ValueError, OverflowError) as error:
            # Avro's own sentence quotes the value: keep its kind only.
            place = f"a value of {type(event).__name__} does not fit its schema"
            raise InvalidRecord(f"{place} ({type(error).__name__})", reason="unencodable") from None
        return body.getvalue()

    def decode(self, event: type[E], raw: bytes | None) -> E:
        """The event of these bytes.

        Raises InvalidRecord (`undecodable`), and Unavailable when the writer's schema must be looked up and
        the registry does not answer.
        """
        form = self._forms[event]
        if raw is None or len(raw) < _HEADER.size or raw[0] != 0:
            raise InvalidRecord(f"not an Avro record of {event.__name__}", reason="undecodable")
        # None for our own: reading by two schemas at once costs more.
        writer = None if raw.startswith(form.header) else self._writer_schema(_HEADER.unpack_from(raw)[1], event)
        body = BytesIO(raw)
        body.seek(_HEADER.size)
        try:
            plain = cast(dict[str, Any], schemaless_reader(body, writer or form.schema, writer and form.schema))
            if form.unnest is not None:
                form.unnest(plain)
            made = event(**plain)
        # Broken bytes make Avro stumble in many ways (EOFError, IndexError, UnicodeDecodeError, MemoryError…).
        except Exception as error:  # noqa: BLE001
            place = f"not an Avro record of {event.__name__}"
            raise InvalidRecord(f"{place} ({type(error).__name__})", reason="undecodable") from None
        if body.tell() != len(raw):
            raise InvalidRecord(f"bytes left over after an Avro record of {event.__name__}", reason="undecodable")
        return made

    def _writer_schema(self, schema_id: int, event: type[Event]) -> Any:
        """The schema of an id that is not our own."""
        if schema_id not in self._foreign:
            text = self._registry.schema(schema_id) if self._registry is not None else None
            if len(self._foreign) >= _FOREIGN_SCHEMAS:
                del self._foreign[next(iter(self._foreign))]
            self._foreign[schema_id] = None if text is None else parse_schema(json.loads(text))
        schema = self._foreign[schema_id]
        if schema is None:
            raise InvalidRecord(f"{event.__name__} by an unknown schema, id {schema_id}", reason="undecodable")
        return schema


def _form(event: type[Event], schema_id: int) -> _Form:
    names = tuple(each.name for each in fields(event))
    return _Form(
        schema=parse_schema(json.loads(schema_text(event))),
        schema_id=schema_id,
        header=_HEADER.pack(0, schema_id),
        names=names,
        values=attrgetter(*names),
        nest=_TO_AVRO.get(event),
        unnest=_FROM_AVRO.get(event),
    )

"""Values that the loader's tests are made of."""

from __future__ import annotations

from typing import Any

import orjson

from loader.sink import Change
from pipeline.codec import Codec
from pipeline.events import Resource, Transformed, Write
from pipeline.records import Record

CODEC = Codec.local()
BATCH, SOURCE = "batch-1", "patients"


def body(resource_id: str, resource_type: str = "Patient", **elements: Any) -> bytes:
    """A resource's JSON."""
    return orjson.dumps({"resourceType": resource_type, "id": resource_id} | elements)


def change(
    resource_id: str,
    resource_type: str = "Patient",
    *,
    write: Write = "replace",
    as_of: int = 1,
    key: bytes | None = None,
    raw: bytes | None = None,
    **elements: Any,
) -> Change:
    """A change of one resource; its key is its own unless given."""
    made = b"" if write == "delete" else body(resource_id, resource_type, **elements)
    return Change(
        key=key if key is not None else resource_id.encode(),
        type=resource_type,
        id=resource_id,
        write=write,
        body=raw if raw is not None else made,
        as_of=as_of,
        batch_id=BATCH,
        resource_id=SOURCE,
    )


def resource(
    resource_id: str, resource_type: str = "Patient", *, write: Write = "replace", **elements: Any
) -> Resource:
    """A resource of a `transform` event."""
    return Resource(
        resource_type, resource_id, write, b"" if write == "delete" else body(resource_id, resource_type, **elements)
    )


def record(
    *resources: Resource,
    key: bytes | None = b"patients:1",
    as_of: int = 1,
    offset: int = 0,
    source: str = SOURCE,
    value: bytes | None = None,
) -> Record:
    """A record of the `transform` topic."""
    event = Transformed(BATCH, source, "hash", as_of, resources)
    return Record(
        topic="transform",
        partition=0,
        offset=offset,
        timestamp=0,
        key=key,
        value=CODEC.encode(event) if value is None else value,
        headers=[("batch_id", BATCH.encode()), ("resource_id", source.encode())],
    )

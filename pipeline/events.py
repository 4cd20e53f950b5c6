"""The events between stages, as values. Their Avro schemas stand in `schemas/`, one file an event, with
the same field names; `pipeline.codec` turns one into the other.

Every record of a batch, on every topic, carries `batch_id` and `resource_id` as headers too, so that a
record that cannot be decoded is still counted where it belongs. Live rows have `pipeline.live`'s in their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

# Decimals, dates and times travel as text: JSON and Avro would each bend them in their own way.
Value: TypeAlias = bool | int | float | str | bytes | None

Failing: TypeAlias = Literal["refused", "given-up", "unavailable"]

Write: TypeAlias = Literal["replace", "ensure", "delete"]


@dataclass(frozen=True, slots=True)
class ExtractorTrigger:
    """A chunk of one resource to extract: from `after` (exclusive; null at the start) on.

    `primary_key_values` restricts it to some keys; null is all of them. `extracted` counts what earlier
    chunks of the same resource wrote. `part` is for one that tells no total: a key that was refused, and is
    asked for again, has been counted in the total of its resource. Topic `extractor_trigger`, key
    `batch_id:resource_id`.
    """

    batch_id: str
    resource_id: str
    mapping_hash: str
    primary_key_values: Sequence[Value] | None = None
    after: Value = None
    extracted: int = 0
    part: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """The joined rows of one primary key: column alias to its values, one a row, all of equal length.

    `primary_key` is in its canonical text (`mapping.identity`). `as_of` is when the database was read, in
    milliseconds since the epoch. `deleted`: the row is gone, `columns` is empty, and its resource is to go. Topic
    `extract`, key `resource_id:primary_key`.
    """

    batch_id: str
    resource_id: str
    resource_type: str
    mapping_hash: str
    primary_key: str
    as_of: int
    columns: Mapping[str, Sequence[Value]]
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One FHIR resource to write: `body` is its JSON (empty for a delete).

    `replace` puts it, `ensure` makes sure that it exists and never overwrites, `delete` removes it.
    """

    type: str
    id: str
    write: Write
    body: bytes


@dataclass(frozen=True, slots=True)
class Transformed:
    """The resources of one source record, in the order they are to be written.

    Topic `transform`, key as in `extract`.
    """

    batch_id: str
    resource_id: str
    mapping_hash: str
    as_of: int
    resources: Sequence[Resource]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One resource as a sink took it. `outcome` is `written`, or `superseded` where the sink already
    held a newer one, or `exists` for an `ensure` that found it. Topic `load`, key as in `extract`.
    """

    sink: str
    batch_id: str
    resource_id: str
    as_of: int
    type: str
    id: str
    write: Write
    outcome: Literal["written", "superseded", "exists"]
    body: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """What one transaction of one stage did for one resource of one batch. Topic `progress`.

    Deltas, in source records: a reader adds them up. `sink` is set by loaders alone. `at` is in
    milliseconds since the epoch. `total` and `fault` as in `pipeline.records.Count`.
    """

    batch_id: str
    resource_id: str
    stage: str
    sink: str | None
    succeeded: int
    failed: int
    cancelled: int
    total: int | None
    fault: str | None
    at: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a stage refused, with all that is needed to see why and to put it back. Topic `DLQ`.

    `id` is derived from origin and stage, so that a record refused twice is one dead letter. `key` and
    `value` are the bytes as consumed. `reason` is a code, `sentence` for a person, and neither holds a
    patient's data; `details` may (a server's OperationOutcome).
    """

    id: str
    stage: str
    sink: str | None
    reason: str
    sentence: str
    details: str | None
    batch_id: str | None
    resource_id: str | None
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    attempt: int
    failed_at: int


@dataclass(frozen=True, slots=True)
class BatchCancelled:
    """What is still under way of a batch is to be dropped. `at` is in milliseconds since the epoch. Topic
    `batch_cancel`, key `batch_id`."""

    batch_id: str
    at: int


@dataclass(frozen=True, slots=True)
class PreviewRecord:
    """What a batch would have on the stage's own topic, byte for byte."""

    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a record of a preview, or all of it, got no further than `stage`.

    `refused`: the record with `key`, which a batch would have as a dead letter. `given-up`: all of the
    resource, which would be the batch's fault. `unavailable`: something behind the stage is away. `element`,
    `rule` and `columns` as in `pipeline.errors.BrokenRule`. The sentence holds no patient's data.
    """

    stage: str
    failing: Failing
    sentence: str
    key: bytes | None = None
    reason: str | None = None
    element: str | None = None
    rule: str | None = None
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """One preview on its way: `records` are what the next stage is to work on, or at the end what came out.

    The same on each of the topics `preview_trigger`, `preview_extract` and `preview_result`; key
    `request_id`. Nobody waits for it any more after `expires_at`, in milliseconds since the epoch.
    """

    request_id: str
    expires_at: int
    records: Sequence[PreviewRecord]
    troubles: Sequence[Trouble] = ()

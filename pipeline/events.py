"""The events between stages, as values. Their Avro schemas stand in `schemas/`, one file an event, with
the same field names; `pipeline.codec` turns one into the other.

Every record of a batch, on every topic, carries `batch_id` and `resource_id` as headers too, so that a
record that cannot be decoded is still counted where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

# Decimals, dates and times travel as text: JSON and Avro would each bend them in their own way.
Value: TypeAlias = bool | int | float | str | bytes | None

Write: TypeAlias = Literal["replace", "ensure", "delete"]


@dataclass(frozen=True, slots=True)
class ExtractorTrigger:
    """A chunk of one resource to extract: from `after` (exclusive; null at the start) on.

    `primary_key_values` restricts it to some keys; null is all of them. `extracted` counts what earlier
    chunks of the same resource wrote. Topic `extractor_trigger`, key `batch_id:resource_id`.
    """

    batch_id: str
    resource_id: str
    mapping_hash: str
    primary_key_values: Sequence[Value] | None = None
    after: Value = None
    extracted: int = 0


@dataclass(frozen=True, slots=True)
class Extracted:
    """The joined rows of one primary key: column alias to its values, one a row, all of equal length.

    `primary_key` is in its canonical text (`mapping.identity`). `as_of` is when the database was read, in
    milliseconds since the epoch. Topic `extract`, key `resource_id:primary_key`.
    """

    batch_id: str
    resource_id: str
    resource_type: str
    mapping_hash: str
    primary_key: str
    as_of: int
    columns: Mapping[str, Sequence[Value]]


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

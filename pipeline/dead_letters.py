"""Dead letters: records that a stage could not take, kept as they came so that a person can see why and
send them again."""

from __future__ import annotations

import uuid
from typing import Final

from pipeline.events import DeadLetter
from pipeline.records import BATCH_ID, RESOURCE_ID, Headers, Record, Refusal

# Set by whoever sends a dead letter again: how often the record has been tried, this time included.
ATTEMPT: Final = "attempt"

DETAILS_LIMIT: Final = 64 * 1024  # characters of what a server said; an OperationOutcome may repeat the resource
_NAMESPACE: Final = uuid.UUID("6f0f9a1e-0c1c-5a4b-9d0b-0d5d6a4f2c11")


def dead_letter_id(record: Record, *, stage: str, sink: str | None) -> str:
    """The same for one record refused by one stage (and sink), however often that happens."""
    origin = f"{record.topic}/{record.partition}/{record.offset}/{stage}/{sink or ''}"
    return str(uuid.uuid5(_NAMESPACE, origin))


def dead_letter(refusal: Refusal, *, stage: str, sink: str | None, now: int) -> DeadLetter:
    """The dead letter of a refusal. `now` is in milliseconds since the epoch."""
    record, error = refusal.record, refusal.error
    return DeadLetter(
        id=dead_letter_id(record, stage=stage, sink=sink),
        stage=stage,
        sink=sink,
        reason=error.reason,
        sentence=str(error),
        details=None if error.details is None else error.details[:DETAILS_LIMIT],
        batch_id=header_text(record.headers, BATCH_ID),
        resource_id=header_text(record.headers, RESOURCE_ID),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=list(record.headers),
        attempt=_attempt(record.headers),
        failed_at=now,
    )


def header_text(headers: Headers, name: str) -> str | None:
    """The header's text, or None where it is missing or is no text."""
    for key, value in headers:
        if key == name and value is not None:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
    return None


def _attempt(headers: Headers) -> int:
    text = header_text(headers, ATTEMPT)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 7 else 1

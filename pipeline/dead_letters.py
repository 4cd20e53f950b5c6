"""Dead letters: records that a stage could not take, kept as they came so that a person can see why and
send them again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from pipeline.events import DeadLetter
from pipeline.records import BATCH_ID, RESOURCE_ID, Headers, Outcome, Record, Refusal, Stage
from pipeline.topics import ALL, DEAD_LETTER_LIMIT

# Set by whoever sends a dead letter again: how often the record has been tried, this time included.
ATTEMPT: Final = "attempt"
# The one sink that it is meant for, where a sink had refused it: the others have it.
SINK: Final = "sink"

DETAILS_LIMIT: Final = 64 * 1024  # characters of what a server said; an OperationOutcome may repeat the resource
SENTENCE_LIMIT: Final = 2000  # characters
# Of the original. More can only come from a topic that somebody made with a limit above ours.
_ROOM: Final = DEAD_LETTER_LIMIT - 512 * 1024
_NAMESPACE: Final = uuid.UUID("6f0f9a1e-0c1c-5a4b-9d0b-0d5d6a4f2c11")


def dead_letter_id(record: Record, *, stage: str, sink: str | None) -> str:
    """The same for one record refused by one stage (and sink), however often that happens.

    The key is in it, since one trigger stands for many database rows, and each of them can be refused; and for the
    resource likewise, since one live row may be of several.
    """
    origin = f"{record.topic}/{record.partition}/{record.offset}/{stage}/{sink or ''}/{(record.key or b'').hex()}"
    if record.topic not in ALL:
        origin += f"/{header_text(record.headers, RESOURCE_ID)}"
    return str(uuid.uuid5(_NAMESPACE, origin))


def dead_letter(refusal: Refusal, *, stage: str, sink: str | None, now: int) -> DeadLetter:
    """The dead letter of a refusal. `now` is in milliseconds since the epoch."""
    record, error = refusal.record, refusal.error
    value, headers, sentence = record.value, list(record.headers), str(error)
    size = len(record.key or b"") + len(value or b"") + sum(len(name) + len(text or b"") for name, text in headers)
    if size > _ROOM:
        value, headers = None, []
        sentence = f"{sentence} (its {size} bytes are too many to keep here: see the topic itself)"
    return DeadLetter(
        id=dead_letter_id(record, stage=stage, sink=sink),
        stage=stage,
        sink=sink,
        reason=error.reason,
        sentence=clean(sentence)[:SENTENCE_LIMIT],
        details=None if error.details is None else clean(error.details)[:DETAILS_LIMIT],
        batch_id=header_text(record.headers, BATCH_ID),
        resource_id=header_text(record.headers, RESOURCE_ID),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=value,
        headers=headers,
        attempt=attempt_of(record.headers),
        failed_at=now,
    )


def clean(text: str) -> str:
    """The text as UTF-8 can write it: half a surrogate pair, as JSON may bring, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def header_text(headers: Headers, name: str) -> str | None:
    """The header's text, or None where it is missing or is no text."""
    for key, value in headers:
        if key == name and value is not None:
            try:
                return value.decode()
            except UnicodeDecodeError:
                return None
    return None


def only_for(sink: str, stage: Stage) -> Stage:
    """`stage`, without the records that are sent again for another sink: these are passed over, and counted
    nowhere, since this sink has dealt with them before."""

    def concerned(records: Sequence[Record]) -> Outcome:
        ours = [record for record in records if header_text(record.headers, SINK) in (None, sink)]
        return stage(ours) if ours else Outcome()

    return concerned


def attempt_of(headers: Headers) -> int:
    """Which try this is of the record, counted from 1."""
    text = header_text(headers, ATTEMPT)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 7 else 1

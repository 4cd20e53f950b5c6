"""Live rows: those that come from connectors, one by one, and belong to no batch.

A binding (a topic of rows, a resource of a mapping) stands for them wherever events, headers, counts and dead letters
name a batch: `live:` and the topic in place of the batch's id, and the resource's id as ever.
"""

from __future__ import annotations

from typing import Final

LIVE_STAGE: Final = "live"  # of `extractor.live`, in counts, metrics and dead letters
# When the source was as the record says, in milliseconds since the epoch: on records of the topic `live_retry`, which
# come later than what they tell of.
AS_OF: Final = "as_of"

_PREFIX: Final = "live:"


def live_id(topic: str) -> str:
    """What stands for the live rows of `topic` in place of a batch's id."""
    return _PREFIX + topic


def topic_of(batch_id: str) -> str | None:
    """The topic whose live rows `batch_id` stands for; None where it is a batch's own."""
    return batch_id.removeprefix(_PREFIX) if batch_id.startswith(_PREFIX) else None

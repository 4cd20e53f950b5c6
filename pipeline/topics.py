"""The topics: their names, what goes on them, and how they are made.

    extractor_trigger ─► extract ─► transform ─► load        and, from every stage, progress and DLQ
    rows topics, live_retry ─► extract                       live rows: the connectors' own topics, see extractor.live
    batch_cancel ─► every stage                              see pipeline.cancellations
    preview_trigger ─► preview_extract ─► preview_result     the lane of previews, see pipeline.preview

Same key, same partition, on every one of them: order per key is kept from the first stage to the sinks.
"""

from __future__ import annotations

from typing import Final

TRIGGER: Final = "extractor_trigger"
EXTRACT: Final = "extract"
LIVE_RETRY: Final = "live_retry"
TRANSFORM: Final = "transform"
LOAD: Final = "load"
PROGRESS: Final = "progress"
DLQ: Final = "DLQ"
CANCEL: Final = "batch_cancel"
PREVIEW_TRIGGER: Final = "preview_trigger"
PREVIEW_EXTRACT: Final = "preview_extract"
PREVIEW_RESULT: Final = "preview_result"

# Key, value and headers of a record together, as a stage may produce it. What is larger is refused as `too-large`.
# No setting: each stage relies on it that the next topic takes what it makes, and DLQ whatever that topic has.
RECORD_LIMIT: Final = 8 * 1024 * 1024
# The whole dead letter of such a record: with headers, sentence, and what a server said of it.
DEAD_LETTER_LIMIT: Final = RECORD_LIMIT + 1024 * 1024

PREVIEWS: Final = (PREVIEW_TRIGGER, PREVIEW_EXTRACT, PREVIEW_RESULT)
ALL: Final = (TRIGGER, LIVE_RETRY, EXTRACT, TRANSFORM, LOAD, PROGRESS, DLQ, CANCEL, *PREVIEWS)

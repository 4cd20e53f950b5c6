"""The topics: their names, what goes on them, and how they are made.

    extractor_trigger ─► extract ─► transform ─► load        and, from every stage, progress and DLQ

Same key, same partition, on every one of them: order per key is kept from the first stage to the sinks.
"""

from __future__ import annotations

from typing import Final

TRIGGER: Final = "extractor_trigger"
EXTRACT: Final = "extract"
TRANSFORM: Final = "transform"
LOAD: Final = "load"
PROGRESS: Final = "progress"
DLQ: Final = "DLQ"

# Key, value and headers of a record together, as a stage may produce it. What is larger is refused as `too-large`.
RECORD_LIMIT: Final = 8 * 1024 * 1024
# The whole dead letter of such a record: with headers, sentence, and what a server said of it.
DEAD_LETTER_LIMIT: Final = RECORD_LIMIT + 1024 * 1024

ALL: Final = (TRIGGER, EXTRACT, TRANSFORM, LOAD, PROGRESS, DLQ)

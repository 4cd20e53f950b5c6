"""Running a stage so that one record cannot stop the others.

What no stage should do (raise what is no failure of ours, make more than a topic takes) is narrowed down by
halving the batch, until the record that it comes from stands alone and is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pipeline import logs
from pipeline.errors import InvalidRecord, Misconfigured, Replaced, Unavailable
from pipeline.records import Outcome, Produced, Record, Refusal, Stage
from pipeline.topics import RECORD_LIMIT

log = logs.get(__name__)


def attempt(stage: Stage, records: Sequence[Record]) -> Outcome:
    """The stage's outcome for all of `records`.

    Refused with `stage-bug`: a record whose stage raised anything but our three failures. Refused with
    `too-large`: a record whose result no topic takes. An InvalidRecord that a stage of batches raises
    refuses the record it comes from, too. Unavailable and Misconfigured are the caller's.
    """
    if not records:
        return Outcome()
    try:
        outcome = stage(records)
        _check_sizes(outcome.produced)
    except (Unavailable, Misconfigured, Replaced):
        raise
    except InvalidRecord as error:
        trouble = error
    # Its text may quote the record: kind and place are told, no more.
    except Exception as error:  # noqa: BLE001
        level = logging.ERROR if len(records) == 1 else logging.DEBUG
        place = logs.place_of(error)
        log.log(level, "bug in a stage", error=type(error).__name__, place=place, records=len(records))
        trouble = InvalidRecord(f"bug in the stage ({type(error).__name__}): see its log", reason="stage-bug")
    else:
        return outcome
    if len(records) == 1:
        return Outcome(refused=[Refusal(records[0], trouble)])
    middle = len(records) // 2
    outcome = attempt(stage, records[:middle])
    outcome.add(attempt(stage, records[middle:]))
    return outcome


def _check_sizes(produced: Sequence[Produced]) -> None:
    for item in produced:
        size = len(item.value or b"") + len(item.key or b"")
        for _, text in item.headers:
            size += len(text or b"")
        if size > RECORD_LIMIT:
            sentence = f"what became of the record has {size} bytes, over the limit of {RECORD_LIMIT}"
            raise InvalidRecord(sentence, reason="too-large")

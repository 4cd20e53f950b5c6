"""Every metric of Firth, in one list. Labels are stages, sinks, reasons, topics and routes: never anything
of a batch, a resource or a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from pipeline.events import Progress
from pipeline.records import Outcome

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WORKER: Final = ("stage", "sink")

# The worker loop.
CONSUMED: Final = Counter("firth_records_consumed_total", "Records taken from the stage's topic.", _WORKER)
PRODUCED: Final = Counter("firth_records_produced_total", "Records that the stage made of them.", _WORKER)
REFUSED: Final = Counter("firth_records_refused_total", "Records that became dead letters.", (*_WORKER, "reason"))
CANCELLED: Final = Counter("firth_records_cancelled_total", "Records dropped without a try.", _WORKER)
ABORTED: Final = Counter("firth_transactions_aborted_total", "Transactions begun and not committed.", _WORKER)
STAGE_SECONDS: Final = Histogram("firth_stage_seconds", "Time a stage took for a batch.", _WORKER, buckets=_SECONDS)
TRANSACTION_SECONDS: Final = Histogram(
    "firth_transaction_seconds", "Time from begin to commit of a transaction.", _WORKER, buckets=_SECONDS
)
LAG: Final = Gauge("firth_lag_records", "Records of the worker's partitions that are not taken yet.", _WORKER)
BACKING_OFF: Final = Gauge("firth_backing_off", "1 while the worker waits for something behind it.", _WORKER)
PARTITIONS: Final = Gauge("firth_partitions_assigned", "Partitions that the worker reads.", _WORKER)
HELD: Final = Gauge("firth_partitions_held", "Partitions held up by a transaction without an end.", _WORKER)

PREVIEW_SECONDS: Final = Histogram(
    "firth_preview_seconds", "Time a stage took for a preview.", ("stage",), buckets=_SECONDS
)

# The api.
HTTP_SECONDS: Final = Histogram(
    "firth_http_request_seconds", "Time to answer a request.", ("method", "route", "status"), buckets=_SECONDS
)
FOLDING: Final = Gauge("firth_folding", "1 in the api process that folds progress into PostgreSQL.")
FOLDED: Final = Counter("firth_folded_records_total", "Records of progress and DLQ folded in.")
FOREIGN_RECORDS: Final = Counter("firth_foreign_records_total", "Records that are no event of ours.", ("topic",))
UNKNOWN_BATCHES: Final = Counter(
    "firth_unknown_batch_progress_total", "Progress of batches that this database does not know."
)

_REASON: Final = re.compile(r"[a-z0-9-]{1,40}")


def reason_label(reason: str) -> str:
    """A refusal's reason as a label: `other` if it is not a code, for a sentence there would be endless."""
    return reason if _REASON.fullmatch(reason) else "other"


class Worker:
    """The metrics of one worker, with its labels filled in."""

    def __init__(self, stage: str, sink: str | None) -> None:
        labels = (stage, sink or "")
        self._labels = labels
        self._consumed = CONSUMED.labels(*labels)
        self._produced = PRODUCED.labels(*labels)
        self._cancelled = CANCELLED.labels(*labels)
        self.aborted = ABORTED.labels(*labels)
        self.stage_seconds = STAGE_SECONDS.labels(*labels)
        self.transaction_seconds = TRANSACTION_SECONDS.labels(*labels)
        self.lag = LAG.labels(*labels)
        self.backing_off = BACKING_OFF.labels(*labels)
        self.partitions = PARTITIONS.labels(*labels)
        self.held = HELD.labels(*labels)

    def committed(self, consumed: int, outcome: Outcome, progress: Iterable[Progress]) -> None:
        """Count what one committed transaction did."""
        self._consumed.inc(consumed)
        self._produced.inc(len(outcome.produced))
        self._cancelled.inc(sum(each.cancelled for each in progress))
        for refusal in outcome.refused:
            REFUSED.labels(*self._labels, reason_label(refusal.error.reason)).inc()

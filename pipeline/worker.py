"""The worker loop: a stage under Kafka, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.records import Outcome, Record, Refusal, Stage
from pipeline.service_settings import WorkerSettings


def each(function: Callable[[Record], Outcome]) -> Stage:
    """A stage out of a function of one record: an InvalidRecord that it raises refuses that record alone."""

    def stage(records: Sequence[Record]) -> Outcome:
        whole = Outcome()
        for record in records:
            try:
                part = function(record)
            except InvalidRecord as error:
                whole.refused.append(Refusal(record, error))
            else:
                whole.produced += part.produced
                whole.refused += part.refused
                whole.counts += part.counts
        return whole

    return stage


def run_worker(
    settings: WorkerSettings,
    *,
    stage: Stage,
    name: str,
    reads: str,
    codec: Codec,
    sink: str | None = None,
    max_records: int = 1000,
) -> None:
    """Run `stage` over the records of topic `reads` until SIGTERM or SIGINT.

    The consumer group is `name`, or `name-sink` where there is a sink.
    """
    raise NotImplementedError

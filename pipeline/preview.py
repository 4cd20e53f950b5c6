"""The lane of previews: a few rows through the very stages that batches go through, loaded nowhere.

    POST /preview ─► preview_trigger ─► extractor ─► preview_extract ─► transformer ─► preview_result ─► the answer

A worker serves it on a thread of its own, beside the loop: a preview waits for no batch. The stage is the same
function, and what it gets and makes are the same bytes; made a second time, for one stage is one thread's. All
that is left out is what makes a batch exact: no transaction, no progress, no dead letters. A preview that is
lost with its worker is asked for again by whoever wanted it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline import kafka, logs, metrics
from pipeline.background import Background
from pipeline.codec import Codec
from pipeline.dead_letters import clean
from pipeline.errors import FirthError, InvalidRecord, Unavailable
from pipeline.events import Failing, Preview, PreviewRecord, Trouble
from pipeline.identity import Identities
from pipeline.narrowing import attempt
from pipeline.records import Outcome, Record, Refusal, Stage
from pipeline.service_settings import WorkerSettings
from pipeline.topic_maker import ensure_topics
from pipeline.topics import PREVIEW_RESULT, RECORD_LIMIT

log = logs.get(__name__)

_POLL: Final = 0.5  # seconds; how long a request to stop may go unnoticed


class PreviewLane(Background):
    """`stage` over the previews of topic `reads`, shared with the other workers `name`; from `with` to its end.

    `batches` is the topic that the stage reads for batches: what it writes there, it is given again. A preview
    goes on to `writes` while there is something left of it to work on, else to its end.
    """

    def __init__(
        self, settings: WorkerSettings, *, stage: Stage, name: str, reads: str, batches: str, writes: str, codec: Codec
    ) -> None:
        self._settings = settings
        self._stage, self._name, self._codec = stage, name, codec
        self._reads, self._batches, self._writes = reads, batches, writes
        self._log = log.bind(stage=name, topic=reads)
        super().__init__("previews", self._serve)

    def _serve(self, stopping: threading.Event) -> None:
        settings = self._settings
        ensure_topics(settings.kafka, settings.topics, patience=0)
        producer = kafka.producer(settings.kafka)
        consumer = kafka.sharer(settings.kafka, group=f"{self._name}-preview", session_timeout=settings.session_timeout)
        try:
            topics = Identities(settings.kafka)
            topics.note(topics.ask([self._reads]))
            consumer.subscribe([self._reads], on_lost=_begin_anew)
            while not stopping.is_set():
                topics.look()
                message = consumer.poll(_POLL)
                producer.poll(0)
                if message is not None:
                    self._pass(message, producer)
        finally:
            consumer.close()

    def _pass(self, message: Any, producer: Any) -> None:
        if message.error() is not None:
            raise kafka.failure(message.error())
        try:
            preview = self._codec.decode(Preview, message.value())
        except InvalidRecord as error:
            self._log.warning("record skipped", sentence=str(error))
            return
        if preview.expires_at < time.time_ns() // 1_000_000:
            self._log.info("preview came too late", request_id=preview.request_id)
            return
        with metrics.PREVIEW_SECONDS.labels(self._name).time():
            done = worked_on(preview, stage=self._stage, name=self._name, batches=self._batches)
            value = self._encoded(done)
        producer.produce(self._writes if done.records else PREVIEW_RESULT, value, preview.request_id.encode())
        producer.flush(_POLL)

    def _encoded(self, done: Preview) -> bytes:
        value = self._codec.encode(done)
        if len(value) <= RECORD_LIMIT:
            return value
        limit = RECORD_LIMIT // (1024 * 1024)
        sentence = f"the rows of all keys together are over {limit} MiB: ask for fewer"
        trouble = Trouble(self._name, "given-up", sentence, reason="too-large")
        return self._codec.encode(replace(done, records=(), troubles=[*done.troubles, trouble]))


def _begin_anew(*_: object) -> None:
    # A client that had to leave its group while no broker was there may never look for one again (librdkafka 2.16:
    # "no broker available for coordinator query", for ever).
    raise Unavailable(kafka.LEFT_BEHIND)


def worked_on(preview: Preview, *, stage: Stage, name: str, batches: str) -> Preview:
    """The preview after one more stage, of that name: what it made of the records, and what it refused."""
    made: list[PreviewRecord] = []
    troubles = list(preview.troubles)
    waiting: Sequence[PreviewRecord] = preview.records
    try:
        while waiting:
            outcome = attempt(stage, _records(waiting, batches))
            troubles += _troubles(outcome, name)
            waiting = [PreviewRecord(one.key, one.value) for one in outcome.produced if one.topic == batches]
            made += [PreviewRecord(one.key, one.value) for one in outcome.produced if one.topic != batches]
    except FirthError as error:  # away or misconfigured: a batch would wait, and whoever asks for a preview would not
        made = []
        troubles.append(Trouble(name, "unavailable", clean(str(error))))
    return replace(preview, records=made, troubles=troubles)


def _records(given: Sequence[PreviewRecord], topic: str) -> list[Record]:
    now = time.time_ns() // 1_000_000
    return [Record(topic, 0, number, now, one.key, one.value) for number, one in enumerate(given)]


def _troubles(outcome: Outcome, name: str) -> Iterator[Trouble]:
    """What a batch would have as dead letters and faults. A refusal that is also the fault is told once."""
    faults = dict.fromkeys(count.fault for count in outcome.counts if count.fault is not None)
    for refusal in outcome.refused:
        yield _trouble(refusal, name, "given-up" if str(refusal.error) in faults else "refused")
        faults.pop(str(refusal.error), None)
    for fault in faults:
        yield Trouble(name, "given-up", clean(fault))


def _trouble(refusal: Refusal, name: str, failing: Failing) -> Trouble:
    error = refusal.error
    key = refusal.record.key if failing == "refused" else None
    told = Trouble(name, failing, clean(str(error)), key=key, reason=error.reason)
    if error.broken is None:
        return told
    broken = error.broken
    return replace(told, element=broken.element, rule=clean(broken.rule), columns=broken.columns)

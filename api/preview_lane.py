"""The api's end of the lane of previews (`pipeline.preview`): sends triggers, and matches what comes back.

Every api process reads all of `preview_result`, with assigned partitions and no group, and takes what it waits
for by request id. It reads `preview_extract` too, only to tell which stage is silent when nothing comes back.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Message, Producer

from api.counting import EXTRACTOR, TRANSFORMER
from api.reader import Reader
from pipeline import kafka, logs
from pipeline.background import Background
from pipeline.codec import Codec
from pipeline.errors import FirthError, InvalidRecord, Unavailable
from pipeline.events import ExtractorTrigger, Preview, PreviewRecord, Resource, Transformed, Trouble
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import PREVIEW_EXTRACT, PREVIEW_RESULT, PREVIEW_TRIGGER

log = logs.get(__name__)

GET_READY: Final = 2.0  # seconds that a preview waits for a lane that has just begun
SEND: Final = 5.0  # seconds for the broker to take a trigger
WAIT: Final = 0.5  # seconds; how long a request to stop may go unnoticed
LOOK_AGAIN: Final = 10.0  # seconds between two looks for new partitions, and topics made anew


class SilentStage(Exception):
    """No answer in time; `stage` is the first that did not do its part."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


class TooMany(Exception):
    """As many previews are under way as may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out at the end of the lane: by its rows' key as Kafka has it, the resources of each record."""

    made: Mapping[bytes, Sequence[Resource]]
    troubles: Sequence[Trouble]


class _Waiting:
    """A preview that somebody waits for."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self.extracted = False
        self.answer: Answer | None = None


class PreviewLane(Background):
    """Asks the workers for previews, and has `most` places for them. Safe to use from any thread.

    Nothing is connected before `start`.
    """

    def __init__(self, broker: KafkaSettings, registry: RegistrySettings, *, most: int) -> None:
        self._broker, self._registry = broker, registry
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._ready = threading.Event()
        self._trouble = "it has just started"
        super().__init__("previews", self._listen)

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for previews, while it is being answered. Raises TooMany."""
        if not self._places.acquire(blocking=False):
            raise TooMany
        try:
            yield
        finally:
            self._places.release()

    def ask(self, trigger: ExtractorTrigger, *, within: float) -> Answer:
        """What becomes of the rows that a trigger asks for. Its batch id means nothing.

        Raises SilentStage after `within` seconds, and Unavailable where nobody can be asked now.
        """
        if not self._ready.wait(GET_READY):
            raise Unavailable(f"previews are not possible now: {self._trouble}")
        request_id = uuid.uuid4().hex
        with self._awaited(request_id) as waiting:
            self._send(request_id, trigger, within)
            waiting.came.wait(within)
            if waiting.answer is None:
                raise SilentStage(TRANSFORMER if waiting.extracted else EXTRACTOR)
            return waiting.answer

    @contextmanager
    def _awaited(self, request_id: str) -> Iterator[_Waiting]:
        waiting = _Waiting()
        with self._lock:
            self._waiting[request_id] = waiting
        try:
            yield waiting
        finally:
            with self._lock:
                del self._waiting[request_id]

    def _send(self, request_id: str, trigger: ExtractorTrigger, within: float) -> None:
        expires_at = time.time_ns() // 1_000_000 + int(within * 1000)
        record = PreviewRecord(request_id.encode(), self._codec.encode(trigger))
        value = self._codec.encode(Preview(request_id, expires_at, [record]))
        try:
            self._producer.produce(PREVIEW_TRIGGER, value, request_id.encode())
        except BufferError:
            raise Unavailable("broker: takes no previews at the moment") from None
        if self._producer.flush(SEND):
            raise Unavailable("broker: does not take the preview in time")

    def _listen(self, stopping: threading.Event) -> None:
        try:
            # Encoding, by many threads, changes nothing in a codec; decoding may, and is done by this one alone.
            self._codec = Codec.connect(self._registry, patience=0)
            self._producer: Producer = kafka.producer(self._broker)
            reader = Reader(self._broker, (PREVIEW_EXTRACT, PREVIEW_RESULT), from_now=True)
            with closing(reader):
                self._read(reader, stopping)
        except FirthError as error:
            self._trouble = str(error)
            raise
        finally:
            self._ready.clear()

    def _read(self, reader: Reader, stopping: threading.Event) -> None:
        looked = float("-inf")
        while not stopping.is_set():
            if time.monotonic() - looked > LOOK_AGAIN:
                reader.assign({})
                looked = time.monotonic()
                self._ready.set()
            self._hear(reader.read(most=100, wait=WAIT, gather=0.0))

    def _hear(self, messages: Sequence[Message]) -> None:
        for message in messages:
            with self._lock:
                waiting = self._waiting.get((message.key() or b"").decode(errors="replace"))
            if waiting is None:
                continue  # another process asked, or nobody waits any more
            if message.topic() == PREVIEW_EXTRACT:
                waiting.extracted = True
                continue
            try:
                waiting.answer = self._answer(message)
            except InvalidRecord as error:
                log.warning("record skipped", sentence=str(error), topic=PREVIEW_RESULT)
            else:
                waiting.came.set()

    def _answer(self, message: Message) -> Answer:
        preview = self._codec.decode(Preview, message.value())
        made = {
            record.key or b"": self._codec.decode(Transformed, record.value).resources for record in preview.records
        }
        return Answer(made, preview.troubles)

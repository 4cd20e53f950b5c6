"""Whether the broker answers: asked before a batch is taken, and by readiness."""

from __future__ import annotations

import threading
import time
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from pipeline import kafka, topics
from pipeline.errors import FirthError, Unavailable
from pipeline.service_settings import KafkaSettings

ANSWER: Final = 2.0  # seconds to wait for the broker
FRESH: Final = 1.0  # seconds that an answer is good for, so that callers in numbers don't load the broker


class Broker:
    """The broker as the api sees it. Safe to use from any thread; connects when first asked."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: AdminClient | None = None
        self._asked = float("-inf")
        self._trouble: FirthError | None = None

    def check(self) -> None:
        """Raises Unavailable (or Misconfigured) unless the broker answers and has our topics."""
        with self._lock:
            if time.monotonic() - self._asked > FRESH:
                self._trouble = self._ask()
                self._asked = time.monotonic()
            trouble = self._trouble
        if trouble is not None:
            # A new one each time: an exception that several threads raise gathers all their frames.
            raise type(trouble)(*trouble.args)

    def _ask(self) -> FirthError | None:
        if self._client is None:
            self._client = kafka.admin(self._settings)
        try:
            present = self._client.list_topics(timeout=ANSWER).topics
        except KafkaException as error:
            return kafka.failure(error)
        missing = [name for name in topics.ALL if name not in present]
        return Unavailable(f"broker: no topic {', '.join(missing)} yet") if missing else None

"""Work that goes on beside what a process is for, on a thread of its own, and must never be in its way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaException

from pipeline import kafka, logs
from pipeline.errors import FirthError

log = logs.get(__name__)

_PAUSE: Final = 1.0  # seconds before work that was disturbed begins anew
_LAST: Final = 5.0  # seconds that what is under way may take at the end


class Background:
    """`work` from `start` to `stop`, or in a `with`; begun anew after whatever goes wrong, which is logged.

    It is given the event that asks it to return, and should look at it once a second.
    """

    def __init__(self, name: str, work: Callable[[threading.Event], None]) -> None:
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it, if it was begun; what is under way has a few seconds."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_LAST)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._work(self._stopping)
            except (FirthError, KafkaException) as error:
                told = kafka.failure(error) if isinstance(error, KafkaException) else error
                log.warning("interrupted", stage=self._thread.name, sentence=str(told))
            # A thread that died would go unnoticed. The text may quote a record: its kind and place are told.
            except Exception as error:  # noqa: BLE001
                place = logs.place_of(error)
                log.error("interrupted by a bug", stage=self._thread.name, error=type(error).__name__, place=place)  # noqa: TRY400
            self._stopping.wait(_PAUSE)

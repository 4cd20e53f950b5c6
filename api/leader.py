"""Work that one api process does for all of them: folding progress, sending triggers.

A session-level advisory lock of PostgreSQL chooses the one. The work gets the very connection that holds
the lock, and writes through it alone: when the connection is lost, lock and right to write are lost
together, so two leaders can't both write, however slow one of them is to notice.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from api.state import LOCKS, sentence
from pipeline import logs
from pipeline.errors import FirthError

log = logs.get(__name__)

Work: TypeAlias = Callable[[Connection, threading.Event], None]

STANDBY: Final = 1.0  # seconds between two tries for the lock: how long a dead leader is missed
LONGEST_PAUSE: Final = 15.0  # seconds
WELL: Final = 60.0  # seconds of work after which trouble counts as the first


class Duty(threading.Thread):
    """A thread that does `work` whenever it holds `lock`, until it is told to stop.

    Whatever goes wrong ends the work, gives the lock up and begins anew after a pause: PostgreSQL or Kafka
    away, or a mistake of ours, which must not leave batches without a folder.
    """

    def __init__(self, name: str, work: Work, *, engine: Engine, lock: int) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._engine = engine
        self._lock_number = lock
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask it to finish; `join` waits for it."""
        self._stopping.set()

    def run(self) -> None:
        """Stand by, lead, recover; until stopped."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._stand_by()
            except (FirthError, SQLAlchemyError) as error:
                failures += 1
                log.warning("duty interrupted", stage=self.name, error=type(error).__name__, sentence=sentence(error))
            except Exception as error:  # noqa: BLE001 — a thread that died would go unnoticed
                failures += 1
                place = logs.place_of(error)
                log.error("duty failed", stage=self.name, error=type(error).__name__, place=place)  # noqa: TRY400
            if time.monotonic() - began > WELL:
                failures = 1  # the trouble before it is long past
            if failures:
                pause = min(LONGEST_PAUSE, 0.5 * 2 ** min(failures, 6))
                self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 — jitter

    def _stand_by(self) -> None:
        with self._engine.connect() as connection:
            while not self._stopping.is_set():
                with connection.begin():
                    leading = connection.execute(
                        select(func.pg_try_advisory_lock(LOCKS, self._lock_number))
                    ).scalar_one()
                if leading:
                    log.info("duty begins", stage=self.name)
                    self._work(connection, self._stopping)
                    return
                self._stopping.wait(STANDBY)

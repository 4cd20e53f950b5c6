"""The end of a process whose loop stands still, so that its supervisor starts it anew.

A worker bounds what it waits for. But a client's call that should return in seconds may never do so (librdkafka
4362, 5511), and a process that hangs is one that nobody starts again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

from pipeline import logs
from pipeline.background import Background
from pipeline.health import Pulse
from pipeline.process import EXIT_UNAVAILABLE

log = logs.get(__name__)

_LOOK: Final = 5.0  # seconds between two looks
_LOOKS: Final = 12  # in a row at a loop that is not live: a minute more than a batch may take


class Watch(Background):
    """Looks at `pulse`, and has the process `leave` when its loop is not live for a minute; from `with` to its end."""

    def __init__(self, pulse: Pulse, *, leave: Callable[[int], object] = os._exit, look: float = _LOOK) -> None:
        self._pulse, self._leave, self._look = pulse, leave, look
        super().__init__("watch", self._watch)

    def _watch(self, stopping: threading.Event) -> None:
        looks = 0
        while looks < _LOOKS and not stopping.wait(self._look):
            # Looks, not time: a process that was put to sleep as a whole has not stood still.
            looks = 0 if self._pulse.live else looks + 1
        if looks == _LOOKS:
            sentence = "the loop stands still: a call does not return; please report the log's last lines"
            log.error("stopped", sentence=sentence, code=EXIT_UNAVAILABLE)
            self._leave(EXIT_UNAVAILABLE)

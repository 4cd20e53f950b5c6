"""A process whose loop stands still."""

from __future__ import annotations

from queue import Empty, SimpleQueue

import pytest

from pipeline import health
from pipeline.health import Pulse
from pipeline.process import EXIT_UNAVAILABLE
from pipeline.watch import Watch


def test_a_process_whose_loop_stands_still_is_ended_for_its_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STAGE_TIMEOUT", 0)
    codes: SimpleQueue[int] = SimpleQueue()
    with Watch(Pulse(), leave=codes.put, look=0.001):
        assert codes.get(timeout=10) == EXIT_UNAVAILABLE


def test_a_process_whose_loop_turns_goes_on() -> None:
    codes: SimpleQueue[int] = SimpleQueue()
    with Watch(Pulse(), leave=codes.put, look=0.001), pytest.raises(Empty):
        codes.get(timeout=0.2)

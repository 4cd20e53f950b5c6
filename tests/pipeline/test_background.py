from __future__ import annotations

import threading

import pytest

from pipeline import background
from pipeline.background import Background
from pipeline.errors import Unavailable
from tests.pipeline.running import until


def test_it_begins_anew_after_whatever_goes_wrong_and_quotes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(background, "_PAUSE", 0.01)
    troubles: list[Exception] = [Unavailable("the broker is away"), ValueError("Doe")]
    working = threading.Event()

    def work(stopping: threading.Event) -> None:
        if troubles:
            raise troubles.pop(0)
        working.set()
        stopping.wait(30)

    with Background("test", work):
        until(working.is_set, limit=10, what="at work after two troubles")
    told = capsys.readouterr()
    assert "the broker is away" in told.out + told.err
    assert "ValueError" in told.out + told.err
    assert "Doe" not in told.out + told.err


def test_one_that_was_never_begun_can_be_stopped() -> None:
    Background("test", lambda _: None).stop()

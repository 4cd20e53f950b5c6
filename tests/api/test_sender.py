"""The sender, when the client that it uses never answers."""

from __future__ import annotations

import threading

import pytest

from api import sender
from api.sender import Sender
from pipeline import kafka
from pipeline.errors import Unavailable
from pipeline.records import Produced
from pipeline.service_settings import KafkaSettings
from tests.api.running import free_port


class Stuck:
    """A producer as librdkafka's was after its group's coordinator had been away: the call for offsets keeps to no
    time limit, and may never return (issues 5456 and 5511)."""

    def init_transactions(self, limit: float) -> None: ...
    def begin_transaction(self) -> None: ...
    def produce(self, *_: object, headers: object) -> None: ...

    def send_offsets_to_transaction(self, *_: object) -> None:
        threading.Event().wait()


def test_a_client_that_never_returns_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "producer", lambda *_, **__: Stuck())
    monkeypatch.setattr(sender, "ANSWER", 0.2)
    nobody = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="does not take the note"):
        Sender(nobody, "test").send([Produced("out", b"key", b"value", [])], note=("out", 7))

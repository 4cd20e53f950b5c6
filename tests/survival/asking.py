"""A client that asks the api for a batch all the while."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from command.stack import services
from tests.survival.batches import Running

_EVERY = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What one GET was answered with (0 where it was not), and how long that took."""

    status: int
    seconds: float


@contextmanager
def asking(running: Running) -> Iterator[list[Answer]]:
    """The answers to GETs of this batch, one after another until the end of the block."""
    stack = running.hospital.stack
    url = f"{services.api_url(stack.ports)}/batch/{running.batch_id}"
    headers = {"Authorization": f"Bearer {stack.place.secret('api-token')}"}
    answers: list[Answer] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.wait(_EVERY):
            began = time.monotonic()
            try:
                status = requests.get(url, headers=headers, timeout=60).status_code
            except requests.RequestException:
                status = 0
            answers.append(Answer(status, time.monotonic() - began))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        enough.set()
        thread.join()

"""What tests of the loop ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.pipeline.running import Stage
from tests.stack import Kafka

# How long an example takes says more about the machine's other work than about ours.
hypothesis.settings.register_profile("firth", deadline=None)
hypothesis.settings.load_profile("firth")


@pytest.fixture
def stage(kafka: Kafka, tmp_path: Path) -> Iterator[Stage]:
    """A stage with topics and a group of its own on the real broker; its workers are ended after the test."""
    stage = Stage(kafka.bootstrap_servers, tmp_path)
    yield stage
    stage.end()

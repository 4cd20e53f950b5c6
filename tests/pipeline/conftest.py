"""What tests of the loop ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.running import Stage
from tests.stack import Kafka


@pytest.fixture
def stage(kafka: Kafka, tmp_path: Path) -> Iterator[Stage]:
    """A stage with topics and a group of its own on the real broker; its workers are ended after the test."""
    stage = Stage(kafka.bootstrap_servers, tmp_path)
    yield stage
    stage.end()

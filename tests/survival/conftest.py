"""What tests of survival ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from command.stack.stack import Stack
from tests.stack import RunningStack
from tests.survival.batches import Hospital


@pytest.fixture
def hospital(servers: Stack, stack: RunningStack) -> Iterator[Hospital]:
    """The demo's source and mapping on the whole stack."""
    with Hospital.open(servers) as opened:
        yield opened

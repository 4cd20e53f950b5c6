"""The example package, installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extending.installing import EXAMPLE, entry_points_of, installing


@pytest.fixture
def example(tmp_path: Path) -> Iterator[None]:
    """While a test runs."""
    with installing(tmp_path / "site", "firth-example", entry_points_of(EXAMPLE), code=EXAMPLE):
        yield

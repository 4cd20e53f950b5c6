"""The transformer's settings."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline.errors import Misconfigured
from transformer.settings import TransformerSettings

TOKEN = {"API_WORKER_TOKEN": "a-token-of-a-test"}


def test_clocks_run_on_utc_unless_told_otherwise() -> None:
    summer = datetime(2021, 8, 29)
    assert TransformerSettings.from_environment(TOKEN).zone().utcoffset(summer) == timedelta(0)
    paris = TransformerSettings.from_environment(TOKEN | {"TIME_ZONE": "Europe/Paris"})
    assert paris.zone().utcoffset(summer) == timedelta(hours=2)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "+02:00"])
def test_a_zone_that_is_none_is_told(zone: str) -> None:
    with pytest.raises(Misconfigured, match="TIME_ZONE"):
        TransformerSettings.from_environment(TOKEN | {"TIME_ZONE": zone})

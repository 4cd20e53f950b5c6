from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from pipeline import metrics
from pipeline.errors import Misconfigured
from pipeline.health import HealthServer, Pulse


@pytest.fixture
def pulse() -> Pulse:
    return Pulse()


@pytest.fixture
def server(pulse: Pulse) -> Iterator[HealthServer]:
    server = HealthServer(pulse, host="127.0.0.1", port=0)
    yield server
    server.close()


def answer(server: HealthServer, path: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{server.port}{path}", timeout=5)


def test_a_worker_is_ready_when_it_has_joined_its_group(pulse: Pulse, server: HealthServer) -> None:
    assert (answer(server, "/health/live").status_code, answer(server, "/health/ready").status_code) == (200, 503)
    pulse.joined = True
    assert answer(server, "/health/ready").status_code == 200


def test_a_worker_that_waits_for_a_server_is_ready_and_says_what_for(pulse: Pulse, server: HealthServer) -> None:
    pulse.joined, pulse.waiting_for = True, "fhir server: 503"
    assert answer(server, "/health/ready").json() == {"ok": True, "joined": True, "waiting_for": "fhir server: 503"}


def test_metrics_are_served_and_nothing_else(server: HealthServer) -> None:
    assert next(iter(metrics.CONSUMED.describe())).name in answer(server, "/metrics").text
    assert answer(server, "/elsewhere").status_code == 404


def test_a_port_in_use_is_a_mistake_in_the_settings(server: HealthServer) -> None:
    with pytest.raises(Misconfigured, match="set HEALTH_PORT"):
        HealthServer(Pulse(), host="127.0.0.1", port=server.port)

"""Firth's own processes: the api, and workers of each stage."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from command.stack import hapi, kafka, mongodb, postgres, registry
from command.stack.downloads import DEFINITIONS
from command.stack.places import ROOT, Place
from command.stack.ports import HOST, WORKERS_OF_A_SERVICE, Ports
from command.stack.processes import Server
from command.stack.ready import answers
from command.stack.trouble import Trouble

BROKER = ("kafka", "registry")

# Each stage: the module that runs it, and what it needs besides broker and api.
STAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "extractor": ("extractor", ("postgres",)),
    "transformer": ("transformer", ()),
    "loader-fhir": ("loader", ("hapi",)),
    "loader-mongodb": ("loader", ("mongodb",)),
    "live": ("extractor.live", ("postgres",)),
}


def servers(place: Place, ports: Ports, workers: Mapping[str, int]) -> list[Server]:
    """The api and the workers of every stage: as many of a stage as `workers` says, otherwise one.

    Raises Trouble for a stage that there is not, or more workers than a stage can have.
    """
    for stage, count in workers.items():
        if stage not in STAGES:
            raise Trouble(f'--workers: there is no "{stage}" (there are: {", ".join(STAGES)})')
        if not 1 <= count <= WORKERS_OF_A_SERVICE:
            raise Trouble(f"--workers {stage}={count}: from 1 to {WORKERS_OF_A_SERVICE} is possible")
    stages = [_worker(place, ports, stage, slot) for stage in STAGES for slot in range(workers.get(stage, 1))]
    return [_api(place, ports), *stages]


def worker_name(stage: str, slot: int) -> str:
    """`transformer`, `transformer-2`, …"""
    return stage if slot == 0 else f"{stage}-{slot + 1}"


def api_url(ports: Ports) -> str:
    """Where the api is."""
    return f"http://{HOST}:{ports.api}"


def _api(place: Place, ports: Ports) -> Server:
    url = postgres.url(place, ports, user="firth", database="firth")
    return Server(
        name="api",
        command=[sys.executable, "-m", "api"],
        environment={
            **_shared(ports),
            "API_HOST": HOST,
            "API_PORT": str(ports.api),
            "API_TOKEN": "",  # one in our environment is for the commands, to speak to another api
            "API_TOKEN_FILE": str(place.secret_file("api-token")),
            "API_WORKER_TOKEN_FILE": str(place.secret_file("api-worker-token")),
            "DATABASE_URL_FILE": str(place.secret_file("api-database-url", url)),
            "SINKS": "fhir,mongodb",
            "FHIR_API_URL": hapi.url(ports),
        },
        ports={"API_PORT": ports.api},
        needs=(*BROKER, "postgres"),
        ready=lambda: answers(f"{api_url(ports)}/health/ready"),
        address=api_url(ports),
    )


def _worker(place: Place, ports: Ports, stage: str, slot: int) -> Server:
    module, needs = STAGES[stage]
    health = ports.health + list(STAGES).index(stage) * WORKERS_OF_A_SERVICE + slot
    sink = {"SINK": stage.removeprefix("loader-")} if module == "loader" else {}
    return Server(
        name=worker_name(stage, slot),
        command=[sys.executable, "-m", module],
        environment={
            **_shared(ports),
            **sink,
            "API_URL": api_url(ports),
            "API_WORKER_TOKEN_FILE": str(place.secret_file("api-worker-token")),
            "FHIR_API_URL": hapi.url(ports),
            "MONGODB_URL": mongodb.url(ports),
            "WORKER_SLOT": str(slot),
            "HEALTH_HOST": HOST,
            "HEALTH_PORT": str(health),
        },
        ports={"HEALTH_PORT": health},
        needs=(*BROKER, "api", *needs),
        ready=lambda: answers(f"http://{HOST}:{health}/health/ready"),
        address=f"http://{HOST}:{health}/metrics",
    )


def _shared(ports: Ports) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "PYTHONFAULTHANDLER": "1",  # a crash in a client's C code says in the log where it was
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers(ports),
        "SCHEMA_REGISTRY_URL": registry.url(ports),
        "FHIR_DEFINITIONS": str(DEFINITIONS),
    }

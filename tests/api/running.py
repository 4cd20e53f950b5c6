"""What the api's tests need: an application without servers, a database of its own, whole api processes."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
import requests
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import Engine

from api.app import create_app
from api.broker import Broker
from api.concept_maps import ConceptMaps
from api.decoding import Decoder
from api.fhir_server import FhirServer
from api.preview_lane import PreviewLane
from api.pyrog import Pyrog
from api.services import Services
from api.state import connect
from api.tokens import Tokens
from mapping.r4 import Definitions
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.settings import Secret
from tests.stack import Kafka

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "caller-token-for-tests-4711"
WORKER_TOKEN: Final = "worker-token-for-tests-0815"
CALLER: Final = {"Authorization": f"Bearer {TOKEN}"}
WORKER: Final = {"Authorization": f"Bearer {WORKER_TOKEN}"}
BODY_LIMIT: Final = 200_000

T = TypeVar("T")

# As much of FHIR as the mappings of these tests use.
DEFINITIONS: Final = Definitions(
    {
        "primitives": {"string": None, "code": None, "date": None},
        "value_sets": {},
        "types": {
            "Patient": {
                "kind": "resource",
                "elements": {
                    "gender": {"types": ["code"], "min": 0, "max": 1},
                    "birthDate": {"types": ["date"], "min": 0, "max": 1},
                },
            }
        },
    }
)


def until(condition: Callable[[], T | None], *, limit: float = 60.0, what: str = "") -> T:
    """What `condition` gives as soon as it is true; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {limit} s: {what or condition}"
        time.sleep(0.05)
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def client(
    *,
    engine: Engine | None = None,
    kafka: KafkaSettings | None = None,
    registry: RegistrySettings | None = None,
    previews: PreviewLane | None = None,
    fhir_url: str | None = None,
    pyrog: Pyrog | None = None,
    tokens: Tokens | None = None,
) -> FlaskClient:
    """Requests to an application; what is not given is an address where nobody listens, Pyrog none at all."""
    nobody = free_port()
    services = Services(
        engine=engine or connect(Secret(f"postgresql://firth:planted-password@127.0.0.1:{nobody}/firth"), pool_size=1),
        broker=Broker(kafka or KafkaSettings(bootstrap_servers=f"127.0.0.1:{nobody}")),
        decoder=Decoder(registry or RegistrySettings(url=f"http://127.0.0.1:{nobody}")),
        tokens=tokens or Tokens(caller=Secret(TOKEN), worker=Secret(WORKER_TOKEN)),
        definitions=DEFINITIONS,
        sinks=("fhir", "mongodb"),
        previews=previews or PreviewLane(KafkaSettings(), RegistrySettings(), most=1),
        preview_timeout=1,
        fhir=FhirServer(fhir_url or f"http://127.0.0.1:{nobody}/fhir", token=None, ca_location=None),
        concept_maps=ConceptMaps(fhir_url or f"http://127.0.0.1:{nobody}"),
        pyrog=pyrog,
    )
    return create_app(services, body_limit=BODY_LIMIT).test_client()


def mapping(source_id: str = "hospital", *resource_ids: str, **source: Any) -> dict[str, Any]:
    """A small mapping that is right."""
    return {
        "version": 10,
        "source": {"id": source_id, "name": f"Source {source_id}", **source},
        "resources": [resource(each) for each in resource_ids or (f"{source_id}-patient",)],
    }


def resource(resource_id: str, *, path: str = "gender", script: str | None = None) -> dict[str, Any]:
    """One resource of it: patients by row_id."""
    column = {"owner": {"name": "public"}, "table": "patients", "column": "gender", "joins": []}
    return {
        "id": resource_id,
        "label": f"Resource {resource_id}",
        "primaryKeyTable": "patients",
        "primaryKeyColumn": "row_id",
        "primaryKeyOwner": {"name": "public"},
        "definitionId": "Patient",
        "definition": {"type": "Patient", "kind": "resource", "derivation": "specialization"},
        "filters": [],
        "attributes": [
            {
                "path": path,
                "definitionId": "code",
                "inputGroups": [
                    {"inputs": [{"sqlValue": column, "script": script}], "conditions": [], "mergingScript": None}
                ],
            }
        ],
    }


CREDENTIAL: Final = {
    "model": "POSTGRES",
    "host": "db.example.org",
    "port": 5432,
    "database": "mimic",
    "login": "reader",
    "password": "planted-source-password",
}


def new_database(admin_url: str) -> str:
    """The address of an empty database."""
    name = f"api_{secrets.token_hex(6)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return admin_url.rpartition("/")[0] + "/" + name


class Api:
    """One api process on a port of its own."""

    def __init__(self, folder: Path, *, database_url: str, kafka: Kafka, definitions: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log_file = folder / f"api-{self.port}.log"
        self._environment = os.environ | {
            "API_PORT": str(self.port),
            "API_TOKEN": TOKEN,
            "API_WORKER_TOKEN": WORKER_TOKEN,
            "DATABASE_URL": database_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SCHEMA_REGISTRY_URL": kafka.registry_url,
            "FHIR_DEFINITIONS": str(definitions),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Api:
        """Start it; it need not be ready."""
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        return self

    def ready(self, limit: float = 60.0) -> Api:
        """Wait until it says so."""
        until(lambda: self._status("/health/ready") == requests.codes.ok, limit=limit, what=f"ready: {self.log()}")
        return self

    def send(self, number: signal.Signals) -> None:
        """Signal it."""
        assert self._process is not None
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM, limit: float = 30.0) -> int:
        """Signal it and wait; its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(limit)

    def log(self) -> str:
        """All that it wrote."""
        return self._log_file.read_text(encoding="utf-8")

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        found = requests.get(self.url + path, headers=CALLER, timeout=30)
        found.raise_for_status()
        return found.json()

    def post(self, path: str, body: object) -> Any:
        """The JSON answered to `body`."""
        found = self.answer_to(path, body)
        found.raise_for_status()
        return found.json()

    def answer_to(self, path: str, body: object) -> requests.Response:
        """Whatever is answered to a POST of `body`."""
        return requests.post(self.url + path, json=body, headers=CALLER, timeout=30)

    def _status(self, path: str) -> int:
        assert self._process is not None
        assert self._process.poll() is None, f"the api ended: {self.log()}"
        try:
            return requests.get(self.url + path, timeout=30).status_code
        except requests.ConnectionError:
            return 0

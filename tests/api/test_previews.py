"""What a preview answers before any worker is asked, and after. The lane itself is tested in tests/previews."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from flask.testing import FlaskClient

from api.fhir_server import FhirServer
from api.preview_lane import PreviewLane
from api.previews import issue_of
from api.problems import Problem
from pipeline.events import Trouble
from pipeline.service_settings import KafkaSettings, RegistrySettings
from tests.api.running import CALLER, client

GOOD = {"resource_id": "patients", "primary_key_values": [1]}


def posted(application: FlaskClient, body: Any) -> tuple[int, dict[str, Any]]:
    answer = application.post("/preview", json=body, headers=CALLER)
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"primary_key_values": []},
        {"primary_key_values": [1] * 101},
        {"primary_key_values": [True]},
        {"primary_key_values": [None]},
        {"primary_key_values": [2**63]},
        {"primary_key_values": ["x" * 1001]},
        {"primary_key_values": ["\x00"]},
        {"resource_id": ""},
        {"keys": [1]},
    ],
    ids=str,
)
def test_a_preview_that_asks_for_nothing_sensible_is_refused(alone: FlaskClient, wrong: dict[str, Any]) -> None:
    assert posted(alone, GOOD | wrong)[0] == 422


def test_a_broker_that_is_away_is_told(alone: FlaskClient) -> None:
    status, problem = posted(alone, GOOD)
    assert (status, problem["behind"]) == (503, "kafka")


def test_more_previews_than_places_are_told_to_come_again() -> None:
    lane = PreviewLane(KafkaSettings(), RegistrySettings(), most=1)
    application = client(previews=lane)
    with lane.place():
        status, problem = posted(application, GOOD)
        assert (status, problem["behind"]) == (503, "previews")
    assert posted(application, GOOD)[1]["behind"] == "kafka", "the place is free again"


@pytest.mark.stack
def test_a_resource_of_no_mapping_is_told(served: FlaskClient) -> None:
    status, problem = posted(served, GOOD)
    assert (status, problem["type"]) == (422, "/problems/unknown-resources")


def test_an_issue_says_no_more_than_is_known() -> None:
    trouble = Trouble("extractor", "given-up", "the rows of all keys together are over 8 MiB", reason="too-large")
    assert issue_of(trouble, None) == {
        "extension": [{"url": "urn:firth:stage", "valueString": "extractor"}],
        "severity": "error",
        "code": "too-long",
        "details": {
            "coding": [{"system": "urn:firth:reason", "code": "too-large"}],
            "text": "the rows of all keys together are over 8 MiB",
        },
    }


class _Validator(BaseHTTPRequestHandler):
    """A FHIR server that answers every `$validate` by its class's status and body."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""
    asked: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def fhir() -> Iterator[FhirServer]:
    with HTTPServer(("127.0.0.1", 0), _Validator) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        _Validator.asked.clear()
        yield FhirServer(f"http://127.0.0.1:{listening.server_port}/fhir/", token=None, ca_location=None)
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 412, 422])
def test_a_resource_is_validated_by_its_type_whatever_the_server_thinks_of_it(fhir: FhirServer, status: int) -> None:
    issues = [{"severity": "error", "code": "required"}]
    _Validator.status, _Validator.body = status, json.dumps({"issue": issues}).encode()
    resource = b'{"resourceType":"Patient"}'
    assert fhir.validate([resource]) == [issues]
    assert _Validator.asked == [("/fhir/Patient/$validate", resource)]


@pytest.mark.parametrize(("status", "body"), [(404, b""), (500, b'{"issue":[]}'), (200, b"<html>"), (200, b"[]")])
def test_what_is_no_validation_is_told(fhir: FhirServer, status: int, body: bytes) -> None:
    _Validator.status, _Validator.body = status, body
    with pytest.raises(Problem) as raised:
        fhir.validate([b'{"resourceType":"Patient"}'])
    assert (raised.value.slug, raised.value.more) == ("unavailable", {"behind": "fhir"})


def test_a_fhir_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Problem) as raised:
        FhirServer("http://127.0.0.1:1/fhir", token=None, ca_location=None).validate([b'{"resourceType":"Patient"}'])
    assert raised.value.slug == "unavailable"

"""The thin client of the api, against a server that answers as the api would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from api import fhir_server
from api.settings import ApiSettings
from command import api_client
from command.api_client import Api
from command.stack.trouble import Trouble

PROBLEM = {
    "title": "the mapping has mistakes",
    "status": 422,
    "detail": "4 mistakes",
    "mistakes": [{"path": "resources[0]", "place": f"Patient.{name}", "reason": "no such element"} for name in "abcd"],
}


class _Answers(BaseHTTPRequestHandler):
    """202 for a batch with the right token, a problem for any mapping."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/batch" and self.headers["Authorization"] == "Bearer right":
            self._answer(202, {"batch_id": "b1", "state": "starting"})
        else:
            self._answer(422, PROBLEM)

    def _answer(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_batch_is_started_with_the_token(url: str) -> None:
    with closing(Api(url, token="right")) as api:
        assert api.start_batch(["mimic-patient"]) == "b1"


def test_a_refused_mapping_is_told_with_all_its_mistakes(url: str) -> None:
    with closing(Api(url, token="right")) as api, pytest.raises(Trouble) as raised:
        api.import_mapping({})
    assert str(raised.value) == "api: POST /mappings: 422: 4 mistakes"
    assert raised.value.log == tuple(f"Patient.{name}: no such element" for name in "abcd")


def test_a_preview_is_waited_for_longer_than_the_api_itself_waits() -> None:
    (limit,) = (one.metadata["firth.setting"].maximum for one in fields(ApiSettings) if one.name == "preview_timeout")
    assert limit + fhir_server.TIME_LIMIT < api_client._TO_PREVIEW


def test_an_api_that_is_not_there_is_told_with_what_to_type() -> None:
    with (
        closing(Api("http://127.0.0.1:1", token="right")) as api,
        pytest.raises(Trouble, match=r"api at http://127.0.0.1:1: ConnectionError: ./firth status"),
    ):
        api.batch("b1")

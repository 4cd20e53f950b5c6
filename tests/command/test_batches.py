"""`./firth batch` and `./firth preview`, against a server that answers as the api would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
import typer
from typer.testing import CliRunner

from command.batches import commands
from command.stack.trouble import Trouble

OLD, NEW = "11111111-aaaa", "22222222-bbbb"
RESOURCE: dict[str, Any] = {
    "resource_id": "patients",
    "label": "Patients",
    "resource_type": "Patient",
    "state": "completed",
    "total": 12_000,
    "extracted": 12_000,
    "transformed": 11_990,
    "loaded": {"fhir": 11_990, "mongodb": 11_990},
    "failed": 10,
    "failed_by_stage": {"extractor": 0, "transformer": 10, "loader-fhir": 0, "loader-mongodb": 0},
    "cancelled": 0,
    "fault": None,
    "ended_at": "2026-11-21T12:01:05Z",
    "first_errors": [
        {"stage": "transformer", "sink": None, "reason": "bad-date", "sentence": "Patient.birthDate: not a date"}
    ],
}
BATCH = {
    "state": "completed",
    "created_at": "2026-11-21T12:00:00Z",
    "ended_at": "2026-11-21T12:01:05Z",
    "sinks": ["fhir", "mongodb"],
}
SUMMARY = BATCH | {"resource_ids": ["patients"], "loaded": {"fhir": 11_990, "mongodb": 11_990}, "failed": 10}
ISSUE = {
    "extension": [
        {"url": "urn:firth:primary-key", "valueString": "13"},
        {"url": "urn:firth:rule", "valueString": "is not a date"},
        {"url": "urn:firth:column", "valueString": "patients.dob"},
    ],
    "severity": "error",
    "code": "value",
    "details": {"text": "Patient.birthDate is not a date, from column patients.dob"},
    "expression": ["Patient.birthDate"],
}


class _Answers(BaseHTTPRequestHandler):
    """Two batches, one mapping, one preview. `asked` is what was sent to it; `left` how often the newer batch is
    yet found running."""

    asked: ClassVar[list[tuple[str, str, Any]]] = []
    left: ClassVar[list[int]] = []
    fault: ClassVar[str | None] = None

    def do_GET(self) -> None:
        if self.path.startswith("/batch?"):
            self._answer({"batches": [SUMMARY | {"batch_id": NEW}, SUMMARY | {"batch_id": OLD}], "next": None})
        elif self.path == "/mappings":
            self._answer({"mappings": [{"id": "hospital", "resources": [{"id": "patients"}, {"id": "wards"}]}]})
        else:
            running = bool(self.left) and bool(self.left.pop())
            resource = RESOURCE | {"fault": self.fault, "state": "failed" if self.fault else "completed"}
            resource |= {"state": "running", "total": None} if running else {}
            state = {"state": resource["state"], "batch_id": self.path.rpartition("/")[2]}
            self._answer(BATCH | state | {"resources": [resource]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(("POST", self.path, body))
        if self.path == "/preview":
            self._answer({"instances": [{"resourceType": "Patient", "gender": "female"}], "errors": [ISSUE]})
        else:
            self._answer({"batch_id": NEW, "state": "starting", "retried": 10})

    def do_DELETE(self) -> None:
        self.asked.append(("DELETE", self.path, None))
        self._answer({"batch_id": OLD, "state": "cancelling"})

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Answers]]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{listening.server_port}")
        monkeypatch.setenv("API_TOKEN", "a token")
        _Answers.asked.clear()
        _Answers.left.clear()
        _Answers.fault = None
        yield _Answers
        listening.shutdown()
        thread.join()


def on(*arguments: str) -> tuple[int, str]:
    """A command's exit code and what it wrote, blanks made one."""
    app = typer.Typer()
    app.add_typer(commands.app, name="batch")
    app.command()(commands.preview)
    with commands.out.capture() as written:
        result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join((written.get() + result.output).split())


def test_a_batch_is_started_of_resources_or_of_a_whole_mapping(server: type[_Answers]) -> None:
    assert on("batch", "start", "patients") == (0, f"started batch {NEW}")
    on("batch", "start", "--mapping", "hospital")
    assert [body for _, _, body in server.asked] == [
        {"resource_ids": ["patients"]},
        {"resource_ids": ["patients", "wards"]},
    ]
    with pytest.raises(Trouble, match="name resources"):
        on("batch", "start")
    with pytest.raises(Trouble, match=r"no mapping clinic \(has: hospital\)"):
        on("batch", "start", "--mapping", "clinic")


def test_batches_are_listed_with_what_they_loaded(server: type[_Answers]) -> None:
    code, said = on("batch", "list")
    assert code == 0
    assert "HAPI MongoDB refused" in said
    assert said.index(NEW) < said.index(OLD)
    assert "1 min 5 s 1 11,990 11,990 10" in said


def test_a_batch_is_shown_with_what_was_refused(server: type[_Answers]) -> None:
    code, said = on("batch", "show", "111")
    assert code == 0
    assert said.startswith(f"Batch {OLD}: completed, 1 min 5 s")
    assert "12,000 11,990 11,990 11,990 10 0" in said
    assert "bad-date Patient.birthDate: not a date" in said


def test_a_batch_is_meant_by_the_first_characters_of_its_id_or_is_the_newest(server: type[_Answers]) -> None:
    assert NEW in on("batch", "show")[1]
    assert OLD in on("batch", "show", "1")[1]
    with pytest.raises(Trouble, match="2 batches begin with"):
        on("batch", "show", "")


def test_a_batch_is_followed_until_it_is_over_and_its_failure_is_the_exit_code(server: type[_Answers]) -> None:
    server.left += [0, 1]
    code, said = on("batch", "watch")
    assert (code, server.left) == (0, [])
    assert "completed" in said
    server.fault = 'table "patients" is not there'
    code, said = on("batch", "watch")
    assert code == 1
    assert 'patients table "patients" is not there' in said


def test_a_batch_is_cancelled_and_tried_again(server: type[_Answers]) -> None:
    assert on("batch", "cancel", OLD) == (0, f"batch {OLD} is cancelling")
    assert on("batch", "retry") == (0, f"batch {NEW}: 10 dead letters are tried again")
    assert server.asked == [("DELETE", f"/batch/{OLD}", None), ("POST", f"/batch/{NEW}/retry", {})]


def test_a_preview_shows_resources_and_what_is_wrong_with_the_others(server: type[_Answers]) -> None:
    code, said = on("preview", "patients", "12", "13", "--validate")
    assert code == 1
    assert '"gender": "female"' in said
    assert "13 Patient.birthDate is not a date patients.dob" in said
    wanted = {"resource_id": "patients", "primary_key_values": ["12", "13"], "validate": True}
    assert server.asked == [("POST", "/preview", wanted)]

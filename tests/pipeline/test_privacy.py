"""Nothing of a record reaches logs, metrics or sentences: a name is planted, and looked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import generate_latest

from pipeline import logs, metrics
from pipeline.dead_letters import dead_letter
from pipeline.errors import InvalidRecord
from pipeline.narrowing import attempt
from pipeline.records import Outcome, Record, Refusal

NAME = "Garibaldi"


@pytest.fixture(autouse=True)
def _undo() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_field_that_is_not_listed_is_dropped_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test")
    logs.get("here").info("record seen", topic="extract", patient=NAME)
    (line,) = lines(capsys)
    assert (line["event"], line["topic"], line["dropped"], line["service"]) == (
        "record seen", "extract", ["patient"], "test",
    )  # fmt: skip
    assert NAME not in str(line)


def test_a_librarys_message_is_logged_as_its_template(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test")
    patients: dict[str, str] = {}
    try:
        patients[NAME]
    except KeyError:
        logging.getLogger("some.library").exception("cannot find %s", NAME)
    (line,) = lines(capsys)
    assert (line["event"], line["error"]) == ("cannot find %s", "KeyError")
    assert NAME not in str(line)


def test_what_a_client_says_of_the_broker_again_and_again_is_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test")
    client = logging.getLogger(logs.BROKER_LOGGER)
    for milliseconds in (0, 1, 12):
        client.error("FAIL: %s", f"no connection (after {milliseconds}ms)")
    client.error("FAIL: another")
    assert [line["event"] for line in lines(capsys)] == ["FAIL: no connection (after 0ms)", "FAIL: another"]


def test_a_bug_in_a_stage_tells_its_place_alone(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test")

    def stage(records: object) -> Outcome:
        raise ValueError(NAME)

    record = Record("t", 0, 0, 0, NAME.encode(), NAME.encode(), [("batch_id", b"b"), ("resource_id", b"r")])
    outcome = attempt(stage, [record])
    letter = dead_letter(outcome.refused[0], stage="s", sink=None, now=0)
    assert NAME not in letter.sentence + letter.reason
    assert letter.value == NAME.encode()
    assert NAME not in str(lines(capsys))


def test_a_reason_that_is_a_sentence_is_no_label() -> None:
    record = Record("t", 0, 0, 0, None, None)
    refusal = Refusal(record, InvalidRecord("no", reason=f"name {NAME} is wrong"))
    metrics.Worker("privacy-test", None).committed(1, Outcome(refused=[refusal]), [])
    told = generate_latest().decode()
    assert 'firth_records_refused_total{reason="other",sink="",stage="privacy-test"} 1.0' in told
    assert NAME not in told

"""Looking at what the stages refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from api import state
from api.decoding import plain
from api.fold import add_dead_letters, moment, tidy
from pipeline.codec import Codec
from pipeline.events import DeadLetter, Extracted
from pipeline.service_settings import RegistrySettings
from tests.api.running import CALLER
from tests.api.test_batches import dead_letter
from tests.stack import Kafka

PLANTED = "Ottilie Krankenhaus"


@pytest.mark.parametrize(
    ("value", "readable"),
    [
        (b"plain words", {"text": "plain words"}),
        (b'{"a": [1]}', {"json": {"a": [1]}}),
        (b"7", {"text": "7"}),
        (b"\xff\x00", {"base64": "/wA="}),
        (b"", {"text": ""}),
    ],
)
def test_bytes_are_shown_as_readable_as_they_get(value: bytes, readable: dict[str, Any]) -> None:
    assert plain(value) == readable


@pytest.mark.parametrize("milliseconds", [10**18, -(10**18)])
def test_a_time_that_no_calendar_has_is_taken_for_now(milliseconds: int) -> None:
    assert abs((moment(milliseconds) - datetime.now(UTC)).total_seconds()) < 60


def keep(engine: Engine, *letters: DeadLetter) -> None:
    with engine.begin() as connection:
        add_dead_letters(connection, letters)


@pytest.mark.stack
def test_dead_letters_are_filtered_and_paged(served: FlaskClient, engine: Engine) -> None:
    keep(
        engine,
        *(dead_letter("one", number) for number in range(3)),
        dead_letter("one", 3, stage="loader", sink="fhir", reason="refused"),
        dead_letter("two", 4, resource_id="wards"),
    )

    def ids(query: str) -> list[str]:
        found = served.get(f"/dead-letters?{query}", headers=CALLER).get_json()["dead_letters"]
        return [letter["id"] for letter in found]

    assert ids("batch_id=one") == ["letter-3", "letter-2", "letter-1", "letter-0"]
    assert ids("batch_id=one&stage=transformer&limit=2") == ["letter-2", "letter-1"]
    assert ids("resource_id=wards") == ["letter-4"]
    assert ids("reason=refused") == ["letter-3"]
    assert ids("reason=refused&batch_id=two") == []
    assert ids("reason=%27%20OR%201=1--") == []
    first = served.get("/dead-letters?batch_id=one&limit=2", headers=CALLER)
    link = first.headers["Link"]
    following = served.get(link[1 : link.index(">")], headers=CALLER).get_json()
    assert [letter["id"] for letter in following["dead_letters"]] == ["letter-1", "letter-0"]
    assert following["next"] is None


@pytest.mark.stack
def test_a_list_shows_nothing_of_the_record(
    served: FlaskClient, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = PLANTED.encode()
    keep(engine, dead_letter("one", 1, key=raw, value=raw, details=PLANTED, headers=[("name", raw)]))
    answers = [
        served.get(path, headers=CALLER).get_data(as_text=True) for path in ("/dead-letters", "/batch", "/metrics")
    ]
    said = capsys.readouterr()
    assert PLANTED not in "".join(answers) + said.out + said.err


@pytest.mark.stack
def test_a_dead_letter_shows_its_record_and_the_look_is_audited(
    served: FlaskClient, engine: Engine, kafka: Kafka
) -> None:
    codec = Codec.connect(RegistrySettings(url=kafka.registry_url))
    record = Extracted(
        batch_id="one", resource_id="patients", resource_type="Patient", mapping_hash="h", primary_key="1", as_of=1,
        columns={"name": [PLANTED, None], "photo": [b"\xff"]},
    )  # fmt: skip
    headers = [("batch_id", b"one"), ("batch_id", None), ("odd", b"\xff")]
    keep(engine, dead_letter("one", 1, value=codec.encode(record), details='{"issue": []}', headers=headers))
    shown = served.get("/dead-letters/letter-1", headers=CALLER).get_json()
    assert shown["value"]["event"]["columns"] == {"name": [PLANTED, None], "photo": [{"base64": "/w=="}]}
    assert shown["key"] == {"text": "patients:1"}
    assert shown["details"] == {"json": {"issue": []}}
    assert shown["headers"] == [["batch_id", "one"], ["batch_id", None], ["odd", "\ufffd"]]
    with engine.connect() as connection:
        (look,) = connection.execute(select(state.audit)).all()
    assert (look.action, look.subject) == ("read dead letter", "letter-1")


@pytest.mark.stack
def test_bytes_that_are_no_event_are_shown_as_they_are(served: FlaskClient, engine: Engine) -> None:
    keep(engine, dead_letter("one", 1), dead_letter("one", 2, key=None, value=None, topic="extract\x00"))
    assert served.get("/dead-letters/letter-1", headers=CALLER).get_json()["value"] == {"text": "\x00not avro"}
    empty = served.get("/dead-letters/letter-2", headers=CALLER).get_json()
    assert (empty["key"], empty["value"]) == (None, None)


@pytest.mark.stack
def test_a_record_refused_twice_is_one_dead_letter(served: FlaskClient, engine: Engine) -> None:
    keep(engine, dead_letter("one", 1))
    keep(engine, dead_letter("one", 1), dead_letter("one", 2))
    assert len(served.get("/dead-letters", headers=CALLER).get_json()["dead_letters"]) == 2


@pytest.mark.stack
def test_old_dead_letters_are_forgotten(served: FlaskClient, engine: Engine) -> None:
    now = datetime.now(UTC)
    keep(engine, dead_letter("one", 1), dead_letter("one", 2, failed_at=int(now.timestamp() * 1000)))
    with engine.connect() as connection:
        tidy(connection, dead_letters_before=datetime(2020, 1, 1, tzinfo=UTC))
    found = served.get("/dead-letters", headers=CALLER).get_json()["dead_letters"]
    assert [letter["id"] for letter in found] == ["letter-2"]

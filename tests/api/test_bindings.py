"""Bindings: set, listed, deleted, counted, tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from api import binding_counts, state
from api.counting import summed
from api.fold import add_dead_letters
from api.triggers import again, positioned_retries
from pipeline.topics import LIVE_RETRY
from tests.api.running import CALLER, CREDENTIAL, WORKER, mapping
from tests.api.test_batches import dead_letter, progress

pytestmark = pytest.mark.stack

PLACE = "/bindings/mimic-patients/patients"
LIVE = "live:mimic-patients"


@pytest.fixture
def bound(served: FlaskClient) -> FlaskClient:
    """With a binding of a topic to `patients`, of source `hospital`."""
    imported = mapping("hospital", "patients", "wards", credential=CREDENTIAL)
    assert served.post("/mappings", json=imported, headers=CALLER).status_code == 201
    assert served.put(PLACE, json={}, headers=CALLER).status_code == 201
    return served


def listed(served: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.get("/bindings", headers=WORKER).get_json()["bindings"]
    return found


def report(engine: Engine, *events: Any) -> None:
    with engine.begin() as connection:
        binding_counts.add(connection, summed(events))


def test_a_binding_is_set_and_shown_with_what_a_worker_needs(bound: FlaskClient) -> None:
    (found,) = listed(bound)
    (imported,) = bound.get("/mappings", headers=CALLER).get_json()["mappings"]
    assert (found["topic"], found["resource_id"]) == ("mimic-patients", "patients")
    assert (found["key"], found["on_delete"]) == (None, "ignore")
    assert (found["source_id"], found["mapping_hash"]) == ("hospital", imported["hash"])
    assert found["login_changed_at"] is not None
    assert bound.get(PLACE, headers=CALLER).get_json() == found


def test_a_binding_is_changed_and_keeps_its_counts(bound: FlaskClient, engine: Engine) -> None:
    report(engine, progress(LIVE, "patients", "live", succeeded=3))
    answer = bound.put(PLACE, json={"key": "subject", "on_delete": "delete"}, headers=CALLER)
    assert answer.status_code == 200
    (found,) = listed(bound)
    assert (found["key"], found["on_delete"], found["extracted"]) == ("subject", "delete", 3)


@pytest.mark.parametrize(
    ("place", "body", "problem"),
    [
        ("/bindings/mimic-patients/nobody", {}, "unknown-resources"),
        ("/bindings/transform/patients", {}, "invalid"),
        ("/bindings/no%20topic/patients", {}, "invalid"),
        (PLACE, {"on_delete": "keep"}, "invalid"),
        (PLACE, {"query": "select 1"}, "invalid"),
    ],
)
def test_what_cannot_be_bound_is_told(bound: FlaskClient, place: str, body: dict[str, str], problem: str) -> None:
    answer = bound.put(place, json=body, headers=CALLER)
    assert (answer.status_code, answer.get_json()["type"]) == (422, f"/problems/{problem}")


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_binding_that_is_not_there_is_not_found(bound: FlaskClient, method: str) -> None:
    assert bound.open("/bindings/others/patients", method=method.upper(), headers=CALLER).status_code == 404


def test_live_rows_are_counted_by_step(bound: FlaskClient, engine: Engine) -> None:
    report(engine, progress(LIVE, "patients", "live", succeeded=9, failed=1, cancelled=2))
    report(
        engine,
        progress(LIVE, "patients", "live", succeeded=1),
        progress(LIVE, "patients", "transformer", succeeded=8, failed=2),
        progress(LIVE, "patients", "loader", "fhir", succeeded=8),
        progress(LIVE, "nobody", "live", succeeded=7),
        progress("live:\x00", "\x00", "live", succeeded=7),
    )
    (found,) = listed(bound)
    assert (found["extracted"], found["passed_over"], found["transformed"]) == (10, 2, 8)
    assert found["loaded"] == {"fhir": 8, "mongodb": 0}
    assert (found["failed"], found["failed_by_stage"]["transformer"]) == (3, 2)
    assert found["last_at"] is not None


def test_counts_go_with_their_binding(bound: FlaskClient, engine: Engine) -> None:
    report(engine, progress(LIVE, "patients", "live", succeeded=3))
    assert bound.delete(PLACE, headers=CALLER).status_code == 204
    assert listed(bound) == []
    report(engine, progress(LIVE, "patients", "live", succeeded=3))
    bound.put(PLACE, json={}, headers=CALLER)
    assert listed(bound)[0]["extracted"] == 0


def test_a_resource_that_rows_feed_stays_in_its_mapping(bound: FlaskClient) -> None:
    refused: list[Callable[[], Any]] = [
        lambda: bound.delete("/mappings/hospital", headers=CALLER),
        lambda: bound.post("/mappings", json=mapping("hospital", "wards"), headers=CALLER),
    ]
    for ask in refused:
        answer = ask()
        assert (answer.status_code, answer.get_json()["resource_ids"]) == (409, ["patients"])
    assert bound.post("/mappings", json=mapping("hospital", "patients"), headers=CALLER).status_code == 200
    bound.delete(PLACE, headers=CALLER)
    assert bound.delete("/mappings/hospital", headers=CALLER).status_code == 204


def test_dead_letters_are_sent_again_once_each_to_where_it_was_refused(bound: FlaskClient, engine: Engine) -> None:
    of_row = [["batch_id", LIVE.encode()], ["resource_id", b"patients"]]
    letters = [
        dead_letter(LIVE, 1, stage="live", topic="mimic-patients", headers=of_row),
        dead_letter(LIVE, 2, stage="live", topic="mimic-patients", headers=of_row, value=None),
        dead_letter(LIVE, 3, stage="live", topic="mimic-patients", value=None),  # was too large to be kept
        dead_letter(LIVE, 4, stage="transformer"),
        dead_letter(LIVE, 5, stage="transformer", resource_id="wards"),
        dead_letter("a batch", 6, stage="transformer"),
    ]
    with engine.begin() as connection:
        add_dead_letters(connection, letters)
    report(engine, progress(LIVE, "patients", "live", failed=3), progress(LIVE, "patients", "transformer", failed=1))
    answer = bound.post(f"{PLACE}/retry", json={}, headers=CALLER)
    assert (answer.status_code, answer.get_json()["retried"]) == (202, 3)
    assert listed(bound)[0]["failed_by_stage"] == {"live": 1, "transformer": 0}
    with engine.connect() as connection:
        sent = [again(letter) for letter in positioned_retries(connection)]
    assert [record.topic for record in sent] == [LIVE_RETRY, LIVE_RETRY, "extract"]
    assert bound.post(f"{PLACE}/retry", json={}, headers=CALLER).get_json()["retried"] == 0


def test_who_bound_what_is_written_down(bound: FlaskClient, engine: Engine) -> None:
    with engine.connect() as connection:
        written = connection.execute(select(state.audit.c.action, state.audit.c.subject)).all()
    assert ("set binding", "mimic-patients to patients") in [tuple(row) for row in written]

"""Starting batches and telling how far they are."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from api import state
from api.counting import summed
from api.credentials import forget_credentials
from api.fold import add_dead_letters, add_progress
from pipeline.events import DeadLetter, Progress
from tests.api.running import CALLER, CREDENTIAL, WORKER, mapping

pytestmark = pytest.mark.stack

RESOURCES = ["patients", "wards"]
DAY = 86_400_000


def started(application: FlaskClient, resource_ids: list[str] = RESOURCES) -> str:
    """The id of a new batch of an imported mapping."""
    application.post("/mappings", json=mapping("hospital", *RESOURCES, credential=CREDENTIAL), headers=CALLER)
    answer = application.post("/batch", json={"resource_ids": resource_ids}, headers=CALLER)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    batch_id: str = answer.get_json()["batch_id"]
    assert answer.headers["Location"] == f"/batch/{batch_id}"
    return batch_id


def report(engine: Engine, *events: Progress) -> None:
    """What a fold of these events does."""
    with engine.begin() as connection:
        add_progress(connection, summed(events))


def progress(batch_id: str, resource_id: str, stage: str, sink: str | None = None, **fields: Any) -> Progress:
    counts = {"succeeded": 0, "failed": 0, "cancelled": 0, "total": None, "fault": None, "at": DAY, **fields}
    return Progress(batch_id=batch_id, resource_id=resource_id, stage=stage, sink=sink, **counts)


def all_done(batch_id: str, resource_id: str, count: int, **fields: Any) -> list[Progress]:
    """What the stages say of a resource that went through."""
    return [
        progress(batch_id, resource_id, "extractor", succeeded=count, total=count, **fields),
        progress(batch_id, resource_id, "transformer", succeeded=count),
        progress(batch_id, resource_id, "loader", "fhir", succeeded=count),
        progress(batch_id, resource_id, "loader", "mongodb", succeeded=count),
    ]


def shown(application: FlaskClient, batch_id: str) -> dict[str, Any]:
    batch: dict[str, Any] = application.get(f"/batch/{batch_id}", headers=CALLER).get_json()
    return batch


def dead_letter(batch_id: str, number: int, **fields: Any) -> DeadLetter:
    letter = {
        "stage": "transformer", "sink": None, "reason": "missing-field", "sentence": "Patient.birthDate: no value",
        "details": None, "resource_id": "patients", "topic": "extract", "partition": 0, "offset": number,
        "timestamp": DAY, "key": b"patients:1", "value": b"\x00not avro", "headers": [], "attempt": 1,
        "failed_at": DAY, **fields,
    }  # fmt: skip
    return DeadLetter(id=f"letter-{number}", batch_id=batch_id, **letter)


def test_a_new_batch_is_starting_with_all_counts_at_nothing(served: FlaskClient) -> None:
    batch = shown(served, started(served))
    assert (batch["state"], batch["sinks"], batch["ended_at"]) == ("starting", ["fhir", "mongodb"], None)
    assert [each["resource_id"] for each in batch["resources"]] == RESOURCES
    assert {each["total"] for each in batch["resources"]} == {None}
    assert batch["resources"][0]["loaded"] == {"fhir": 0, "mongodb": 0}


def test_unknown_resources_are_named_and_nothing_is_started(served: FlaskClient) -> None:
    started(served)
    wanted = ["patients", "'; DROP TABLE firth.batches; --", "nobody"]
    answer = served.post("/batch", json={"resource_ids": wanted}, headers=CALLER)
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/unknown-resources")
    assert answer.get_json()["resource_ids"] == wanted[1:]
    assert len(served.get("/batch", headers=CALLER).get_json()["batches"]) == 1


def test_a_batch_completes_when_every_sink_has_dealt_with_every_record(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served)
    report(engine, *all_done(batch_id, "patients", 10))
    batch = shown(served, batch_id)
    assert [each["state"] for each in batch["resources"]] == ["completed", "starting"]
    wards = all_done(batch_id, "wards", 5)
    report(engine, *wards[:-1])
    assert shown(served, batch_id)["ended_at"] is None
    report(engine, wards[-1])
    batch = shown(served, batch_id)
    assert (batch["state"], batch["ended_at"]) == ("completed", "1970-01-02T00:00:00Z")
    patients = batch["resources"][0]
    assert (patients["total"], patients["extracted"], patients["transformed"]) == (10, 10, 10)
    assert patients["loaded"] == {"fhir": 10, "mongodb": 10}


def test_a_batch_of_no_rows_completes(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["wards"])
    report(engine, progress(batch_id, "wards", "extractor", total=0))
    assert shown(served, batch_id)["state"] == "completed"


def test_refused_records_are_counted_by_stage_and_waited_for_no_longer(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    report(
        engine,
        progress(batch_id, "patients", "extractor", succeeded=9, failed=1, total=10),
        progress(batch_id, "patients", "transformer", succeeded=7, failed=2),
        progress(batch_id, "patients", "loader", "fhir", succeeded=6, failed=1),
        progress(batch_id, "patients", "loader", "mongodb", succeeded=7),
    )
    batch = shown(served, batch_id)
    (patients,) = batch["resources"]
    assert batch["state"] == "completed"
    assert patients["failed_by_stage"] == {"extractor": 1, "transformer": 2, "loader-fhir": 1, "loader-mongodb": 0}
    assert (patients["failed"], patients["loaded"]) == (4, {"fhir": 6, "mongodb": 7})


def test_a_fault_fails_the_batch_once_all_is_settled(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    sentence = 'table "patients" is not there'
    report(engine, progress(batch_id, "patients", "extractor", succeeded=2, failed=1, total=3, fault=sentence))
    assert shown(served, batch_id)["ended_at"] is None, "two records are still on their way"
    report(engine, *all_done(batch_id, "patients", 2)[1:])
    batch = shown(served, batch_id)
    assert (batch["state"], batch["resources"][0]["state"], batch["resources"][0]["fault"]) == (
        "failed",
        "failed",
        sentence,
    )


def test_a_trigger_that_nobody_could_read_ends_its_resource(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    report(engine, progress(batch_id, "patients", "extractor", failed=1, fault="the trigger cannot be read"))
    batch = shown(served, batch_id)
    assert (batch["state"], batch["resources"][0]["total"]) == ("failed", 1)


def test_a_flood_cancels_the_rest_and_the_batch_fails(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    report(engine, progress(batch_id, "patients", "transformer", failed=1000, fault="1000 records refused"))
    report(engine, progress(batch_id, "patients", "extractor", succeeded=5000, total=5000))
    assert shown(served, batch_id)["ended_at"] is None
    report(engine, progress(batch_id, "patients", "transformer", cancelled=4000))
    batch = shown(served, batch_id)
    assert (batch["state"], batch["resources"][0]["cancelled"]) == ("failed", 4000)


def test_progress_of_a_batch_that_is_not_known_harms_nobody(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    stranger = progress("another", "patients", "extractor", succeeded=3)
    odd = progress("\x00", "\x00", "extractor", succeeded=3)
    report(engine, stranger, odd, *all_done(batch_id, "patients", 1))
    assert shown(served, batch_id)["state"] == "completed"


def test_the_first_errors_are_one_of_each_reason(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    letters = [dead_letter(batch_id, number) for number in range(5)]
    letters += [dead_letter(batch_id, 5, stage="loader", sink="fhir", reason="refused", sentence="HAPI said no")]
    letters += [dead_letter(batch_id, 6, resource_id="wards", reason="other")]
    with engine.begin() as connection:
        add_dead_letters(connection, letters)
    (patients,) = shown(served, batch_id)["resources"]
    assert patients["first_errors"] == [
        {"stage": "transformer", "sink": None, "reason": "missing-field", "sentence": "Patient.birthDate: no value"},
        {"stage": "loader", "sink": "fhir", "reason": "refused", "sentence": "HAPI said no"},
    ]


def test_batches_are_listed_newest_first_page_by_page(served: FlaskClient) -> None:
    made = [started(served) for _ in range(5)]
    seen: list[str] = []
    address: str | None = "/batch?limit=2"
    pages = 0
    while address is not None:
        answer = served.get(address, headers=CALLER)
        seen += [batch["batch_id"] for batch in answer.get_json()["batches"]]
        link = answer.headers.get("Link")
        address = link[1 : link.index(">")] if link else None
        pages += 1
    assert (seen, pages) == (made[::-1], 3)


def test_a_batch_keeps_its_version_and_credential_when_the_mapping_goes(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served, ["patients"])
    (listed,) = served.get("/mappings", headers=CALLER).get_json()["mappings"]
    served.delete("/mappings/hospital", headers=CALLER)
    assert served.get(f"/frozen-mappings/{listed['hash']}", headers=WORKER).status_code == 200
    assert served.get("/sources/hospital/credential", headers=WORKER).status_code == 200
    report(engine, *all_done(batch_id, "patients", 1))
    with engine.begin() as connection:
        forget_credentials(connection)
    assert served.get("/sources/hospital/credential", headers=WORKER).status_code == 404


def test_a_batch_is_running_once_its_triggers_are_sent(served: FlaskClient, engine: Engine) -> None:
    batch_id = started(served)
    with engine.begin() as connection:
        connection.execute(update(state.batches).values(state="running"))
        connection.execute(update(state.batch_resources).values(triggered=True))
    batch = shown(served, batch_id)
    assert {batch["state"], *(each["state"] for each in batch["resources"])} == {"running"}

"""Importing, showing and deleting mappings; frozen versions; credentials that go in and never come out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from api import state
from mapping import document
from tests.api.running import CALLER, CREDENTIAL, WORKER, client, mapping, resource

pytestmark = pytest.mark.stack

PASSWORD = str(CREDENTIAL["password"])


@pytest.fixture
def stored(engine: Engine) -> FlaskClient:
    """An application with PostgreSQL alone behind it."""
    return client(engine=engine)


def imported(application: FlaskClient, given: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = application.post("/mappings", json=given, headers=CALLER)
    assert answer.status_code == status, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def test_an_imported_mapping_is_listed_and_shown(stored: FlaskClient) -> None:
    answer = stored.post("/mappings", json=mapping("hospital", "patients", "wards"), headers=CALLER)
    assert (answer.status_code, answer.headers["Location"]) == (201, "/mappings/hospital")
    (listed,) = stored.get("/mappings", headers=CALLER).get_json()["mappings"]
    assert [each["id"] for each in listed["resources"]] == ["patients", "wards"]
    shown = stored.get("/mappings/hospital", headers=CALLER).get_json()
    assert shown["document"]["mapping"]["source"]["id"] == "hospital"
    assert shown["credential"] is None


def test_importing_again_replaces_and_keeps_the_old_version(stored: FlaskClient) -> None:
    first = imported(stored, mapping("hospital", "patients"))
    second = imported(stored, mapping("hospital", "wards"), status=200)
    assert first["hash"] != second["hash"]
    (listed,) = stored.get("/mappings", headers=CALLER).get_json()["mappings"]
    assert [each["id"] for each in listed["resources"]] == ["wards"]
    for version in (first["hash"], second["hash"]):
        frozen = stored.get(f"/frozen-mappings/{version}", headers=WORKER)
        assert document.content_hash(document.load(frozen.data)) == version


def test_importing_the_same_twice_changes_nothing(stored: FlaskClient) -> None:
    first, second = imported(stored, mapping()), imported(stored, mapping(), status=200)
    assert first["hash"] == second["hash"]


def test_what_is_shown_of_a_mapping_can_be_imported_again(stored: FlaskClient) -> None:
    first = imported(stored, mapping("hospital", "patients", "wards", credential=CREDENTIAL))
    shown = stored.get("/mappings/hospital", headers=CALLER).get_json()["document"]
    assert stored.delete("/mappings/hospital", headers=CALLER).status_code == 204
    again = imported(stored, shown)
    assert (again["hash"], again["resources"]) == (first["hash"], first["resources"])
    assert stored.get("/mappings/hospital", headers=CALLER).get_json()["document"] == shown
    assert again["credential"] is None  # which is no part of a mapping


def test_a_resource_belongs_to_one_mapping(stored: FlaskClient) -> None:
    imported(stored, mapping("hospital", "patients", "wards"))
    answer = stored.post("/mappings", json=mapping("clinic", "beds", "wards"), headers=CALLER)
    assert answer.status_code == 409
    assert answer.get_json()["resource_ids"] == ["wards"]
    assert "hospital" in answer.get_json()["detail"]
    assert stored.get("/mappings/clinic", headers=CALLER).status_code == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"resources": []}, "resources"),
        ({"source": {"id": "a\u0000b", "name": "x"}}, "source.id"),
        ({"source": {"id": "x" * 300, "name": "x"}}, "source.id"),
        ({"source": {"id": "s", "name": "a\u0000b"}}, "source.name"),
        ({"resources": [resource("r", path="colour")]}, "resources[0].attributes[0].path"),
        ({"resources": [resource("r", script="rm -rf")]}, "resources[0].attributes[0].inputGroups[0].inputs[0].script"),
        ({"source": {"id": "s", "name": "x", "credential": {**CREDENTIAL, "port": "x"}}}, "source.credential.port"),
    ],
)
def test_a_mapping_with_mistakes_is_not_imported_and_says_where(
    stored: FlaskClient, change: dict[str, Any], path: str
) -> None:
    given = mapping() | change
    answer = stored.post("/mappings", json=given, headers=CALLER)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/invalid-mapping"
    assert path in [mistake["path"] for mistake in answer.get_json()["mistakes"]]
    found = stored.post("/mappings/validate", json=given, headers=CALLER).get_json()["mistakes"]
    assert found == answer.get_json()["mistakes"]
    assert stored.get("/mappings", headers=CALLER).get_json() == {"mappings": []}


@pytest.mark.parametrize("given", [{}, {"version": 10}, {"version": 10, "source": 7, "resources": [None, 3, {}]}])
def test_what_is_no_mapping_at_all_is_422(stored: FlaskClient, given: dict[str, Any]) -> None:
    assert stored.post("/mappings", json=given, headers=CALLER).status_code == 422


def test_a_deleted_mapping_is_gone_but_its_version_stays(stored: FlaskClient) -> None:
    version = imported(stored, mapping())["hash"]
    assert stored.delete("/mappings/hospital", headers=CALLER).status_code == 204
    assert stored.get("/mappings/hospital", headers=CALLER).status_code == 404
    assert stored.delete("/mappings/hospital", headers=CALLER).status_code == 404
    assert stored.get(f"/frozen-mappings/{version}", headers=WORKER).status_code == 200


@pytest.mark.parametrize("path", ["/mappings/{}", "/frozen-mappings/{}", "/batch/{}", "/dead-letters/{}"])
@pytest.mark.parametrize("one", ["'; DROP TABLE firth.batches; --", "%25", "x" * 200, "日本", "1 OR 1=1"])
def test_sql_in_an_id_is_an_unknown_id(stored: FlaskClient, path: str, one: str) -> None:
    assert stored.get(path.format(one), headers=CALLER).status_code == 404


def test_a_password_goes_in_and_comes_out_for_workers_alone(
    stored: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = [json.dumps(imported(stored, mapping(credential=CREDENTIAL)))]
    shown += [stored.get(path, headers=CALLER).get_data(as_text=True) for path in ("/mappings", "/mappings/hospital")]
    version = json.loads(shown[0])["hash"]
    shown.append(stored.get(f"/frozen-mappings/{version}", headers=WORKER).get_data(as_text=True))
    shown.append(stored.get("/metrics", headers=WORKER).get_data(as_text=True))
    worker = stored.get("/sources/hospital/credential", headers=WORKER)
    assert worker.get_json()["password"] == PASSWORD
    assert worker.headers["Cache-Control"] == "no-store"
    said = capsys.readouterr()
    assert PASSWORD not in "".join(shown) + said.out + said.err
    assert json.loads(shown[0])["credential"]["has_password"] is True


def test_a_credential_that_is_not_sent_again_stays(stored: FlaskClient) -> None:
    imported(stored, mapping(credential=CREDENTIAL))
    imported(stored, mapping(credential={"model": "POSTGRES", "owners": []}), status=200)
    assert stored.get("/sources/hospital/credential", headers=WORKER).get_json()["password"] == PASSWORD


def test_a_credential_may_name_a_secret_of_the_extractor_instead(stored: FlaskClient) -> None:
    imported(stored, mapping())
    given = {key: value for key, value in CREDENTIAL.items() if key != "password"}
    given["passwordSecret"] = "SOURCE_HOSPITAL_PASSWORD"
    answer = stored.put("/sources/hospital/credential", json=given, headers=CALLER)
    assert (answer.status_code, answer.get_json()["has_password"]) == (200, False)
    assert answer.get_json()["password_secret"] == "SOURCE_HOSPITAL_PASSWORD"


def test_a_wrong_credential_is_422_and_not_repeated(stored: FlaskClient) -> None:
    imported(stored, mapping())
    answer = stored.put("/sources/hospital/credential", json={**CREDENTIAL, "model": "ORACLE"}, headers=CALLER)
    assert (answer.status_code, [each["path"] for each in answer.get_json()["errors"]]) == (422, ["model"])
    assert PASSWORD not in answer.get_data(as_text=True)


def test_a_source_without_a_mapping_has_no_credential(stored: FlaskClient) -> None:
    assert stored.put("/sources/nobody/credential", json=CREDENTIAL, headers=CALLER).status_code == 404
    assert stored.get("/sources/nobody/credential", headers=WORKER).status_code == 404


def test_a_credential_goes_with_its_mapping(stored: FlaskClient) -> None:
    imported(stored, mapping(credential=CREDENTIAL))
    stored.delete("/mappings/hospital", headers=CALLER)
    assert stored.get("/sources/hospital/credential", headers=WORKER).status_code == 404


def test_who_did_what_is_written_down_without_content(stored: FlaskClient, engine: Engine) -> None:
    imported(stored, mapping(credential=CREDENTIAL))
    stored.put("/sources/hospital/credential", json=CREDENTIAL, headers=CALLER)
    stored.delete("/mappings/hospital", headers=CALLER)
    with engine.connect() as connection:
        rows = connection.execute(select(state.audit).order_by(state.audit.c.position)).all()
    assert [(row.who, row.action, row.subject) for row in rows] == [
        ("caller", "import mapping", "hospital"),
        ("caller", "set credential", "hospital"),
        ("caller", "delete mapping", "hospital"),
    ]

"""Stored mappings as Pyrog serves them: to any GraphQL client, and to our own."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from api.pyrog import LOGIN, Pyrog
from api.tokens import SESSION, Tokens
from mapping import formats, pyrog, pyrog_writer
from pipeline.settings import Secret
from tests.api.running import CALLER, CREDENTIAL, DEFINITIONS, TOKEN, WORKER_TOKEN, client, mapping
from tests.api.serving import serving
from tests.mapping import documents

pytestmark = pytest.mark.stack

ASK = "query resource($resourceId: ID!) {resource(resourceId: $resourceId) {id label}}"


@pytest.fixture
def stored(engine: Engine) -> FlaskClient:
    """An application with PostgreSQL behind it, and a mapping in it."""
    application = client(engine=engine)
    application.post("/mappings", json=mapping("hospital", "patients", credential=CREDENTIAL), headers=CALLER)
    return application


def asked(application: FlaskClient, query: str, token: str | None = None, **variables: str) -> dict[str, Any]:
    """What is answered, always with status 200."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = application.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def logged_in(application: FlaskClient, password: str) -> str:
    token: str = asked(application, LOGIN, email="ana@example.org", password=password)["data"]["login"]["token"]
    assert password not in token
    return token


def test_a_resource_is_asked_for_after_a_login(stored: FlaskClient) -> None:
    token = logged_in(stored, TOKEN)
    assert asked(stored, ASK, token, resourceId="patients") == {
        "data": {"resource": {"id": "patients", "label": "Resource patients"}}
    }
    assert asked(stored, ASK, token, resourceId="wards") == {"data": {"resource": None}}


@pytest.mark.parametrize("token", [None, "x", "x.y", "WyJjYWxsZXIiLDk5OTk5OTk5OTk5XQ.c2lnbmF0dXJl"])
def test_nothing_is_shown_without_a_valid_token(stored: FlaskClient, token: str | None) -> None:
    told = asked(stored, ASK, token, resourceId="patients")
    assert told["data"] == {"resource": None}
    assert told["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


def test_a_wrong_password_gets_no_token(stored: FlaskClient) -> None:
    told = asked(stored, LOGIN, email="ana@example.org", password="planted-wrong-password")
    assert told["data"] is None
    assert told["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert "planted" not in str(told)


def test_a_session_ends_after_an_hour(engine: Engine) -> None:
    times = [0.0, SESSION - 1.0, SESSION + 0.0]
    tokens = Tokens(caller=Secret(TOKEN), worker=Secret(WORKER_TOKEN), now=lambda: times.pop(0))
    application = client(engine=engine, tokens=tokens)
    token = logged_in(application, TOKEN)
    assert "errors" not in asked(application, ASK, token, resourceId="patients")
    assert "errors" in asked(application, ASK, token, resourceId="patients")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{", "Syntax Error"),
        ("{resource {id}}", "resourceId"),
        ("{wards {id}}", "Cannot query field 'wards'"),
        ("{" + "a:__typename " * 3000 + "}", "Document contains more than 4000 tokens"),
    ],
)
def test_a_query_that_cannot_be_run_is_told(stored: FlaskClient, query: str, said: str) -> None:
    told = asked(stored, query, TOKEN)
    assert told["data"] is None
    assert said in told["errors"][0]["message"]


def test_postgresql_being_away_is_a_problem_as_everywhere(alone: FlaskClient) -> None:
    answer = alone.post("/graphql", json={"query": ASK, "variables": {"resourceId": "p"}}, headers=CALLER)
    assert (answer.status_code, answer.get_json()["behind"]) == (503, "postgresql")


def test_our_own_client_reads_back_the_mapping_with_everything_in_it(engine: Engine) -> None:
    way = documents.join("patients.subject_id", "admissions.subject_id")
    gender = documents.attribute(
        "gender",
        documents.sql("sex", way, table="admissions", script="strip", conceptMapId="m"),
        documents.static("x"),
        type="code",
        mergingScript="merge_concat",
        conditions=[documents.condition("EQ", "1", script="strip"), documents.condition("NULL", None, "EXCLUDE")],
    )
    given = documents.document(
        documents.resource(
            gender,
            filters=[documents.filtered("IN", "a,b")],
            definition={"type": "Patient", "derivation": "constraint", "url": "http://example.org/p"},
        ),
        conceptMaps=[{"id": "m", "title": "sexes", "codes": {"M": "male", "with blanks": "other"}}],
        source={"id": "mimic", "name": "MIMIC", "credential": CREDENTIAL},
    )
    application = client(engine=engine)
    assert application.post("/mappings", json=given, headers=CALLER).status_code == 201
    with serving(application.application) as url:
        for password, seen in ((TOKEN, None), (WORKER_TOKEN, CREDENTIAL["password"])):
            asking = Pyrog(f"{url}/graphql", login="ana@example.org", password=Secret(password))
            found = asking.resource("patients")
            assert found is not None
            reading = formats.read(found, DEFINITIONS)
            assert reading.mapping == pyrog.read(given)
            assert reading.credential is not None
            assert (reading.credential.host, reading.credential.password) == (CREDENTIAL["host"], seen)


def test_what_is_written_reads_back_the_same() -> None:
    whole = pyrog.read(documents.document(documents.resource(), conceptMaps=[{"id": "m", "codes": {}}]))
    alone = pyrog_writer.resource(whole, whole.resources[0])
    assert pyrog.read(alone).resources == whole.resources
    assert alone["conceptMaps"] == []

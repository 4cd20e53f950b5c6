"""Pyrog as it was, version by version, and as it should not be."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response

from api.problems import Problem
from api.pyrog import Pyrog
from api.pyrog_query import NEWEST
from mapping import formats, pyrog
from pipeline.settings import Secret
from tests.api.running import DEFINITIONS, free_port
from tests.api.serving import OldPyrog, always, serving

EXPORTS = Path(__file__).parents[3] / "shared" / "reference" / "fhir-river"

LOGIN = "type Mutation { login(email: String!, password: String!): Token } type Token { token: String! }"
REST = """
  type Filter { id: ID! relation: String value: String sqlColumn: Column }
  type Definition { type: String kind: String derivation: String url: String }
  type Join { id: ID! tables: [Column!]! }
"""
# Early in 2020: owners are texts, an attribute has its inputs.
VERSION_7 = f"""
  type Query {{ resource(resourceId: ID!): Resource }}
  type Resource {{
    id: ID! label: String primaryKeyOwner: String primaryKeyTable: String primaryKeyColumn: String definitionId: String
    definition: Definition filters: [Filter!] attributes: [Attribute!] source: Source
  }}
  type Source {{ id: ID! name: String credential: Credential }}
  type Credential {{ id: ID! model: String host: String port: String database: String login: String password: String }}
  type Attribute {{ id: ID! path: String definitionId: String mergingScript: String inputs: [Input!] }}
  type Input {{ id: ID! script: String conceptMapId: String staticValue: String sqlValue: Column }}
  type Column {{ id: ID! owner: String table: String column: String joins: [Join!] }}
  {REST} {LOGIN}
"""
# The summer after: one owner in the credential, input groups with conditions, passwords decrypted on request.
VERSION_9 = f"""
  type Query {{ resource(resourceId: ID!): Resource }}
  type Resource {{
    id: ID! label: String primaryKeyTable: String primaryKeyColumn: String definitionId: String
    definition: Definition filters: [Filter!] attributes: [Attribute!] source: Source
  }}
  type Source {{ id: ID! name: String credential: Credential }}
  type Credential {{ id: ID! model: String host: String port: String database: String login: String owner: String
                     password: String decryptedPassword: String }}
  type Attribute {{ id: ID! path: String definitionId: String inputGroups: [InputGroup!] }}
  type InputGroup {{ id: ID! mergingScript: String inputs: [Input!] conditions: [Condition!] }}
  type Condition {{ id: ID! action: Action sqlValue: Column relation: String value: String }}
  enum Action {{ INCLUDE EXCLUDE }}
  type Input {{ id: ID! script: String conceptMapId: String staticValue: String sqlValue: Column }}
  type Column {{ id: ID! table: String column: String joins: [Join!] }}
  {REST} {LOGIN}
"""
# Its last: owners are objects, and the resource is asked for otherwise.
VERSION_10 = (
    VERSION_9.replace("resource(resourceId: ID!)", "resource(where: Where!)")
    .replace("owner: String", "owners: [Owner!]")
    .replace("type Column { id: ID!", "type Column { id: ID! owner: Owner")
    .replace("primaryKeyTable", "logicalReference: String primaryKeyOwner: Owner primaryKeyTable")
    + "input Where { id: String } type Owner { id: ID! name: String }"
)

PATIENTS: dict[str, Any] = {
    "id": "p", "label": "patients", "primaryKeyTable": "patients", "primaryKeyColumn": "id", "definitionId": "Patient",
    "definition": {"type": "Patient", "kind": "resource", "derivation": "specialization"}, "filters": [],
    "attributes": [
        {"path": "gender", "definitionId": "code", "inputGroups": [{
            "mergingScript": None,
            "inputs": [{"script": "map_gender", "sqlValue": {"table": "patients", "column": "sex", "joins": []}}],
            "conditions": [{"action": "INCLUDE", "relation": "EQ", "value": "1",
                            "sqlValue": {"table": "patients", "column": "flag", "joins": []}}]}]}
    ],
    "source": {"id": "mimic", "name": "MIMIC", "credential": {
        "model": "POSTGRES", "host": "db", "port": "5432", "database": "mimic", "login": "reader",
        "password": "what-nobody-can-read", "decryptedPassword": "planted-source-password", "owner": "public"}},
}  # fmt: skip


def client(url: str, password: str = "planted-password") -> Pyrog:
    return Pyrog(url, login="ana@example.org", password=Secret(password))


def read(document: dict[str, Any] | None) -> formats.Reading:
    assert document is not None
    return formats.read(document, DEFINITIONS)


def test_a_resource_comes_with_its_mapping_and_its_sources_login() -> None:
    with serving(OldPyrog(VERSION_9, {"p": PATIENTS}).app) as url:
        reading = read(client(url).resource("p"))
        assert client(url).resource("q") is None
    assert reading.mapping == pyrog.read(PATIENTS)
    assert reading.mapping.resources[0].primary_key.owner == "public"
    assert reading.credential is not None
    assert reading.credential.password == "planted-source-password"


def test_the_last_schema_is_asked_in_its_own_way() -> None:
    owner = {"id": "o", "name": "public"}
    column = {"table": "patients", "column": "sex", "owner": owner, "joins": []}
    groups = [{"mergingScript": None, "conditions": [], "inputs": [{"script": None, "sqlValue": column}]}]
    given = PATIENTS | {
        "primaryKeyOwner": owner,
        "logicalReference": "b8efd322-3e38-4072-9c68-e62e15d84d04",
        "attributes": [{"path": "gender", "definitionId": "code", "inputGroups": groups}],
    }
    with serving(OldPyrog(VERSION_10, {"p": given}).app) as url:
        reading = read(client(url).resource("p"))
    (patients,) = reading.mapping.resources
    assert patients.logical_reference == "b8efd322-3e38-4072-9c68-e62e15d84d04"
    given_column = patients.attributes[0].input_groups[0].inputs[0].column
    assert given_column is not None
    assert (patients.primary_key.owner, given_column.owner) == ("public", "public")


@pytest.mark.skipif(not EXPORTS.is_dir(), reason="the published exports are not beside this repository")
def test_the_oldest_schema_gives_what_its_export_says() -> None:
    exported = json.loads((EXPORTS / "mapping-v7-patient.json").read_bytes())
    with serving(OldPyrog(VERSION_7, {exported["id"]: exported}).app) as url:
        reading = read(client(url).resource(exported["id"]))
    assert reading.mapping == formats.read(exported, DEFINITIONS).mapping


def test_a_server_that_does_not_describe_itself_is_taken_for_the_newest() -> None:
    sdl = VERSION_9.replace("owner: String", "").replace(
        "primaryKeyTable", "logicalReference: String primaryKeyOwner: Owner primaryKeyTable"
    ).replace("type Column { id: ID!", "type Column { id: ID! owner: Owner")  # fmt: skip
    fake = OldPyrog(f"{sdl} type Owner {{ name: String }}", {"p": PATIENTS}, described=False)
    with serving(fake.app) as url:
        assert read(client(url).resource("p")).mapping.resources[0].id == "p"
    assert "conceptMaps" not in NEWEST


@pytest.mark.parametrize("refusal", [None, 401, 403])
def test_one_login_serves_until_its_token_is_refused_then_another(refusal: int | None) -> None:
    fake = OldPyrog(VERSION_9, {"p": PATIENTS}, refusal=refusal)
    with serving(fake.app) as url:
        asking = client(url)
        asking.resource("p")
        asking.resource("p")
        assert fake.logins == 1
        fake.token = "token-2"
        assert asking.resource("p") is not None
        assert fake.logins == 2


def test_a_pyrog_that_is_replaced_by_another_version_is_asked_anew() -> None:
    serves = {"now": OldPyrog(VERSION_9, {"p": PATIENTS})}

    def whichever(*asked: Any) -> Any:
        return serves["now"].app(*asked)

    with serving(whichever) as url:
        asking = client(url)
        assert asking.resource("p") is not None
        with_objects = PATIENTS | {"primaryKeyOwner": {"name": "other"}}
        serves["now"] = OldPyrog(VERSION_10, {"p": with_objects})
        assert read(asking.resource("p")).mapping.resources[0].primary_key.owner == "other"


def test_a_refused_login_is_told_without_its_words() -> None:
    with serving(OldPyrog(VERSION_9, {}).app) as url, pytest.raises(Problem) as caught:
        client(url, password="planted-wrong-password").resource("p")
    assert str(caught.value) == "Pyrog refuses the login: check PYROG_LOGIN and PYROG_PASSWORD"
    assert caught.value.slug == "bad-gateway"


def answers(status: int, body: bytes, kind: str = "application/json") -> Flask:
    return always(lambda: Response(body, status=status, content_type=kind))


NO_ANSWER = "that is no answer of GraphQL's: is PYROG_API_URL the address of its GraphQL API?"

WRONG = {
    "refuses everybody": (
        answers(401, b"{}"), "bad-gateway", "Pyrog refuses the login: check PYROG_LOGIN and PYROG_PASSWORD"
    ),
    "broken": (answers(500, b"oops", "text/plain"), "unavailable", "Pyrog answered 500"),
    "a web page": (
        answers(200, b"<!doctype html><title>Pyrog</title>", "text/html; charset=utf-8"), "bad-gateway",
        f"Pyrog answered 200 with text/html {NO_ANSWER}",
    ),
    "a web page that is not there": (
        answers(404, b"<html>", "text/html"), "bad-gateway",
        f"Pyrog answered 404 with text/html {NO_ANSWER}",
    ),
    "nothing": (
        answers(200, b""), "bad-gateway",
        "Pyrog answered 200 with nothing in it: is PYROG_API_URL the address of its GraphQL API?",
    ),
    "no data": (
        answers(200, b"[]"), "bad-gateway",
        f"Pyrog answered 200 with application/json {NO_ANSWER}",
    ),
    "a token that is none": (
        answers(200, b'{"data": {"login": {"token": null}}}'), "bad-gateway",
        "Pyrog gives no token for the login: is PYROG_API_URL the address of a Pyrog?",
    ),
    "a schema that is none": (
        answers(200, b'{"data": {"login": {"token": "t"}, "__schema": {}}}'), "bad-gateway",
        "Pyrog describes its schema otherwise than GraphQL does",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_pyrog_that_answers_otherwise_than_it_should_is_told(case: str) -> None:
    app, slug, sentence = WRONG[case]
    with serving(app) as url, pytest.raises(Problem) as caught:
        client(url).resource("p")
    assert (caught.value.slug, str(caught.value)) == (slug, sentence)
    assert caught.value.more["behind"] == "pyrog"


@pytest.mark.parametrize("refusal", [None, 401, 403])
def test_a_token_that_is_refused_as_soon_as_it_is_given_is_told(refusal: int | None) -> None:
    fake = OldPyrog(VERSION_9, {"p": PATIENTS}, refusal=refusal)
    fake.knows_caller = lambda: False  # type: ignore[method-assign]
    with serving(fake.app) as url, pytest.raises(Problem, match="refuses the token that it gave") as caught:
        client(url).resource("p")
    assert caught.value.slug == "bad-gateway"
    assert fake.logins == 2


def test_a_pyrog_that_is_away_is_told() -> None:
    with pytest.raises(Problem, match="Pyrog cannot be reached") as caught:
        client(f"http://127.0.0.1:{free_port()}").resource("p")
    assert caught.value.slug == "unavailable"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_pyrog_that_says_nothing_is_not_waited_for_without_end(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pyrog.TIME_LIMIT", (1.0, 0.1))
    with pytest.raises(Problem, match="Pyrog did not answer in time") as caught:
        client(silent).resource("p")
    assert caught.value.slug == "timeout"

"""Rows that no hospital should have, from a real database into both sinks: each becomes a resource, or is refused with
its reason, and a person can look at it."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pymongo
import pytest
import requests

from command.demo.servers import Fhir
from tests.stack import RunningStack
from tests.survival.batches import Hospital, Running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

DATABASE = "bad_rows"
LETTER = "".join(f"line {number}: les élèves " for number in range(45_000))[:999_999] + "."  # more than 1 MB in UTF-8

MAPPING: dict[str, Any] = {
    "version": 10,
    "source": {"id": "bad-rows", "name": "bad rows"},
    "resources": [
        {
            "id": "letters",
            "definitionId": "Observation",
            "definition": {"type": "Observation", "kind": "resource", "derivation": "specialization",
                           "url": "http://hl7.org/fhir/StructureDefinition/Observation"},
            "primaryKeyTable": "letters",
            "primaryKeyColumn": "id",
            "filters": [],
            "attributes": [
                {"path": "status", "definitionId": "code", "inputGroups": [{"inputs": [{"staticValue": "final"}]}]},
                {"path": "code.text", "definitionId": "string", "inputGroups": [
                    {"inputs": [{"staticValue": "letter"}]}]},
                {"path": "effectiveDateTime", "definitionId": "dateTime", "inputGroups": [
                    {"inputs": [{"sqlValue": {"table": "letters", "column": "written"}, "script": "clean_date"}]}]},
                {"path": "note[0].text", "definitionId": "markdown", "inputGroups": [
                    {"inputs": [{"sqlValue": {"table": "letters", "column": "body"}}]}]},
            ],
        }
    ],
}  # fmt: skip


@pytest.fixture
def letters(stack: RunningStack) -> dict[str, Any]:
    """The credential of a database that checks no encoding, with a row of each kind."""
    address = stack.postgres_url()
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)".encode())
        server.execute(
            f"CREATE DATABASE {DATABASE} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0".encode()
        )
    with psycopg.connect(address, dbname=DATABASE, autocommit=True) as source:
        source.execute("CREATE TABLE letters (id text, written text, body text)")
        source.execute(
            """INSERT INTO letters VALUES
                ('good', '2020-01-31', 'short'),
                ('large', '2020-01-31', %s),
                ('undated', '0000-00-00', 'short'),
                ('latin', '2020-01-31', E'caf\\xe9'),
                (NULL, '2020-01-31', 'short')""",
            [LETTER],
        )
    at = urlsplit(address)
    return {
        "model": "POSTGRES", "host": at.hostname, "port": at.port, "database": DATABASE,
        "login": unquote(at.username or ""), "password": unquote(at.password or ""),
    }  # fmt: skip


def test_bad_rows_are_refused_one_by_one_and_the_others_are_loaded_to_the_last_letter(
    hospital: Hospital, stack: RunningStack, letters: dict[str, Any]
) -> None:
    hospital.api.import_mapping(MAPPING | {"source": MAPPING["source"] | {"credential": letters}})
    running = Running(hospital, hospital.api.start_batch(["letters"]), "")
    batch = running.wait()
    assert batch.state == "completed"
    (done,) = batch.resources
    assert (done.total, done.extracted, done.transformed) == (5, 4, 2)
    assert done.loaded == {"fhir": 2, "mongodb": 2}
    assert {stage: refused for stage, refused in done.failed.items() if refused} == {"extractor": 1, "transformer": 2}

    refused = {
        letter["reason"]: letter for letter in dead_letters(stack, f"?batch_id={running.batch_id}")["dead_letters"]
    }
    assert {reason: letter["stage"] for reason, letter in refused.items()} == {
        "null-key": "extractor", "wrong-format": "transformer", "invalid-text": "transformer",
    }  # fmt: skip
    shown = dead_letters(stack, f"/{refused['invalid-text']['id']}")
    assert shown["value"]["event"]["columns"]["letters_body"] == [{"base64": "Y2Fm6Q=="}]

    found = Fhir(stack.fhir_url).resources("Observation?_tag=http://terminology.arkhn.org/CodeSystem/resource|letters")
    assert sorted(observation["note"][0]["text"] for observation in found) == [LETTER, "short"]
    with closing(pymongo.MongoClient[dict[str, Any]](stack.mongodb_url)) as client:
        documents = client["fhir"]["Observation"].find({"firth.batch_id": running.batch_id})
        assert sorted(document["resource"]["note"][0]["text"] for document in documents) == [LETTER, "short"]


def dead_letters(stack: RunningStack, which: str) -> dict[str, Any]:
    """What the api answers to GET /dead-letters and so on."""
    answer = requests.get(
        f"{stack.api_url}/dead-letters{which}", headers={"Authorization": f"Bearer {stack.api_token}"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found

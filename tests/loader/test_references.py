"""What a server lacks for references ahead of their target, told by servers that lack it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from loader.delivery import Patience
from loader.fhir_client import FhirClient
from loader.hapi import HapiSink
from loader.references import shortcoming
from pipeline.errors import Unavailable
from tests.loader.making import change
from tests.loader.servers import Ask, Front, MemoryFhir, Reply, outcome, serving


def puts(ask: Ask) -> bool:
    return any(entry["request"]["method"] == "PUT" for entry in ask.entries)


def refers(ask: Ask) -> bool:
    return any("subject" in entry.get("resource", {}) for entry in ask.entries)


@pytest.fixture
def front() -> Front:
    return Front(MemoryFhir())


@pytest.fixture
def client(front: Front) -> Iterator[FhirClient]:
    with serving(front) as url:
        yield FhirClient(url, token=None, time_limit=2)


def test_a_server_that_stores_them_but_makes_no_placeholder_is_told_what_to_turn_on(client: FhirClient) -> None:
    sentence = shortcoming(client)
    assert sentence is not None
    assert "will not find" in sentence
    assert "auto_create_placeholder_reference_targets" in sentence


def test_a_server_that_refuses_them_is_told_what_to_turn_on(front: Front, client: FhirClient) -> None:
    front.amiss = lambda ask: Reply(400, outcome(diagnostics="HAPI-1094: not found")) if refers(ask) else None
    sentence = shortcoming(client)
    assert sentence is not None
    assert "refuses references" in sentence


def test_a_server_that_takes_no_basic_resource_is_not_accused_of_more(front: Front, client: FhirClient) -> None:
    front.amiss = lambda ask: Reply(422, outcome("not-supported")) if puts(ask) else None
    sentence = shortcoming(client)
    assert sentence is not None
    assert "unknown" in sentence


def test_a_server_that_makes_placeholders_is_told_nothing(front: Front, client: FhirClient) -> None:
    front.amiss = lambda ask: Reply(200, b"{}") if ask.path.endswith("-target") else None
    assert shortcoming(client) is None


def test_nothing_is_left_behind(front: Front, client: FhirClient) -> None:
    shortcoming(client)
    put, deleted = front.bundles
    made = put.entries[0]["resource"]
    assert [entry["request"] for entry in deleted.entries] == [
        {"method": "DELETE", "url": f"Basic/{made['id']}"},
        {"method": "DELETE", "url": made["subject"]["reference"]},
    ]


def test_what_the_server_does_not_delete_is_told(
    front: Front, client: FhirClient, capsys: pytest.CaptureFixture[str]
) -> None:
    front.amiss = lambda ask: Reply(409, outcome("conflict")) if ask.is_bundle and not puts(ask) else None
    shortcoming(client)
    made = front.bundles[0].entries[0]["resource"]
    names = f"Basic/{made['id']} and {made['subject']['reference']}"
    assert f"HTTP 409 to the deletion of {names}" in capsys.readouterr().out


def test_a_server_that_does_not_answer_now_is_asked_after_the_first_write(
    front: Front, client: FhirClient, capsys: pytest.CaptureFixture[str]
) -> None:
    front.amiss = lambda _: Reply(503)
    with pytest.raises(Unavailable):
        shortcoming(client)
    sink = HapiSink(client, bundle_size=10, parallel=1, patience=Patience(), check_references=True)
    sink.check_references()
    front.amiss = lambda _: None
    sink.write([change("a")])
    sink.write([change("b")])
    sink.close()
    asked = [ask for ask in front.bundles if puts(ask) and b"firth-reference-" in ask.body]
    assert len(asked) == 3, "twice before, and once after it answered"
    assert "will not find" in capsys.readouterr().out


def test_what_is_written_to_ask_says_nothing_of_anybody(front: Front, client: FhirClient) -> None:
    shortcoming(client)
    (asked,) = (ask for ask in front.bundles if puts(ask))
    assert json.loads(asked.body)["entry"][0]["resource"]["resourceType"] == "Basic"

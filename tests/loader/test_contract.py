"""What every sink does, whatever it is: the same tests for the one in memory, for the FHIR sink before a
server in memory, and for both sinks before the real servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol
from uuid import uuid4

import pytest
import requests

from loader import mongo
from loader.delivery import Patience
from loader.fhir_client import FhirClient
from loader.hapi import HapiSink
from loader.mongo import MongoSink
from loader.sink import Change, Name, Result
from pipeline.errors import InvalidRecord
from tests.loader.making import change
from tests.loader.memory import MemorySink
from tests.loader.servers import Ask, Front, MemoryFhir, serving


class Readable(Protocol):
    """A sink whose resources can be read back, as JSON without what the server adds."""

    def write(self, changes: Sequence[Change]) -> Sequence[Result]: ...
    def resource(self, name: Name) -> dict[str, Any] | None: ...


class ReadableMemory(MemorySink):
    def resource(self, name: Name) -> dict[str, Any] | None:
        held = self.read(name)
        return None if held is None else json.loads(held)


class ReadableFhir(HapiSink):
    def __init__(self, client: FhirClient, get: Callable[[str], tuple[int, bytes]]) -> None:
        super().__init__(client, bundle_size=10, parallel=2, patience=Patience(pause=0.01))
        self._get = get

    def resource(self, name: Name) -> dict[str, Any] | None:
        status, body = self._get("/".join(name))
        if status in (404, 410):
            return None
        read: dict[str, Any] = json.loads(body)
        read.pop("meta", None)
        return read


class ReadableMongo(MongoSink):
    def resource(self, name: Name) -> dict[str, Any] | None:
        found = self._database[name[0]].find_one({"_id": name[1]})
        return None if found is None else dict(found["resource"])


def _memory(_: pytest.FixtureRequest) -> Iterator[Readable]:
    yield ReadableMemory()


def _fhir_in_memory(_: pytest.FixtureRequest) -> Iterator[Readable]:
    server = MemoryFhir()

    def get(path: str) -> tuple[int, bytes]:
        reply = server(Ask("GET", f"/{path}", b"", {}))
        return reply.status, reply.body

    with serving(Front(server)) as url:
        sink = ReadableFhir(FhirClient(url, token=None, time_limit=5), get)
        yield sink
        sink.close()


def _hapi(request: pytest.FixtureRequest) -> Iterator[Readable]:
    url = request.getfixturevalue("hapi")

    def get(path: str) -> tuple[int, bytes]:
        answer = requests.get(f"{url}/{path}", timeout=20)
        return answer.status_code, answer.content

    sink = ReadableFhir(FhirClient(url, token=None, time_limit=20), get)
    yield sink
    sink.close()


def _mongodb(request: pytest.FixtureRequest) -> Iterator[Readable]:
    with mongo.connect(request.getfixturevalue("mongodb"), time_limit=10) as client:
        database = f"contract-{uuid4().hex[:8]}"
        yield ReadableMongo(client, database)
        client.drop_database(database)


@pytest.fixture(
    params=[
        pytest.param(_memory, id="memory"),
        pytest.param(_fhir_in_memory, id="fhir-in-memory"),
        pytest.param(_hapi, id="hapi", marks=pytest.mark.stack),
        pytest.param(_mongodb, id="mongodb", marks=pytest.mark.stack),
    ]
)
def sink(request: pytest.FixtureRequest) -> Iterator[Readable]:
    yield from request.param(request)


@pytest.fixture
def new() -> Callable[[], str]:
    """Ids that nobody used before: the real servers keep what other tests wrote."""
    return lambda: uuid4().hex


def bad(resource_id: str) -> Change:
    """What no sink takes: not JSON, and told to the one in memory by its words."""
    return change(resource_id, raw=b'{"resourceType":"Patient","id":"%b","language":"refuse-me"' % resource_id.encode())


def test_a_replacement_is_held(sink: Readable, new: Callable[[], str]) -> None:
    a, b = new(), new()
    assert sink.write([change(a, gender="male"), change(b, "Organization", name="x")]) == ["written", "written"]
    assert sink.resource(("Patient", a)) == {"resourceType": "Patient", "id": a, "gender": "male"}
    assert sink.resource(("Organization", b)) == {"resourceType": "Organization", "id": b, "name": "x"}


def test_a_newer_one_takes_its_place(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    sink.write([change(a, as_of=1, gender="male")])
    assert sink.write([change(a, as_of=2, gender="female")]) == ["written"]
    held = sink.resource(("Patient", a))
    assert held is not None
    assert held["gender"] == "female"


def test_an_older_one_does_not(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    sink.write([change(a, as_of=2, gender="female")])
    assert sink.write([change(a, as_of=1, gender="male")]) == ["superseded"]
    assert sink.write([change(a, as_of=1, write="delete")]) == ["superseded"]
    held = sink.resource(("Patient", a))
    assert held is not None
    assert held["gender"] == "female"


def test_the_same_again_is_written_again_and_changes_nothing(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    assert sink.write([change(a)]) == sink.write([change(a)]) == ["written"]
    assert sink.resource(("Patient", a)) == {"resourceType": "Patient", "id": a}


def test_ensure_writes_what_is_not_there(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    assert sink.write([change(a, write="ensure", gender="male")]) == ["written"]
    assert sink.resource(("Patient", a)) == {"resourceType": "Patient", "id": a, "gender": "male"}


def test_ensure_never_overwrites_however_new(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    sink.write([change(a, as_of=1, gender="female")])
    assert sink.write([change(a, write="ensure", as_of=9)]) == ["exists"]
    held = sink.resource(("Patient", a))
    assert held is not None
    assert held["gender"] == "female"


def test_delete_removes_and_does_so_again_without_complaint(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    sink.write([change(a, as_of=1)])
    assert sink.write([change(a, write="delete", as_of=2)]) == ["written"]
    assert sink.write([change(a, write="delete", as_of=2)]) == ["written"]
    assert sink.resource(("Patient", a)) is None


def test_delete_of_what_never_was_is_written(sink: Readable, new: Callable[[], str]) -> None:
    assert sink.write([change(new(), write="delete")]) == ["written"]


def test_an_older_one_does_not_bring_back_what_was_deleted(sink: Readable, new: Callable[[], str]) -> None:
    a = new()
    sink.write([change(a, write="delete", as_of=2)])
    assert sink.write([change(a, as_of=1)]) == ["superseded"]
    assert sink.resource(("Patient", a)) is None


def test_what_was_deleted_can_come_again(sink: Readable, new: Callable[[], str]) -> None:
    a, b = new(), new()
    sink.write([change(a, as_of=1), change(b, as_of=1)])
    sink.write([change(a, write="delete", as_of=2), change(b, write="delete", as_of=2)])
    assert sink.write([change(a, as_of=3), change(b, write="ensure", as_of=3)]) == ["written", "written"]
    assert sink.resource(("Patient", a)) is not None
    assert sink.resource(("Patient", b)) is not None


def test_one_that_can_never_pass_does_not_keep_the_others_out(sink: Readable, new: Callable[[], str]) -> None:
    a, b, c = new(), new(), new()
    first, second, third = sink.write([change(a), bad(b), change(c)])
    assert (first, third) == ("written", "written")
    assert isinstance(second, InvalidRecord)
    assert sink.resource(("Patient", a)) is not None
    assert sink.resource(("Patient", b)) is None
    assert sink.resource(("Patient", c)) is not None


def test_many_changes_of_many_keys_are_answered_in_their_places(sink: Readable, new: Callable[[], str]) -> None:
    ids = [new() for _ in range(120)]
    sink.write([change(each) for each in ids[:60:2]])
    changes = [change(each, write="ensure", key=b"%d" % (at % 7)) for at, each in enumerate(ids)]
    expected = ["exists" if at < 60 and at % 2 == 0 else "written" for at in range(120)]
    assert list(sink.write(changes)) == expected


def test_no_changes_are_no_results(sink: Readable) -> None:
    assert list(sink.write([])) == []

"""The FHIR sink before a real HAPI server, with and without trouble on the way."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from loader.delivery import Patience
from loader.fhir_client import FhirClient
from loader.hapi import HapiSink
from loader.references import shortcoming
from loader.sink import Change
from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from tests.loader.making import change
from tests.loader.servers import Ask, Front, Reply, real, serving

pytestmark = pytest.mark.stack
SHORT = Patience(pause=0.01, longest=0.1)


class Hospital:
    """A HAPI server as a person would look at it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}/{path}", timeout=20, headers={"Cache-Control": "no-cache"})

    def read(self, name: str) -> dict[str, Any]:
        answer = self.get(name)
        answer.raise_for_status()
        return dict(answer.json())

    def version(self, name: str) -> str:
        return str(self.read(name)["meta"]["versionId"])


@pytest.fixture
def hospital(hapi: str) -> Hospital:
    return Hospital(hapi)


def sink_at(url: str, *, check_references: bool = False) -> HapiSink:
    client = FhirClient(url, token=None, time_limit=20)
    return HapiSink(client, bundle_size=20, parallel=3, patience=SHORT, check_references=check_references)


@pytest.fixture
def sink(hapi: str) -> Iterator[HapiSink]:
    sink = sink_at(hapi)
    yield sink
    sink.close()


@pytest.fixture
def front(hapi: str) -> Front:
    return Front(real(hapi))


@pytest.fixture
def fronted(front: Front) -> Iterator[HapiSink]:
    with serving(front) as url:
        sink = sink_at(url)
        yield sink
        sink.close()


@pytest.fixture
def new() -> Callable[[], str]:
    return lambda: uuid4().hex


def observation(resource_id: str, patient: str, **more: Any) -> Change:
    return change(
        resource_id,
        "Observation",
        status="final",
        code={"text": "Hb"},
        subject={"reference": f"Patient/{patient}"},
        **more,
    )


def test_the_same_batch_twice_gives_no_resource_a_new_version(
    hospital: Hospital, sink: HapiSink, new: Callable[[], str]
) -> None:
    ids = [new() for _ in range(60)]
    changes = [change(each, name=[{"family": "x"}], active=True) for each in ids]
    assert sink.write(changes) == sink.write(changes) == ["written"] * 60
    assert {hospital.version(f"Patient/{each}") for each in ids} == {"1"}


def test_what_was_written_when_new_tags_and_new_patients_met_can_be_written_again(
    sink: HapiSink, new: Callable[[], str]
) -> None:
    patients = [new() for _ in range(10)]
    tags = [{"tag": [{"code": new()}]} for _ in range(3)]
    written = [(new(), patients[at % 10], tags[at // 20]) for at in range(60)]  # a tag a bundle
    for day in ("2150-01-01", "2150-01-02"):
        changes = [observation(each, patient, meta=meta, effectiveDateTime=day) for each, patient, meta in written]
        assert sink.write(changes) == ["written"] * 60


def test_a_refused_resource_comes_back_with_hapi_s_own_outcome(sink: HapiSink, new: Callable[[], str]) -> None:
    secret = "1950-99-02"
    results = sink.write([*[change(new()) for _ in range(30)], change(new(), birthDate=secret)])
    assert results[:30] == ["written"] * 30
    error = results[30]
    assert isinstance(error, InvalidRecord)
    assert str(error) == (
        "Patient: refused by the FHIR server with HTTP 400: processing HAPI-0450 HAPI-1821 at birthDate"
    )
    assert error.details is not None
    assert json.loads(error.details)["resourceType"] == "OperationOutcome"
    assert secret in error.details


def test_a_body_of_another_type_is_refused(hospital: Hospital, sink: HapiSink, new: Callable[[], str]) -> None:
    a = new()
    raw = b'{"resourceType":"Organization","id":"%b"}' % a.encode()
    first, second = sink.write([change(a, raw=raw), change(new())])
    assert isinstance(first, InvalidRecord)
    assert second == "written"
    assert hospital.get(f"Patient/{a}").status_code == 404


def test_an_observation_before_its_patient_is_found_by_it_when_the_patient_came(
    hospital: Hospital, sink: HapiSink, new: Callable[[], str]
) -> None:
    patient, seen = new(), new()
    assert sink.write([observation(seen, patient)]) == ["written"]
    assert sink.write([change(patient, gender="female")]) == ["written"]
    assert hospital.read(f"Patient/{patient}")["gender"] == "female"
    found = hospital.read(f"Observation?subject=Patient/{patient}&_elements=id")
    assert [entry["resource"]["id"] for entry in found["entry"]] == [seen]


def test_an_ensure_fills_a_placeholder_but_nothing_more(
    hospital: Hospital, sink: HapiSink, hapi: str, new: Callable[[], str]
) -> None:
    patient = new()
    sink.write([observation(new(), patient)])
    assert sink.write([change(patient, write="ensure", gender="male")]) == ["written"]
    assert hospital.read(f"Patient/{patient}")["gender"] == "male"
    other = sink_at(hapi)
    assert other.write([change(patient, write="ensure", gender="female")]) == ["exists"]
    other.close()
    assert hospital.read(f"Patient/{patient}")["gender"] == "male"


def test_an_ensure_never_overwrites_what_another_writer_made_between_look_up_and_write(
    hospital: Hospital, front: Front, fronted: HapiSink, sink: HapiSink, new: Callable[[], str]
) -> None:
    patient = new()
    meanwhile = itertools.count()

    def race(ask: Ask) -> Reply | None:
        if ask.is_bundle and next(meanwhile) == 0:
            sink.write([change(patient, gender="female", name=[{"family": "full"}])])
        return None

    front.amiss = race
    assert fronted.write([change(patient, write="ensure", gender="male"), change(new())]) == ["exists", "written"]
    assert hospital.read(f"Patient/{patient}")["name"] == [{"family": "full"}]


def test_writers_that_meet_on_new_placeholders_get_everything_through(
    sink: HapiSink, hapi: str, new: Callable[[], str]
) -> None:
    patients = [new() for _ in range(20)]
    sinks = [sink_at(hapi) for _ in range(2)]
    results: list[str | InvalidRecord] = []

    def run(one: HapiSink) -> None:
        results.extend(one.write([observation(new(), patients[at % 20]) for at in range(120)]))

    threads = [threading.Thread(target=run, args=(one,)) for one in sinks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["written"] * 240
    for one in sinks:
        one.close()


def test_trouble_of_every_kind_on_the_way_loses_nothing_and_doubles_nothing(
    hospital: Hospital, front: Front, fronted: HapiSink, new: Callable[[], str]
) -> None:
    turn = itertools.count()
    trouble = itertools.cycle(
        [Reply(503), None, Reply(409), None, Reply(0, drop=True), None, Reply(429), None, Reply(500), None, None]
    )
    front.amiss = lambda ask: next(trouble) if ask.is_bundle and next(turn) < 60 else None
    ids = [new() for _ in range(200)]
    changes = [change(each) for each in ids]
    for _ in range(20):
        try:
            results = fronted.write(changes)
        except Unavailable:
            continue
        break
    assert results == ["written"] * 200
    assert {hospital.version(f"Patient/{each}") for each in ids[::10]} == {"1"}


def test_an_answer_that_was_lost_on_the_way_back_doubles_nothing(
    hospital: Hospital, front: Front, fronted: HapiSink, new: Callable[[], str]
) -> None:
    lost = itertools.count()

    def lose(ask: Ask) -> Reply | None:
        if ask.is_bundle and next(lost) < 2:
            real(hospital.url)(ask)
            return Reply(0, drop=True)
        return None

    front.amiss = lose
    ids = [new() for _ in range(5)]
    assert fronted.write([change(each) for each in ids]) == ["written"] * 5
    assert {hospital.version(f"Patient/{each}") for each in ids} == {"1"}


def test_a_delete_of_what_is_referred_to_is_given_up_with_the_reason(sink: HapiSink, new: Callable[[], str]) -> None:
    patient = new()
    sink.write([change(patient, as_of=1), observation(new(), patient, as_of=1)])
    result, other = sink.write([change(patient, write="delete", as_of=2), change(new(), as_of=2)])
    assert isinstance(result, InvalidRecord)
    assert "HTTP 409" in str(result)
    assert other == "written"


def test_a_resource_of_megabytes_is_written(hospital: Hospital, sink: HapiSink, new: Callable[[], str]) -> None:
    large = new()
    data = "QUJD" * 500_000
    changes = [change(new()), change(large, "Binary", contentType="text/plain", data=data), change(new())]
    assert sink.write(changes) == ["written"] * 3
    assert hospital.get(f"Binary/{large}").status_code == 200


def test_our_server_lacks_nothing_for_references_ahead_of_their_target(hospital: Hospital, front: Front) -> None:
    with serving(front) as url:
        client = FhirClient(url, token=None, time_limit=20)
        assert shortcoming(client) is None
        assert shortcoming(client) is None, "the question can be asked again"
    asked = {entry["request"]["url"] for bundle in front.bundles for entry in bundle.entries}
    assert {hospital.get(name).status_code for name in asked} == {410}, "nothing is left behind"


def test_an_address_that_is_no_fhir_server_is_said_to_be_none(hapi: str) -> None:
    sink = sink_at(hapi.removesuffix("/fhir") + "/nothing-here", check_references=True)
    with pytest.raises(Misconfigured, match="check FHIR_API_URL"):
        sink.check_references()
    sink.close()

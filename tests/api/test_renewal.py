"""What comes from Pyrog and from FHIR servers comes into the store before a batch freezes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from api import renewal, state
from api.problems import Problem
from api.pyrog import Pyrog
from api.state import connect, prepare
from api.tokens import Caller, Role
from mapping import document
from pipeline.service_settings import KafkaSettings
from pipeline.settings import Secret
from tests.api.running import (
    CALLER,
    CREDENTIAL,
    WORKER,
    WORKER_TOKEN,
    client,
    free_port,
    mapping,
    new_database,
    resource,
)
from tests.api.serving import FhirServer, serving
from tests.stack import Kafka

pytestmark = pytest.mark.stack


@pytest.fixture
def upstream(postgres: str) -> Iterator[FlaskClient]:
    """Another Firth, whose stored mappings are served as Pyrog's are."""
    engine = connect(Secret(new_database(postgres)), pool_size=2)
    with engine.begin() as connection:
        prepare(connection)
    yield client(engine=engine)
    engine.dispose()


@pytest.fixture
def opened() -> Iterator[Callable[[AbstractContextManager[str]], str]]:
    """Enters contexts until the test is over."""
    with ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def pyrog(upstream: FlaskClient, opened: Callable[..., str]) -> Pyrog:
    return Pyrog(opened(serving(upstream.application)) + "/graphql", login="firth", password=Secret(WORKER_TOKEN))


def put(application: FlaskClient, *resource_ids: str, source: str = "hospital", **more: Any) -> None:
    answer = application.post("/mappings", json=mapping(source, *resource_ids) | more, headers=CALLER)
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)


def renewed(application: FlaskClient, *resource_ids: str) -> None:
    """As a request would."""
    with application.application.test_request_context():
        g.caller = Caller("ana", Role.CALLER)
        renewal.renew(resource_ids)


def hash_of(engine: Engine, source: str = "hospital") -> str | None:
    with engine.connect() as connection:
        query = select(state.mappings.c.hash).where(state.mappings.c.source_id == source)
        found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def resources_of(application: FlaskClient, source: str = "hospital") -> Sequence[str]:
    return [one["id"] for one in application.get(f"/mappings/{source}", headers=CALLER).get_json()["resources"]]


def refusal(application: FlaskClient, *resource_ids: str) -> Problem:
    with pytest.raises(Problem) as caught:
        renewed(application, *resource_ids)
    return caught.value


def test_resources_that_nobody_imported_are_taken_from_pyrog_with_their_login(
    engine: Engine, pyrog: Pyrog, upstream: FlaskClient
) -> None:
    given = mapping("hospital", "patients", "wards", credential=CREDENTIAL)
    assert upstream.post("/mappings", json=given, headers=CALLER).status_code == 201
    here = client(engine=engine, pyrog=pyrog)
    renewed(here, "patients")
    assert resources_of(here) == ["patients"]
    login = here.get("/sources/hospital/credential", headers=WORKER).get_json()
    assert login["password"] == CREDENTIAL["password"]


def test_resources_of_one_source_stay_together_as_they_are_taken(
    engine: Engine, pyrog: Pyrog, upstream: FlaskClient
) -> None:
    put(upstream, "patients", "wards")
    here = client(engine=engine, pyrog=pyrog)
    renewed(here, "patients")
    renewed(here, "wards")
    assert resources_of(here) == ["patients", "wards"]


def test_what_is_edited_in_pyrog_is_in_the_next_batch_and_what_was_frozen_stays(
    engine: Engine, pyrog: Pyrog, upstream: FlaskClient
) -> None:
    put(upstream, "patients")
    here = client(engine=engine, pyrog=pyrog)
    renewed(here, "patients")
    first = hash_of(engine)
    renewed(here, "patients")
    assert hash_of(engine) == first
    put(upstream, resources=[resource("patients", script="map_gender")])
    renewed(here, "patients")
    assert hash_of(engine) != first
    assert here.get(f"/frozen-mappings/{first}", headers=WORKER).status_code == 200


def test_an_imported_mapping_is_not_pyrogs(engine: Engine, pyrog: Pyrog, upstream: FlaskClient) -> None:
    put(upstream, resources=[resource("patients", script="map_gender"), resource("wards")])
    here = client(engine=engine, pyrog=pyrog)
    put(here, "patients")
    imported = hash_of(engine)
    renewed(here, "patients")
    assert hash_of(engine) == imported
    problem = refusal(here, "wards")
    assert (problem.slug, "delete it to take that source from Pyrog" in str(problem)) == ("conflict", True)


def test_importing_over_a_mapping_of_pyrogs_makes_it_ours(engine: Engine, pyrog: Pyrog, upstream: FlaskClient) -> None:
    put(upstream, "patients")
    here = client(engine=engine, pyrog=pyrog)
    renewed(here, "patients")
    put(here, resources=[resource("patients", script="map_gender")])
    imported = hash_of(engine)
    renewed(here, "patients")
    assert hash_of(engine) == imported


def test_a_resource_that_pyrog_has_no_more_is_told(engine: Engine, pyrog: Pyrog, upstream: FlaskClient) -> None:
    put(upstream, "patients")
    here = client(engine=engine, pyrog=pyrog)
    renewed(here, "patients")
    upstream.delete("/mappings/hospital", headers=CALLER)
    problem = refusal(here, "patients")
    assert (problem.slug, problem.more["resource_ids"]) == ("unknown-resources", ["patients"])


def test_a_resource_that_neither_knows_is_left_for_the_caller(engine: Engine, pyrog: Pyrog) -> None:
    renewed(client(engine=engine, pyrog=pyrog), "patients")
    assert hash_of(engine) is None


def test_a_concept_map_of_the_fhir_server_is_frozen_as_it_is_at_the_start(
    engine: Engine, opened: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.concept_maps.FRESH", -1.0)
    server = FhirServer()
    here = client(engine=engine, fhir_url=opened(serving(server.app)) + "/fhir")
    put(here, resources=[with_concept_map("m")])
    first = codes_of(here)
    server.target = "other"
    renewed(here, "patients")
    assert (first, codes_of(here)) == ({"M": "male"}, {"M": "other"})


def test_a_concept_map_that_is_nowhere_is_a_mistake(engine: Engine, opened: Callable[..., str]) -> None:
    here = client(engine=engine, fhir_url=opened(serving(FhirServer().app)) + "/fhir")
    answer = here.post("/mappings", json=mapping() | {"resources": [with_concept_map("n")]}, headers=CALLER)
    assert answer.status_code == 422
    assert "nor on a FHIR server that was asked" in answer.get_json()["mistakes"][0]["reason"]


def test_a_concept_map_that_the_fhir_server_lost_stops_the_start(
    engine: Engine, opened: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.concept_maps.FRESH", -1.0)
    url = opened(serving(FhirServer().app))
    here = client(engine=engine, fhir_url=f"{url}/fhir")
    put(here, resources=[with_concept_map("m")])
    assert refusal(client(engine=engine, fhir_url=f"{url}/elsewhere"), "patients").slug == "invalid-mapping"
    assert refusal(client(engine=engine), "patients").slug == "unavailable"


def test_a_batch_freezes_what_pyrog_has_at_its_start_and_does_not_start_without_it(
    engine: Engine, pyrog: Pyrog, upstream: FlaskClient, quiet_kafka: Kafka
) -> None:
    put(upstream, "patients")
    kafka = KafkaSettings(bootstrap_servers=quiet_kafka.bootstrap_servers)
    here = client(engine=engine, pyrog=pyrog, kafka=kafka)
    assert here.post("/batch", json={"resource_ids": ["patients"]}, headers=CALLER).status_code == 202
    with engine.connect() as connection:
        frozen = connection.execute(select(state.batch_resources.c.mapping_hash)).scalar_one()
    assert frozen == hash_of(engine)
    assert here.post("/batch", json={"resource_ids": ["wards"]}, headers=CALLER).status_code == 422
    nobody = Pyrog(f"http://127.0.0.1:{free_port()}", login="firth", password=Secret(WORKER_TOKEN))
    away = client(engine=engine, pyrog=nobody, kafka=kafka)
    refused = away.post("/batch", json={"resource_ids": ["patients"]}, headers=CALLER)
    assert (refused.status_code, refused.get_json()["behind"]) == (503, "pyrog")
    assert len(here.get("/batch", headers=CALLER).get_json()["batches"]) == 1


def with_concept_map(name: str) -> Mapping[str, Any]:
    made = resource("patients")
    made["attributes"][0]["inputGroups"][0]["inputs"][0]["conceptMapId"] = name
    return made


def codes_of(application: FlaskClient) -> Mapping[str, str]:
    shown = application.get("/mappings/hospital", headers=CALLER).get_json()
    (concept_map,) = document.read(shown["document"]).concept_maps
    assert concept_map.from_server
    return concept_map.codes

"""Previews on the whole stack: what a batch would load, what goes wrong, who is silent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka import TopicPartition

from command.demo.mapping import mapping_of
from command.demo.servers import Documents
from command.demo.site import Site
from command.stack import downloads
from command.stack.stack import Stack
from mapping.r4 import Definitions
from pipeline import kafka as clients
from pipeline import topics
from pipeline.service_settings import KafkaSettings
from tests.api.running import Api
from tests.stack import RunningStack
from tests.survival.batches import Hospital, Running, wait_for
from transformer.resource_check import ResourceChecks

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PATIENT = 10_000  # the first patient's key; 10,003 has a gender that no concept map knows
UNMAPPED = 10_003
HASTY = "2"  # seconds after which the second api process calls a stage silent


@pytest.fixture
def hospital(servers: Stack, stack: RunningStack) -> Iterator[Hospital]:
    with Hospital.open(servers) as opened:
        yield opened


@pytest.fixture
def hasty_api(stack: RunningStack, hospital: Hospital, tmp_path: Path) -> Iterator[Api]:
    """A second api process over the stack's own state, which does not wait long."""
    database_url = stack.postgres_url(user="firth", database="firth")
    api = Api(
        tmp_path,
        database_url=database_url,
        kafka=stack.kafka,
        definitions=downloads.DEFINITIONS,
        PREVIEW_TIMEOUT=HASTY,
        FHIR_API_URL=stack.fhir_url,
    )
    api.start().ready()
    yield api
    api.end()


def ask(stack: RunningStack, resource_id: str, *keys: object, **more: object) -> requests.Response:
    body = {"resource_id": resource_id, "primary_key_values": keys, **more}
    token = {"Authorization": f"Bearer {stack.api_token}"}
    return requests.post(f"{stack.api_url}/preview", json=body, headers=token, timeout=60)


def answered(answer: requests.Response) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    assert answer.status_code == 200, answer.text
    return answer.json()["instances"], answer.json()["errors"]


def said(issue: dict[str, Any], name: str) -> list[str]:
    return [each["valueString"] for each in issue["extension"] if each["url"] == f"urn:firth:{name}"]


def written(stack: RunningStack) -> dict[tuple[str, int], int]:
    """How far every topic goes that batches use."""
    reader = clients.reader(KafkaSettings(bootstrap_servers=stack.kafka.bootstrap_servers))
    known = reader.list_topics(timeout=10).topics
    ends = {
        (topic, number): reader.get_watermark_offsets(TopicPartition(topic, number))[1]
        for topic in set(topics.ALL) - set(topics.PREVIEWS)
        for number in known[topic].partitions
    }
    reader.close()
    return ends


def at_rest(stack: RunningStack) -> dict[tuple[str, int], int]:
    """How far they go when nothing of earlier tests is under way any more: ten looks show the same."""
    looks = [written(stack)]

    def resting() -> bool:
        looks.append(written(stack))
        return len(looks) > 10 and all(look == looks[-1] for look in looks[-10:])

    wait_for(resting, "the stack at rest")
    return looks[-1]


def test_a_preview_is_what_a_batch_loads_and_loads_nothing(hospital: Hospital, stack: RunningStack) -> None:
    resource_id = "mimic-practitioner"
    before = at_rest(stack)
    instances, errors = answered(ask(stack, resource_id, 14_003, "14001", 14_002))
    assert (len(instances), errors) == (3, [])
    assert written(stack) == before
    batch = Running(hospital, hospital.api.start_batch([resource_id]), "")
    assert batch.wait().state == "completed"
    with closing(Documents(Site.of(hospital.stack).mongodb_url)) as documents:
        for instance in instances:
            document = documents.one("Practitioner", instance["id"])
            assert document is not None
            assert document["resource"] == instance
    again, _ = answered(ask(stack, resource_id, 14_001, 14_002, 14_003))
    assert [instance["id"] for instance in again] == [instances[at]["id"] for at in (1, 2, 0)], "as they were asked for"


def test_a_row_that_is_refused_and_a_key_that_is_not_there_are_issues(hospital: Hospital, stack: RunningStack) -> None:
    instances, errors = answered(ask(stack, "mimic-patient", PATIENT, UNMAPPED, 999_999))
    assert [instance["resourceType"] for instance in instances] == ["Patient"]
    unmapped, missing = errors
    assert (unmapped["code"], unmapped["expression"]) == ("code-invalid", ["Patient.gender"])
    assert (said(unmapped, "primary-key"), said(unmapped, "stage")) == ([str(UNMAPPED)], ["transformer"])
    assert said(unmapped, "column") == ["patients.gender"]
    assert "concept map" in said(unmapped, "rule")[0]
    assert (missing["code"], said(missing, "primary-key")) == ("not-found", ["999999"])
    outcome = {"resourceType": "OperationOutcome", "issue": errors}
    assert ResourceChecks(Definitions.load(downloads.DEFINITIONS)).fault(outcome) is None


def test_a_key_of_another_type_is_an_issue(hospital: Hospital, stack: RunningStack) -> None:
    instances, (issue,) = answered(ask(stack, "mimic-patient", "not a number"))
    assert (instances, issue["code"], said(issue, "stage")) == ([], "value", ["extractor"])


def test_the_fhir_server_validates_on_request(hospital: Hospital, stack: RunningStack) -> None:
    instances, issues = answered(ask(stack, "mimic-patient", PATIENT, validate=True))
    assert len(instances) == 1
    assert issues, "HAPI warns of the extensions of US Core, which it does not know"
    assert {(said(issue, "stage")[0], said(issue, "primary-key")[0]) for issue in issues} == {
        ("fhir-server", str(PATIENT))
    }
    assert {issue["severity"] for issue in issues} <= {"warning", "error"}


def test_a_mapping_that_cannot_be_compiled_is_told(hospital: Hospital, stack: RunningStack) -> None:
    document = mapping_of(Site.of(hospital.stack))
    document["source"] |= {"id": "uncompilable", "name": "uncompilable"}
    (resource,) = [each for each in document["resources"] if each["id"] == "mimic-practitioner"]
    resource["id"] = "uncompilable"
    attribute = next(each for each in resource["attributes"] if each["path"].endswith(".family"))
    attribute["path"] = "contained[0].id"
    document["resources"] = [resource]
    hospital.api.import_mapping(document)
    answer = ask(stack, "uncompilable", 14_001)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-mapping")
    assert "contained" in answer.json()["detail"]


def test_a_source_that_is_away_is_told_at_once(hospital: Hospital, stack: RunningStack) -> None:
    document = mapping_of(Site.of(hospital.stack))
    document["source"] |= {"id": "away", "name": "away"}
    document["source"]["credential"] |= {"port": 1}
    document["resources"] = [each for each in document["resources"] if each["id"] == "mimic-practitioner"]
    document["resources"][0]["id"] = "away-practitioner"
    hospital.api.import_mapping(document)
    answer = ask(stack, "away-practitioner", 14_001)
    assert (answer.status_code, answer.json()["behind"]) == (503, "extractor")
    assert "nobody listens" in answer.json()["detail"]


def test_a_stage_that_is_silent_is_named_by_every_api_process(
    hospital: Hospital, stack: RunningStack, hasty_api: Api
) -> None:
    body = {"resource_id": "mimic-patient", "primary_key_values": [PATIENT]}
    for silent in ("transformer", "extractor"):
        stack.pause(silent)
        answer = hasty_api.answer_to("/preview", body)
        assert (answer.status_code, answer.json()["type"]) == (504, "/problems/timeout")
        assert answer.json()["behind"] == silent
        stack.resume(silent)
    assert len(hasty_api.post("/preview", body)["instances"]) == 1


def test_several_api_processes_get_their_own_answers(hospital: Hospital, stack: RunningStack, hasty_api: Api) -> None:
    def one(number: int) -> bool:
        key = PATIENT + 20 + number  # patients without a bad row
        body = {"resource_id": "mimic-patient", "primary_key_values": [key]}
        token = {"Authorization": f"Bearer {stack.api_token}"}
        if number % 2:
            found = hasty_api.post("/preview", body)
        else:
            found = requests.post(f"{stack.api_url}/preview", json=body, headers=token, timeout=60).json()
        return [each["identifier"][0]["value"] for each in found["instances"]] == [str(key)]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(one, range(80)))

"""The servers that other tests stand on."""

from __future__ import annotations

import threading
from contextlib import suppress
from itertools import count

import psycopg
import pymongo
import pytest
import requests
from confluent_kafka.admin import AdminClient
from pymongo.errors import PyMongoError

from command.stack.stack import Stack
from tests.stack import Kafka, RunningStack
from tests.survival.batches import wait_for

pytestmark = pytest.mark.stack


def test_a_broker_and_its_registry_answer(kafka: Kafka) -> None:
    assert len(AdminClient({"bootstrap.servers": kafka.bootstrap_servers}).list_topics(timeout=10).brokers) == 1
    assert requests.get(f"{kafka.registry_url}/subjects", timeout=10).ok


def test_the_admin_of_postgresql_may_make_databases(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("create database of_a_test")
        admin.execute("drop database of_a_test")


def test_hapi_finds_an_observation_by_a_patient_that_came_later(hapi: str) -> None:
    observation = {
        "resourceType": "Observation",
        "id": "b1f6d5a0-0000-5000-8000-000000000001",
        "status": "final",
        "code": {"text": "of a test"},
        "subject": {"reference": "Patient/b1f6d5a0-0000-5000-8000-000000000002"},
    }
    patient = {"resourceType": "Patient", "id": "b1f6d5a0-0000-5000-8000-000000000002", "gender": "other"}
    for resource in (observation, patient):
        requests.put(
            f"{hapi}/{resource['resourceType']}/{resource['id']}", json=resource, timeout=30
        ).raise_for_status()
    found = requests.get(f"{hapi}/Observation", params={"subject.gender": "other"}, timeout=30).json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [observation["id"]]


def test_mongodb_upserts(mongodb: str) -> None:
    with pymongo.MongoClient[dict[str, object]](mongodb) as client:
        things = client.of_a_test.things
        for _ in range(2):
            things.replace_one({"_id": 1}, {"value": "x"}, upsert=True)
        assert list(things.find()) == [{"_id": 1, "value": "x"}]


def test_what_mongodb_acknowledged_survives_its_kill(servers: Stack, mongodb: str) -> None:
    running = RunningStack(servers)
    acknowledged: list[int] = []

    def write_until_it_is_gone() -> None:
        with (
            pymongo.MongoClient[dict[str, object]](mongodb, retryWrites=False, serverSelectionTimeoutMS=1000) as client,
            suppress(PyMongoError),
        ):
            for number in count():
                client.of_a_test.numbers.insert_one({"_id": number})
                acknowledged.append(number)

    writer = threading.Thread(target=write_until_it_is_gone)
    writer.start()
    wait_for(lambda: len(acknowledged) > 100, "a hundred writes")
    running.kill("mongodb")
    writer.join()
    running.start("mongodb")
    with pymongo.MongoClient[dict[str, object]](mongodb) as client:
        kept = {document["_id"] for document in client.of_a_test.numbers.find()}
    assert kept.issuperset(acknowledged)


def test_a_killed_worker_is_started_again_and_nothing_else_is(stack: RunningStack) -> None:
    stack.kill("transformer")
    assert not stack.is_running("transformer")
    stack.start()
    assert stack.is_running("transformer")
    assert requests.get(f"{stack.api_url}/health/ready", timeout=10).ok


def test_more_workers_of_a_stage_run_when_asked_for(stack: RunningStack) -> None:
    stack.scale(loader_mongodb=2)
    assert stack.is_running("loader-mongodb-2")
    stack.scale(loader_mongodb=1)
    assert not stack.is_running("loader-mongodb-2")

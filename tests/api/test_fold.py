"""Folding, with whole api processes: counts are exact whatever happens to them."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from psycopg import sql

from command.stack.stack import Stack
from pipeline import kafka as clients
from pipeline.codec import Codec
from pipeline.events import Progress
from pipeline.service_settings import KafkaSettings, RegistrySettings
from pipeline.topics import DLQ, PROGRESS
from tests.api.running import CALLER, Api, mapping, until
from tests.api.test_batches import all_done, dead_letter, progress
from tests.stack import Kafka, RunningStack

pytestmark = pytest.mark.stack

RESOURCES = [f"r{number}" for number in range(5)]


@dataclass
class Stages:
    """What the stages would write, written by the test: a transaction a call, as the loop does it."""

    kafka: Kafka

    def __post_init__(self) -> None:
        self.codec = Codec.connect(RegistrySettings(url=self.kafka.registry_url))
        self.broker = KafkaSettings(bootstrap_servers=self.kafka.bootstrap_servers)
        self.producer = clients.producer(self.broker, transactional_id=f"test-stages-{id(self)}")
        self.producer.init_transactions(30)

    def say(self, *events: Progress, commit: bool = True) -> None:
        self.producer.begin_transaction()
        for event in events:
            key = f"{event.batch_id}:{event.resource_id}".encode()
            self.producer.produce(PROGRESS, key=key, value=self.codec.encode(event))
        if commit:
            self.producer.commit_transaction(30)
        else:
            self.producer.flush(30)
            self.producer.abort_transaction(30)

    def write(self, topic: str, *values: bytes) -> None:
        self.producer.begin_transaction()
        for value in values:
            self.producer.produce(topic, value=value)
        self.producer.commit_transaction(30)

    def run(self, batch_id: str, records: int, between: Callable[[int], None] = lambda _: None) -> None:
        """Extract, transform and load `records` of each resource, a hundred a transaction, one refused in ten."""
        for number in range(0, records, 100):
            for resource_id in RESOURCES:
                total = records if number + 100 == records else None
                self.say(
                    progress(batch_id, resource_id, "extractor", succeeded=100, total=total),
                    progress(batch_id, resource_id, "transformer", succeeded=90, failed=10),
                    progress(batch_id, resource_id, "loader", "fhir", succeeded=90),
                    progress(batch_id, resource_id, "loader", "mongodb", succeeded=85, failed=5),
                )
            between(number)


@pytest.fixture
def stages(quiet_kafka: Kafka) -> Stages:
    return Stages(quiet_kafka)


def start(api: Api) -> str:
    api.post("/mappings", mapping("hospital", *RESOURCES))
    batch_id: str = api.post("/batch", {"resource_ids": RESOURCES})["batch_id"]
    return batch_id


def ended(api: Api, batch_id: str) -> dict[str, Any] | None:
    batch: dict[str, Any] = api.get(f"/batch/{batch_id}")
    return batch if batch["ended_at"] else None


def folding(apis: Sequence[Api]) -> list[Api]:
    """Those that say that they fold."""
    return [
        api
        for api in apis
        if "firth_folding 1.0" in requests.get(f"{api.url}/metrics", headers=CALLER, timeout=30).text
    ]


def assert_exact(batch: dict[str, Any], records: int) -> None:
    assert batch["state"] == "completed"
    for each in batch["resources"]:
        tenth = records // 10
        assert (each["total"], each["extracted"], each["transformed"]) == (records, records, records - tenth)
        assert each["loaded"] == {"fhir": records - tenth, "mongodb": records - tenth - records // 20}
        assert each["failed"] == tenth + records // 20


def test_counts_and_dead_letters_follow_the_topics(start_api: Callable[..., Api], stages: Stages) -> None:
    api = start_api().ready()
    batch_id = start(api)
    stages.write(DLQ, *(stages.codec.encode(dead_letter(batch_id, number, resource_id="r0")) for number in range(3)))
    stages.run(batch_id, 1000)
    batch = until(lambda: ended(api, batch_id), what="batch over")
    assert_exact(batch, 1000)
    letters = until(lambda: api.get(f"/dead-letters?batch_id={batch_id}")["dead_letters"])
    assert len(letters) == 3
    assert [error["reason"] for error in batch["resources"][0]["first_errors"]] == ["missing-field"]


def test_what_was_aborted_and_what_is_no_event_counts_nothing(start_api: Callable[..., Api], stages: Stages) -> None:
    api = start_api().ready()
    batch_id = start(api)
    stages.say(*all_done(batch_id, "r0", 7), commit=False)
    stages.write(PROGRESS, b"", b"\x00\x00\x00\x00\x01garbage", b"\x00\xff\xff\xff\xff", b"{}")
    stages.write(DLQ, b"garbage")
    stages.run(batch_id, 100)
    assert_exact(until(lambda: ended(api, batch_id), what="batch over"), 100)
    assert "firth_foreign_records_total" in requests.get(f"{api.url}/metrics", headers=CALLER, timeout=30).text


def test_one_of_two_processes_folds_and_the_other_takes_over(start_api: Callable[..., Api], stages: Stages) -> None:
    apis = [start_api().ready(), start_api().ready()]
    until(lambda: len(folding(apis)) == 1, what="one folds")
    batch_id = start(apis[0])
    (leader,) = folding(apis)
    (other,) = (api for api in apis if api is not leader)

    def kill_midway(number: int) -> None:
        if number == 500:
            leader.end(signal.SIGKILL)

    stages.run(batch_id, 1000, kill_midway)
    assert_exact(until(lambda: ended(other, batch_id), what="batch over"), 1000)
    assert folding([other]) == [other]
    leader.start().ready()
    assert folding(apis) == [other]


def test_kills_at_any_moment_count_nothing_twice(start_api: Callable[..., Api], stages: Stages) -> None:
    api = start_api().ready()
    batch_id = start(api)
    chance = random.Random(4711)

    def kill_now_and_then(number: int) -> None:
        if number % 1000 == 900:
            until(lambda: api.get(f"/batch/{batch_id}")["resources"][0]["extracted"] > number - chance.randrange(900))
            api.end(signal.SIGKILL)
            api.start().ready()

    stages.run(batch_id, 4000, kill_now_and_then)
    assert_exact(until(lambda: ended(api, batch_id), what="batch over"), 4000)


def test_connections_that_postgresql_drops_count_nothing_twice(
    start_api: Callable[..., Api], stages: Stages, database_url: str
) -> None:
    api = start_api().ready()
    batch_id = start(api)

    def drop(number: int) -> None:
        if number % 500 == 400:
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    stages.run(batch_id, 2000, drop)
    assert_exact(until(lambda: ended(api, batch_id), what="batch over"), 2000)


def test_while_the_broker_sleeps_batches_are_503_and_then_all_goes_on(
    start_api: Callable[..., Api], stages: Stages, servers: Stack
) -> None:
    api = start_api().ready()
    batch_id = start(api)
    stages.run(batch_id, 200)
    stack = RunningStack(servers)
    stack.pause("kafka")
    try:
        until(lambda: requests.get(f"{api.url}/health/ready", timeout=30).status_code == 503, what="not ready")
        answer = requests.post(f"{api.url}/batch", json={"resource_ids": RESOURCES}, headers=CALLER, timeout=30)
        assert (answer.status_code, answer.json()["behind"]) == (503, "kafka")
        assert requests.get(f"{api.url}/health/live", timeout=30).status_code == 200
        assert len(api.get("/batch")["batches"]) == 1
    finally:
        stack.resume("kafka")
    assert_exact(until(lambda: ended(api, batch_id), what="batch over"), 200)
    api.ready()
    second = api.post("/batch", {"resource_ids": RESOURCES})["batch_id"]
    until(lambda: api.get(f"/batch/{second}")["state"] == "running", what="second batch running")


def test_sigterm_stops_it_cleanly_and_soon(start_api: Callable[..., Api]) -> None:
    api = start_api().ready()
    assert api.end(signal.SIGTERM, limit=10) == 0
    assert '"event":"stopped"' in api.log()


def test_the_first_token_is_shown_once_and_nowhere_kept(start_api: Callable[..., Api], database_url: str) -> None:
    api = start_api(API_TOKEN="").ready()
    token = api.log().split("shown only now:")[1].split()[0]
    assert requests.get(f"{api.url}/batch", headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 200
    assert requests.get(f"{api.url}/batch", headers=CALLER, timeout=30).status_code == 401
    api.end()
    api.start().ready()
    assert api.log().count(token) == 1
    assert requests.get(f"{api.url}/batch", headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 200
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT * FROM firth.tokens").fetchall()
    assert len(rows) == 1
    assert token not in repr(rows)


def test_it_is_alive_before_its_database_is_there_and_ready_after(start_api: Callable[..., Api], postgres: str) -> None:
    name = f"api_late_{uuid4().hex[:8]}"
    api = start_api(DATABASE_URL=postgres.rpartition("/")[0] + "/" + name)
    until(lambda: f'\\"{name}\\" does not exist' in api.log(), what="the log says what is missing")
    assert requests.get(f"{api.url}/health/live", timeout=30).status_code == 200
    answer = requests.get(f"{api.url}/health/ready", timeout=30)
    assert (answer.status_code, "postgresql" in answer.json()["detail"]) == (503, True)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    api.ready()
    assert api.get("/batch") == {"batches": [], "next": None}

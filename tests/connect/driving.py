"""A Kafka Connect cluster as a test drives it: a source database, connectors over HTTP, the topics that they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
import pymongo
import requests
from confluent_kafka import TopicPartition

from command.connectors import configuration
from command.stack import connect, kafka, mongodb, postgres, sftp
from command.stack.stack import Stack
from command.topic_reading import committed
from pipeline.kafka import reader
from pipeline.service_settings import KafkaSettings
from tests.survival.batches import wait_for

JDBC = "firth.connect.jdbc.JdbcSourceConnector"
SFTP = "firth.connect.sftp.SftpSourceConnector"
# Records in Avro, their schemas in the registry, as every Kafka tool reads them.
IN_AVRO = {
    f"{part}.converter{name}": value
    for part in ("key", "value")
    for name, value in {
        "": "io.apicurio.registry.utils.converter.AvroConverter",
        ".apicurio.registry.url": "${env:CONNECT_REGISTRY_URL}",
        ".apicurio.registry.auto-register": "true",
        ".apicurio.registry.as-confluent": "true",
        ".apicurio.registry.use-id": "contentId",
        ".apicurio.registry.headers.enabled": "false",
    }.items()
}
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A record of a topic: key and value as the JSON converter wrote them, headers as text."""

    key: Any
    value: Any
    headers: Mapping[str, str] = field(compare=False, default_factory=dict)

    @property
    def table(self) -> str | None:
        return self.headers.get("source.table")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Connect on a stack, and a database of its own to read from."""

    stack: Stack
    database: str

    @property
    def url(self) -> str:
        return connect.url(self.stack.ports)

    @property
    def source_url(self) -> str:
        return postgres.url(self.stack.place, self.stack.ports, database=self.database)

    def execute(self, *statements: str) -> None:
        """Run each statement in the source, in a transaction of its own."""
        with psycopg.connect(self.source_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def jdbc(self, **settings: object) -> dict[str, str]:
        """The configuration of a JDBC source on the database, polling often; `topic_prefix` stands for topic.prefix."""
        ports = self.stack.ports
        config = {
            "connector.class": JDBC,
            "tasks.max": "1",
            "connection.url": f"jdbc:postgresql://127.0.0.1:{ports.postgres}/{self.database}",
            "connection.user": postgres.ADMIN,
            "connection.password": self.stack.place.secret(f"postgres-{postgres.ADMIN}"),
            "poll.interval.ms": "200",
            "connection.backoff.ms": "500",
        }
        return _changed(config, settings)

    def sftp(self, folder: str, **settings: object) -> dict[str, str]:
        """The configuration of a source of CSV files with a header in `folder`, looking often."""
        config = {
            "connector.class": SFTP,
            "tasks.max": "1",
            "sftp.host": "127.0.0.1",
            "sftp.port": str(self.stack.ports.sftp),
            "sftp.username": sftp.USER,
            "sftp.password": self.stack.place.secret("sftp-password"),
            "sftp.known.hosts": str(sftp.client_home(self.stack.place) / ".ssh" / "known_hosts"),
            "input.path": f"/{folder}",
            "input.file.pattern": r".*\.csv",
            "finished.path": f"/{folder}/finished",
            "error.path": f"/{folder}/error",
            "behavior.on.error": "IGNORE",
            "csv.first.row.as.header": "true",
            "file.minimum.age.ms": "0",
            "empty.poll.wait.ms": "200",
            "connection.backoff.ms": "500",
        }
        return _changed(config, settings)

    def shipped(self, name: str, **settings: object) -> dict[str, str]:
        """A configuration as kafka_connect_connectors/ has it, but for `settings`."""
        return _changed(configuration(name).settings, settings)

    def put(self, name: str, config: Mapping[str, str]) -> requests.Response:
        return requests.put(f"{self.url}/connectors/{name}/config", json=dict(config), timeout=TIMEOUT)

    def run(self, name: str, config: Mapping[str, str]) -> None:
        """Make the connector, and wait until it and a task of it run."""
        answer = self.put(name, config)
        assert answer.ok, answer.text
        wait_for(lambda: self.states(name).count("RUNNING") > 1, f"a running task of {name}", 60)

    def delete_all(self) -> None:
        """End every connector, with what is known of how far it was."""
        for name in requests.get(f"{self.url}/connectors", timeout=TIMEOUT).json():
            self.stop(name)
            requests.delete(f"{self.url}/connectors/{name}/offsets", timeout=TIMEOUT)
            requests.delete(f"{self.url}/connectors/{name}", timeout=TIMEOUT)

    def stop(self, name: str) -> None:
        """Stop the connector; return when it has no task left."""
        requests.put(f"{self.url}/connectors/{name}/stop", timeout=TIMEOUT)
        wait_for(lambda: self.states(name) in ([], ["STOPPED"]), f"the stop of {name}", 60)

    def pause(self, name: str) -> None:
        """Pause the connector; return when its tasks are."""
        requests.put(f"{self.url}/connectors/{name}/pause", timeout=TIMEOUT)
        wait_for(lambda: set(self.states(name)) == {"PAUSED"}, f"the pause of {name}", 60)

    def resume(self, name: str) -> None:
        """Have a paused or stopped connector run again."""
        requests.put(f"{self.url}/connectors/{name}/resume", timeout=TIMEOUT)

    def offsets(self, name: str) -> list[dict[str, Any]]:
        """How far a connector is: partitions and their offsets."""
        answer = requests.get(f"{self.url}/connectors/{name}/offsets", timeout=TIMEOUT)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["offsets"]
        return found

    def alter_offset(
        self, name: str, partition: Mapping[str, object], offset: Mapping[str, object]
    ) -> requests.Response:
        """Say where a stopped connector is to go on."""
        body = {"offsets": [{"partition": dict(partition), "offset": dict(offset)}]}
        return requests.patch(f"{self.url}/connectors/{name}/offsets", json=body, timeout=TIMEOUT)

    def wait_for(self, topic: str, count: int, seconds: float = 60) -> Sequence[Sent]:
        """All records of `topic`, when they are at least `count`."""
        wait_for(lambda: len(self.records(topic)) >= count, f"{count} records in {topic}", seconds)
        return self.records(topic)

    def status(self, name: str) -> dict[str, Any]:
        """As Connect tells it; empty while it does not know the connector, or has no worker."""
        try:
            answer = requests.get(f"{self.url}/connectors/{name}/status", timeout=TIMEOUT)
        except requests.ConnectionError:
            return {}
        found: dict[str, Any] = answer.json() if answer.ok else {}
        return found

    def states(self, name: str) -> list[str]:
        """The state of the connector, and of each of its tasks."""
        status = self.status(name)
        return [part["state"] for part in ([status["connector"], *status["tasks"]] if status else [])]

    def workers(self, name: str) -> set[str]:
        """The workers that its tasks are at."""
        return {task["worker_id"] for task in self.status(name).get("tasks", ())}

    def mistakes(self, config: Mapping[str, str]) -> dict[str, list[str]]:
        """What Connect says is wrong with each setting."""
        answer = requests.put(
            f"{self.url}/connector-plugins/{config['connector.class']}/config/validate",
            json={"name": "check", **config},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        values = [entry["value"] for entry in answer.json()["configs"]]
        return {value["name"]: value["errors"] for value in values if value["errors"]}

    def records(self, topic: str) -> Sequence[Sent]:
        """All committed records of a topic, which may not be there yet."""
        return [_sent(message) for message in committed(self.stack, topic)]

    def size(self, topic: str) -> int:
        """Records of a topic, committed or not, and the ends of transactions; none where there is no such topic."""
        consumer = reader(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers(self.stack.ports)))
        try:
            found = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            return sum(consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1] for number in found)
        finally:
            consumer.close()

    def raw(self, topic: str) -> Sequence[tuple[bytes, bytes]]:
        """Key and value of all committed records of a topic, as they are."""
        return [(message.key(), message.value()) for message in committed(self.stack, topic)]


def make_source_row(stack: Stack, table: str) -> None:
    """A new table of the demo's source, and a row in it."""
    with psycopg.connect(postgres.url(stack.place, stack.ports, database=postgres.SOURCE), autocommit=True) as admin:
        admin.execute(f"create table {table} (row_id int primary key, name text)".encode())
        admin.execute(f"insert into {table} values (1, 'one')".encode())


def wait_for_source_row(stack: Stack, table: str) -> None:
    """Until that row is in MongoDB by the JDBC source and by Debezium, as the folder's configurations have it."""
    with pymongo.MongoClient[dict[str, object]](mongodb.url(stack.ports)) as client:
        polled, streamed = client.rows[f"mimic-{table}"], client.rows[f"cdc.public.{table}"]
        wait_for(lambda: polled.count_documents({"name": "one"}) == 1, "the row by JDBC", 120)
        wait_for(lambda: streamed.count_documents({"name": "one"}) == 1, "the row by Debezium", 120)


def _changed(config: Mapping[str, str], settings: Mapping[str, object]) -> dict[str, str]:
    return {**config, **{name.replace("_", "."): str(value) for name, value in settings.items()}}


def _sent(message: Any) -> Sent:
    headers = {name: text.decode() for name, text in message.headers() or ()}
    key, value = (None if part is None else orjson.loads(part) for part in (message.key(), message.value()))
    return Sent(key, value, headers)

"""A Kafka Connect cluster as a test drives it: a source database, connectors over HTTP, the topics that they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
import requests

from command.stack import connect, postgres
from command.stack.stack import Stack
from tests.reading import committed
from tests.survival.batches import wait_for

JDBC = "firth.connect.jdbc.JdbcSourceConnector"
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A record of a topic: key and value as the JSON converter wrote them."""

    key: Any
    value: Any
    table: str | None


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
        return config | {name.replace("_", "."): str(value) for name, value in settings.items()}

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

    def resume(self, name: str) -> None:
        """Have a stopped connector run again."""
        requests.put(f"{self.url}/connectors/{name}/resume", timeout=TIMEOUT)

    def alter_offset(self, name: str, partition: Mapping[str, str], offset: Mapping[str, object]) -> requests.Response:
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


def _sent(message: Any) -> Sent:
    headers = dict(message.headers() or ())
    table = headers.get("source.table")
    key, value = (None if part is None else orjson.loads(part) for part in (message.key(), message.value()))
    return Sent(key, value, None if table is None else table.decode())

"""Live rows on a test session's stack: a source of their own, a mapping, and what becomes of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pymongo

from command.api_client import Api, Binding
from command.connectors import configuration
from command.stack import mongodb, postgres, registry, services
from command.stack.ports import HOST
from command.stack.stack import Stack
from command.topic_reading import committed
from pipeline.codec import Codec
from pipeline.events import Resource, Transformed
from pipeline.records import BATCH_ID
from pipeline.service_settings import RegistrySettings
from pipeline.topics import TRANSFORM
from tests.connect.driving import Cluster
from tests.survival.batches import wait_for

PATIENCE = 180.0  # seconds


def columns(table: str, *names: str) -> list[dict[str, Any]]:
    """An identifier of Basic for each column, whose value is the column's, as text."""
    made = [{"path": "code.text", "definitionId": "string", "inputGroups": [{"inputs": [{"staticValue": "row"}]}]}]
    for number, name in enumerate(names):
        value = {"sqlValue": {"table": table, "column": name}}
        made.append(_attribute(number, value))
    return made


def joined(number: int, column: str, *, left: tuple[str, str], right: tuple[str, str]) -> dict[str, Any]:
    """One of a column of another table."""
    tables = [{"table": left[0], "column": left[1]}, {"table": right[0], "column": right[1]}]
    return _attribute(number, {"sqlValue": {"table": right[0], "column": column, "joins": [{"tables": tables}]}})


def _attribute(number: int, value: dict[str, Any]) -> dict[str, Any]:
    path = f"identifier[{number}].value"
    return {"path": path, "definitionId": "string", "inputGroups": [{"inputs": [value]}]}


def resource(name: str, table: str, key: str, attributes: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The mapping of a table's rows to Basic resources."""
    return {
        "id": name,
        "label": name,
        "primaryKeyTable": table,
        "primaryKeyColumn": key,
        "definitionId": "Basic",
        "definition": {"type": "Basic", "kind": "resource", "derivation": "specialization"},
        "filters": [],
        "attributes": list(attributes),
        **more,
    }


@dataclass(frozen=True, slots=True)
class Flow:
    """Connect, the stages and MongoDB on a stack, and the api that is asked of all of them."""

    cluster: Cluster
    api: Api
    codec: Codec

    @classmethod
    @contextmanager
    def open(cls, cluster: Cluster) -> Iterator[Flow]:
        stack = cluster.stack
        stack.start("connect", "extractor", "live", "transformer", "loader-mongodb")
        codec = Codec.connect(RegistrySettings(url=registry.url(stack.ports)))
        with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
            flow = cls(cluster, api, codec)
            yield flow
            for one in api.bindings():
                api.unbind(one.topic, one.resource_id)

    @property
    def stack(self) -> Stack:
        return self.cluster.stack

    def map(self, source_id: str, *resources: dict[str, Any], login: bool = True) -> None:
        """Import a mapping of these resources, with a login to the cluster's database, or without any."""
        ports, place = self.stack.ports, self.stack.place
        credential = {
            "model": "POSTGRES", "host": HOST, "port": ports.postgres, "database": self.cluster.database,
            "login": postgres.ADMIN, "password": place.secret(f"postgres-{postgres.ADMIN}"),
        }  # fmt: skip
        source = {"id": source_id, "name": source_id} | ({"credential": credential} if login else {})
        self.api.import_mapping({"version": 10, "source": source, "resources": list(resources)})

    def debezium(self, slot: str, tables: str, **settings: object) -> dict[str, str]:
        """The configuration of Debezium on the cluster's database, its topics beginning with `slot`. What it tells of a
        change is as the folder's own has it."""
        folder = configuration("debezium-mimic").settings
        config = {
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "tasks.max": "1",
            "database.hostname": HOST,
            "database.port": str(self.stack.ports.postgres),
            "database.dbname": self.cluster.database,
            "database.user": postgres.ADMIN,
            "database.password": self.stack.place.secret(f"postgres-{postgres.ADMIN}"),
            "plugin.name": "pgoutput",
            "publication.name": slot,
            "publication.autocreate.mode": "filtered",
            "table.include.list": tables,
            "slot.name": slot,
            "slot.drop.on.stop": "true",
            "topic.prefix": slot,
        } | {name: value for name, value in folder.items() if name.startswith("transforms")}
        return config | {name.replace("_", "."): str(value) for name, value in settings.items()}

    def binding(self, topic: str, resource_id: str) -> Binding:
        (found,) = (one for one in self.api.bindings() if (one.topic, one.resource_id) == (topic, resource_id))
        return found

    def wait_for(self, topic: str, resource_id: str, rows: int) -> Binding:
        """Until that many rows of a binding are done with, in MongoDB or before."""

        def done() -> int:
            one = self.binding(topic, resource_id)
            return one.loaded["mongodb"] + one.passed_over + sum(one.failed.values())

        try:
            wait_for(lambda: done() >= rows, f"{rows} rows of {topic}", PATIENCE)
        except AssertionError as error:
            error.add_note(str(self.binding(topic, resource_id)))
            raise
        return self.binding(topic, resource_id)

    def wait_for_documents(self, resource_id: str, wanted: dict[str, list[str]]) -> None:
        """Until MongoDB holds this of a resource, and nothing else."""
        try:
            wait_for(lambda: self.documents(resource_id) == wanted, f"{wanted} in MongoDB", PATIENCE)
        except AssertionError as error:
            error.add_note(f"it holds {self.documents(resource_id)}, by {self.api.bindings()}")
            raise

    def resources(self, batch_id: str) -> dict[str, list[Resource]]:
        """What the transformer made of a batch, or of a topic's live rows, by id, in order."""
        found: dict[str, list[Resource]] = {}
        for message in committed(self.stack, TRANSFORM):
            if dict(message.headers() or ()).get(BATCH_ID) == batch_id.encode():
                for one in self.codec.decode(Transformed, message.value()).resources:
                    found.setdefault(one.id, []).append(one)
        return found

    def documents(self, resource_id: str) -> dict[str, list[str]]:
        """What MongoDB holds of a resource: the values of its identifiers, by the first of them."""
        with pymongo.MongoClient[dict[str, Any]](mongodb.url(self.stack.ports)) as client:
            found = client["fhir"]["Basic"].find({"firth.resource_id": resource_id})
            rows = [[one["value"] for one in each["resource"]["identifier"]] for each in found]
        return {values[0]: values for values in rows}

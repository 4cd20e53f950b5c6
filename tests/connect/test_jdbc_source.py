"""The JDBC source connector in a real Connect worker, on a real PostgreSQL."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import requests
from fastavro import parse_schema, schemaless_reader

from command.stack import postgres, registry
from command.stack.places import ROOT
from command.stack.system import maven
from command.topic_reading import committed
from tests.connect.driving import IN_AVRO, JDBC, TIMEOUT, Cluster
from tests.connect.workers import jmx
from tests.stack import RunningStack
from tests.survival.batches import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

MODULE = ROOT / "kafka_connect_connectors" / "plugins"


def test_a_configuration_as_fhir_river_has_them_runs(cluster: Cluster) -> None:
    cluster.execute(
        "create table admissions (row_id int primary key, subject_id int not null, admittime timestamp)",
        "insert into admissions select i, i * 2, '2150-01-01 10:00' from generate_series(1, 50) i",
    )
    ports, place = cluster.stack.ports, cluster.stack.place
    river = {
        "connector.class": JDBC,
        "tasks.max": "1",
        "connection.url": f"jdbc:postgresql://127.0.0.1:{ports.postgres}/{cluster.database}",
        "connection.user": postgres.ADMIN,
        "connection.password": place.secret(f"postgres-{postgres.ADMIN}"),
        "mode": "incrementing",
        "incrementing.column.name": "row_id",
        "topic.prefix": "mimic-",
        "table.whitelist": "admissions",
        "name": "jdbc-source",
    }
    cluster.run("jdbc-source", river)
    records = cluster.wait_for("mimic-admissions", 50)
    assert [record.key for record in records] == [{"row_id": number} for number in range(1, 51)]
    assert records[6].value == {"row_id": 7, "subject_id": 14, "admittime": 5680317600000}
    assert records[6].table == "public.admissions"


def test_rows_come_in_avro_with_their_schema_in_the_registry(cluster: Cluster) -> None:
    cluster.stack.start("registry")
    cluster.execute(
        'create table "chart-events" (row_id int primary key, value text, valuenum numeric(6, 2), at timestamptz)',
        "insert into \"chart-events\" values (1, 'high', 12.50, '2150-01-01 10:00+00'), (2, null, null, null)",
    )
    config = cluster.jdbc(
        mode="incrementing", incrementing_column_name="row_id", topic_prefix="avro-", table_include_list="chart-events"
    )
    cluster.run("avro", config | IN_AVRO)
    wait_for(lambda: cluster.size("avro-chart-events") > 2, "the rows and their transaction's end", 60)
    url = registry.url(cluster.stack.ports)
    records = [
        (of_avro(sent.key(), url), of_avro(sent.value(), url)) for sent in committed(cluster.stack, "avro-chart-events")
    ]
    assert records == [
        (
            {"row_id": 1},
            {
                "row_id": 1,
                "value": "high",
                "valuenum": Decimal("12.50"),
                "at": datetime(2150, 1, 1, 10, tzinfo=UTC),
            },
        ),
        ({"row_id": 2}, {"row_id": 2, "value": None, "valuenum": None, "at": None}),
    ]


def of_avro(message: bytes, registry_url: str) -> object:
    """What a message in the Confluent wire format holds, read by the schema that its header names."""
    (schema_id,) = struct.unpack_from(">xI", message)
    schema = requests.get(f"{registry_url}/schemas/ids/{schema_id}", timeout=TIMEOUT).json()["schema"]
    return schemaless_reader(BytesIO(message[5:]), parse_schema(json.loads(schema)), None)


def test_a_connector_goes_on_behind_the_offset_that_a_person_gives_it(cluster: Cluster) -> None:
    cluster.execute(
        "create table icustays (row_id int primary key)", "insert into icustays select generate_series(1, 5)"
    )
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="row_id",
        topic_prefix="altered-",
        table_include_list="icustays",
    )
    cluster.run("altered", config)
    cluster.wait_for("altered-icustays", 5)
    cluster.stop("altered")
    table = {"table": "public.icustays"}
    refused = cluster.alter_offset("altered", table, {"id": 3})
    assert '"id" is not known; write {"incrementing": 1000}' in refused.json()["message"].replace("\\", "")
    assert cluster.alter_offset("altered", table, {"incrementing": 3}).ok
    cluster.resume("altered")
    records = cluster.wait_for("altered-icustays", 7)
    assert [record.value["row_id"] for record in records] == [1, 2, 3, 4, 5, 4, 5]


def test_a_database_that_is_away_is_waited_for(cluster: Cluster) -> None:
    source = replace(cluster, database=postgres.SOURCE)
    source.execute("create table of_outage (row_id int primary key)", "insert into of_outage values (1)")
    config = cluster.shipped(
        "jdbc-mimic", table_include_list="of_outage", topic_prefix="away-", connection_timeout_ms=1000
    )
    cluster.run("away", config)
    cluster.wait_for("away-of_outage", 1)
    failures = "kafka.connect:type=plugins,connector=away,*"
    running = RunningStack(cluster.stack)
    running.stop("postgres")
    try:
        wait_for(lambda: any("next try in" in line for line in running.log("connect", 20)), "a failed try", 60)
        assert float(jmx(cluster.stack, "connect", failures)["failures-in-a-row"]) > 0
    finally:
        running.start("postgres")
    source.execute("insert into of_outage values (2)")
    records = cluster.wait_for("away-of_outage", 2)
    assert sorted(record.value["row_id"] for record in records) == [1, 2]
    assert cluster.states("away") == ["RUNNING", "RUNNING"]
    assert float(jmx(cluster.stack, "connect", failures)["failures-in-a-row"]) == 0


def test_what_came_while_a_connector_was_paused_or_stopped_comes_when_it_is_resumed(cluster: Cluster) -> None:
    cluster.execute("create table callout (row_id serial primary key)")
    config = cluster.jdbc(
        mode="incrementing",
        incrementing_column_name="row_id",
        table_include_list="callout",
    )
    for name in ("still", "awake"):
        cluster.run(name, config | {"topic.prefix": f"{name}-"})
    for number, still in enumerate((cluster.pause, cluster.stop), start=1):
        still("still")
        cluster.execute("insert into callout default values")
        cluster.wait_for("awake-callout", number)
        assert len(cluster.records("still-callout")) == number - 1
        cluster.resume("still")
        cluster.wait_for("still-callout", number)
    assert [record.value["row_id"] for record in cluster.records("still-callout")] == [1, 2]


def test_what_no_try_can_mend_fails_the_connector_with_a_sentence(cluster: Cluster) -> None:
    config = cluster.jdbc(mode="incrementing", incrementing_column_name="row_id", topic_prefix="wrong-")
    assert cluster.put("wrong-table", config | {"table.include.list": "nosuch"}).ok
    wait_for(lambda: "FAILED" in cluster.states("wrong-table"), "the failure", 60)
    assert 'there is no table "nosuch"' in cluster.status("wrong-table")["connector"]["trace"]
    assert cluster.put("wrong-password", config | {"connection.password": "wrong"}).ok
    wait_for(lambda: "FAILED" in cluster.states("wrong-password"), "the failure", 60)
    trace = cluster.status("wrong-password")["connector"]["trace"]
    assert "password authentication failed" in trace


def test_connect_explains_each_mistake_of_a_configuration(cluster: Cluster) -> None:
    mistakes = cluster.mistakes({"connector.class": JDBC, "mode": "quickly", "connection.url": "jdbc:nosuch:x"})
    assert mistakes.keys() == {"mode", "topic.prefix"}
    mistakes = cluster.mistakes(cluster.jdbc(mode="timestamp", topic_prefix="x-"))
    assert mistakes == {"timestamp.column.name": ["timestamp.column.name: is needed by mode timestamp"]}


def test_whoever_requires_exactly_once_is_refused_what_has_it_not(cluster: Cluster) -> None:
    config = cluster.jdbc(topic_prefix="x-", exactly_once_support="required")
    assert cluster.mistakes(config | {"mode": "incrementing", "incrementing.column.name": "row_id"}) == {}
    mistakes = cluster.mistakes(config | {"mode": "bulk"})
    assert mistakes.keys() == {"exactly.once.support"}
    assert "does not support exactly-once" in mistakes["exactly.once.support"][0]


def test_the_module_passes_its_own_tests(cluster: Cluster, tmp_path: Path) -> None:
    cluster.execute("create database of_the_module")  # its tests leave tables behind, by names that others have
    ports, place = cluster.stack.ports, cluster.stack.place
    password = place.secret(f"postgres-{postgres.ADMIN}")
    url = f"jdbc:postgresql://127.0.0.1:{ports.postgres}/of_the_module?user={postgres.ADMIN}&password={password}"
    command = [str(maven()), "-q", "-B", "-C", "-f", str(MODULE / "pom.xml"), f"-Dout={tmp_path}", "test"]
    result = subprocess.run([*command, f"-Dpostgres.url={url}"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-6000:]

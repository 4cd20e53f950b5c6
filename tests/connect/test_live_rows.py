"""Live rows into FHIR on the real stack: connectors' records become resources, exactly as a batch's rows do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from command.stack.sftp import drop
from command.topic_reading import committed
from tests.connect.driving import IN_AVRO, Cluster
from tests.connect.flowing import PATIENCE, Flow, columns, joined, resource
from tests.stack import RunningStack
from tests.survival.batches import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

JSON = "org.apache.kafka.connect.json.JsonConverter"
WITH_SCHEMAS = {"value.converter": JSON, "value.converter.schemas.enable": "true"}
INCREMENTING = {"mode": "incrementing", "incrementing_column_name": "id"}


@pytest.fixture
def flow(cluster: Cluster) -> Iterator[Flow]:
    with Flow.open(cluster) as opened:
        yield opened


def test_a_live_row_is_the_same_resource_to_the_byte_as_in_a_batch(flow: Flow) -> None:
    names = ("id", "small", "big", "exact", "loose", "approx", "single", "flag", "day", "clock", "at", "zoned", "code",
             "word", "raw", "ident", "doc")  # fmt: skip
    flow.cluster.execute(
        "create table measured (id int primary key, small smallint, big bigint, exact numeric(10, 2), loose numeric, "
        "approx double precision, single real, flag boolean, day date, clock time, at timestamp, zoned timestamptz, "
        "code char(6), word varchar(20), raw bytea, ident uuid, doc jsonb)",
        "insert into measured values (1, -7, 9007199254740993, 1.50, 12.340, 0.1, 0.1, true, '2150-08-29', "
        "'07:00:00.5', '2150-08-29 18:20:00', '2150-08-29 18:20:00.25+02', 'AB', 'Zoë', 'plain', "
        "'6f0f9a1e-0c1c-4a4b-9d0b-0d5d6a4f2c11', '{\"b\": 1, \"a\": [true]}')",
        "insert into measured (id) values (2)",
        "insert into measured values (3, 0, -1, -0.05, -100, 3, 1e10, false, '1899-12-31', '00:00', "
        "'1969-12-31 23:59:59.999', '1969-12-31 23:59:59.5+00', 'ABCDEF', ' x ', 'y', null, 'null')",
    )
    flow.map("measured", resource("measured", "measured", "id", columns("measured", *names)))
    batch_id = flow.api.start_batch(["measured"])
    wait_for(lambda: flow.api.batch(batch_id).resources[0].loaded["mongodb"] == 3, "the batch", PATIENCE)
    jdbc = {**INCREMENTING, "table_include_list": "measured"}
    connectors = {
        "jdbc-measured": flow.cluster.jdbc(**jdbc, topic_prefix="jdbc-", numeric_mapping="string"),
        "jdbcs-measured": flow.cluster.jdbc(**jdbc, topic_prefix="jdbcs-") | WITH_SCHEMAS,
        "cdc.public.measured": flow.debezium(
            "cdc", "public.measured", time_precision_mode="isostring", decimal_handling_mode="string"
        ),
        "cdcs.public.measured": flow.debezium("cdcs", "public.measured") | WITH_SCHEMAS,
        "jdbca-measured": flow.cluster.jdbc(**jdbc, topic_prefix="jdbca-") | IN_AVRO,
        "cdca.public.measured": flow.debezium("cdca", "public.measured") | IN_AVRO,
    }
    for topic, config in connectors.items():
        flow.api.bind(topic, "measured", on_delete="delete")
        flow.cluster.run(topic.partition(".")[0], config)
    wanted = {identity: [one.body for one in made] for identity, made in flow.resources(batch_id).items()}
    assert len(wanted) == 3
    for topic in connectors:
        counted = flow.wait_for(topic, "measured", 3)
        assert (counted.extracted, sum(counted.failed.values())) == (3, 0), topic
        made = flow.resources(f"live:{topic}")
        assert {identity: [one.body for one in bodies] for identity, bodies in made.items()} == wanted, topic
    flow.cluster.execute("delete from measured where id = 2")
    for topic in (each for each in connectors if each.startswith("cdc")):
        flow.wait_for(topic, "measured", 4)
        gone = [identity for identity, made in flow.resources(f"live:{topic}").items() if made[-1].write == "delete"]
        assert len(gone) == 1, topic


def test_a_line_of_a_csv_file_becomes_a_resource_in_avro_too_and_without_a_database(flow: Flow, files: Path) -> None:
    flow.map("dropped", resource("dropped", "people", "id", columns("people", "id", "name")), login=False)
    flow.api.bind("dropped-people", "dropped")
    drop(files / "dropped", "people.csv", b"id,name\n1,Ada\n2,\n3,Zo\xc3\xab\n")
    config = flow.cluster.sftp(
        "dropped", kafka_topic="dropped-people", key_columns="id", csv_null_field_indicator="EMPTY_SEPARATORS"
    )
    flow.cluster.run("dropped", config | IN_AVRO)
    flow.wait_for_documents("dropped", {"1": ["1", "Ada"], "2": ["2"], "3": ["3", "Zoë"]})


def test_changes_of_joined_tables_and_deletes_reach_the_resource(flow: Flow) -> None:
    flow.cluster.execute(
        "create table people (id int primary key, name text)",
        "create table stays (id int primary key, person int, ward text)",
        "alter table stays replica identity full",
        "insert into people values (1, 'Ada'), (2, 'Eve')",
        "insert into stays values (10, 1, 'north')",
    )
    ward = joined(2, "ward", left=("people", "id"), right=("stays", "person"))
    flow.map("people", resource("people", "people", "id", [*columns("people", "id", "name"), ward]))
    topics = ("live.public.people", "live.public.stays")
    flow.api.bind(topics[0], "people", on_delete="delete")
    flow.api.bind(topics[1], "people", key="person", on_delete="delete")
    message_keys = {"message.key.columns": "public.stays:person"}
    flow.cluster.run("live", flow.debezium("live", "public.people,public.stays") | message_keys)

    flow.wait_for_documents("people", {"1": ["1", "Ada", "north"], "2": ["2", "Eve"]})
    flow.cluster.execute("insert into stays values (11, 2, 'south')", "update people set name = 'Eva' where id = 2")
    flow.wait_for_documents("people", {"1": ["1", "Ada", "north"], "2": ["2", "Eva", "south"]})
    flow.cluster.execute("delete from stays where id = 10", "delete from people where id = 2")
    flow.wait_for_documents("people", {"1": ["1", "Ada"]})
    told = [dict(message.headers()) for topic in topics for message in committed(flow.stack, topic)]
    changes = [headers for headers in told if headers["__op"] != b"r"]
    assert len(changes) == 4
    assert all(headers["__source_txId"].isdigit() for headers in changes), "which each is waited for to be seen"


def test_a_bad_row_is_a_dead_letter_that_is_taken_when_it_is_sent_again(flow: Flow) -> None:
    flow.cluster.execute(
        "create table orders (id int primary key, person int, item text)",
        "create table goods (item text primary key, label text)",
        "insert into orders values (1, 1, 'a'), (2, 1, 'b')",
    )
    label = joined(1, "label", left=("orders", "item"), right=("goods", "item"))
    flow.map("orders", resource("orders", "orders", "id", [*columns("orders", "id"), label]))
    flow.api.bind("mended-orders", "orders", key="number")
    config = flow.cluster.jdbc(**INCREMENTING, topic_prefix="mended-", table_include_list="orders")
    flow.cluster.run("mended", config)
    counted = flow.wait_for("mended-orders", "orders", 2)
    assert counted.failed == {"live": 2}
    assert flow.documents("orders") == {}
    flow.api.bind("mended-orders", "orders")
    assert flow.api.retry_rows("mended-orders", "orders") == 2
    flow.wait_for_documents("orders", {"1": ["1"], "2": ["2"]})
    counted = flow.wait_for("mended-orders", "orders", 2)
    assert (counted.extracted, counted.failed["live"]) == (2, 0)
    assert flow.api.retry_rows("mended-orders", "orders") == 0


def test_every_row_comes_once_though_the_worker_is_killed_in_the_middle(flow: Flow) -> None:
    rows = 6_000
    running = RunningStack(flow.stack)
    flow.cluster.execute(
        "create table events (id int primary key, said text)",
        f"insert into events select i, md5(i::text) from generate_series(1, {rows}) i",
    )
    flow.map("events", resource("events", "events", "id", columns("events", "id", "said")))
    flow.api.bind("once-events", "events")
    flow.cluster.run("once", flow.cluster.jdbc(**INCREMENTING, topic_prefix="once-", table_include_list="events"))
    for kill in range(1, 3):
        wait_for(lambda: flow.binding("once-events", "events").extracted >= kill * rows // 4, "some rows", PATIENCE)  # noqa: B023
        running.kill("live")
        running.start("live")
    wait_for(lambda: flow.binding("once-events", "events").transformed >= rows, "all rows", 3 * PATIENCE)
    made = flow.resources("live:once-events")
    assert len(made) == rows
    assert all(len(times) == 1 for times in made.values())

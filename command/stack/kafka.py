"""Apache Kafka: one broker that is its own controller (KRaft)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from command.stack import java
from command.stack.places import Place
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import listens
from command.stack.trouble import Trouble
from pipeline.topics import DEAD_LETTER_LIMIT


def server(place: Place, ports: Ports) -> Server:
    """The broker, its topics under `place`."""
    folder = place.data("kafka")
    return Server(
        name="kafka",
        command=_run(folder, "kafka.Kafka", str(folder / "server.properties")),
        ports={"KAFKA_PORT": ports.kafka, "KAFKA_CONTROLLER_PORT": ports.kafka_controller},
        prepare=lambda: _prepare(folder, ports),
        ready=lambda: _ready(ports.kafka),
        address=bootstrap_servers(ports),
    )


def bootstrap_servers(ports: Ports) -> str:
    """Where clients begin."""
    return f"{HOST}:{ports.kafka}"


def _run(folder: Path, main: str, *arguments: str) -> list[str]:
    properties = {"log4j2.configurationFile": str(folder / "log4j2.properties")}
    return java.command("kafka", main, *arguments, heap="256m", properties=properties)


def _prepare(folder: Path, ports: Ports) -> None:
    (folder / "log4j2.properties").write_text(java.log4j2("kafka.server"))
    (folder / "server.properties").write_text(_properties(folder / "topics", ports))
    if (folder / "topics" / "meta.properties").exists():
        return
    cluster = uuid4().hex[:22]
    format_it = _run(
        folder, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(folder / "server.properties")
    )
    result = subprocess.run(format_it, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = (result.stdout + result.stderr).splitlines()[-6:]
        raise Trouble(f"kafka: its folder {folder / 'topics'} could not be made:", log=lines)


def _ready(port: int) -> bool:
    if not listens(port):  # the client would complain on stderr
        return False
    try:
        return bool(AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0}).list_topics(timeout=5).brokers)
    except KafkaException:
        return False


def _properties(topics: Path, ports: Ports) -> str:
    return dedent(f"""\
        process.roles=broker,controller
        node.id=1
        controller.quorum.voters=1@{HOST}:{ports.kafka_controller}
        listeners=PLAINTEXT://{HOST}:{ports.kafka},CONTROLLER://{HOST}:{ports.kafka_controller}
        advertised.listeners=PLAINTEXT://{HOST}:{ports.kafka}
        controller.listener.names=CONTROLLER
        inter.broker.listener.name=PLAINTEXT
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
        log.dirs={topics}
        # For connectors, whose configurations need not name their topics. Firth's clients ask for none to be made.
        auto.create.topics.enable=true
        message.max.bytes={DEAD_LETTER_LIMIT}
        replica.fetch.max.bytes={DEAD_LETTER_LIMIT}
        # One broker, so one copy of everything.
        offsets.topic.num.partitions=1
        offsets.topic.replication.factor=1
        transaction.state.log.num.partitions=1
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        share.coordinator.state.topic.num.partitions=1
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        group.initial.rebalance.delay.ms=0
        log.segment.bytes=67108864
        log.index.size.max.bytes=1048576
        log.cleaner.dedupe.buffer.size=16777216
        """)

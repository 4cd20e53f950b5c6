"""Kafka Connect: one distributed worker, with our source connectors, Debezium's for PostgreSQL and MongoDB's sink."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from command.stack import java, kafka, mongodb, postgres, registry, sftp
from command.stack.downloads import PLUGINS, built
from command.stack.places import Place
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import answers
from pipeline.topics import RECORD_LIMIT

HEAP = "256m"


def server(place: Place, ports: Ports) -> Server:
    """The worker. Connectors are told to it over HTTP; it keeps them, and how far they are, in the broker's topics."""
    folder = place.data("connect")
    properties = {
        "log4j2.configurationFile": str(folder / "log4j2.properties"),
        # Where connectors find the SFTP server among the known hosts.
        "user.home": str(sftp.client_home(place)),
    }
    return Server(
        name="connect",
        command=java.command(
            "kafka",
            "org.apache.kafka.connect.cli.ConnectDistributed",
            str(folder / "worker.properties"),
            heap=HEAP,
            properties=properties,
        ),
        # What ${env:…} in a connector's configuration stands for.
        environment={
            "CONNECT_SOURCE_HOST": HOST,
            "CONNECT_SOURCE_PORT": str(ports.postgres),
            "CONNECT_SOURCE_DATABASE": postgres.SOURCE,
            "CONNECT_SOURCE_USER": postgres.SOURCE,
            "CONNECT_SOURCE_PASSWORD": place.secret(f"postgres-{postgres.SOURCE}"),
            "CONNECT_CAPTURE_USER": postgres.CAPTURE,
            "CONNECT_CAPTURE_PASSWORD": place.secret(f"postgres-{postgres.CAPTURE}"),
            "CONNECT_MONGODB_URL": mongodb.url(ports),
            "CONNECT_REGISTRY_URL": registry.client_url(ports),
            "CONNECT_SFTP_HOST": HOST,
            "CONNECT_SFTP_PORT": str(ports.sftp),
            "CONNECT_SFTP_USER": sftp.USER,
            "CONNECT_SFTP_PASSWORD": place.secret("sftp-password"),
        },
        ports={"CONNECT_PORT": ports.connect},
        needs=("kafka",),
        prepare=lambda: _prepare(folder, ports),
        # Answered only by a worker that is a member of its group: one that is not can take no connector.
        ready=lambda: answers(f"{url(ports)}/health"),
        address=url(ports),
    )


def log4j2() -> str:
    """What the worker logs: warnings, and what our connectors do, each line with its connector."""
    return java.log4j2("firth", context="%X{connector.context}")


def url(ports: Ports) -> str:
    """Where its REST interface is."""
    return f"http://{HOST}:{ports.connect}"


def _prepare(folder: Path, ports: Ports) -> None:
    (folder / "worker.properties").write_text(_properties(ports))
    (folder / "log4j2.properties").write_text(log4j2())


def _plugins() -> list[Path]:
    return [*(built(module) / "plugins" for module in PLUGINS), built("firth-connectors")]


def _properties(ports: Ports) -> str:
    return dedent(f"""\
        bootstrap.servers={kafka.bootstrap_servers(ports)}
        listeners={url(ports)}
        group.id=connect
        plugin.path={",".join(map(str, _plugins()))}
        plugin.discovery=service_load
        exactly.once.source.support=enabled
        key.converter=org.apache.kafka.connect.json.JsonConverter
        value.converter=org.apache.kafka.connect.json.JsonConverter
        key.converter.schemas.enable=false
        value.converter.schemas.enable=false
        config.providers=env
        config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
        config.providers.env.param.allowlist.pattern=CONNECT_.*
        config.storage.topic=connect-configs
        offset.storage.topic=connect-offsets
        status.storage.topic=connect-status
        # One broker, so one copy of everything.
        config.storage.replication.factor=1
        offset.storage.replication.factor=1
        offset.storage.partitions=1
        status.storage.replication.factor=1
        status.storage.partitions=1
        # There is no other worker to wait for: tasks of one that was killed go to the next at once.
        scheduled.rebalance.max.delay.ms=0
        session.timeout.ms=6000
        heartbeat.interval.ms=2000
        # Records up to the 8 MiB that the broker takes.
        producer.max.request.size={RECORD_LIMIT}
        producer.linger.ms=5
        producer.batch.size=131072
        """)

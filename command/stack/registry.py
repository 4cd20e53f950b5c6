"""Apicurio, the schema registry. Its schemas lie in a topic of the broker, beside the records written with them."""

from __future__ import annotations

from command.stack import kafka
from command.stack.downloads import built
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import answers
from command.stack.system import java


def server(ports: Ports) -> Server:
    """The registry of the broker of `ports`."""
    properties = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(ports.registry),
        "quarkus.log.level": "WARN",
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": kafka.bootstrap_servers(ports),
    }
    return Server(
        name="registry",
        command=[
            str(java()),
            "-Xmx192m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",  # it is asked a few times a worker's life: start fast
            "-XX:+ExitOnOutOfMemoryError",
            *(f"-D{name}={value}" for name, value in properties.items()),
            "-jar",
            str(next(built("registry").glob("*-runner.jar"))),
        ],
        ports={"REGISTRY_PORT": ports.registry},
        needs=("kafka",),
        ready=lambda: answers(f"{url(ports)}/subjects"),
        address=f"http://{HOST}:{ports.registry}",
    )


def url(ports: Ports) -> str:
    """Where its Confluent-compatible interface is."""
    return f"http://{HOST}:{ports.registry}/apis/ccompat/v7"


def client_url(ports: Ports) -> str:
    """Where its own interface is, which Apicurio's clients speak."""
    return f"http://{HOST}:{ports.registry}/apis/registry/v2"

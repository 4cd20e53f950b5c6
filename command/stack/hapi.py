"""The HAPI FHIR R4 server of `java/hapi`, its resources in PostgreSQL."""

from __future__ import annotations

import os

from command.stack import java
from command.stack.places import Place
from command.stack.ports import HOST, Ports
from command.stack.processes import Server
from command.stack.ready import answers

EVERYDAY_HEAP = "1g"  # for measuring its best it wants 3g


def server(place: Place, ports: Ports) -> Server:
    """The server, on database `hapi` of the PostgreSQL of `ports`. FHIR_HEAP sets another heap."""
    heap = os.environ.get("FHIR_HEAP") or EVERYDAY_HEAP
    return Server(
        name="hapi",
        command=java.command("hapi", "firth.fhir.FhirServer", heap=heap, flags=["-XX:+UseParallelGC"]),
        environment={
            "FHIR_HOST": HOST,
            "FHIR_PORT": str(ports.fhir),
            "FHIR_DATABASE_URL": f"jdbc:postgresql://{HOST}:{ports.postgres}/hapi",
            "FHIR_DATABASE_USER": "hapi",
            "FHIR_DATABASE_PASSWORD_FILE": str(place.secret_file("postgres-hapi")),
        },
        ports={"FHIR_PORT": ports.fhir},
        needs=("postgres",),
        ready=lambda: answers(f"{url(ports)}/metadata"),
        address=url(ports),
        patience=600.0,  # the first start makes its tables, and shares the machine with all others
    )


def url(ports: Ports) -> str:
    """The base address of FHIR."""
    return f"http://{HOST}:{ports.fhir}/fhir"

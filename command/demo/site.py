"""Where the demo takes place: on the local stack, or on the services of docker-compose.yml. It sees no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Self, TypeAlias

from command.stack import connect, hapi, mongodb, postgres, processes, services, sftp
from command.stack.ports import HOST
from command.stack.stack import Stack

LOG_LINES: Final = 5  # shown of a service that died

State: TypeAlias = tuple[str, str]  # of a service by name: ready, starting, not answering, died, stopped …


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Addresses as seen from here, but for `credential`: how the extractor, wherever it runs, reads the source.

    `states` tells how each service is, `log` the last lines that one wrote; these and `drop` raise Trouble.
    """

    api_url: str
    api_token: str = field(repr=False)
    source_url: str = field(repr=False)  # for the database's admin
    credential: Mapping[str, Any] = field(repr=False)
    fhir_url: str
    mongodb_url: str = field(repr=False)
    connect_url: str
    drop: Callable[[str, bytes], object]  # a file of that name, where connectors look for CSV files
    states: Callable[[], Sequence[State]]
    log: Callable[[str], list[str]]

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """The servers of a local stack."""
        return cls(
            api_url=services.api_url(stack.ports),
            api_token=stack.place.secret("api-token"),
            source_url=postgres.url(stack.place, stack.ports, database=postgres.SOURCE),
            credential=reader(HOST, stack.ports.postgres, password=stack.place.secret(f"postgres-{postgres.SOURCE}")),
            fhir_url=hapi.url(stack.ports),
            mongodb_url=mongodb.url(stack.ports),
            connect_url=connect.url(stack.ports),
            drop=partial(sftp.drop, sftp.files(stack.place) / "drop" / "csv"),
            states=lambda: [(server.name, state) for server, state in stack.states()],
            log=lambda name: processes.last_lines(processes.log_file(stack.place, name), LOG_LINES),
        )


def reader(host: str, port: int, *, password: str) -> dict[str, Any]:
    """The credential of the role that may only read the source."""
    name = postgres.SOURCE
    return {
        "model": "POSTGRES", "host": host, "port": port, "database": name, "login": name, "password": password,
    }  # fmt: skip

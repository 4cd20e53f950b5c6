"""Kafka Connect's REST interface as the commands use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import requests

from command.stack.trouble import Trouble
from pipeline.http_session import http_session

_TIMEOUT: Final = (3.0, 90.0)  # seconds to connect, to wait for the answer


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """How a connector is: its own state and that of each of its tasks, and why the first that failed did."""

    name: str
    kind: str
    state: str
    tasks: Sequence[str]
    fault: str

    @property
    def is_well(self) -> bool:
        """Whether neither it nor a task of it has failed."""
        return "FAILED" not in (self.state, *self.tasks)


class ConnectCluster:
    """The cluster that answers at `url`; to be closed. Every method raises Trouble with what Connect said."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = http_session()

    def close(self) -> None:
        """Leave the cluster."""
        self._session.close()

    def configurations(self) -> dict[str, dict[str, str]]:
        """The configuration of every connector, by name."""
        found = self._call("GET", "/connectors?expand=info")
        return {name: entry["info"]["config"] for name, entry in found.items()}

    def statuses(self) -> list[ConnectorStatus]:
        """How every connector is, in the order of their names."""
        found = self._call("GET", "/connectors?expand=status")
        return [_status(name, entry["status"]) for name, entry in sorted(found.items())]

    def mistakes(self, name: str, config: Mapping[str, str]) -> list[str]:
        """What is wrong with a configuration, each a sentence with its setting."""
        kind = quote(config.get("connector.class", "none"), safe="")
        found = self._call("PUT", f"/connector-plugins/{kind}/config/validate", {**config, "name": name})
        values = [entry["value"] for entry in found["configs"]]
        return [_with_setting(value["name"], error) for value in values for error in value["errors"]]

    def put(self, name: str, config: Mapping[str, str]) -> None:
        """Make the connector, or give it this configuration."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/config", config)

    def restart(self, name: str) -> None:
        """Start the connector and its tasks again."""
        self._call("POST", f"/connectors/{quote(name, safe='')}/restart?includeTasks=true")

    def delete(self, name: str) -> None:
        """End the connector. How far it was stays known, should one of its name come again."""
        self._call("DELETE", f"/connectors/{quote(name, safe='')}")

    def _call(self, method: str, path: str, body: object = None) -> Any:
        try:
            answer = self._session.request(method, self._url + path, json=body, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise Trouble(
                f"Kafka Connect at {self._url}: {type(error).__name__}: ./firth status says how it is, "
                "./firth logs connect why"
            ) from error
        if not answer.ok:
            raise Trouble(f"Kafka Connect: {method} {path}: {answer.status_code}: {_message(answer)}")
        return answer.json() if answer.content else None


def _status(name: str, found: Mapping[str, Any]) -> ConnectorStatus:
    parts = [found["connector"], *found["tasks"]]
    traces = [part["trace"] for part in parts if part.get("trace")]
    return ConnectorStatus(
        name=name,
        kind=found["type"],
        state=found["connector"]["state"],
        tasks=[task["state"] for task in found["tasks"]],
        fault=_reason(traces[0]) if traces else "",
    )


def _reason(trace: str) -> str:
    """What a Java stack trace says: its first message, and that of the innermost cause where it tells more."""
    first, *others = trace.splitlines()
    causes = [line.removeprefix("Caused by: ") for line in others if line.startswith("Caused by: ")]
    said, cause = (line.partition(": ")[2] or line for line in (first, causes[-1] if causes else first))
    return said if cause in said else f"{said}: {cause}"


def _with_setting(name: str, error: str) -> str:
    return error if name in error else f"{name}: {error}"


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason

"""Firth's api as the commands see it: a thin client. Whatever a command does with it, anyone can do over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import quote

import requests

from command.stack import services
from command.stack.places import USERS_STACK
from command.stack.ports import Ports
from command.stack.trouble import Trouble
from pipeline.http_session import http_session

_TO_CONNECT: Final = 3.0  # seconds
_TO_ANSWER: Final = 60.0
_TO_PREVIEW: Final = 200.0  # longer than the api waits: PREVIEW_TIMEOUT, 120 at most, and 60 for the FHIR server


@dataclass(frozen=True, slots=True)
class FirstError:
    """The earliest dead letter of one reason, of one resource."""

    stage: str
    sink: str | None
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ResourceProgress:
    """How far one resource of a batch is, in source records. `total` is None until all is extracted; `failed`
    counts dead letters by where: `extractor`, `transformer`, `loader-fhir`. `fault`: why all of it was given up."""

    resource_id: str
    resource_type: str
    state: str
    total: int | None
    extracted: int
    transformed: int
    loaded: Mapping[str, int]
    failed: Mapping[str, int]
    cancelled: int
    fault: str | None
    first_errors: Sequence[FirstError]

    def refused(self, sink: str) -> int:
        """Dead letters on the way to `sink`."""
        return sum(self.failed.get(place, 0) for place in ("extractor", "transformer", f"loader-{sink}"))


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch and its resources; `state` is starting, running, completed, failed, cancelling or cancelled."""

    batch_id: str
    state: str
    created_at: datetime
    ended_at: datetime | None
    sinks: Sequence[str]
    resources: Sequence[ResourceProgress]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it by itself."""
        return self.state in ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch in a list: how many resources it has, and what was loaded and refused of all of them."""

    batch_id: str
    state: str
    created_at: datetime
    ended_at: datetime | None
    sinks: Sequence[str]
    resources: int
    loaded: Mapping[str, int]
    failed: int


@dataclass(frozen=True, slots=True)
class Binding:
    """A topic of live rows, the resource that it feeds, and how many rows came how far. `failed` counts dead letters by
    where; `passed_over` rows that changed nothing by themselves."""

    topic: str
    resource_id: str
    key: str | None
    on_delete: str
    extracted: int
    passed_over: int
    transformed: int
    loaded: Mapping[str, int]
    failed: Mapping[str, int]
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What some rows became, and what is wrong, as issues of a FHIR OperationOutcome."""

    instances: Sequence[Mapping[str, Any]]
    errors: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ImportedMapping:
    """A mapping as the api took it in: id, type and label of each resource, and what a person should know of it."""

    source_id: str
    resources: Sequence[tuple[str, str, str]]
    told: Sequence[str]


class Api:
    """A connection to the api at `url`, showing `token`; to be closed. Every method raises Trouble with what the api
    said."""

    def __init__(self, url: str, *, token: str) -> None:
        self._url = url.rstrip("/")
        self._session = http_session(token=token)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """The api at API_URL with the token API_TOKEN; the local stack's, where neither is set. Raises Trouble."""
        url, token = environ.get("API_URL"), environ.get("API_TOKEN")
        if bool(url) != bool(token):
            raise Trouble("API_URL and API_TOKEN go together: set both, or neither for the local stack")
        if url and token:
            return cls(url, token=token)
        try:
            return cls(services.api_url(Ports.from_environment(environ)), token=USERS_STACK.secret("api-token"))
        except OSError as error:
            raise Trouble("there is no local stack: ./firth up starts it; or set API_URL and API_TOKEN") from error

    def close(self) -> None:
        """Leave the api."""
        self._session.close()

    def import_mapping(self, document: Mapping[str, object]) -> ImportedMapping:
        """Import a mapping, or replace that of the same source."""
        found = self._call("POST", "/mappings", document)
        return ImportedMapping(
            source_id=found["id"],
            resources=[(one["id"], one["resource_type"], one["label"]) for one in found["resources"]],
            told=[_mistake(one) for one in found["told"]],
        )

    def mapping(self, source_id: str) -> dict[str, Any] | None:
        """The document of an imported mapping, in our own form; None where there is none."""
        listed = self._call("GET", "/mappings")["mappings"]
        if source_id not in [each["id"] for each in listed]:
            return None
        document: dict[str, Any] = self._call("GET", f"/mappings/{quote(source_id, safe='')}")["document"]
        return document

    def start_batch(self, resource_ids: Sequence[str]) -> str:
        """Start a batch; its id."""
        accepted: str = self._call("POST", "/batch", {"resource_ids": list(resource_ids)})["batch_id"]
        return accepted

    def batch(self, batch_id: str) -> Batch:
        """How far a batch is; about a second behind the stages."""
        found = self._call("GET", f"/batch/{quote(batch_id, safe='')}")
        return Batch(
            batch_id=found["batch_id"],
            state=found["state"],
            created_at=datetime.fromisoformat(found["created_at"]),
            ended_at=_moment(found["ended_at"]),
            sinks=found["sinks"],
            resources=[_resource(each) for each in found["resources"]],
        )

    def batches(self, limit: int) -> list[BatchSummary]:
        """The newest batches, the newest first."""
        return [_summary(each) for each in self._call("GET", f"/batch?limit={limit}")["batches"]]

    def cancel_batch(self, batch_id: str) -> str:
        """Cancel a batch; its state then."""
        state: str = self._call("DELETE", f"/batch/{quote(batch_id, safe='')}")["state"]
        return state

    def retry_batch(self, batch_id: str) -> int:
        """Send a batch's dead letters again; how many they are."""
        retried: int = self._call("POST", f"/batch/{quote(batch_id, safe='')}/retry", {})["retried"]
        return retried

    def bindings(self) -> list[Binding]:
        """All bindings, by topic; their counts are about a second behind the stages."""
        return [_binding(each) for each in self._call("GET", "/bindings")["bindings"]]

    def bind(self, topic: str, resource_id: str, *, key: str | None = None, on_delete: str = "ignore") -> Binding:
        """Have the rows of a topic feed a resource, or do so otherwise."""
        return _binding(self._call("PUT", _place(topic, resource_id), {"key": key, "on_delete": on_delete}))

    def unbind(self, topic: str, resource_id: str) -> None:
        """Have them feed it no more."""
        self._call("DELETE", _place(topic, resource_id))

    def retry_rows(self, topic: str, resource_id: str) -> int:
        """Send a binding's dead letters again; how many they are."""
        retried: int = self._call("POST", f"{_place(topic, resource_id)}/retry", {})["retried"]
        return retried

    def preview(self, resource_id: str, keys: Sequence[str | int], *, validated: bool = False) -> Preview:
        """What the rows with these primary keys become."""
        wanted = {"resource_id": resource_id, "primary_key_values": list(keys), "validate": validated}
        return Preview(**self._call("POST", "/preview", wanted, within=_TO_PREVIEW))

    def resources_of(self, source_id: str) -> list[str]:
        """The ids of all resources of an imported mapping, in its order."""
        mappings = {each["id"]: each for each in self._call("GET", "/mappings")["mappings"]}
        if source_id not in mappings:
            raise Trouble(f"api: has no mapping {source_id} (has: {', '.join(mappings) or 'none'})")
        return [each["id"] for each in mappings[source_id]["resources"]]

    def _call(self, method: str, path: str, body: object = None, *, within: float = _TO_ANSWER) -> Any:
        try:
            answer = self._session.request(method, self._url + path, json=body, timeout=(_TO_CONNECT, within))
        except requests.RequestException as error:
            raise Trouble(
                f"api at {self._url}: {type(error).__name__}: ./firth status says how it is, ./firth logs api why"
            ) from error
        if not answer.ok:
            sentence, mistakes = _problem(answer)
            raise Trouble(f"api: {method} {path}: {sentence}", log=mistakes)
        return answer.json() if answer.content else None


def _place(topic: str, resource_id: str) -> str:
    return f"/bindings/{quote(topic, safe='')}/{quote(resource_id, safe='')}"


def _binding(found: Mapping[str, Any]) -> Binding:
    return Binding(
        topic=found["topic"],
        resource_id=found["resource_id"],
        key=found["key"],
        on_delete=found["on_delete"],
        extracted=found["extracted"],
        passed_over=found["passed_over"],
        transformed=found["transformed"],
        loaded=found["loaded"],
        failed=found["failed_by_stage"],
        last_at=_moment(found["last_at"]),
    )


def _resource(found: Mapping[str, Any]) -> ResourceProgress:
    return ResourceProgress(
        resource_id=found["resource_id"],
        resource_type=found["resource_type"],
        state=found["state"],
        total=found["total"],
        extracted=found["extracted"],
        transformed=found["transformed"],
        loaded=found["loaded"],
        failed=found["failed_by_stage"],
        cancelled=found["cancelled"],
        fault=found["fault"],
        first_errors=[FirstError(**error) for error in found["first_errors"]],
    )


def _summary(found: Mapping[str, Any]) -> BatchSummary:
    return BatchSummary(
        batch_id=found["batch_id"],
        state=found["state"],
        created_at=datetime.fromisoformat(found["created_at"]),
        ended_at=_moment(found["ended_at"]),
        sinks=found["sinks"],
        resources=len(found["resource_ids"]),
        loaded=found["loaded"],
        failed=found["failed"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _problem(answer: requests.Response) -> tuple[str, list[str]]:
    """What a problem document (RFC 9457) says, in a sentence, and the mistakes that it lists."""
    try:
        problem = answer.json()
    except ValueError:
        return f"answered {answer.status_code}", []
    sentence = f"{answer.status_code}: {problem.get('detail') or problem.get('title')}"
    return sentence, [_mistake(one) for one in problem.get("mistakes", [])]


def _mistake(found: Mapping[str, str]) -> str:
    return f"{found['place'] or found['path']}: {found['reason']}"

"""Firth's api as the commands see it: a thin client. Whatever a command does with it, anyone can do over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import quote

import requests

from command.stack import services
from command.stack.places import USERS_STACK
from command.stack.ports import Ports
from command.stack.trouble import Trouble

_TIMEOUT: Final = (3.0, 60.0)  # seconds to connect, to wait for the answer
_SHOWN: Final = 3  # mistakes of a refused mapping, in the sentence about it


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
    """A batch and its resources; `state` is starting, running, completed or failed."""

    batch_id: str
    state: str
    sinks: Sequence[str]
    resources: Sequence[ResourceProgress]

    @property
    def is_over(self) -> bool:
        return self.state in ("completed", "failed")


class Api:
    """A connection to the api at `url`, showing `token`; to be closed. Every method raises Trouble with what the api
    said."""

    def __init__(self, url: str, *, token: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # neither a proxy nor a .netrc of the machine
        self._session.headers["Authorization"] = f"Bearer {token}"

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

    def import_mapping(self, document: Mapping[str, object]) -> None:
        """Import a mapping, or replace that of the same source."""
        self._call("POST", "/mappings", document)

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
        found = self._call("GET", f"/batch/{batch_id}")
        return Batch(
            batch_id=found["batch_id"],
            state=found["state"],
            sinks=found["sinks"],
            resources=[_resource(each) for each in found["resources"]],
        )

    def _call(self, method: str, path: str, body: object = None) -> Any:
        try:
            answer = self._session.request(method, self._url + path, json=body, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise Trouble(
                f"api at {self._url}: {type(error).__name__}: ./firth status says how it is, ./firth logs api why"
            ) from error
        if not answer.ok:
            raise Trouble(f"api: {method} {path}: {_problem(answer)}")
        return answer.json()


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


def _problem(answer: requests.Response) -> str:
    """What a problem document (RFC 9457) says, in a sentence."""
    try:
        problem = answer.json()
    except ValueError:
        return f"answered {answer.status_code}"
    sentence = f"{answer.status_code}: {problem.get('detail') or problem.get('title')}"
    mistakes = [f"{mistake['place']}: {mistake['reason']}" for mistake in problem.get("mistakes", [])]
    return "; ".join([sentence, *mistakes[:_SHOWN], *(["…"] if len(mistakes) > _SHOWN else [])])

"""HTTP to a FHIR server: transactions, look-ups, and whether it is well."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import requests

from loader.answers import Answer, Verdict, retry_after, verdict
from loader.bundles import ABSENT
from pipeline.errors import Misconfigured, Unavailable
from pipeline.http_session import http_session

_FHIR: Final = "application/fhir+json"
_HEADERS: Final = {
    "Accept": _FHIR,
    # The server's time is what we are short of: no resources back. HAPI flushes an answer that it does not pack
    # with every few bytes of JSON: 500 pieces for 100 resources, 6 ms of ours to read instead of 1.4.
    "Accept-Encoding": "gzip",
    "Prefer": "return=minimal",
    # Never X-Retry-On-Version-Conflict: HAPI 8.8 tries again with the tag definitions of the attempt that it
    # rolled back. The resources then name a tag that is not there, and every later PUT of them answers 500.
}
_HISTORY: Final = re.compile(r"/_history/([A-Za-z0-9\-.]{1,64})$")
_LOOK_UP: Final = 100  # ids asked for in one go
_PLACEHOLDER: Final = "http://hapifhir.io/fhir/StructureDefinition/resource-placeholder"
# A resource that is not there: reading it costs the server and its database next to nothing.
_PROBE: Final = "/Basic/firth-nothing"


class FhirClient:
    """Connections to one FHIR server, one a thread, kept open.

    `time_limit` bounds every request, in seconds: connecting, and waiting for the answer.
    """

    def __init__(self, url: str, *, token: str | None, time_limit: float, ca_location: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._ca_location = ca_location
        connect = min(2.0, time_limit / 4)
        self._time_limit = (connect, time_limit - connect)
        self._local = threading.local()

    @property
    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = http_session(token=self._token, ca_location=self._ca_location)
            session.headers.update(_HEADERS)
            self._local.session = session
        return session

    def transact(self, bundle: bytes) -> Answer:
        """Send a transaction. Never raises for what the server or the network does."""
        return self._ask("POST", "", data=bundle, headers={"Content-Type": _FHIR})

    def versions(
        self, resource_type: str, ids: Sequence[str], *, after_conflict: bool = False
    ) -> Mapping[str, str | None]:
        """For each id that is not there as a resource of its own, the version that a new one must replace:
        `ABSENT`, or a placeholder's. None for those that are there.

        A search does not show what was deleted, which has a version nevertheless: `after_conflict` looks for
        it, one id at a time. Raises Unavailable, Misconfigured.
        """
        versions: dict[str, str | None] = dict.fromkeys(ids, ABSENT)
        for start in range(0, len(ids), _LOOK_UP):
            for resource in self._search(resource_type, ids[start : start + _LOOK_UP]):
                placeholder = any(each.get("url") == _PLACEHOLDER for each in resource.get("extension", ()))
                versions[resource["id"]] = f'W/"{resource["meta"]["versionId"]}"' if placeholder else None
        if after_conflict:
            for resource_id in [each for each, version in versions.items() if version == ABSENT]:
                gone = self._ask("GET", f"/{resource_type}/{resource_id}")
                version = _HISTORY.search(gone.location)
                if gone.status == HTTPStatus.GONE and version:
                    versions[resource_id] = f'W/"{version[1]}"'
        return versions

    def is_there(self, name: str) -> bool | None:
        """Whether `Type/id` can be read; None where the answer says neither."""
        status = self._ask("GET", f"/{name}").status
        if status == HTTPStatus.OK:
            return True
        return False if status in (404, 410) else None

    def is_well(self) -> bool:
        """Whether the server and the database behind it answer a read."""
        return self._ask("GET", _PROBE).status in (200, 404, 410)

    def denied(self, answer: Answer) -> Misconfigured:
        """The error for an answer that no bundle would change."""
        if answer.status in (401, 403):
            return Misconfigured(f"FHIR server at {self.url}: {answer.said}: check FHIR_API_TOKEN and its rights")
        place = f"FHIR server at {self.url}: {answer.said}, but not as a FHIR server would"
        return Misconfigured(f"{place}: check FHIR_API_URL")

    def _search(self, resource_type: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        answer = self._ask(
            "POST",
            f"/{resource_type}/_search",
            data={"_id": ",".join(ids), "_count": str(len(ids)), "_elements": "extension"},
            headers={"Cache-Control": "no-store"},
        )
        if verdict(answer) is Verdict.PASSING:
            raise Unavailable(f"FHIR server at {self.url}: {answer.said} to a search", retry_after=answer.retry_after)
        if answer.status != HTTPStatus.OK:
            raise self.denied(answer)
        try:
            entries = orjson.loads(answer.body).get("entry", ())
            return [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == resource_type]
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
            raise self.denied(answer) from None

    def _ask(
        self,
        method: str,
        path: str,
        *,
        data: bytes | dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        try:
            answer = self._session.request(
                method,
                self.url + path,
                data=data,
                headers=headers,
                timeout=self._time_limit,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Answer(None, timed_out=True, trouble="no answer in time")
        except requests.exceptions.SSLError:
            raise Misconfigured(f"FHIR server at {self.url}: TLS failed: check FHIR_CA_LOCATION") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return Answer(None, trouble="no connection")
        except requests.RequestException as error:
            raise Misconfigured(f"FHIR server at {self.url}: {type(error).__name__}: check FHIR_API_URL") from None
        pause = retry_after(answer.headers.get("Retry-After"), time.time())
        location = answer.headers.get("Location", "")
        return Answer(answer.status_code, answer.content, retry_after=pause, location=location)

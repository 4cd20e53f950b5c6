"""The schema registry, by Confluent's HTTP interface (Apicurio, Karapace and others speak it too)."""

from __future__ import annotations

from typing import Any, Final

import requests

from pipeline.errors import Misconfigured, Unavailable
from pipeline.http_session import http_session
from pipeline.service_settings import RegistrySettings

_TIMEOUT: Final = (3.0, 10.0)  # seconds to connect, to wait for the answer
_JSON: Final = "application/vnd.schemaregistry.v1+json"


class Registry:
    """A connection to one registry. One thread at a time."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._url = settings.url.rstrip("/")
        self._session = http_session(ca_location=settings.ca_location)
        self._session.headers["Accept"] = _JSON
        if settings.username and settings.password:
            self._session.auth = (settings.username, settings.password.reveal())

    def id_of(self, subject: str, schema: str) -> int:
        """The id of `schema` under `subject`; registers it where it is new there.

        Raises Unavailable, and Misconfigured when we may not or when it is not compatible with the last one.
        """
        known = self._ask("POST", f"/subjects/{subject}", {"schema": schema, "schemaType": "AVRO"})
        if known is None:
            known = self._ask("POST", f"/subjects/{subject}/versions", {"schema": schema, "schemaType": "AVRO"})
        if known is None:
            raise Misconfigured(f"schema registry {self._url}: takes no schemas there: check SCHEMA_REGISTRY_URL")
        return int(self._part(known, "id"))

    def schema(self, schema_id: int) -> str | None:
        """The schema of an id as its JSON text, or None if the registry has no such id."""
        known = self._ask("GET", f"/schemas/ids/{schema_id}")
        return None if known is None else str(self._part(known, "schema"))

    def _part(self, answer: dict[str, Any], name: str) -> Any:
        if name not in answer:
            raise Unavailable(f"schema registry {self._url}: an answer without {name!r}: is it a schema registry?")
        return answer[name]

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any] | None:
        """The answer's JSON object, or None for 404."""
        try:
            answer = self._session.request(
                method, self._url + path, json=body, timeout=_TIMEOUT, headers={"Content-Type": _JSON}
            )
            if answer.status_code == requests.codes.not_found:
                return None
            if answer.status_code == requests.codes.ok:
                body = answer.json()
                return body if isinstance(body, dict) else {}
        except (requests.ConnectionError, requests.Timeout, requests.JSONDecodeError) as error:
            raise Unavailable(f"schema registry {self._url}: {type(error).__name__}: is it running?") from None
        except requests.RequestException as error:
            raise Misconfigured(f"schema registry {self._url}: {type(error).__name__}: check its settings") from None
        place = f"schema registry {self._url}: {answer.status_code} to {method} {path}"
        if answer.status_code in (401, 403):
            raise Misconfigured(f"{place}: check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD")
        if answer.status_code in (409, 422):
            raise Misconfigured(f"{place}: our schema is not compatible with the one registered")
        raise Unavailable(place)

"""What a worker asks of the api: frozen mappings, the credentials of sources, the bindings of live rows.

The bytes are handed over as they came; who asks knows what they mean.
"""

from __future__ import annotations

from typing import Final, Self
from urllib.parse import quote

import requests

from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from pipeline.http_session import http_session
from pipeline.service_settings import ApiClientSettings

_TIMEOUT: Final = (3.0, 10.0)  # seconds to connect, to wait for the answer


class ApiClient:
    """A connection to the api at `url`, showing `token`. One thread at a time."""

    def __init__(self, url: str, token: str, *, ca_location: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._session = http_session(token=token, ca_location=ca_location)

    @classmethod
    def of(cls, settings: ApiClientSettings) -> Self:
        """A client as the settings say."""
        return cls(settings.url, settings.worker_token.reveal(), ca_location=settings.ca_location)

    def frozen_mapping(self, mapping_hash: str) -> bytes:
        """The mapping's canonical JSON document, for ever the same for one hash.

        Raises InvalidRecord (`unknown-mapping`), Unavailable, Misconfigured.
        """
        return self._get("frozen-mappings", mapping_hash)

    def credential(self, source_id: str) -> bytes:
        """How to log in to a source's database, as JSON. Ask again rather than keep it for long.

        Raises InvalidRecord (`unknown-mapping`), Unavailable, Misconfigured.
        """
        return self._get("sources", source_id, "credential")

    def bindings(self) -> bytes:
        """Which topics of live rows feed which resources, as JSON. Ask again now and then.

        Raises Unavailable, Misconfigured, and InvalidRecord where the api has no such thing.
        """
        return self._get("bindings")

    def _get(self, *path: str) -> bytes:
        place = "/".join(quote(part, safe="") for part in path)
        try:
            answer = self._session.get(f"{self._url}/{place}", timeout=_TIMEOUT, allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Unavailable(f"api at {self._url}: {type(error).__name__}: is it running?") from None
        except requests.RequestException as error:
            raise Misconfigured(f"api at {self._url}: {type(error).__name__}: check API_URL") from None
        if answer.status_code == requests.codes.ok:
            return answer.content
        if answer.status_code == requests.codes.not_found:
            raise InvalidRecord(f"the api knows no {' '.join(path)!r}", reason="unknown-mapping")
        if answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
            raise Misconfigured(f"api at {self._url}: {answer.status_code}: check API_WORKER_TOKEN")
        raise Unavailable(f"api at {self._url}: answered {answer.status_code} to GET /{path[0]}")

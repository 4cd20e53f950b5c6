"""The FHIR server as a validator: what it says of a resource that nobody has stored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import requests

from api.problems import Problem
from pipeline.http_session import http_session
from pipeline.settings import Secret

# Seconds for all resources of a preview. HAPI takes twenty for the first one that it validates after its start.
TIME_LIMIT: Final = 60.0
_FHIR: Final = "application/fhir+json"


class FhirServer:
    """A FHIR server that validates. Safe to use from any thread; connects when asked."""

    def __init__(self, url: str, *, token: Secret | None, ca_location: str | None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._ca_location = ca_location

    def validate(self, resources: Sequence[bytes]) -> list[list[dict[str, Any]]]:
        """The issues of each resource, as the server's `$validate` lists them. Each is JSON with a `resourceType`.

        Raises Problem `unavailable` or `timeout`.
        """
        token = self._token.reveal() if self._token is not None else None
        with http_session(token=token, ca_location=self._ca_location) as session:
            session.headers.update({"Accept": _FHIR, "Content-Type": _FHIR})
            until = time.monotonic() + TIME_LIMIT
            return [self._issues(session, resource, until) for resource in resources]

    def _issues(self, session: requests.Session, resource: bytes, until: float) -> list[dict[str, Any]]:
        address = f"{self._url}/{orjson.loads(resource)['resourceType']}/$validate"
        left = max(1.0, until - time.monotonic())
        try:
            answer = session.post(address, data=resource, timeout=left, allow_redirects=False)
        except requests.Timeout:
            raise Problem("timeout", "the FHIR server did not validate in time", behind="fhir") from None
        except requests.RequestException as error:
            sentence = f"the FHIR server could not be asked: {type(error).__name__}"
            raise Problem("unavailable", sentence, behind="fhir") from None
        # 422 and 412 are how some servers answer for a resource that is not valid: with the same document.
        if answer.status_code in (HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY):
            try:
                issues: list[dict[str, Any]] = orjson.loads(answer.content)["issue"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                pass
            else:
                return issues
        raise Problem("unavailable", f"the FHIR server answered {answer.status_code} to $validate", behind="fhir")

"""Mappings from Pyrog, by its GraphQL API: a resource with all of its mapping, and how to log in to its source.

Pyrog's schema changed with its versions, so its own description of itself is asked for first, and the query is made
of what it has. The token of a login is kept until it is refused, then renewed once.

Whatever Pyrog answers otherwise than it should becomes a Problem with `behind` pyrog: `bad-gateway` where a setting
or Pyrog itself must be mended, `unavailable` and `timeout` where trying again may help.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
import requests

from api.problems import Problem
from api.pyrog_query import NEWEST, SCHEMA, query_for
from pipeline.http_session import http_session
from pipeline.settings import Secret

TIME_LIMIT: Final = (3.0, 20.0)  # seconds to connect, to wait for the answer
LONGEST: Final = 200  # characters of Pyrog's words in a sentence of ours

LOGIN: Final = "mutation login($email: String!, $password: String!) {login(email: $email, password: $password) {token}}"
# How servers say that a token is missing, wrong or over.
_UNAUTHENTICATED: Final = re.compile(r"not auth|unauth|jwt|token", re.IGNORECASE)


class Pyrog:
    """One Pyrog. Connects when asked; safe to use from any thread."""

    def __init__(self, url: str, *, login: str, password: Secret, ca_location: str | None = None) -> None:
        self._url = url
        self._login = login
        self._password = password
        self._ca_location = ca_location
        self._token: str | None = None
        self._query: str | None = None

    def resource(self, resource_id: str) -> dict[str, Any] | None:
        """The resource as a document of Pyrog's shape, by itself, with its source; None where Pyrog has none of that
        id. Raises Problem."""
        data = self._asked(self._query, {"resourceId": resource_id}) if self._query else None
        if data is None:  # the first time, and after it was replaced by another version
            query = self._queried(self._asked(SCHEMA, {}))
            data = self._asked(query, {"resourceId": resource_id})
            if data is None:
                raise _unusable("refuses the query for a resource")
            self._query = query
        found = data.get("resource")
        if found is not None and not isinstance(found, dict):
            raise _unusable("answers something else than a resource")
        return None if found is None else _with_password(found)

    def _queried(self, described: Mapping[str, Any] | None) -> str:
        """The query for a resource. Where the schema is not told, it is taken for the newest."""
        try:
            return NEWEST if described is None else query_for(described)
        except (KeyError, TypeError, AttributeError):
            raise _unusable("describes its schema otherwise than GraphQL does") from None

    def _asked(self, query: str, variables: Mapping[str, str]) -> dict[str, Any] | None:
        """The data of an answer; None where the query itself is refused. Logs in where that is needed."""
        for token in (self._token, None):
            self._token = token or self._logged_in()
            try:
                return self._data(query, variables, self._token)
            except _Refused as refused:
                if not refused.for_want_of_login:
                    return None
        self._token = None
        raise _unusable("refuses the token that it gave: check the rights of PYROG_LOGIN")

    def _logged_in(self) -> str:
        variables = {"email": self._login, "password": self._password.reveal()}
        try:
            data = self._data(LOGIN, variables, None)
            token = data["login"]["token"]
        except (_Refused, KeyError, TypeError):
            # Its own words may quote what it was sent.
            raise _unusable("refuses the login: check PYROG_LOGIN and PYROG_PASSWORD") from None
        if not isinstance(token, str) or not token:
            raise _unusable("gives no token for the login: is PYROG_API_URL the address of a Pyrog?")
        return token

    def _data(self, query: str, variables: Mapping[str, str], token: str | None) -> dict[str, Any]:
        """The data of an answer. Raises _Refused where it has errors instead, Problem where it is no answer."""
        answer = self._answered(query, variables, token)
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            body = None
        errors = body.get("errors") if isinstance(body, dict) else None
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise _Refused(for_want_of_login=True)
        if errors:
            raise _Refused(for_want_of_login=any(map(_wants_login, errors if isinstance(errors, list) else [errors])))
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Problem("unavailable", f"Pyrog answered {answer.status_code}", behind="pyrog")
        if not answer.content:
            raise _unusable(f"answered {answer.status_code} with nothing in it: {_CHECK_URL}")
        if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
            kind = answer.headers.get("Content-Type", "").partition(";")[0][:LONGEST] or "something"
            raise _unusable(f"answered {answer.status_code} with {kind} that is no answer of GraphQL's: {_CHECK_URL}")
        data: dict[str, Any] = body["data"]
        return data

    def _answered(self, query: str, variables: Mapping[str, str], token: str | None) -> requests.Response:
        with http_session(token=token, ca_location=self._ca_location) as session:
            asked = {"query": query, "variables": variables}
            try:
                return session.post(self._url, json=asked, timeout=TIME_LIMIT, allow_redirects=False)
            except requests.Timeout:
                raise Problem("timeout", "Pyrog did not answer in time", behind="pyrog") from None
            except requests.exceptions.SSLError:
                raise _unusable("is not who it says it is: TLS failed: check PYROG_CA_LOCATION") from None
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                raise Problem("unavailable", "Pyrog cannot be reached", behind="pyrog") from None
            except requests.RequestException as error:
                raise _unusable(f"cannot be asked ({type(error).__name__}): check PYROG_API_URL") from None


_CHECK_URL: Final = "is PYROG_API_URL the address of its GraphQL API?"


class _Refused(Exception):
    """Errors in place of data."""

    def __init__(self, *, for_want_of_login: bool) -> None:
        super().__init__()
        self.for_want_of_login = for_want_of_login


def _with_password(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with the password where the format has it: Pyrog's own `password` is the encrypted one."""
    source = resource.get("source")
    credential = source.get("credential") if isinstance(source, dict) else None
    if isinstance(credential, dict) and "decryptedPassword" in credential:
        credential["password"] = credential.pop("decryptedPassword")
    return resource


def _wants_login(error: object) -> bool:
    """Whether an error says that no valid token was shown."""
    if not isinstance(error, dict):
        return False
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code in ("UNAUTHENTICATED", "FORBIDDEN") or bool(_UNAUTHENTICATED.search(str(error.get("message"))))


def _unusable(what: str) -> Problem:
    return Problem("bad-gateway", f"Pyrog {what}", behind="pyrog")

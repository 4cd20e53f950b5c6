"""Applications on loopback: what stands in for a Pyrog or a FHIR server, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request
from graphql import build_schema, graphql_sync
from werkzeug.serving import make_server


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of a WSGI application while it is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def always(answer: Callable[[], Response]) -> Flask:
    """An application that answers everything with one thing."""
    app = Flask(__name__)
    app.add_url_rule("/", "any", answer, methods=["GET", "POST"])
    return app


class OldPyrog:
    """A Pyrog of an older version: its schema in SDL, what it has of resources, and a login that can be made void.

    `described` is false for servers that do not tell their schema. A token that is void is refused with status
    `refusal`, by whatever stands before the server; by GraphQL itself where that is None.
    """

    def __init__(
        self, sdl: str, resources: dict[str, Any], *, described: bool = True, refusal: int | None = None
    ) -> None:
        self._schema = build_schema(sdl)
        self._resources = resources
        self._described = described
        self._refusal = refusal
        self.token = "token-1"
        self.logins = 0
        self.app = Flask(__name__)
        self.app.add_url_rule("/", "graphql", self._answer, methods=["POST"])

    def login(self, _: object, *, email: str, password: str) -> dict[str, str]:
        if (email, password) != ("ana@example.org", "planted-password"):
            raise ValueError("wrong login")
        self.logins += 1
        return {"token": self.token}

    def resource(self, _: object, **asked: Any) -> Any:
        if not self.knows_caller():
            raise ValueError("Not Authorised!")
        return self._resources.get(asked.get("resourceId") or asked["where"]["id"])

    def knows_caller(self) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.token}"

    def _answer(self) -> Response:
        body = request.get_json()
        if self._refusal and not body["query"].startswith("mutation") and not self.knows_caller():
            return _json({"message": "no entry"}, self._refusal)
        if "__schema" in body["query"] and not self._described:
            return _json({"errors": [{"message": "GraphQL introspection is not allowed"}]}, 400)
        result = graphql_sync(self._schema, body["query"], self, variable_values=body["variables"])
        return _json(result.formatted, 200 if result.errors is None or result.data is not None else 400)


class FhirServer:
    """Has ConceptMap m, whose one target can be changed."""

    def __init__(self) -> None:
        self.target = "male"
        self.asked: list[tuple[str, str | None]] = []
        self.app = Flask(__name__)
        self.app.add_url_rule("/fhir/ConceptMap/<name>", "read", self._answer)

    def _answer(self, name: str) -> Response:
        self.asked.append((name, request.headers.get("If-None-Match")))
        version = f'W/"{self.target}"'
        if name != "m":
            return Response(b'{"resourceType": "OperationOutcome"}', status=404)
        if request.headers.get("If-None-Match") == version:
            return Response(status=304)
        elements = [{"code": "M", "target": [{"code": self.target}]}]
        body = {"resourceType": "ConceptMap", "id": "m", "title": "sexes", "group": [{"element": elements}]}
        return Response(json.dumps(body), content_type="application/fhir+json", headers={"ETag": version})


def _json(body: Any, status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")

"""This interface described, from the code that validates it: `/openapi.json`, and `/docs` to browse it.

flask-openapi3 collects the routes, their parameters and their models. What stands around every route is added
here: who may ask, each problem that it can answer with, the headers, an example of every body and parameter.

Both are for everybody: a browser that opens a page shows no token, and what they tell is in the source too.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal

import flask_openapi3_swagger
import orjson
from flask import Response, current_app, send_from_directory
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel

from api import examples, problems
from api.bodies import Id, is_required, text
from api.tokens import Role, everybody, roles_of

blueprint = APIBlueprint(
    "description", __name__, abp_tags=[Tag(name="description", description="What can be asked, and what is answered")]
)

SCHEMES: Final = {
    Role.CALLER: {"type": "http", "scheme": "bearer", "description": "`API_TOKEN`: everything but reading a password"},
    Role.WORKER: {
        "type": "http",
        "scheme": "bearer",
        "description": "`API_WORKER_TOKEN`: frozen mappings, credentials, bindings, metrics",
    },
}

_NAME: Final = "firth-description"
_BROWSER: Final = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"
_STYLE, _SCRIPT, _START = "swagger-ui.css", "swagger-ui-bundle.js", "start.js"
# The page shows what we say alone, and asks nobody but us, whatever a model's description may hold.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'"
)
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Firth</title><link rel="stylesheet" href="docs/{_STYLE}"></head>
<body><div id="api"></div><script src="docs/{_SCRIPT}"></script><script src="docs/{_START}"></script></body>
</html>
"""
_START_TEXT: Final = """SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href, dom_id: "#api",
  deepLinking: true, filter: true, persistAuthorization: false, validatorUrl: null
});
"""


class FilePath(BaseModel):
    """Which file of the page."""

    file: Literal["swagger-ui.css", "swagger-ui-bundle.js", "start.js"]


class ProblemPath(BaseModel):
    """Which kind of problem: the end of its `type`."""

    slug: Id


@blueprint.get(
    "/openapi.json",
    summary="This description",
    responses={HTTPStatus.OK: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
@everybody
def document() -> Response:
    """OpenAPI 3.1."""
    return Response(current_app.extensions[_NAME], content_type="application/json")


@blueprint.get(
    "/docs", summary="This description, to browse", responses={HTTPStatus.OK: text("text/html; charset=utf-8")}
)
@everybody
def page() -> Response:
    """Swagger UI. Give it a token by its button Authorize, and it sends requests, too. It fetches from nowhere else."""
    return Response(_PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@blueprint.get(
    "/docs/<file>",
    summary="What the page is made of",
    responses={HTTPStatus.OK: text("text/css; charset=utf-8", "text/javascript; charset=utf-8")},
)
@everybody
def part(path: FilePath) -> Response:
    """Swagger UI's own files."""
    if path.file == _START:
        return Response(_START_TEXT, content_type="text/javascript; charset=utf-8")
    return send_from_directory(_BROWSER / ("css" if path.file == _STYLE else "js"), path.file, max_age=86_400)


@blueprint.get(
    "/problems/<slug>", summary="What a problem means", responses={HTTPStatus.OK: text("text/plain; charset=utf-8")}
)
@everybody
def problem(path: ProblemPath) -> Response:
    """The `type` of each problem leads here."""
    kind = problems.KINDS.get(path.slug)
    if kind is None:
        raise problems.Problem("not-found", "no such kind of problem")
    return Response(f"{kind.status} {kind.title}\n\n{kind.about}\n", content_type="text/plain; charset=utf-8")


def register(app: OpenAPI, room: APIBlueprint) -> None:
    """Have `app` answer the routes of `room`. By itself it would describe an address that two rooms answer, each
    other methods, with those of the last alone."""
    known = dict(app.paths)
    app.register_api(room)
    for path in known.keys() & room.paths.keys():
        methods = {name: operation for name, operation in room.paths[path] if operation is not None}
        app.paths[path] = known[path].model_copy(update=methods)


def install(app: OpenAPI) -> None:
    """Describe all that is registered in `app`, and this with it: to be called last."""
    register(app, blueprint)
    app.extensions[_NAME] = orjson.dumps(described(app))


def described(app: OpenAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`."""
    found = copy.deepcopy(app.api_doc)
    schemas = found["components"]["schemas"]
    for kind in problems.KINDS.values():
        schemas[kind.model.__name__] = kind.model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schemas[kind.model.__name__].pop("$defs", {})
    found["components"]["securitySchemes"] = {str(role): scheme for role, scheme in SCHEMES.items()}
    for operation, view in _operations(app, found["paths"]):
        _complete(operation, view)
    return found


def _operations(app: OpenAPI, paths: dict[str, Any]) -> Iterator[tuple[dict[str, Any], object]]:
    """Each operation with the function that answers it."""
    for rule in app.url_map.iter_rules():
        operations = paths.get(re.sub(r"<(?:[^<:]+:)?(\w+)>", r"{\1}", rule.rule), {})
        for method in rule.methods or ():
            if method.lower() in operations:
                yield operations[method.lower()], app.view_functions[rule.endpoint]


def _complete(operation: dict[str, Any], view: object) -> None:
    operation["description"] = operation.get("description", "").replace("<br/>", " ")
    roles = roles_of(view)
    operation["security"] = [{str(role): []} for role in roles]
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        _complete_parameter(parameter)
    answers = operation["responses"]
    answers.pop(str(int(HTTPStatus.UNPROCESSABLE_ENTITY)), None)  # flask-openapi3's own idea of it
    bodies = [answer.get("content", {}) for answer in answers.values()]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = is_required(view)
        bodies.append(operation["requestBody"]["content"])
    for content in bodies:
        _add_example(content)
    kinds = {*problems.of_route(view), *_implied(operation, secured=bool(roles))}
    answers |= _refusals(kinds)
    listed = any(parameter["name"] == "after" for parameter in parameters)
    for status, answer in answers.items():
        answer.setdefault("headers", {}).update(_headers(int(status), listed=listed))


def _complete_parameter(parameter: dict[str, Any]) -> None:
    """An address has no null: what may be left out is not required, and that is all."""
    schema = parameter["schema"]
    if schema.get("default", "") is None:
        del schema["default"]
        (given,) = (each for each in schema.pop("anyOf") if each.get("type") != "null")
        schema |= given
    if parameter["name"] in examples.PARAMETERS:
        parameter["example"] = examples.PARAMETERS[parameter["name"]]


def _add_example(content: dict[str, Any]) -> None:
    for media in content.values():
        name = media["schema"].get("$ref", "").rpartition("/")[2]
        if name in examples.BODIES:
            media["example"] = examples.BODIES[name]


def _implied(operation: dict[str, Any], *, secured: bool) -> Iterable[str]:
    """The problems that what an operation takes can lead to, whatever it does."""
    yield "internal"
    if secured:
        yield from ("unauthenticated", "forbidden", *problems.BEHIND)
    if "requestBody" in operation:
        yield from ("bad-request", "too-large", "unsupported-media-type", "invalid")
    if operation.get("parameters"):
        yield "invalid"
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        yield "not-found"


def _refusals(kinds: Iterable[str]) -> dict[str, Any]:
    """The answers with these kinds of problem, by status."""
    by_status: dict[str, list[str]] = {}
    for slug in sorted(kinds):
        by_status.setdefault(str(int(problems.KINDS[slug].status)), []).append(slug)
    return {status: _refusal(slugs) for status, slugs in sorted(by_status.items())}


def _refusal(slugs: Sequence[str]) -> dict[str, Any]:
    kinds = {slug: problems.KINDS[slug] for slug in slugs}
    models = sorted({kind.model.__name__ for kind in kinds.values()})
    schemas = [{"$ref": f"#/components/schemas/{model}"} for model in models]
    content = {
        "schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas},
        "examples": {
            slug: {"summary": kind.title, "value": orjson.loads(problems.document(examples.problem(slug)))}
            for slug, kind in kinds.items()
        },
    }
    return {
        "description": "; ".join(f"{kind.title}. {kind.about}" for kind in kinds.values()),
        "content": {problems.CONTENT_TYPE: content},
    }


def _headers(status: int, *, listed: bool) -> dict[str, Any]:
    words = {"X-Request-Id": "finds this request in the api's log"}
    if status == HTTPStatus.UNAUTHORIZED:
        words["WWW-Authenticate"] = "how to show a token"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        words["Retry-After"] = "seconds after which to try again"
    maybe = {}
    if status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        maybe["Location"] = "where it is"
    if status == HTTPStatus.OK and listed:
        maybe["Link"] = "the next page (RFC 8288), if there is one"
    return {
        name: {"description": about, "required": name in words, "schema": {"type": "string"}}
        for name, about in (words | maybe).items()
    }

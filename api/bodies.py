"""What all routes share: ids as they come in, JSON bodies, answers as they go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import orjson
from flask import Flask, Response, request
from flask.json.provider import JSONProvider
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.paging import link
from api.problems import mistaken

# Anything printable may be an id: Pyrog's are letters and digits, others are not ours to judge.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"
Id: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200, pattern=PRINTABLE, description="an id, as it was given")
]


F = TypeVar("F", bound=Callable[..., object])


class Nothing(BaseModel):
    """An empty object, for a route whose body `may_be_absent`."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _of_no_body(cls, given: Any) -> Any:
        return {} if given is None else given


class Json(JSONProvider):
    """Flask's JSON by orjson: strict UTF-8, no NaN, no half surrogates, and a limit to nesting."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


def may_be_absent(route: F) -> F:
    """Mark a route that takes Nothing: no body at all, of whatever type, is as good as an empty object."""
    vars(route)["body_may_be_absent"] = True
    return route


def is_required(route: object) -> bool:
    """Whether a route that takes a body cannot do without one."""
    return not getattr(route, "body_may_be_absent", False)


def install(app: Flask) -> None:
    """Have `app` look at a body's type and syntax before any route does: 415 and 400 are not 422."""

    @app.before_request
    def check() -> None:
        if request.method not in ("POST", "PUT", "PATCH") or request.url_rule is None:
            return
        if not is_required(app.view_functions[request.url_rule.endpoint]) and not request.get_data():
            return
        if not isinstance(request.get_json(), dict):
            raise mistaken([{"path": "body", "reason": "must be an object"}])


def text(*content_types: str) -> dict[str, Any]:
    """An answer that is text of one of these types, for the `responses` of a route."""
    return {"content": {each: {"schema": {"type": "string"}} for each in content_types}}


def answer(
    model: BaseModel,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    headers: Mapping[str, str] | None = None,
    after: str | None = None,
) -> Response:
    """`model` as a JSON answer; `after` adds the Link to the next page of a list."""
    response = Response(
        orjson.dumps(model.model_dump(), option=orjson.OPT_UTC_Z), status=status, content_type="application/json"
    )
    response.headers.extend(dict(headers or {}))
    response.headers["Cache-Control"] = "no-store"
    if after is not None:
        response.headers["Link"] = link(after)
    return response

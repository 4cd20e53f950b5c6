"""Every answer that is not what was asked for: problem details (RFC 9457), one table of their kinds.

    Problem                 raise it anywhere below a route
    pipeline.Unavailable    503, with the service that is behind
    HTTPException           whatever Flask and Werkzeug refuse: 404, 405, 413, 415 …
    SQLAlchemyError         503 when PostgreSQL is away, 504 when it is slow
    anything else           500 with a reference; the log tells more under that reference, the answer doesn't

No problem repeats a value that the caller sent, except ids that it asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import orjson
from flask import Flask, Response, g
from psycopg import errors as postgres
from pydantic import BaseModel, ValidationError
from sqlalchemy import exc as database
from werkzeug.exceptions import HTTPException

from pipeline import logs
from pipeline.errors import Unavailable

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "5"  # seconds; what is down is seldom back sooner

BEHIND: Final = ("unavailable", "timeout")  # what PostgreSQL and Kafka can do to any route that needs them

log = logs.get(__name__)

F = TypeVar("F", bound=Callable[..., object])


class ProblemDetails(BaseModel):
    """A problem as it is sent: `type` leads to what it means, `detail` says what it is this time."""

    type: str
    title: str
    status: int
    detail: str


class Mistaken(BaseModel):
    """One mistake of a request: where, and why."""

    path: str
    reason: str


class MistakenRequest(ProblemDetails):
    """Every mistake of a request."""

    errors: list[Mistaken]


class MistakeFound(BaseModel):
    """One thing to mend: `path` leads through the document as it was sent, `place` says it for a person."""

    path: str
    place: str
    reason: str


class MistakenMapping(ProblemDetails):
    """Every mistake of a mapping."""

    mistakes: list[MistakeFound]


class UnknownResources(ProblemDetails):
    """Ids that no mapping has."""

    resource_ids: list[str]


class Conflict(ProblemDetails):
    """What stands in the way; `resource_ids` where it is about resources."""

    resource_ids: list[str] = []


class OurMistake(ProblemDetails):
    """`reference` is the request's id in the log."""

    reference: str


class SomethingBehind(ProblemDetails):
    """Which service behind the api it is about; for readiness, a sentence each."""

    behind: str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: `about` says what the caller can do, `model` which members it has."""

    status: HTTPStatus
    title: str
    about: str
    model: type[ProblemDetails] = ProblemDetails


KINDS: Final[Mapping[str, Kind]] = {
    "bad-request": Kind(
        HTTPStatus.BAD_REQUEST, "the request cannot be read", "`detail` says why: most often the body is not JSON."
    ),
    "unauthenticated": Kind(HTTPStatus.UNAUTHORIZED, "no valid token", "Send `Authorization: Bearer <token>`."),
    "forbidden": Kind(
        HTTPStatus.FORBIDDEN,
        "this token may not do that",
        "Workers' tokens read what workers need; callers' tokens do all else, and never read a password.",
    ),
    "not-found": Kind(HTTPStatus.NOT_FOUND, "there is no such thing", "Check the id, or the address."),
    "method-not-allowed": Kind(
        HTTPStatus.METHOD_NOT_ALLOWED, "this address does not do that", "`Allow` says which methods it has."
    ),
    "conflict": Kind(
        HTTPStatus.CONFLICT,
        "it is in the way of something else",
        "`detail` says of what, and how to resolve it.",
        Conflict,
    ),
    "too-large": Kind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large", "The setting API_BODY_LIMIT is the limit."
    ),
    "unsupported-media-type": Kind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is not JSON", "Send `Content-Type: application/json`."
    ),
    "invalid": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "the request is not valid",
        "`errors` lists every mistake by path and reason.",
        MistakenRequest,
    ),
    "unknown-resources": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "no mapping has these resources",
        "`resource_ids` lists the unknown ones: import their mapping first.",
        UnknownResources,
    ),
    "invalid-mapping": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "the mapping has mistakes",
        "`mistakes` lists all of them by path and reason.",
        MistakenMapping,
    ),
    "unusable-mapping": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "the mapping cannot be compiled",
        "`detail` names the first mistakes: mend them, and import the mapping again.",
    ),
    "internal": Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR, "a mistake of ours", "`reference` finds it in the api's log.", OurMistake
    ),
    "bad-gateway": Kind(
        HTTPStatus.BAD_GATEWAY,
        "something behind the api gives no usable answer",
        "`behind` says what, `detail` what to check. Nothing was changed; trying again does not help.",
        SomethingBehind,
    ),
    "unavailable": Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "something behind the api is away",
        "`behind` says what. Nothing was changed; try again after `Retry-After` seconds.",
        SomethingBehind,
    ),
    "timeout": Kind(
        HTTPStatus.GATEWAY_TIMEOUT,
        "something behind the api did not answer in time",
        "`behind` says what. Try again, or ask for less.",
        SomethingBehind,
    ),
}


class Problem(Exception):
    """An answer that ends the request: `slug` is a key of KINDS, `more` goes into the document as it is."""

    def __init__(self, slug: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


def may_fail(*slugs: str) -> Callable[[F], F]:
    """Mark a route with the kinds of problems that are its own, for its description. What any route of its form
    can answer (a bad body, no token, PostgreSQL away) need not be said."""
    assert KINDS.keys() >= set(slugs)

    def mark(route: F) -> F:
        vars(route)["may_fail"] = slugs
        return route

    return mark


def of_route(route: object) -> tuple[str, ...]:
    """What `may_fail` said of a route."""
    slugs: tuple[str, ...] = getattr(route, "may_fail", ())
    return slugs


def document(problem: Problem) -> bytes:
    """The problem as JSON."""
    kind = KINDS[problem.slug]
    head = {"type": f"/problems/{problem.slug}", "title": kind.title, "status": kind.status, "detail": problem.detail}
    return orjson.dumps(head | problem.more)


def response(problem: Problem) -> Response:
    """The problem as an answer."""
    kind = KINDS[problem.slug]
    answer = Response(document(problem), status=kind.status, content_type=CONTENT_TYPE)
    answer.headers.extend(problem.headers)
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def of_validation(error: ValidationError) -> Problem:
    """What pydantic found wrong, without the values that it found."""
    found = [
        {"path": ".".join(map(str, each["loc"])) or "body", "reason": each["msg"]}
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return mistaken(found)


def mistaken(errors: Sequence[Mapping[str, str]], *, what: str = "the request") -> Problem:
    """The answer to what has these mistakes, each with `path` and `reason`."""
    return Problem("invalid", f"{len(errors)} mistake{'s' if len(errors) != 1 else ''} in {what}", errors=errors)


def of_database(error: database.SQLAlchemyError) -> Problem | None:
    """PostgreSQL away, slow, or given what it cannot hold; None for a mistake of ours."""
    cause = error.orig if isinstance(error, database.DBAPIError) else None
    if isinstance(cause, postgres.QueryCanceled | postgres.LockNotAvailable):
        return Problem("timeout", "PostgreSQL did not answer in time", behind="postgresql")
    if isinstance(cause, postgres.UndefinedTable | postgres.InvalidSchemaName):
        return Problem("unavailable", "the api's tables are not made yet", behind="postgresql")
    if isinstance(cause, postgres.DataError):
        return Problem("invalid", "the request holds a value that cannot be stored", errors=[])
    # InternalError and AdminShutdown are how a server in the middle of stopping or recovering answers.
    away = isinstance(error, database.OperationalError | database.InterfaceError | database.InternalError)
    if away or isinstance(error, database.TimeoutError):
        return Problem("unavailable", "PostgreSQL does not answer", behind="postgresql")
    return None


_SPECIAL: Final = ("unknown-resources", "invalid-mapping", "unusable-mapping")  # kinds of 422 that Flask knows not
_SLUG_OF_STATUS: Final = {kind.status: slug for slug, kind in KINDS.items() if slug not in _SPECIAL}


def of_http(error: HTTPException) -> Response:
    """What Flask or Werkzeug refused."""
    if error.response is not None:
        made: Response = error.response  # type: ignore[assignment]  # by `abort(response)`, and ours are Flask's
        return made
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    keep = {name: value for name, value in error.get_headers() if not name.lower().startswith("content-")}
    slug = _SLUG_OF_STATUS.get(status)
    if slug is not None:
        return response(Problem(slug, error.description or KINDS[slug].title, headers=keep))
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": error.description or ""}
    return Response(orjson.dumps(body), status=status, headers=keep, content_type=CONTENT_TYPE)


def of_unexpected(error: Exception) -> Response:
    """A mistake of ours: told by a reference alone. The message of the exception may quote a payload, so the
    log gets its type and where it happened, not its text."""
    reference: str = g.get("request_id", "")
    log.error("request failed", request_id=reference, error=type(error).__name__, place=logs.place_of(error))
    return response(Problem("internal", "tell the operator this reference", reference=reference))


def install(app: Flask) -> None:
    """Have `app` answer every failure by this module."""

    @app.errorhandler(Exception)
    def handle(error: Exception) -> Response:
        match error:
            case Problem():
                return response(error)
            case HTTPException():
                return of_http(error)
            case Unavailable():
                return response(Problem("unavailable", str(error), behind="kafka"))
            case database.SQLAlchemyError():
                known = of_database(error)
                return response(known) if known else of_unexpected(error)
            case _:
                return of_unexpected(error)

    # With it, an exception in a handler's own answer would still reach the server as a bare 500.
    app.config["PROPAGATE_EXCEPTIONS"] = False

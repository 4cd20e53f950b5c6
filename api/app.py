"""The Flask application: routes and what stands around every request."""

from __future__ import annotations

import time
import uuid
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, g, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from api import (
    batch_changes,
    batches,
    bindings,
    bodies,
    credentials,
    dead_letters,
    description,
    graphql,
    health,
    mappings,
    previews,
    problems,
    services,
    tokens,
)
from api.services import Services
from pipeline import logs, metrics

log = logs.get(__name__)

VERSION: Final = "0.1.0"
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"})
_QUIET: Final = ("/health/live", "/health/ready", "/metrics", "/bindings")  # asked for time and again


def create_app(made: Services, *, body_limit: int) -> OpenAPI:
    """The application over `made`. Connects to nothing."""
    app = OpenAPI(
        __name__,
        info=Info(title="Firth", version=VERSION, description="Clinical data to FHIR: batches and their state."),
        validation_error_callback=lambda error: problems.response(problems.of_validation(error)),
        validation_error_model=problems.ProblemDetails,
        doc_ui=False,
        static_folder=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = body_limit
    app.json = bodies.Json(app)
    services.install(app, made)
    _observe(app)
    problems.install(app)
    tokens.install(app, made.tokens)
    bodies.install(app)
    for room in (batches, batch_changes, previews, mappings, credentials, bindings, dead_letters, graphql, health):
        description.register(app, room.blueprint)
    description.install(app)
    return app


def _observe(app: Flask) -> None:
    """Count, time and log every request, under an id that the answer carries too."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = uuid.uuid4().hex

    @app.after_request
    def end(response: Response) -> Response:
        # Addresses hold ids of the caller's choice, so the route stands for them.
        route = request.url_rule.rule if request.url_rule is not None else "unknown"
        method = request.method if request.method in _METHODS else "other"
        seconds = time.perf_counter() - g.began
        metrics.HTTP_SECONDS.labels(method, route, response.status_code).observe(seconds)
        response.headers["X-Request-Id"] = g.request_id
        if route not in _QUIET or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            actor = g.caller.name if "caller" in g else None
            log.info(
                "answered", method=method, route=route, status=response.status_code, seconds=round(seconds, 6),
                request_id=g.request_id, actor=actor,
            )  # fmt: skip
        return response

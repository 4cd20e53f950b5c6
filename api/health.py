"""Health for supervisors, without a token; metrics for Prometheus, with one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api import problems, state
from api.bodies import answer, text
from api.problems import Problem, may_fail
from api.services import here
from api.tokens import Role, allows, everybody
from pipeline.errors import FirthError

blueprint = APIBlueprint("health", __name__, abp_tags=[Tag(name="health", description="Is it well?")])

WELL: Final = "ok"


class Health(BaseModel):
    """`ok`, and for readiness what lies behind: `ok` or a sentence each."""

    status: str
    behind: dict[str, str] = {}


@blueprint.get("/health/live", summary="Is it alive?", responses={HTTPStatus.OK: Health})
@everybody
def live() -> Response:
    """As long as it answers. Restart it when it doesn't."""
    return answer(Health(status=WELL))


@blueprint.get("/health/ready", summary="Can it work?", responses={HTTPStatus.OK: Health})
@everybody
@may_fail("unavailable")
def ready() -> Response:
    """503 says what is missing. Restarting does not help then."""
    behind = {"postgresql": _postgresql(), "kafka": _kafka()}
    missing = [name for name, words in behind.items() if words != WELL]
    if missing:
        raise Problem("unavailable", f"waiting for {' and '.join(missing)}", behind=behind)
    return answer(Health(status=WELL, behind=behind))


@blueprint.get("/metrics", summary="Metrics", responses={HTTPStatus.OK: text(CONTENT_TYPE_LATEST)})
@allows(Role.CALLER, Role.WORKER)
def metrics() -> Response:
    """In Prometheus' text format."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _postgresql() -> str:
    try:
        with here().engine.connect() as connection:
            connection.execute(select(state.installation.c.id)).one()
    except SQLAlchemyError as error:
        problem = problems.of_database(error)
        return problem.detail if problem else "not as expected"
    return WELL


def _kafka() -> str:
    try:
        here().broker.check()
    except FirthError as error:
        return str(error)
    return WELL

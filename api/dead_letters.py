"""Dead letters: `GET /dead-letters` lists what the stages refused, `GET /dead-letters/{id}` shows one.

The list tells where and why, never what: only a single dead letter shows its payload, and that is audited.
"""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from sqlalchemy import Select, select

from api import decoding, state, tokens
from api.bodies import Id, answer
from api.paging import Page, before, paged
from api.problems import Problem
from api.services import here

blueprint = APIBlueprint(
    "dead-letters", __name__, abp_tags=[Tag(name="dead letters", description="Records that a stage refused")]
)


class Filters(Page):
    """Which dead letters, and which part of their list. Several filters must all hold."""

    batch_id: Id | None = None
    resource_id: Id | None = None
    stage: Id | None = None
    reason: Id | None = None


class DeadLetterPath(BaseModel):
    """Which dead letter."""

    id: Id


class Origin(BaseModel):
    """Where the record stands that was refused."""

    topic: str
    partition: int
    offset: int


class DeadLetterSummary(BaseModel):
    """Where and why a record was refused; nothing of the record. `retried_at`: when it was asked for to be sent
    again, since when it counts as refused no more."""

    id: str
    stage: str
    sink: str | None
    reason: str
    sentence: str
    batch_id: str | None
    resource_id: str | None
    origin: Origin
    attempt: int
    failed_at: datetime
    retried_at: datetime | None


class DeadLetter(DeadLetterSummary):
    """One dead letter with its record. `value` has one member: `event` (decoded), `json`, `text` or
    `base64`. `details` is what a server said of it, such as an OperationOutcome. Both may hold a patient's
    data."""

    recorded_at: datetime
    key: Annotated[dict[str, Any] | None, Field(description="as `value`")]
    value: dict[str, Any] | None
    headers: list[tuple[str, str | None]]
    details: dict[str, Any] | None


class DeadLetters(BaseModel):
    """A page of dead letters, newest first; `next` is the `after` of the next page."""

    dead_letters: list[DeadLetterSummary]
    next: str | None


_TABLE: Final = state.dead_letters
_PAYLOAD: Final = ("key", "value", "headers", "details")


@blueprint.get("/dead-letters", summary="List dead letters", responses={HTTPStatus.OK: DeadLetters})
def index(query: Filters) -> Response:
    """Newest first, filtered by batch, resource, stage and reason."""
    wanted = _select(*(column for column in _TABLE.c if column.name not in _PAYLOAD))
    for name in ("batch_id", "resource_id", "stage", "reason"):
        value = getattr(query, name)
        if value is not None:
            wanted = wanted.where(_TABLE.c[name] == value)
    with here().engine.connect() as connection:
        rows = connection.execute(before(wanted, _TABLE.c.position, query)).all()
    shown, following = paged(rows, query)
    letters = [DeadLetterSummary(**_head(row)) for row in shown]
    return answer(DeadLetters(dead_letters=letters, next=following), after=following)


@blueprint.get("/dead-letters/<id>", summary="Show a dead letter", responses={HTTPStatus.OK: DeadLetter})
def show(path: DeadLetterPath) -> Response:
    """With the record itself, as readable as it gets. Every look is audited."""
    services = here()
    with services.engine.begin() as connection:
        row = connection.execute(_select(_TABLE).where(_TABLE.c.id == path.id)).one_or_none()
        if row is None:
            raise Problem("not-found", f"no dead letter {path.id}")
        state.record(connection, tokens.caller().name, "read dead letter", path.id)
    return answer(
        DeadLetter(
            **_head(row),
            recorded_at=row.recorded_at,
            key=None if row.key is None else decoding.plain(row.key),
            value=services.decoder.readable(row.topic, row.value),
            headers=[(name, None if value is None else _header(value)) for name, value in row.headers],
            details=None if row.details is None else decoding.plain(row.details.encode()),
        )
    )


def _select(*columns: Any) -> Select[Any]:
    """These columns, and when each dead letter was asked for to be sent again."""
    retries = state.retries
    joined = _TABLE.outerjoin(retries, retries.c.dead_letter_id == _TABLE.c.id)
    return select(*columns, retries.c.created_at.label("retried_at")).select_from(joined)


def _head(row: Any) -> dict[str, Any]:
    names = [name for name in DeadLetterSummary.model_fields if name != "origin"]
    origin = Origin(topic=row.topic, partition=row.partition, offset=row.offset)
    return {name: getattr(row, name) for name in names} | {"origin": origin}


def _header(encoded: str) -> str:
    """A header's value as text; bytes that are none show as replacement characters."""
    return base64.b64decode(encoded).decode("utf-8", "replace")

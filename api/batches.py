"""Batches: `POST /batch` starts one, `GET /batch` and `GET /batch/{id}` tell how far they are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Connection, and_, exists, func, insert, select

from api import renewal, state, tokens, triggers
from api.bodies import Id, answer
from api.counting import EXTRACTOR, LOADER, TRANSFORMER, ResourceKey, Step, Tally, tallies_of
from api.paging import Page, before, paged
from api.problems import Problem, may_fail
from api.services import here

FIRST_ERRORS: Final = 5  # of each resource: the earliest dead letter of as many different reasons

blueprint = APIBlueprint("batches", __name__, abp_tags=[Tag(name="batches", description="Runs of mapped resources")])

BatchState = Literal["starting", "running", "completed", "failed", "cancelling", "cancelled"]


class NewBatch(BaseModel):
    """Which resources to run."""

    model_config = ConfigDict(extra="forbid")

    resource_ids: Annotated[
        list[Id], Field(min_length=1, max_length=1000, description="ids of resources of imported mappings, each once")
    ]

    @field_validator("resource_ids")
    @classmethod
    def _each_once(cls, ids: list[str]) -> list[str]:
        if len(set(ids)) < len(ids):
            raise ValueError("each resource can be in a batch once")
        return ids


class BatchPath(BaseModel):
    """Which batch."""

    batch_id: Id


class Accepted(BaseModel):
    """A batch that will run, whatever happens to this process."""

    batch_id: str
    state: BatchState


class FirstError(BaseModel):
    """The earliest dead letter of one reason."""

    stage: str
    sink: str | None
    reason: str
    sentence: str


class ResourceProgress(BaseModel):
    """How far one resource is, in source records. `total` is null until all is extracted; `failed` are
    those that became dead letters; `fault` says why the resource as a whole was given up."""

    resource_id: str
    label: str
    resource_type: str
    state: BatchState
    total: int | None
    extracted: int
    transformed: int
    loaded: dict[str, int]
    failed: int
    failed_by_stage: dict[str, int]
    cancelled: int
    fault: str | None
    ended_at: datetime | None
    first_errors: list[FirstError]


class BatchSummary(BaseModel):
    """A batch in a list. `failed` and `loaded` are sums over its resources."""

    batch_id: str
    state: BatchState
    created_at: datetime
    ended_at: datetime | None
    sinks: list[str]
    resource_ids: list[str]
    loaded: dict[str, int]
    failed: int


class Batch(BaseModel):
    """A batch and its resources, in the order they were asked for."""

    batch_id: str
    state: BatchState
    created_at: datetime
    ended_at: datetime | None
    sinks: list[str]
    resources: list[ResourceProgress]


class Batches(BaseModel):
    """A page of batches, newest first; `next` is the `after` of the next page."""

    batches: list[BatchSummary]
    next: str | None


@blueprint.post("/batch", summary="Start a batch", responses={HTTPStatus.ACCEPTED: Accepted})
@may_fail("unknown-resources", "invalid-mapping", "conflict", "bad-gateway")
def start(body: NewBatch) -> Response:
    """Each resource's mapping is frozen as it is now, those from Pyrog and concept maps from the FHIR server taken
    anew before. The answer comes once the batch is stored: from then on it runs, even if this process or the broker
    goes away."""
    services = here()
    services.broker.check()
    renewal.renew(body.resource_ids)
    batch_id = str(uuid.uuid4())
    with services.engine.begin() as connection:
        create(connection, batch_id, body.resource_ids, sinks=services.sinks)
        state.record(connection, tokens.caller().name, "start batch", batch_id)
        triggers.wake(connection)
    accepted = Accepted(batch_id=batch_id, state="starting")
    return answer(accepted, HTTPStatus.ACCEPTED, headers={"Location": f"/batch/{batch_id}"})


@blueprint.get("/batch", summary="List batches", responses={HTTPStatus.OK: Batches})
def index(query: Page) -> Response:
    """Newest first."""
    with here().engine.connect() as connection:
        batches = state.batches
        rows = connection.execute(before(select(batches), batches.c.position, query)).all()
        rows, following = paged(rows, query)
        ids = [row.id for row in rows]
        resources, tallies = _resources(connection, ids), tallies_of(connection, ids)
    summaries = [_summary(row, resources.get(row.id, []), tallies) for row in rows]
    return answer(Batches(batches=summaries, next=following), after=following)


@blueprint.get("/batch/<batch_id>", summary="How far a batch is", responses={HTTPStatus.OK: Batch})
def show(path: BatchPath) -> Response:
    """Counts follow the stages by about a second."""
    with here().engine.connect() as connection:
        row = connection.execute(select(state.batches).where(state.batches.c.id == path.batch_id)).one_or_none()
        if row is None:
            raise Problem("not-found", f"no batch {path.batch_id}")
        resources = _resources(connection, [row.id]).get(row.id, [])
        tallies = tallies_of(connection, [row.id])
        errors = _first_errors(connection, row.id)
    return answer(
        Batch(
            batch_id=row.id,
            state=row.state,
            created_at=row.created_at,
            ended_at=row.ended_at,
            sinks=row.sinks,
            resources=[
                progress(each, tallies.get((row.id, each.resource_id), {}), row, errors.get(each.resource_id, []))
                for each in resources
            ],
        )
    )


def create(connection: Connection, batch_id: str, resource_ids: Sequence[str], *, sinks: Sequence[str]) -> None:
    """Write a batch, freezing its mappings. Within a transaction.

    Raises Problem `unknown-resources`.
    """
    mapped, mappings = state.mapping_resources, state.mappings
    state.lock_mappings(connection, shared=True)
    rows = connection.execute(
        select(mapped, mappings.c.hash)
        .join(mappings, mappings.c.source_id == mapped.c.source_id)
        .where(mapped.c.resource_id.in_(resource_ids))
    )
    found = {row.resource_id: row for row in rows}
    unknown = [resource_id for resource_id in resource_ids if resource_id not in found]
    if unknown:
        raise Problem("unknown-resources", f"no mapping has {len(unknown)} of these resources", resource_ids=unknown)
    connection.execute(insert(state.batches).values(id=batch_id, state="starting", sinks=list(sinks)))
    resources = [
        {
            "batch_id": batch_id,
            "resource_id": resource_id,
            "ordinal": ordinal,
            "source_id": found[resource_id].source_id,
            "label": found[resource_id].label,
            "resource_type": found[resource_id].resource_type,
            "mapping_hash": found[resource_id].hash,
            "state": "running",
        }
        for ordinal, resource_id in enumerate(resource_ids)
    ]
    connection.execute(insert(state.batch_resources), resources)


def progress(row: Any, tallies: Mapping[Step, Tally], batch: Any, errors: list[FirstError]) -> ResourceProgress:
    """One resource's row and counts as they are shown."""
    failed = {f"{stage}-{sink}" if sink else stage: tally.failed for (stage, sink), tally in tallies.items()}
    return ResourceProgress(
        resource_id=row.resource_id,
        label=row.label,
        resource_type=row.resource_type,
        state=_state(row, batch),
        total=row.total,
        extracted=tallies.get((EXTRACTOR, ""), Tally()).succeeded,
        transformed=tallies.get((TRANSFORMER, ""), Tally()).succeeded,
        loaded={sink: tallies.get((LOADER, sink), Tally()).succeeded for sink in batch.sinks},
        failed=sum(failed.values()),
        failed_by_stage=failed,
        cancelled=sum(tally.cancelled for tally in tallies.values()),
        fault=row.fault,
        ended_at=row.ended_at,
        first_errors=errors,
    )


def _state(row: Any, batch: Any) -> BatchState:
    if row.ended_at is not None:
        ended: BatchState = row.state
        return ended
    if batch.state == "cancelling":
        return "cancelling"
    return "running" if row.triggered else "starting"


def _summary(row: Any, resources: Sequence[Any], tallies: Mapping[ResourceKey, Mapping[Step, Tally]]) -> BatchSummary:
    whole = [progress(each, tallies.get((row.id, each.resource_id), {}), row, []) for each in resources]
    return BatchSummary(
        batch_id=row.id,
        state=row.state,
        created_at=row.created_at,
        ended_at=row.ended_at,
        sinks=row.sinks,
        resource_ids=[each.resource_id for each in whole],
        loaded={sink: sum(each.loaded[sink] for each in whole) for sink in row.sinks},
        failed=sum(each.failed for each in whole),
    )


def _resources(connection: Connection, batch_ids: Sequence[str]) -> dict[str, list[Any]]:
    ours = state.batch_resources
    found: dict[str, list[Any]] = {}
    for row in connection.execute(select(ours).where(ours.c.batch_id.in_(batch_ids)).order_by(ours.c.ordinal)):
        found.setdefault(row.batch_id, []).append(row)
    return found


def _first_errors(connection: Connection, batch_id: str) -> dict[str, list[FirstError]]:
    """By resource, the earliest dead letter of each stage, sink and reason that was not sent again: the earliest
    few of these."""
    ours = state.dead_letters
    kind = (ours.c.resource_id, ours.c.stage, ours.c.sink, ours.c.reason)
    again = exists().where(state.retries.c.dead_letter_id == ours.c.id)
    first = select(func.min(ours.c.position).label("position")).where(ours.c.batch_id == batch_id, ~again)
    earliest = first.group_by(*kind).subquery()
    query = (
        select(ours.c.resource_id, ours.c.stage, ours.c.sink, ours.c.reason, ours.c.sentence)
        .join(earliest, and_(earliest.c.position == ours.c.position))
        .order_by(ours.c.position)
    )
    found: dict[str, list[FirstError]] = {}
    for row in connection.execute(query):
        errors = found.setdefault(row.resource_id, [])
        if len(errors) < FIRST_ERRORS:
            errors.append(FirstError(stage=row.stage, sink=row.sink, reason=row.reason, sentence=row.sentence))
    return found

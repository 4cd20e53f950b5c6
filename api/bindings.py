"""Bindings: which topics of live rows feed which resources; list, show, set, delete, try again.

Rows that Kafka Connect's source connectors write into a bound topic become resources as they come. What becomes of
them is counted here: live rows belong to no batch.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, TypeAlias

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from api import state, tokens, triggers
from api.binding_counts import Counted, counted
from api.bodies import Id, Nothing, answer, may_be_absent
from api.counting import LOADER, TRANSFORMER, Tally
from api.problems import Problem, may_fail, mistaken
from api.services import here
from api.tokens import Role, allows
from pipeline.live import LIVE_STAGE, live_id
from pipeline.topics import ALL, EXTRACT, TRANSFORM

blueprint = APIBlueprint(
    "bindings", __name__, abp_tags=[Tag(name="bindings", description="Which live rows feed which resources")]
)

Topic: TypeAlias = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$", description="the topic that a connector writes rows to")
]
OnDelete: TypeAlias = Literal["ignore", "delete"]

_PLACE: Final = "/bindings/<topic>/<resource_id>"


class BindingPath(BaseModel):
    """Which topic, and which resource of a mapping it feeds."""

    topic: Topic
    resource_id: Id


class NewBinding(BaseModel):
    """How a topic's rows feed a resource. `key`: the field of a row that holds the primary key of the resource's table;
    null where it is called as in the mapping. `on_delete`: what becomes of the resource when the row is gone."""

    model_config = ConfigDict(extra="forbid")

    key: Id | None = None
    on_delete: OnDelete = "ignore"


class Binding(BaseModel):
    """A binding, and how many of its rows came how far. `passed_over`: rows that changed nothing by themselves, such as
    deletes that are ignored. `mapping_hash` is the version of the mapping that rows go through now; `login_changed_at`
    is null where the source has no credential, and so no database to ask for more than a row tells."""

    topic: str
    resource_id: str
    key: str | None
    on_delete: OnDelete
    label: str
    resource_type: str
    source_id: str
    mapping_hash: str
    login_changed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    extracted: int
    passed_over: int
    transformed: int
    loaded: dict[str, int]
    failed: int
    failed_by_stage: dict[str, int]
    last_at: datetime | None


class Bindings(BaseModel):
    """All bindings, by topic."""

    bindings: list[Binding]


class RowsRetried(BaseModel):
    """How many dead letters will be sent again."""

    topic: str
    resource_id: str
    retried: int


@blueprint.get("/bindings", summary="List bindings", responses={HTTPStatus.OK: Bindings})
@allows(Role.CALLER, Role.WORKER)
def index() -> Response:
    """All of them, with their counts, which are about a second behind the stages."""
    with here().engine.connect() as connection:
        return answer(Bindings(bindings=_bindings(connection)))


@blueprint.get(_PLACE, summary="Show a binding", responses={HTTPStatus.OK: Binding})
def show(path: BindingPath) -> Response:
    """With its counts."""
    with here().engine.connect() as connection:
        return answer(_one(connection, path))


@blueprint.put(_PLACE, summary="Set a binding", responses={HTTPStatus.CREATED: Binding, HTTPStatus.OK: Binding})
@may_fail("unknown-resources")
def put(path: BindingPath, body: NewBinding) -> Response:
    """201 for a new one, 200 where one was replaced; its counts stay. Workers know of it within seconds. They read a
    topic that was never bound from its first row on, and another one from where they were."""
    if path.topic in ALL:
        raise mistaken([{"path": "topic", "reason": "is one of Firth's own: bind the topic of a source connector"}])
    ours, mapped = state.bindings, state.mapping_resources
    with here().engine.begin() as connection:
        state.lock_mappings(connection, shared=True)
        if not connection.execute(select(exists().where(mapped.c.resource_id == path.resource_id))).scalar_one():
            raise Problem("unknown-resources", "no mapping has this resource", resource_ids=[path.resource_id])
        values = {"key": body.key, "on_delete": body.on_delete}
        is_new = connection.execute(select(ours).where(*_same(path))).one_or_none() is None
        statement = upsert(ours).values(values | {"topic": path.topic, "resource_id": path.resource_id})
        connection.execute(
            statement.on_conflict_do_update(index_elements=ours.primary_key, set_=values | {"updated_at": func.now()})
        )
        state.record(connection, tokens.caller().name, "set binding", _name(path))
        return answer(_one(connection, path), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@blueprint.delete(_PLACE, summary="Delete a binding", responses={HTTPStatus.NO_CONTENT: None})
def remove(path: BindingPath) -> Response:
    """Rows that come from now on are left alone; its counts go, resources and dead letters stay."""
    with here().engine.begin() as connection:
        if not connection.execute(delete(state.bindings).where(*_same(path))).rowcount:
            raise _missing(path)
        state.record(connection, tokens.caller().name, "delete binding", _name(path))
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post(f"{_PLACE}/retry", summary="Send dead letters again", responses={HTTPStatus.ACCEPTED: RowsRetried})
@may_be_absent
def retry(path: BindingPath, body: Nothing) -> Response:  # noqa: ARG001
    """Those of the binding that were not sent again before, each to the stage (and the sink) that refused it, and to
    nobody else. What the source is asked for is as it is then; a row by itself is as old as it was, and does not
    overwrite what came later."""
    with here().engine.begin() as connection:
        if connection.execute(select(state.bindings).where(*_same(path)).with_for_update()).one_or_none() is None:
            raise _missing(path)
        retried = _retry(connection, path)
        state.record(connection, tokens.caller().name, "retry binding", _name(path))
    told = RowsRetried(topic=path.topic, resource_id=path.resource_id, retried=retried)
    return answer(told, HTTPStatus.ACCEPTED)


def _same(path: BindingPath) -> tuple[Any, Any]:
    return state.bindings.c.topic == path.topic, state.bindings.c.resource_id == path.resource_id


def _name(path: BindingPath) -> str:
    return f"{path.topic} to {path.resource_id}"


def _missing(path: BindingPath) -> Problem:
    return Problem("not-found", f"no binding of {_name(path)}")


def _one(connection: Connection, path: BindingPath) -> Binding:
    """Raises Problem `not-found`."""
    found = _bindings(connection, *_same(path))
    if not found:
        raise _missing(path)
    return found[0]


def _bindings(connection: Connection, *where: Any) -> list[Binding]:
    ours, mapped, mappings, logins = state.bindings, state.mapping_resources, state.mappings, state.credentials
    rows = connection.execute(
        select(
            ours,
            mapped.c.label,
            mapped.c.resource_type,
            mapped.c.source_id,
            mappings.c.hash,
            logins.c.updated_at.label("login_changed_at"),
        )
        .join(mapped, mapped.c.resource_id == ours.c.resource_id)
        .join(mappings, mappings.c.source_id == mapped.c.source_id)
        .join(logins, logins.c.source_id == mapped.c.source_id, isouter=True)
        .where(*where)
        .order_by(ours.c.topic, ours.c.resource_id)
    ).all()
    counts = counted(connection)
    return [_shown(row, counts.get((row.topic, row.resource_id), Counted())) for row in rows]


def _shown(row: Any, its: Counted) -> Binding:
    failed = {f"{stage}-{sink}" if sink else stage: tally.failed for (stage, sink), tally in its.tallies.items()}
    live = its.tallies.get((LIVE_STAGE, ""), Tally())
    return Binding(
        topic=row.topic,
        resource_id=row.resource_id,
        key=row.key,
        on_delete=row.on_delete,
        label=row.label,
        resource_type=row.resource_type,
        source_id=row.source_id,
        mapping_hash=row.hash,
        login_changed_at=row.login_changed_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        extracted=live.succeeded,
        passed_over=live.cancelled,
        transformed=its.tallies.get((TRANSFORMER, ""), Tally()).succeeded,
        loaded={sink: its.tallies.get((LOADER, sink), Tally()).succeeded for sink in here().sinks},
        failed=sum(failed.values()),
        failed_by_stage=failed,
        last_at=its.last_at,
    )


def _retry(connection: Connection, path: BindingPath) -> int:
    """Note the dead letters to send, and take them out of the counts; how many they are."""
    letters, retries, counts = state.dead_letters, state.retries, state.binding_counts
    # Of a record that was too large to be kept, the headers are gone, too; a tombstone has no value anyway.
    is_kept = or_(letters.c.value.is_not(None), func.jsonb_array_length(letters.c.headers) > 0)
    wanted = (
        select(letters.c.id)
        .where(_of(path), is_kept)
        .where(or_(letters.c.stage == LIVE_STAGE, letters.c.topic.in_((EXTRACT, TRANSFORM))))
        .where(~exists().where(retries.c.dead_letter_id == letters.c.id))
    )
    made = insert(retries).from_select(["dead_letter_id"], wanted).returning(retries.c.dead_letter_id).cte()
    noted: int = connection.execute(select(func.count()).select_from(made)).scalar_one()
    if not noted:
        return 0
    sink = func.coalesce(letters.c.sink, "").label("sink")
    number = func.count().label("number")
    # `now()` is the time of the transaction.
    just_noted = (retries.c.dead_letter_id == letters.c.id) & (retries.c.created_at == func.now())
    refused = select(letters.c.stage, sink, number).where(_of(path), exists().where(just_noted))
    its = refused.group_by(letters.c.stage, sink).subquery()
    connection.execute(
        update(counts)
        .where(counts.c.topic == path.topic, counts.c.resource_id == path.resource_id)
        .where(counts.c.stage == its.c.stage, counts.c.sink == its.c.sink)
        .values(failed=counts.c.failed - its.c.number)
    )
    triggers.wake(connection)
    return noted


def _of(path: BindingPath) -> ColumnElement[bool]:
    """Whether a dead letter is of this binding's rows."""
    letters = state.dead_letters
    return (letters.c.batch_id == live_id(path.topic)) & (letters.c.resource_id == path.resource_id)

"""What can still be done to a batch: `DELETE /batch/{id}` cancels it, `POST /batch/{id}/retry` sends its dead
letters again.

Both only write down what is wanted, with the counts as they then are; the leader among the api processes tells
the stages (`api.triggers`). Whoever locks rows of `batch_resources` and of `batches` takes them in this order.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, exists, func, insert, select, update
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.dialects.postgresql import insert as upsert

from api import state, tokens, triggers
from api.batches import Accepted, BatchPath, BatchState
from api.bodies import Nothing, answer, may_be_absent
from api.counting import end_batches
from api.problems import Problem, may_fail
from api.services import here
from pipeline.topics import EXTRACT, TRANSFORM, TRIGGER

RETRIED: Final = (TRIGGER, EXTRACT, TRANSFORM)  # topics that stages read

blueprint = APIBlueprint(
    "batch-changes", __name__, abp_tags=[Tag(name="batches", description="Runs of mapped resources")]
)


class Retried(BaseModel):
    """How many dead letters will be sent again."""

    batch_id: str
    state: BatchState
    retried: int


@blueprint.delete("/batch/<batch_id>", summary="Cancel a batch", responses={HTTPStatus.ACCEPTED: Accepted})
@may_fail("conflict")
def cancel(path: BatchPath) -> Response:
    """What is under way of it is finished or dropped, and counted as cancelled; nothing that was loaded is taken
    back. It is `cancelling` until every stage is through with it. Again: the same answer."""
    with here().engine.begin() as connection:
        batch = _locked(connection, path.batch_id)
        if batch.state in ("completed", "failed"):
            raise Problem("conflict", f"the batch is {batch.state} already")
        if batch.state != "cancelled":
            _cancel(connection, path.batch_id)
        state.record(connection, tokens.caller().name, "cancel batch", path.batch_id)
        now: Any = connection.execute(select(state.batches.c.state).where(state.batches.c.id == path.batch_id))
        return answer(Accepted(batch_id=path.batch_id, state=now.scalar_one()), HTTPStatus.ACCEPTED)


@blueprint.post("/batch/<batch_id>/retry", summary="Send dead letters again", responses={HTTPStatus.ACCEPTED: Retried})
@may_fail("conflict")
@may_be_absent
def retry(path: BatchPath, body: Nothing) -> Response:  # noqa: ARG001
    """Those of the batch that were not sent again before, each to the stage (and the sink) that refused it, and
    nothing else. They count as refused no more; what is refused again is a new dead letter, of the next attempt.
    The mapping is still the one that the batch began with. What was cancelled cannot be sent again."""
    with here().engine.begin() as connection:
        batch = _locked(connection, path.batch_id)
        if batch.state in ("cancelling", "cancelled"):
            raise Problem("conflict", f"the batch is {batch.state}: start a new one")
        retried = _retry(connection, path.batch_id)
        state.record(connection, tokens.caller().name, "retry batch", path.batch_id)
    told = Retried(batch_id=path.batch_id, state="running" if retried else batch.state, retried=retried)
    return answer(told, HTTPStatus.ACCEPTED)


def _locked(connection: Connection, batch_id: str) -> Any:
    """The batch, which nobody else can change until the transaction ends. Raises Problem `not-found`."""
    ours, batches = state.batch_resources, state.batches
    connection.execute(select(ours.c.resource_id).where(ours.c.batch_id == batch_id).with_for_update())
    found = connection.execute(select(batches).where(batches.c.id == batch_id).with_for_update()).one_or_none()
    if found is None:
        raise Problem("not-found", f"no batch {batch_id}")
    return found


def _cancel(connection: Connection, batch_id: str) -> None:
    """Resources whose trigger was not sent end at once, the others when every stage is through with them."""
    ours, batches = state.batch_resources, state.batches
    connection.execute(upsert(state.cancellations).values(batch_id=batch_id).on_conflict_do_nothing())
    connection.execute(update(batches).where(batches.c.id == batch_id).values(state="cancelling"))
    unsent = (ours.c.batch_id == batch_id) & ours.c.trigger_position.is_(None)
    over = {"state": "cancelled", "total": 0, "extraction_ended": True, "ended_at": func.now()}
    connection.execute(update(ours).where(unsent, ours.c.ended_at.is_(None)).values(over))
    end_batches(connection, [batch_id])
    triggers.wake(connection)


def _retry(connection: Connection, batch_id: str) -> int:
    """Note the dead letters to send, and take them out of the counts; how many they are."""
    letters, retries = state.dead_letters, state.retries
    wanted = (
        select(letters.c.id)
        .where(letters.c.batch_id == batch_id, letters.c.value.is_not(None), letters.c.topic.in_(RETRIED))
        .where(~exists().where(retries.c.dead_letter_id == letters.c.id))
    )
    made = insert(retries).from_select(["dead_letter_id"], wanted).returning(retries.c.dead_letter_id).cte()
    noted: int = connection.execute(select(func.count()).select_from(made)).scalar_one()
    if noted:
        _uncount(connection, batch_id)
        _reopen(connection, batch_id)
        triggers.wake(connection)
    return noted


def _noted_now(batch_id: str) -> ColumnElement[bool]:
    """Whether a dead letter was noted in this transaction, whose time `now()` is."""
    letters, retries = state.dead_letters, state.retries
    now = (retries.c.dead_letter_id == letters.c.id) & (retries.c.created_at == func.now())
    return (letters.c.batch_id == batch_id) & exists().where(now)


def _uncount(connection: Connection, batch_id: str) -> None:
    letters, counts = state.dead_letters, state.counts
    sink = func.coalesce(letters.c.sink, "").label("sink")
    step = (letters.c.resource_id, letters.c.stage, sink)
    number = func.count().label("number")
    refused = select(*step, number).where(_noted_now(batch_id)).group_by(*step).subquery()
    same = (counts.c.resource_id == refused.c.resource_id) & (counts.c.stage == refused.c.stage)
    connection.execute(
        update(counts)
        .where(counts.c.batch_id == batch_id, same, counts.c.sink == refused.c.sink)
        .values(failed=counts.c.failed - refused.c.number)
    )


def _reopen(connection: Connection, batch_id: str) -> None:
    """The resources of these dead letters are under way again, and so is the batch.

    Where a trigger itself was refused, the extraction goes on where it broke off, and its fault is no more.
    """
    ours, batches, letters = state.batch_resources, state.batches, state.dead_letters
    of_letter = _noted_now(batch_id) & (letters.c.resource_id == ours.c.resource_id)
    mine = ours.c.batch_id == batch_id
    again = {"state": "running", "ended_at": None}
    connection.execute(update(ours).where(mine, exists().where(of_letter)).values(again))
    trigger_key = as_type(func.convert_to(ours.c.batch_id + ":" + ours.c.resource_id, "UTF8"), BYTEA)
    trigger = exists().where(of_letter, letters.c.topic == TRIGGER, letters.c.key == trigger_key)
    broken_off = {"total": None, "fault": None, "extraction_ended": False}
    connection.execute(update(ours).where(mine, trigger).values(broken_off))
    connection.execute(update(batches).where(batches.c.id == batch_id).values(again))

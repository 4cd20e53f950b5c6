"""Mappings: import, list, show, validate, delete; the frozen versions and the credentials of their sources.

A mapping is known by the id of its source. Importing it again replaces it for batches to come; batches
that run keep the version they began with. Credentials go in and never come out, but to workers.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, RootModel
from sqlalchemy import Connection, delete, select

from api import state, tokens
from api.bodies import Id, answer
from api.credentials import Login, forget_credentials, keep_credential, login_of
from api.mapping_store import invalid, keep, refuse_bound, shown, understood
from api.problems import MistakeFound, Problem, may_fail
from api.services import here
from api.tokens import Role, allows

blueprint = APIBlueprint("mappings", __name__, abp_tags=[Tag(name="mappings", description="What can be run")])


class MappingDocument(RootModel[dict[str, Any]]):
    """A mapping in any of its formats: Pyrog's, fhir-river's, or our own as `GET /mappings/{source_id}` shows it."""


class SourcePath(BaseModel):
    """Which mapping, by the id of its source."""

    source_id: Id


class VersionPath(BaseModel):
    """Which version, by its content hash."""

    hash: Id


class MappedResource(BaseModel):
    """A resource that a batch can be started for."""

    id: str
    label: str
    resource_type: str


class MappingSummary(BaseModel):
    """A mapping in a list. `hash` is the version that the next batch would freeze; `credential` tells all
    but the password, and is null where none is kept."""

    id: str
    name: str
    hash: str
    created_at: datetime
    updated_at: datetime
    credential: Login | None
    resources: list[MappedResource]


class MappingDetails(MappingSummary):
    """A mapping in full: `document` is its canonical form."""

    document: dict[str, Any]


class MappingList(BaseModel):
    """All mappings, by name."""

    mappings: list[MappingSummary]


class Told(MistakeFound):
    """Something to know of a mapping that can be imported nevertheless: what was filled in, what stays open."""


class Validation(BaseModel):
    """All that is wrong with a mapping; nothing, when it can be imported."""

    mistakes: list[MistakeFound]
    told: list[Told]


class ImportedMapping(MappingSummary):
    """A mapping as it was taken in."""

    told: list[Told]


@blueprint.post(
    "/mappings",
    summary="Import a mapping",
    responses={HTTPStatus.CREATED: ImportedMapping, HTTPStatus.OK: ImportedMapping},
)
@may_fail("invalid-mapping", "conflict", "bad-gateway")
def import_(body: MappingDocument) -> Response:
    """201 for a new one, 200 where one of the same source was replaced. `source.credential` is split off and
    kept apart; without one, the credential that is kept already stays. Concept maps that it names and does not
    bring are taken from the FHIR server."""
    reading, mistakes = understood(body.root)
    if reading is None or mistakes:
        raise invalid(mistakes)
    source_id = reading.mapping.source.id
    with here().engine.begin() as connection:
        is_new = keep(connection, reading.mapping)
        if reading.credential is not None:
            keep_credential(connection, source_id, reading.credential)
        state.record(connection, tokens.caller().name, "import mapping", source_id)
        (summary,) = _summaries(connection, source_id)
    imported = ImportedMapping(**dict(summary), told=[Told(**shown(one)) for one in reading.told])
    if is_new:
        return answer(imported, HTTPStatus.CREATED, headers={"Location": f"/mappings/{source_id}"})
    return answer(imported)


@blueprint.post("/mappings/validate", summary="Find a mapping's mistakes", responses={HTTPStatus.OK: Validation})
@may_fail("bad-gateway")
def validate(body: MappingDocument) -> Response:
    """All of them at once; nothing is kept. What only the database can tell (is there such a column?) is told
    by a batch."""
    reading, mistakes = understood(body.root)
    told = reading.told if reading is not None else ()
    return answer(
        Validation(
            mistakes=[MistakeFound(**shown(mistake)) for mistake in mistakes],
            told=[Told(**shown(one)) for one in told],
        )
    )


@blueprint.get("/mappings", summary="List mappings", responses={HTTPStatus.OK: MappingList})
def index() -> Response:
    """With their resources, whose ids a batch is started with."""
    with here().engine.connect() as connection:
        return answer(MappingList(mappings=_summaries(connection)))


@blueprint.get("/mappings/<source_id>", summary="Show a mapping", responses={HTTPStatus.OK: MappingDetails})
def show(path: SourcePath) -> Response:
    """With its document."""
    with here().engine.connect() as connection:
        summaries = _summaries(connection, path.source_id)
        if not summaries:
            raise Problem("not-found", f"no mapping {path.source_id}")
        (summary,) = summaries
        version = _version(connection, summary.hash)
    return answer(MappingDetails(**dict(summary), document=orjson.loads(version or b"{}")))


@blueprint.delete("/mappings/<source_id>", summary="Delete a mapping", responses={HTTPStatus.NO_CONTENT: None})
@may_fail("conflict")
def remove(path: SourcePath) -> Response:
    """Batches that run go on: their version stays, and so does the credential until the last of them ends. Live rows
    must not feed a resource of it any more."""
    with here().engine.begin() as connection:
        state.lock_mappings(connection, shared=False)
        refuse_bound(connection, path.source_id)
        deleted = connection.execute(delete(state.mappings).where(state.mappings.c.source_id == path.source_id))
        if not deleted.rowcount:
            raise Problem("not-found", f"no mapping {path.source_id}")
        forget_credentials(connection)
        state.record(connection, tokens.caller().name, "delete mapping", path.source_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/frozen-mappings/<hash>", summary="Read one version", responses={HTTPStatus.OK: MappingDocument})
@allows(Role.CALLER, Role.WORKER)
def frozen(path: VersionPath) -> Response:
    """The canonical document with this content hash: never another one, so it may be kept for ever."""
    with here().engine.connect() as connection:
        version = _version(connection, path.hash)
    if version is None:
        raise Problem("not-found", f"no version {path.hash}")
    return Response(
        version, content_type="application/json", headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )


def _summaries(connection: Connection, source_id: str | None = None) -> list[MappingSummary]:
    """All mappings, or the one."""
    ours, mapped = state.mappings, state.mapping_resources
    query = select(ours).order_by(ours.c.name, ours.c.source_id)
    resources = select(mapped).order_by(mapped.c.ordinal)
    if source_id is not None:
        query, resources = query.where(ours.c.source_id == source_id), resources.where(mapped.c.source_id == source_id)
    of_source: dict[str, list[MappedResource]] = {}
    for row in connection.execute(resources):
        shown = MappedResource(id=row.resource_id, label=row.label, resource_type=row.resource_type)
        of_source.setdefault(row.source_id, []).append(shown)
    return [
        MappingSummary(
            id=row.source_id,
            name=row.name,
            hash=row.hash,
            created_at=row.created_at,
            updated_at=row.updated_at,
            credential=login_of(connection, row.source_id),
            resources=of_source.get(row.source_id, []),
        )
        for row in connection.execute(query).all()
    ]


def _version(connection: Connection, version: str) -> bytes | None:
    versions = state.mapping_versions
    found = connection.execute(select(versions.c.document).where(versions.c.hash == version)).scalar_one_or_none()
    return None if found is None else bytes(found)

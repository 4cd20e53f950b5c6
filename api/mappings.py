"""Mappings: import, list, show, validate, delete; the frozen versions and the credentials of their sources.

A mapping is known by the id of its source. Importing it again replaces it for batches to come; batches
that run keep the version they began with. Credentials go in and never come out, but to workers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, RootModel
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from api import state, tokens
from api.bodies import PRINTABLE, SECURITY, Id, answer
from api.credentials import Login, forget_credentials, keep_credential, login_of
from api.problems import Problem
from api.services import here
from api.tokens import Role, allows
from mapping import check, document, formats
from mapping.formats import Reading
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import Mapping
from mapping.r4 import Definitions

blueprint = APIBlueprint(
    "mappings", __name__, abp_tags=[Tag(name="mappings", description="What can be run")], abp_security=SECURITY
)

_ID: Final = re.compile(PRINTABLE)
_LONGEST_ID: Final = 200


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


class MistakeFound(BaseModel):
    """One thing to mend: `path` leads through the document as it was sent, `place` says it for a person."""

    path: str
    place: str
    reason: str


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
def import_(body: MappingDocument) -> Response:
    """201 for a new one, 200 where one of the same source was replaced. `source.credential` is split off and
    kept apart; without one, the credential that is kept already stays."""
    reading, mistakes = understood(body.root, here().definitions)
    if reading is None or mistakes:
        raise Problem("invalid-mapping", _counted(mistakes), mistakes=[_shown(mistake) for mistake in mistakes])
    source_id = reading.mapping.source.id
    with here().engine.begin() as connection:
        is_new = keep(connection, reading.mapping)
        if reading.credential is not None:
            keep_credential(connection, source_id, reading.credential)
        state.record(connection, tokens.caller().name, "import mapping", source_id)
        (summary,) = _summaries(connection, source_id)
    imported = ImportedMapping(**dict(summary), told=[Told(**_shown(one)) for one in reading.told])
    if is_new:
        return answer(imported, HTTPStatus.CREATED, headers={"Location": f"/mappings/{source_id}"})
    return answer(imported)


@blueprint.post("/mappings/validate", summary="Find a mapping's mistakes", responses={HTTPStatus.OK: Validation})
def validate(body: MappingDocument) -> Response:
    """All of them at once; nothing is kept. What only the database can tell (is there such a column?) is told
    by a batch."""
    reading, mistakes = understood(body.root, here().definitions)
    told = reading.told if reading is not None else ()
    return answer(
        Validation(
            mistakes=[MistakeFound(**_shown(mistake)) for mistake in mistakes],
            told=[Told(**_shown(one)) for one in told],
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
def remove(path: SourcePath) -> Response:
    """Batches that run go on: their version stays, and so does the credential until the last of them ends."""
    with here().engine.begin() as connection:
        state.lock_mappings(connection, shared=False)
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


def understood(given: dict[str, Any], definitions: Definitions) -> tuple[Reading | None, list[Mistake]]:
    """What a document says, and all that is wrong with it."""
    try:
        reading = formats.read(given, definitions)
    except InvalidMapping as error:
        return None, list(error.mistakes)
    return reading, [*_unfit_ids(reading.mapping), *check.check(reading.mapping, definitions)]


def keep(connection: Connection, mapping: Mapping) -> bool:
    """Store a mapping in place of any earlier one of its source; whether there was none. Within a transaction.

    Raises Problem `conflict` when another mapping has one of its resources.
    """
    state.lock_mappings(connection, shared=False)
    mapped, ours = state.mapping_resources, state.mappings
    source_id, resource_ids = mapping.source.id, [resource.id for resource in mapping.resources]
    query = select(mapped.c.resource_id, mapped.c.source_id).where(mapped.c.resource_id.in_(resource_ids))
    taken = connection.execute(query.where(mapped.c.source_id != source_id)).all()
    if taken:
        others = sorted({row.source_id for row in taken})
        raise Problem(
            "conflict",
            f"resources of this mapping belong to {', '.join(others)}: delete that mapping, or give them other ids",
            resource_ids=[row.resource_id for row in taken],
        )
    version = document.content_hash(mapping)
    row = {"hash": version, "document": document.dump(mapping)}
    connection.execute(upsert(state.mapping_versions).values(row).on_conflict_do_nothing())
    values = {"name": mapping.source.name, "hash": version}
    is_new = not connection.execute(select(ours).where(ours.c.source_id == source_id)).one_or_none()
    statement = upsert(ours).values(values | {"source_id": source_id})
    connection.execute(
        statement.on_conflict_do_update(index_elements=["source_id"], set_=values | {"updated_at": func.now()})
    )
    connection.execute(delete(mapped).where(mapped.c.source_id == source_id))
    connection.execute(insert(mapped), _resource_rows(mapping))
    return is_new


def _resource_rows(mapping: Mapping) -> list[dict[str, object]]:
    return [
        {
            "resource_id": resource.id,
            "source_id": mapping.source.id,
            "ordinal": ordinal,
            "label": resource.label,
            "resource_type": resource.resource_type,
        }
        for ordinal, resource in enumerate(mapping.resources)
    ]


def _unfit_ids(mapping: Mapping) -> list[Mistake]:
    """Ids that no request could name."""
    ids = [("source.id", mapping.source.id)]
    ids += [(f"resources[{at}].id", resource.id) for at, resource in enumerate(mapping.resources)]
    reason = f"must be printable text of at most {_LONGEST_ID} characters"
    return [Mistake(path, reason) for path, one in ids if not (_ID.fullmatch(one) and len(one) <= _LONGEST_ID)]


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


def _shown(mistake: Mistake) -> dict[str, str]:
    return {"path": mistake.path, "place": mistake.place, "reason": mistake.reason}


def _counted(mistakes: Sequence[Mistake]) -> str:
    return f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''} in the mapping"

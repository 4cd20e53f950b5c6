"""Credentials of sources: put in by whoever imports a mapping, read by workers, shown to nobody.

A password is kept as it was given, for the extractor has to log in with it. Who wants it nowhere near
this database gives `passwordSecret` instead: the name of a setting of the extractor that holds it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, RootModel
from sqlalchemy import Connection, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from api import state, tokens
from api.bodies import Id, answer
from api.problems import Problem, mistaken
from api.services import here
from api.tokens import Role, allows
from mapping import credential as credentials
from mapping.credential import Credential
from mapping.mistakes import InvalidMapping

blueprint = APIBlueprint(
    "credentials", __name__, abp_tags=[Tag(name="credentials", description="How to log in to a source")]
)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


class CredentialPath(BaseModel):
    """Which source."""

    source_id: Id


class NewCredential(RootModel[dict[str, Any]]):
    """Where the source is and how to log in: with `password`, or with `passwordSecret`, or with neither."""

    # Read by `mapping.credential`, as that of an imported mapping is; these are its rules.
    model_config = ConfigDict(
        json_schema_extra={
            "required": ["model", "host", "port", "database", "login"],
            "properties": {
                "model": {"enum": list(credentials.MODELS)},
                "host": {"type": "string", "minLength": 1},
                "port": {"type": "integer", "minimum": 1, "maximum": 65_535},
                "database": {"type": "string", "minLength": 1},
                "login": {"type": "string", "minLength": 1},
                "password": _or_null({"type": "string"}),
                "passwordSecret": _or_null({"type": "string", "pattern": f"^{credentials.SECRET_NAME.pattern}$"}),
            },
        }
    )


class KeptCredential(BaseModel):
    """A credential as it was given, for the worker that logs in with it."""

    model: str
    host: str
    port: int
    database: str
    login: str
    password: str | None
    passwordSecret: str | None  # noqa: N815 — as in the mapping's document


class Login(BaseModel):
    """A credential without its password."""

    model: str
    host: str
    port: int
    database: str
    login: str
    has_password: bool = Field(description="a password is kept; it is not shown")
    password_secret: str | None = Field(description="the extractor's setting that holds the password")


@blueprint.put("/sources/<source_id>/credential", summary="Set a credential", responses={HTTPStatus.OK: Login})
def put(path: CredentialPath, body: NewCredential) -> Response:
    """Replaces the one before. The source needs a mapping first."""
    try:
        credential = credentials.read(body.root, path="")
    except InvalidMapping as error:
        found = [{"path": mistake.path, "reason": mistake.reason} for mistake in error.mistakes]
        raise mistaken(found, what="the credential") from None
    with here().engine.begin() as connection:
        state.lock_mappings(connection, shared=True)
        mapped = state.mappings.c.source_id == path.source_id
        if connection.execute(select(state.mappings).where(mapped)).one_or_none() is None:
            raise Problem("not-found", f"no mapping of source {path.source_id}: import it first")
        keep_credential(connection, path.source_id, credential)
        state.record(connection, tokens.caller().name, "set credential", path.source_id)
        login = login_of(connection, path.source_id)
    assert login is not None
    return answer(login)


@blueprint.get(
    "/sources/<source_id>/credential", summary="Read a credential", responses={HTTPStatus.OK: KeptCredential}
)
@allows(Role.WORKER)
def get(path: CredentialPath) -> Response:
    """For workers alone: with the password."""
    with here().engine.connect() as connection:
        kept = _kept(connection, path.source_id)
    if kept is None:
        raise Problem("not-found", f"no credential of source {path.source_id}")
    return Response(orjson.dumps(kept), content_type="application/json", headers={"Cache-Control": "no-store"})


def keep_credential(connection: Connection, source_id: str, credential: Credential) -> None:
    """Store a credential in place of any earlier one. Within a transaction."""
    values = {"content": orjson.loads(credentials.dump(credential))}
    statement = upsert(state.credentials).values(values | {"source_id": source_id})
    connection.execute(
        statement.on_conflict_do_update(index_elements=["source_id"], set_=values | {"updated_at": func.now()})
    )


def credential_for(connection: Connection, source_id: str) -> Credential | None:
    """A source's credential, with the password."""
    kept = _kept(connection, source_id)
    return None if kept is None else credentials.load(orjson.dumps(kept))


def login_of(connection: Connection, source_id: str) -> Login | None:
    """What may be shown of a source's credential."""
    credential = credential_for(connection, source_id)
    if credential is None:
        return None
    return Login(
        model=credential.model,
        host=credential.host,
        port=credential.port,
        database=credential.database,
        login=credential.login,
        has_password=credential.password is not None,
        password_secret=credential.password_secret,
    )


def forget_credentials(connection: Connection) -> None:
    """Delete the credentials of sources that have neither a mapping nor a batch under way."""
    ours, mapped, running = state.credentials, state.mappings, state.batch_resources
    has_mapping = exists().where(mapped.c.source_id == ours.c.source_id)
    has_batch = exists().where(running.c.source_id == ours.c.source_id, running.c.ended_at.is_(None))
    connection.execute(delete(ours).where(~has_mapping, ~has_batch))


def _kept(connection: Connection, source_id: str) -> dict[str, Any] | None:
    ours = state.credentials
    kept: dict[str, Any] | None = connection.execute(
        select(ours.c.content).where(ours.c.source_id == source_id)
    ).scalar_one_or_none()
    return kept

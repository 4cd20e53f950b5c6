"""Stored mappings over GraphQL, as Pyrog serves its own: `login`, then `resource(resourceId)`.

The schema is `api/pyrog.graphql`. An answer has status 200 whatever GraphQL thinks of the query, with `errors` in it;
what PostgreSQL or a bug does is a problem document, as everywhere.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from graphql import GraphQLError, GraphQLResolveInfo, build_schema, execute, parse, validate
from pydantic import BaseModel
from sqlalchemy import Connection, select

from api import state
from api.credentials import credential_for
from api.problems import BEHIND, may_fail
from api.services import here
from api.tokens import Caller, Role, bearer, everybody
from mapping import document, pyrog_writer

LONGEST: Final = 4000  # tokens of a query: one that asks for all there is has 200

blueprint = APIBlueprint("graphql", __name__, abp_tags=[Tag(name="pyrog", description="Mappings as Pyrog serves them")])


class Query(BaseModel):
    """A GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815  # GraphQL's name


class GraphqlAnswer(BaseModel):
    """What came of it: `errors` where something was wrong."""

    data: dict[str, Any] | None = None
    errors: list[dict[str, Any]] | None = None


@blueprint.post("/graphql", summary="Ask as Pyrog is asked", responses={HTTPStatus.OK: GraphqlAnswer})
@everybody
@may_fail(*BEHIND)
def graphql(body: Query) -> Response:
    """`login` needs no token; `resource` needs the session's, or one of the api's own."""
    try:
        query = parse(body.query, max_tokens=LONGEST)
    except GraphQLError as mistake:
        return _answer(None, [mistake])
    mistakes = validate(SCHEMA, query)
    if mistakes:
        return _answer(None, mistakes)
    result = execute(SCHEMA, query, ROOT, variable_values=body.variables, operation_name=body.operationName)
    assert not hasattr(result, "__await__")
    for error in result.errors or ():
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error
    return _answer(result.data, result.errors or [])


class _Root:
    """The resolvers: what is below them is looked up by name in what they return."""

    def login(self, _: GraphQLResolveInfo[None], *, email: str, password: str) -> dict[str, str]:  # noqa: ARG002
        token = here().tokens.open_session(password)
        if token is None:
            raise GraphQLError("the password is no valid token of this api", extensions=UNAUTHENTICATED)
        return {"token": token}

    def resource(self, _: GraphQLResolveInfo[None], *, resourceId: str) -> dict[str, Any] | None:  # noqa: N803
        caller = _caller()
        with here().engine.connect() as connection:
            return _resource(connection, resourceId, with_password=caller.role is Role.WORKER)


UNAUTHENTICATED: Final = {"code": "UNAUTHENTICATED"}
SCHEMA: Final = build_schema((Path(__file__).parent / "pyrog.graphql").read_text(encoding="utf-8"))
ROOT: Final = _Root()


def _caller() -> Caller:
    """Who asks. Raises GraphQLError where no valid token is shown."""
    token = bearer(request.headers.get("Authorization", ""))
    tokens = here().tokens
    found = (tokens.of_session(token) or tokens.of(token)) if token else None
    if found is None:
        raise GraphQLError("log in, and show the token", extensions=UNAUTHENTICATED)
    return found


def _resource(connection: Connection, resource_id: str, *, with_password: bool) -> dict[str, Any] | None:
    mapped, mappings, versions = state.mapping_resources, state.mappings, state.mapping_versions
    found = connection.execute(
        select(versions.c.document)
        .join(mappings, mappings.c.hash == versions.c.hash)
        .join(mapped, mapped.c.source_id == mappings.c.source_id)
        .where(mapped.c.resource_id == resource_id)
    ).scalar_one_or_none()
    if found is None:
        return None
    mapping = document.load(bytes(found))
    resource = mapping.resource(resource_id)
    assert resource is not None
    shown = pyrog_writer.resource(mapping, resource)
    credential = credential_for(connection, mapping.source.id)
    if credential is not None:
        shown["source"]["credential"] = {
            "model": credential.model,
            "host": credential.host,
            "port": str(credential.port),
            "database": credential.database,
            "login": credential.login,
            "decryptedPassword": credential.password if with_password else None,
            "passwordSecret": credential.password_secret,
        }
    return shown


def _answer(data: dict[str, Any] | None, errors: list[GraphQLError]) -> Response:
    told: dict[str, Any] = {"errors": [error.formatted for error in errors]} if errors else {}
    return Response(
        orjson.dumps({"data": data} | told), content_type="application/json", headers={"Cache-Control": "no-store"}
    )

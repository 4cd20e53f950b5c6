"""Previews: `POST /preview` shows what some rows become, by the workers that a batch would go through, and loads
nothing. What a batch would have as dead letters and faults are issues here, as FHIR's OperationOutcome has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from sqlalchemy import Connection, select

from api import renewal, state, tokens
from api.bodies import Id
from api.preview_lane import Answer, SilentStage, TooMany
from api.problems import Problem, may_fail
from api.services import here
from mapping.identity import canonical_key
from pipeline.events import ExtractorTrigger, Resource, Trouble

MOST: Final = 100  # keys
LONGEST_KEY: Final = 1000  # characters

blueprint = APIBlueprint("previews", __name__, abp_tags=[Tag(name="previews", description="What rows become")])


def _no_integer(value: object) -> object:
    """As a double, an integer of more than 64 bits would be another key."""
    if isinstance(value, int):
        raise ValueError("must be of at most 64 bits")  # noqa: TRY004 — what pydantic makes an answer of
    return value


Key = (
    Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_KEY, pattern=r"^[^\x00]+$")]
    | Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
    | Annotated[StrictFloat, BeforeValidator(_no_integer), Field(allow_inf_nan=False)]
)


class NewPreview(BaseModel):
    """Which rows, and whether the FHIR server is to validate what they become."""

    model_config = ConfigDict(extra="forbid")

    resource_id: Id
    primary_key_values: Annotated[list[Key], Field(min_length=1, max_length=MOST, description="keys of the rows")]
    validated: Annotated[
        StrictBool, Field(alias="validate", description="have the FHIR server validate the instances, too")
    ] = False


class Issue(BaseModel):
    """An issue of a FHIR OperationOutcome. `expression` is the element; the extensions `urn:firth:primary-key`,
    `urn:firth:stage`, `urn:firth:rule` and `urn:firth:column` say where it comes from, as far as is known."""

    model_config = ConfigDict(extra="allow")

    severity: str
    code: str


class Previewed(BaseModel):
    """What the rows became, in the order of the keys asked for, and what is wrong with the others."""

    instances: list[dict[str, Any]]
    errors: list[Issue]


@blueprint.post("/preview", summary="Preview some rows", responses={HTTPStatus.OK: Previewed})
@may_fail("unknown-resources", "unusable-mapping", "invalid-mapping", "conflict", "bad-gateway")
def preview(body: NewPreview) -> Response:
    """The mapping is taken as it is now, also where it is Pyrog's. A key that the source does not have, or whose row
    is refused, is an issue in `errors`. Nothing is loaded, and nothing kept but who looked at which resource."""
    try:
        with here().previews.place():
            return _answer(body)
    except TooMany:
        sentence = "as many previews are under way as this process may have (API_THREADS)"
        raise Problem("unavailable", sentence, behind="previews") from None


def _answer(body: NewPreview) -> Response:
    services = here()
    services.broker.check()
    renewal.renew([body.resource_id])
    with services.engine.begin() as connection:
        mapping_hash = _current_mapping(connection, body.resource_id)
        state.record(connection, tokens.caller().name, "preview", body.resource_id)
    found = _asked(ExtractorTrigger("preview", body.resource_id, mapping_hash, body.primary_key_values))
    given_up = any(trouble.failing == "given-up" for trouble in found.troubles)
    keys = _Keys(body.resource_id, body.primary_key_values)
    errors = [issue_of(trouble, keys.text(trouble.key)) for trouble in found.troubles]
    if not given_up:
        refused = [trouble.key for trouble in found.troubles if trouble.key is not None]
        errors += [_not_found(key) for key in keys.missing([*found.made, *refused])]
    instances = keys.ordered(found.made)
    if body.validated:
        errors += _validated(instances)
    shown = {"instances": [orjson.Fragment(resource.body) for _, resource in instances], "errors": errors}
    return Response(orjson.dumps(shown), content_type="application/json", headers={"Cache-Control": "no-store"})


def _current_mapping(connection: Connection, resource_id: str) -> str:
    """The hash of the mapping that has this resource. Raises Problem `unknown-resources`."""
    mapped, mappings = state.mapping_resources, state.mappings
    query = select(mappings.c.hash).join(mapped, mapped.c.source_id == mappings.c.source_id)
    found: str | None = connection.execute(query.where(mapped.c.resource_id == resource_id)).scalar_one_or_none()
    if found is None:
        raise Problem("unknown-resources", "no mapping has this resource", resource_ids=[resource_id])
    return found


def _asked(trigger: ExtractorTrigger) -> Answer:
    """What the workers answer. Raises Problem where they don't, or where no row could be the reason."""
    services = here()
    try:
        answer = services.previews.ask(trigger, within=services.preview_timeout)
    except SilentStage as silent:
        sentence = f"no {silent.stage} answered within {services.preview_timeout} s: is one running, and not stuck?"
        raise Problem("timeout", sentence, behind=silent.stage) from None
    for trouble in answer.troubles:
        if trouble.failing == "unavailable":
            raise Problem("unavailable", trouble.sentence, behind=trouble.stage)
        if trouble.failing == "given-up" and trouble.reason is None:
            raise Problem("unusable-mapping", trouble.sentence, behind=trouble.stage)
    return answer


class _Keys:
    """The keys that were asked for, and which of the keys that came are the same. Kafka's have the resource's id
    before them, and are in their canonical text."""

    def __init__(self, resource_id: str, asked: Sequence[str | int | float]) -> None:
        self._prefix = len(f"{resource_id}:".encode())
        self._asked = {canonical_key(key): at for at, key in enumerate(asked)}

    def text(self, key: bytes | None) -> str | None:
        """The key in its canonical text."""
        return None if key is None else key[self._prefix :].decode("utf-8", "replace")

    def missing(self, came: Sequence[bytes]) -> list[str]:
        """The keys asked for that did not come."""
        texts = {self.text(key) for key in came}
        missing = [key for key in self._asked if key not in texts]
        # The database takes "0042", "42.0" and "42" for one number: what came in another form is not missing.
        return missing if len(texts) < len(self._asked) else []

    def ordered(self, made: Mapping[bytes, Sequence[Resource]]) -> list[tuple[str, Resource]]:
        """All resources with the key of each, in the order in which their keys were asked for."""
        texts = [(self.text(key) or "", resources) for key, resources in made.items()]
        texts.sort(key=lambda one: self._asked.get(one[0], len(self._asked)))
        return [(key, resource) for key, resources in texts for resource in resources]


# FHIR's issue types (http://hl7.org/fhir/issue-type), by the reasons that have a closer one than `processing`.
_CODES: Final[Mapping[str, str]] = {
    "missing-element": "required",
    "unknown-element": "structure",
    "wrong-cardinality": "structure",
    "missing-column": "structure",
    "unknown-table": "structure",
    "unknown-column": "structure",
    "wrong-format": "value",
    "wrong-type": "value",
    "invalid-text": "value",
    "bad-key": "value",
    "bad-value": "value",
    "several-values": "value",
    "unequal-lengths": "value",
    "unbound-code": "code-invalid",
    "unmapped-code": "code-invalid",
    "script-failed": "exception",
    "stage-bug": "exception",
    "too-large": "too-long",
    "source-refused": "login",
    "source-unreachable": "transient",
}


def issue_of(trouble: Trouble, key: str | None) -> dict[str, Any]:
    """The trouble as an issue of an OperationOutcome."""
    details: dict[str, Any] = {"text": trouble.sentence}
    if trouble.reason is not None:
        details = {"coding": [{"system": "urn:firth:reason", "code": trouble.reason}]} | details
    issue: dict[str, Any] = {
        "severity": "error",
        "code": _CODES.get(trouble.reason or "", "processing"),
        "details": details,
    }
    if trouble.element is not None:
        issue["expression"] = [trouble.element]
    told = [("primary-key", key), ("stage", trouble.stage), ("rule", trouble.rule)]
    told += [("column", column) for column in trouble.columns]
    return {"extension": [_extension(name, value) for name, value in told if value]} | issue


def _not_found(key: str) -> dict[str, Any]:
    reason = {"coding": [{"system": "urn:firth:reason", "code": "no-such-key"}], "text": "the source has no such key"}
    return {
        "extension": [_extension("primary-key", key)],
        "severity": "error",
        "code": "not-found",
        "details": reason,
    }


def _validated(instances: Sequence[tuple[str, Resource]]) -> list[dict[str, Any]]:
    """What the FHIR server finds wrong with them, or warns of."""
    outcomes = here().fhir.validate([resource.body for _, resource in instances])
    return [
        issue | {"extension": [*issue.get("extension", ()), _extension("primary-key", key), VALIDATOR]}
        for (key, _), issues in zip(instances, outcomes, strict=True)
        for issue in issues
        if issue.get("severity") != "information"
    ]


def _extension(name: str, value: str) -> dict[str, str]:
    return {"url": f"urn:firth:{name}", "valueString": value}


VALIDATOR: Final = _extension("stage", "fhir-server")

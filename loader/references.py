"""Whether a FHIR server takes references to resources that come later, found out by asking it for one.

No server says so in its CapabilityStatement. What is written for it is a `Basic` resource, which means
nothing clinically, with another one as its subject that is not there; both are deleted at once.
"""

from __future__ import annotations

from typing import Final

import orjson

from loader.answers import Verdict, verdict
from loader.fhir_client import FhirClient
from pipeline.errors import Unavailable

_PROBE: Final = "Basic/firth-reference-probe"
_TARGET: Final = "Basic/firth-reference-target"
_REMEDY: Final = (
    "turn on the creation of placeholder targets there (HAPI: auto_create_placeholder_reference_targets), "
    "or load what is referred to first"
)


def shortcoming(client: FhirClient) -> str | None:
    """What the server lacks for references ahead of their target, as a sentence; None if nothing.

    Raises Unavailable when it could not be found out, and Misconfigured when the server takes nothing at all.
    """
    client.transact(_transaction(_deletion(_PROBE), _deletion(_TARGET)))
    answer = client.transact(_transaction(_probe()))
    what = verdict(answer)
    if what is Verdict.DENIED:
        raise client.denied(answer)
    if what is Verdict.REFUSED:
        return f"the FHIR server refuses references to resources that are not there yet: {_REMEDY}"
    if what is Verdict.PASSING:
        raise Unavailable(f"FHIR server at {client.url}: {answer.said} to a question about references")
    there = client.is_there(_TARGET)
    client.transact(_transaction(_deletion(_PROBE), _deletion(_TARGET)))
    if there is False:
        return f"the FHIR server will not find a resource by a reference that came before its target: {_REMEDY}"
    return None


def _probe() -> dict[str, object]:
    kind, _, resource_id = _PROBE.partition("/")
    resource = {
        "resourceType": kind,
        "id": resource_id,
        "code": {"text": "Does this server take references ahead of their target?"},
        "subject": {"reference": _TARGET},
    }
    return {"resource": resource, "request": {"method": "PUT", "url": _PROBE}}


def _deletion(name: str) -> dict[str, object]:
    return {"request": {"method": "DELETE", "url": name}}


def _transaction(*entries: dict[str, object]) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})

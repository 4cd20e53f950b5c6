"""Whether a FHIR server takes references to resources that come later, found out by asking it for one.

No server says so in its CapabilityStatement. What is written for it is a `Basic` resource, which means
nothing clinically, with another one as its subject that is not there; both are deleted at once, and what the server
did not delete is told in the log.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import orjson

from loader.answers import Verdict, verdict
from loader.fhir_client import FhirClient
from pipeline import logs
from pipeline.errors import Unavailable

log = logs.get(__name__)

_REMEDY: Final = (
    "turn on the creation of placeholder targets there (HAPI: auto_create_placeholder_reference_targets), "
    "or load what is referred to first"
)


def shortcoming(client: FhirClient) -> str | None:
    """What the server lacks for references ahead of their target, as a sentence; None if nothing.

    Raises Unavailable when it could not be found out, and Misconfigured when the server takes nothing at all.
    """
    # New names each time: in place of what was deleted HAPI makes no placeholder.
    name = f"firth-reference-{uuid4().hex[:16]}"
    source, target = f"Basic/{name}", f"Basic/{name}-target"
    answer = client.transact(_transaction(_put(source, target)))
    what = verdict(answer)
    if what is Verdict.DENIED:
        raise client.denied(answer)
    if what is Verdict.REFUSED:
        if verdict(client.transact(_transaction(_put(source)))) is not Verdict.ACCEPTED:
            return "whether the FHIR server takes references ahead of their target is unknown: it takes no Basic at all"
        _delete(client, source)
        return f"the FHIR server refuses references to resources that are not there yet: {_REMEDY}"
    if what is Verdict.PASSING:
        raise Unavailable(f"FHIR server at {client.url}: {answer.said} to a question about references")
    there = client.is_there(target)
    _delete(client, source, target)
    if there is False:
        return f"the FHIR server will not find a resource by a reference that came before its target: {_REMEDY}"
    return None


def _put(source: str, target: str | None = None) -> dict[str, object]:
    resource_type, _, resource_id = source.partition("/")
    resource: dict[str, object] = {
        "resourceType": resource_type,
        "id": resource_id,
        "code": {"text": "Does this server take references ahead of their target?"},
    }
    if target is not None:
        resource["subject"] = {"reference": target}
    return {"resource": resource, "request": {"method": "PUT", "url": source}}


def _delete(client: FhirClient, *names: str) -> None:
    entries: list[dict[str, object]] = [{"request": {"method": "DELETE", "url": name}} for name in names]
    answer = client.transact(_transaction(*entries))
    if verdict(answer) is not Verdict.ACCEPTED:
        sentence = f"{answer.said} to the deletion of {' and '.join(names)}: delete them by hand, they mean nothing"
        log.warning("left behind", url=client.url, sentence=sentence)


def _transaction(*entries: dict[str, object]) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})

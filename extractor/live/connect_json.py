"""What Kafka Connect's JSON converter wrote: a row with its schema beside it, or without."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from extractor.live.connect_values import Kind, Understood, understood
from pipeline.errors import InvalidRecord

# Numbers with a fraction keep their digits until it is known what they are.
_JSON: Final = json.JSONDecoder(parse_float=Decimal)


def fields(raw: bytes) -> dict[str, Understood] | None:
    """The row's fields; None where it is JSON's null. Raises InvalidRecord (`undecodable`, `bad-value`)."""
    try:
        found = _JSON.decode(raw.decode())
    except (ValueError, RecursionError):
        found = raw
    schema = None
    if isinstance(found, dict) and found.keys() == {"schema", "payload"}:
        found, schema = found["payload"], found["schema"]
    if found is None:
        return None
    if not isinstance(found, dict):
        raise InvalidRecord("no JSON object", reason="undecodable")
    kinds = _kinds(schema)
    return {name: understood(name, value, kinds.get(name)) for name, value in found.items()}


def _kinds(schema: Any) -> dict[str, Kind]:
    listed = schema.get("fields") if isinstance(schema, dict) else None
    found = [each for each in listed or () if isinstance(each, dict)]
    return {str(each.get("field")): _kind(each) for each in found}


def _kind(schema: dict[str, Any]) -> Kind:
    parameters = schema.get("parameters")
    name = schema.get("name")
    return Kind(
        type=str(schema.get("type")),
        name=None if name is None else str(name),
        parameters=parameters if isinstance(parameters, dict) else {},
    )

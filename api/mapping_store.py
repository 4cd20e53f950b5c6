"""Mappings in PostgreSQL: understood and checked, kept, found again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from api import state
from api.bodies import PRINTABLE
from api.problems import Problem
from api.services import here
from mapping import check, document, formats
from mapping.formats import Reading
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import Mapping

_ID: Final = re.compile(PRINTABLE)
_LONGEST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A mapping as the next batch would freeze it, and whether it was taken from Pyrog."""

    mapping: Mapping
    from_pyrog: bool


def understood(given: dict[str, Any]) -> tuple[Reading | None, list[Mistake]]:
    """What a document says, with the concept maps that it names and lacks from the FHIR server, and all that is wrong
    with it. Raises Problem where that server is needed and of no use."""
    services = here()
    try:
        reading = formats.read(given, services.definitions)
    except InvalidMapping as error:
        return None, list(error.mistakes)
    mapping = services.concept_maps.complete(reading.mapping)
    mistakes = [*_unfit_ids(mapping), *check.check(mapping, services.definitions)]
    return replace(reading, mapping=mapping), mistakes


def invalid(mistakes: Sequence[Mistake], *, place: str = "the mapping") -> Problem:
    """The answer where a mapping has mistakes."""
    counted = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''} in {place}"
    return Problem("invalid-mapping", counted, mistakes=[shown(mistake) for mistake in mistakes])


def shown(mistake: Mistake) -> dict[str, str]:
    """A mistake as JSON."""
    return {"path": mistake.path, "place": mistake.place, "reason": mistake.reason}


def current(connection: Connection, source_id: str, *, containing: bytes = b"") -> Kept | None:
    """The mapping of a source; None where there is none, or its document does not contain these bytes."""
    ours, versions, pyrogs = state.mappings, state.mapping_versions, state.pyrog_mappings
    found = connection.execute(
        select(versions.c.document, pyrogs.c.source_id.is_not(None).label("from_pyrog"))
        .join(ours, ours.c.hash == versions.c.hash)
        .join(pyrogs, pyrogs.c.source_id == ours.c.source_id, isouter=True)
        .where(ours.c.source_id == source_id)
    ).one_or_none()
    if found is None or containing not in bytes(found.document):
        return None
    return Kept(document.load(bytes(found.document)), found.from_pyrog)


def keep(connection: Connection, mapping: Mapping, *, from_pyrog: bool = False) -> bool:
    """Store a mapping in place of any earlier one of its source; whether there was none. Within a transaction.

    Raises Problem `conflict` when another mapping has one of its resources, or live rows feed one that it no longer
    has.
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
    refuse_bound(connection, source_id, without=resource_ids)
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
    pyrogs = state.pyrog_mappings
    connection.execute(delete(pyrogs).where(pyrogs.c.source_id == source_id))
    if from_pyrog:
        connection.execute(insert(pyrogs).values(source_id=source_id))
    return is_new


def refuse_bound(connection: Connection, source_id: str, *, without: Sequence[str] = ()) -> None:
    """Raises Problem `conflict` where live rows feed resources of this mapping, those `without` left out."""
    mapped, bindings = state.mapping_resources, state.bindings
    bound = connection.execute(
        select(bindings.c.resource_id)
        .join(mapped, mapped.c.resource_id == bindings.c.resource_id)
        .where(mapped.c.source_id == source_id, mapped.c.resource_id.not_in(without))
        .distinct()
    )
    resource_ids = sorted(bound.scalars())
    if resource_ids:
        sentence = "live rows feed resources that would be gone: delete their bindings first"
        raise Problem("conflict", sentence, resource_ids=resource_ids)


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

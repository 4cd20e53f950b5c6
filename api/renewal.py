"""What is about to be run, brought up to date: mappings that come from Pyrog, concept maps that come from FHIR.

A batch (and a preview) freezes mappings out of our own store, by content hash. So that this stays the whole truth,
what comes from elsewhere comes into the store first, here, at the last moment before it is frozen: workers know of
the store alone, a batch that runs is not touched by what is edited meanwhile, and what it ran with can be looked up
for ever. When Pyrog or the FHIR server do not answer, nothing is started; nothing is run with a stale copy.

A source is Pyrog's or imported, never both. Imported ones are taken as they are in the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from api import state, tokens
from api.credentials import keep_credential
from api.mapping_store import current, invalid, keep, understood
from api.problems import Problem
from api.services import here
from mapping import check, concept_maps
from mapping.formats import Reading
from mapping.model import Mapping

FROM_SERVER = b'"from_server":true'


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a resource's mapping is kept, and whether it is Pyrog's."""

    source_id: str
    from_pyrog: bool


def renew(resource_ids: Sequence[str]) -> None:
    """Bring the mappings of these resources up to date. Those that nobody knows are left for the caller to find.

    Raises Problem: `unavailable`, `timeout` and `bad-gateway` (Pyrog, FHIR server), `unknown-resources`,
    `invalid-mapping`, `conflict`.
    """
    with here().engine.connect() as connection:
        stored = _stored(connection, resource_ids)
    if here().pyrog is not None:
        asked = [one for one in resource_ids if one not in stored or stored[one].from_pyrog]
        _take_from_pyrog(asked, stored)
        with here().engine.connect() as connection:
            stored = _stored(connection, resource_ids)
    for source_id in dict.fromkeys(one.source_id for one in stored.values()):
        _renew_concept_maps(source_id)


def _take_from_pyrog(resource_ids: Sequence[str], stored: dict[str, _Stored]) -> None:
    """Put these resources, as Pyrog has them now, into the store."""
    readings: dict[str, list[Reading]] = {}
    gone = []
    for resource_id in resource_ids:
        document = _asked_of_pyrog(resource_id)
        if document is not None:
            reading = _read(document, resource_id)
            readings.setdefault(reading.mapping.source.id, []).append(reading)
        elif resource_id in stored:
            gone.append(resource_id)
    if gone:
        raise Problem("unknown-resources", f"Pyrog has {len(gone)} of these resources no more", resource_ids=gone)
    for source_id, found in readings.items():
        with here().engine.begin() as connection:
            _keep_pyrogs(connection, source_id, found)


def _asked_of_pyrog(resource_id: str) -> dict[str, Any] | None:
    pyrog = here().pyrog
    assert pyrog is not None
    return pyrog.resource(resource_id)


def _read(document: dict[str, Any], resource_id: str) -> Reading:
    """A resource as Pyrog sent it, with its concept maps. Raises Problem where it has mistakes."""
    reading, mistakes = understood(document)
    if reading is None or mistakes:
        raise invalid(mistakes, place=f"resource {resource_id} as Pyrog has it")
    if [one.id for one in reading.mapping.resources] != [resource_id]:
        raise Problem("bad-gateway", f"Pyrog answered another resource than {resource_id}", behind="pyrog")
    return reading


def _keep_pyrogs(connection: Connection, source_id: str, readings: Sequence[Reading]) -> None:
    """Store resources of one source together with those that were taken before: they refer to each other."""
    state.lock_mappings(connection, shared=False)
    kept = current(connection, source_id)
    if kept is not None and not kept.from_pyrog:
        sentence = f"the mapping of source {source_id} was imported: delete it to take that source from Pyrog"
        raise Problem("conflict", sentence)
    mapping = merged(kept.mapping if kept is not None else None, [one.mapping for one in readings])
    mistakes = check.check(mapping, here().definitions)
    if mistakes:
        raise invalid(mistakes, place=f"source {source_id} as Pyrog has it")
    if kept is None or kept.mapping != mapping:
        keep(connection, mapping, from_pyrog=True)
        state.record(connection, tokens.caller().name, "take mapping from Pyrog", source_id)
    for reading in readings:
        if reading.credential is not None:
            keep_credential(connection, source_id, reading.credential)


def merged(before: Mapping | None, news: Iterable[Mapping]) -> Mapping:
    """A source's mapping with resources replaced or added, and the concept maps that they all name."""
    mapping = before
    for new in news:
        if mapping is None:
            mapping = new
            continue
        resources = {one.id: one for one in (*mapping.resources, *new.resources)}
        codes = {one.id: one for one in (*mapping.concept_maps, *new.concept_maps)}
        wanted = concept_maps.wanted(resources.values())
        mapping = Mapping(
            source=new.source,
            resources=tuple(resources.values()),
            concept_maps=tuple(codes[one] for one in wanted if one in codes),
        )
    assert mapping is not None
    return mapping


def _renew_concept_maps(source_id: str) -> None:
    """Have those of a stored mapping that are the FHIR server's as that has them now."""
    with here().engine.connect() as connection:
        kept = current(connection, source_id, containing=FROM_SERVER)
    if kept is None:
        return
    renewed = here().concept_maps.complete(kept.mapping)
    if renewed == kept.mapping:
        return
    mistakes = check.check(renewed, here().definitions)
    if mistakes:
        raise invalid(mistakes, place=f"the mapping of source {source_id}, with its concept maps of now")
    with here().engine.begin() as connection:
        state.lock_mappings(connection, shared=False)
        latest = current(connection, source_id)
        # Whoever imported another meanwhile has looked at its concept maps, too.
        if latest is not None and latest.mapping == kept.mapping:
            keep(connection, renewed, from_pyrog=latest.from_pyrog)


def _stored(connection: Connection, resource_ids: Sequence[str]) -> dict[str, _Stored]:
    mapped, pyrogs = state.mapping_resources, state.pyrog_mappings
    query = select(mapped.c.resource_id, mapped.c.source_id, pyrogs.c.source_id.is_not(None).label("from_pyrog"))
    query = query.join(pyrogs, pyrogs.c.source_id == mapped.c.source_id, isouter=True)
    rows = connection.execute(query.where(mapped.c.resource_id.in_(resource_ids)))
    return {row.resource_id: _Stored(row.source_id, row.from_pyrog) for row in rows}

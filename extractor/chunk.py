"""A trigger becomes records: one chunk of a resource's keys, each with its joined rows.

    trigger (after = nothing) ─► 2,000 records, trigger (after = key 2,000)
    trigger (after = key 2,000) ─► 2,000 records, trigger (after = key 4,000)
    …                           ─► the last records, and the total

All of a chunk is written in one transaction, so a chunk happens once or not at all. A source record is one
distinct primary key; all rows whose key is null are one record together, which cannot be extracted.

What ends a resource early is said once, as `fault`, with the total as it then is: the records so far, and the
trigger itself, which becomes a dead letter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container
from contextlib import closing
from dataclasses import dataclass

from extractor.catalogue import tables_of
from extractor.output import Output
from extractor.patience import Patience
from extractor.query import Query, Range
from extractor.rows import Grouping
from extractor.settings import MEBIBYTE, ChunkSettings
from extractor.source import BadData, Database, Snapshot, SourceAway, Sources
from mapping.identity import BadKey, canonical_key
from mapping.model import Mapping, ResourceMapping
from pipeline import logs
from pipeline.codec import Codec
from pipeline.dead_letters import header_text
from pipeline.errors import FirthError, InvalidRecord
from pipeline.events import ExtractorTrigger, Value
from pipeline.records import BATCH_ID, RESOURCE_ID, Count, Outcome, Record, Refusal
from pipeline.topics import RECORD_LIMIT

log = logs.get(__name__)

PLANS = 256  # resources whose queries are kept, of all batches


@dataclass(slots=True)
class _Plan:
    """How one resource is extracted. `keys` is how many of them a chunk takes: fewer where they are large."""

    resource: ResourceMapping
    query: Query
    grouping: Grouping
    keys: int


class Extractor:
    """The stage, for one trigger at a time: see the module. What it keeps between triggers only saves time."""

    def __init__(
        self,
        *,
        sources: Sources,
        mapping_of: Callable[[str], Mapping],
        codec: Codec,
        settings: ChunkSettings,
        patience: Patience,
        cancelled: Container[str] = (),
    ) -> None:
        """`cancelled` are the ids of batches of which nothing more is wanted; it may change at any time."""
        self._cancelled = cancelled
        self._sources = sources
        self._mapping_of = mapping_of
        self._codec = codec
        self._settings = settings
        self._patience = patience
        self._plans: OrderedDict[tuple[str, str], _Plan] = OrderedDict()

    def __call__(self, record: Record) -> Outcome:
        """Extract the chunk that a trigger asks for. Raises Unavailable and Misconfigured, nothing else."""
        try:
            trigger = self._codec.decode(ExtractorTrigger, record.value)
        except InvalidRecord as error:
            return _undecodable(record, error)
        if trigger.batch_id in self._cancelled:
            return _ended(trigger)
        try:
            return self._chunk(record, trigger)
        except InvalidRecord as error:
            return self._failed(record, trigger, error)
        except FirthError:
            raise
        # As the loop would have it, but with the fault that ends the resource.
        except Exception as error:  # noqa: BLE001
            log.error("bug in a stage", error=type(error).__name__, place=logs.place_of(error))  # noqa: TRY400
            sentence = f"bug in the extractor ({type(error).__name__}): see its log"
            return self._failed(record, trigger, InvalidRecord(sentence, reason="stage-bug"))

    def _chunk(self, record: Record, trigger: ExtractorTrigger) -> Outcome:
        mapping = self._mapping_of(trigger.mapping_hash)
        resource = _resource(mapping, trigger.resource_id)
        try:
            outcome = self._tried(record, trigger, resource, mapping.source.id)
        except SourceAway as error:
            raise self._patience.away(mapping.source.id, error) from None
        self._patience.answered(mapping.source.id)
        return outcome

    def _tried(self, record: Record, trigger: ExtractorTrigger, resource: ResourceMapping, source_id: str) -> Outcome:
        """One chunk, with fewer keys where a value among more cannot be had."""
        database = self._sources.database(source_id, fresh=trigger.after is None)
        plan = self._plan(trigger.mapping_hash, resource, database)
        while True:
            output = Output(record, trigger, resource, plan.query, self._codec)
            try:
                with database.snapshot() as snapshot:
                    return self._read(snapshot, trigger, plan, output)
            except _HalveError as halve:
                plan.keys = halve.keys

    def _read(self, snapshot: Snapshot, trigger: ExtractorTrigger, plan: _Plan, output: Output) -> Outcome:
        """One chunk of at most `plan.keys`. Raises _HalveError where it must be tried with fewer."""
        wanted = _wanted(trigger)
        keys = _next_keys(snapshot, plan, wanted)
        if keys and not self._read_rows(snapshot, plan, output, keys=keys, wanted=wanted):
            plan.keys = max(1, output.done)
            return output.go_on(output.last)
        if len(keys) == plan.keys:
            plan.keys = min(plan.keys * 2, self._settings.keys)
            return output.go_on(keys[-1])
        rows = _rows_without_key(snapshot, trigger, plan)
        if rows:
            output.refuse_null(rows)
        return output.finish()

    def _read_rows(self, snapshot: Snapshot, plan: _Plan, output: Output, *, keys: list[Value], wanted: Range) -> bool:
        """Put the records of `keys` out. False when the chunk was large enough before all of them were."""
        these = Range(after=wanted.after, upto=keys[-1], among=wanted.among)
        try:
            with closing(snapshot.rows(plan.query, these)) as rows:
                for group in plan.grouping(rows):
                    if output.size >= self._settings.mebibytes * MEBIBYTE:
                        return False
                    output.add(group, plan.grouping, as_of=snapshot.as_of)
        except BadData as error:
            if len(keys) > 1:
                raise _HalveError(len(keys) // 2) from None
            output.refuse(keys[0], error)
        return True

    def _plan(self, mapping_hash: str, resource: ResourceMapping, database: Database) -> _Plan:
        key = (mapping_hash, resource.id)
        if key not in self._plans:
            query = Query(resource, database.catalogue(tables_of(resource)), database.dialect)
            grouping = Grouping(query.types, limit=RECORD_LIMIT)
            self._plans[key] = _Plan(resource, query, grouping, keys=self._settings.keys)
            if len(self._plans) > PLANS:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        return self._plans[key]

    def _failed(self, record: Record, trigger: ExtractorTrigger, error: InvalidRecord) -> Outcome:
        # A table that was altered meanwhile is looked at anew, next time.
        self._plans.pop((trigger.mapping_hash, trigger.resource_id), None)
        if trigger.part:
            return Outcome(refused=[Refusal(record, error)])
        fault = Count(trigger.batch_id, trigger.resource_id, total=trigger.extracted + 1, fault=str(error))
        return Outcome(refused=[Refusal(record, error)], counts=[fault])


def _ended(trigger: ExtractorTrigger) -> Outcome:
    """The extraction ends where it is."""
    owner = (trigger.batch_id, trigger.resource_id)
    ended = Count(*owner, cancelled=1) if trigger.part else Count(*owner, total=trigger.extracted)
    return Outcome(counts=[ended])


class _HalveError(Exception):
    """Some value among these keys cannot be had: try again with `keys` of them, until it stands alone."""

    def __init__(self, keys: int) -> None:
        super().__init__()
        self.keys = keys


def _undecodable(record: Record, error: InvalidRecord) -> Outcome:
    """How far the extraction was is not known; whose it was may be."""
    refused = Outcome(refused=[Refusal(record, error)])
    batch_id, resource_id = header_text(record.headers, BATCH_ID), header_text(record.headers, RESOURCE_ID)
    if batch_id is not None and resource_id is not None:
        refused.counts.append(Count(batch_id, resource_id, fault=str(error)))
    return refused


def _resource(mapping: Mapping, resource_id: str) -> ResourceMapping:
    resource = mapping.resource(resource_id)
    if resource is None:
        raise InvalidRecord("the frozen mapping has no such resource", reason="unknown-resource")
    return resource


def _wanted(trigger: ExtractorTrigger) -> Range:
    """The keys that the trigger asks for. Raises InvalidRecord (`bad-key`)."""
    if trigger.primary_key_values is None:
        return Range(after=trigger.after)
    try:
        among = [_asked(key) for key in trigger.primary_key_values if key is not None]
    except BadKey as error:
        raise InvalidRecord(f"among the keys asked for: {error}", reason="bad-key") from None
    return Range(after=trigger.after, among=among)


def _asked(key: Value) -> Value:
    """A key as a person or a program may have asked for it: 1.0 for an integer column."""
    return key if isinstance(key, bytes) else canonical_key(key)


def _next_keys(snapshot: Snapshot, plan: _Plan, wanted: Range) -> list[Value]:
    try:
        keys = snapshot.keys(plan.query, wanted, limit=plan.keys)
    except BadData as error:
        sentence = f"a filter's value or a key asked for does not fit its column's type ({error})"
        raise InvalidRecord(sentence, reason="bad-value") from None
    # A key that the database compares otherwise than we think must not send us round for ever.
    if wanted.after is not None and wanted.after in keys:
        raise InvalidRecord("the source gives keys that it gave before: its order is not stable", reason="bad-order")
    return keys


def _rows_without_key(snapshot: Snapshot, trigger: ExtractorTrigger, plan: _Plan) -> int:
    asked = trigger.primary_key_values is None or None in trigger.primary_key_values
    if not asked or not plan.query.key_type.nullable:
        return 0
    return snapshot.rows_without_key(plan.query)

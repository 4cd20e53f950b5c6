"""What one trigger comes to: records, dead letters of single keys, and the trigger of the next chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractor.query import Query, as_text
from extractor.rows import Group, Grouping
from mapping.identity import BadKey
from mapping.model import ResourceMapping
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.events import Extracted, ExtractorTrigger, Value
from pipeline.records import BATCH_ID, RESOURCE_ID, Count, Outcome, Produced, Record, Refusal
from pipeline.topics import EXTRACT, RECORD_LIMIT, TRIGGER


class Output:
    """The outcome of one chunk as it grows. `done` counts its keys, written or refused; `size` their bytes."""

    def __init__(
        self, record: Record, trigger: ExtractorTrigger, resource: ResourceMapping, query: Query, codec: Codec
    ) -> None:
        self.outcome = Outcome()
        self.done = 0
        self.size = 0
        self.last: Value = trigger.after
        self._record, self._trigger, self._resource, self._codec = record, trigger, resource, codec
        self._aliases = [column.alias for column in query.columns]
        self._headers = [(BATCH_ID, trigger.batch_id.encode()), (RESOURCE_ID, trigger.resource_id.encode())]

    def add(self, group: Group, grouping: Grouping, *, as_of: int) -> None:
        """One record of the group's rows, or a dead letter of its key where they cannot travel."""
        try:
            made = extract_record(self._event(group, grouping.canonical(group.key), as_of), self._headers, self._codec)
        except BadKey as error:
            self.refuse(group.key, InvalidRecord(f"{self._place()}: {error}", reason="bad-key"))
        except InvalidRecord as error:
            self.refuse(group.key, error)
        else:
            self.outcome.produced.append(made)
            self.size += len(made.value or b"")
            self.done += 1
            self.last = group.key

    def refuse(self, key: Value, error: InvalidRecord) -> None:
        """A dead letter of one key: the trigger, narrowed to that key, so that sending it again extracts it alone."""
        narrowed = replace(self._trigger, primary_key_values=[key], after=None, extracted=0, part=True)
        record_key = f"{self._resource.id}:{'' if key is None else as_text(key)}".encode()
        origin = self._record
        record = Record(
            topic=origin.topic,
            partition=origin.partition,
            offset=origin.offset,
            timestamp=origin.timestamp,
            key=record_key,
            value=self._codec.encode(narrowed),
            headers=self._headers,
        )
        self.outcome.refused.append(Refusal(record, error))
        self.done += 1
        if key is not None:
            self.last = key

    def refuse_null(self, rows: int) -> None:
        """One dead letter for all rows without a key: there is no telling what they belong to."""
        said = "1 row has" if rows == 1 else f"{rows} rows have"
        self.refuse(None, InvalidRecord(f"{self._place()}: {said} no primary key", reason="null-key"))

    def go_on(self, after: Value) -> Outcome:
        """The chunk is done, and there may be more keys over `after`."""
        following = replace(self._trigger, after=after, extracted=self._trigger.extracted + self.done)
        self.outcome.produced.append(Produced(TRIGGER, self._record.key, self._codec.encode(following), self._headers))
        return self._counted(total=None)

    def finish(self) -> Outcome:
        """The chunk was the last one."""
        total = self._trigger.extracted + self.done
        if not self._trigger.part:
            return self._counted(total=total)
        if total == 0:  # the row is gone, or its key is null no more: it counted once, and must not be missed
            self.outcome.counts.append(Count(self._trigger.batch_id, self._trigger.resource_id, cancelled=1))
        return self._counted(total=None)

    def _counted(self, *, total: int | None) -> Outcome:
        succeeded = self.done - len(self.outcome.refused)
        of = self._trigger
        self.outcome.counts.append(Count(of.batch_id, of.resource_id, succeeded=succeeded, total=total))
        return self.outcome

    def _event(self, group: Group, key: str, as_of: int) -> Extracted:
        if group.rows is None:
            raise too_large()
        return Extracted(
            batch_id=self._trigger.batch_id,
            resource_id=self._trigger.resource_id,
            resource_type=self._resource.resource_type,
            mapping_hash=self._trigger.mapping_hash,
            primary_key=key,
            as_of=as_of,
            columns=dict(zip(self._aliases, zip(*group.rows, strict=True), strict=True)),
        )

    def _place(self) -> str:
        key = self._resource.primary_key
        return f"{key.table}.{key.column}"


def extract_record(event: Extracted, headers: Sequence[tuple[str, bytes]], codec: Codec) -> Produced:
    """The event as it travels, by the key that its resource's order is kept by. Raises InvalidRecord (`too-large`,
    `unencodable`)."""
    value = codec.encode(event)
    key = f"{event.resource_id}:{event.primary_key}".encode()
    if len(value) + len(key) + sum(len(text) for _, text in headers) > RECORD_LIMIT:
        raise too_large()
    return Produced(EXTRACT, key, value, headers)


def too_large() -> InvalidRecord:
    """What is wrong with a key whose rows do not fit into one record."""
    limit = RECORD_LIMIT // (1024 * 1024)
    return InvalidRecord(f"the joined rows of one key are over the limit of {limit} MiB", reason="too-large")

"""What the live rows of one binding come to: records, deletions, dead letters, and how many of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.live.bindings import Binding
from extractor.output import extract_record
from mapping.model import ResourceMapping
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.events import Extracted, Value
from pipeline.live import AS_OF, live_id
from pipeline.records import BATCH_ID, RESOURCE_ID, Count, Outcome, Record, Refusal


class Output:
    """The outcome of one binding's rows as it grows. Every row is told of once, in one of these ways."""

    def __init__(self, binding: Binding, codec: Codec) -> None:
        self._binding, self._codec = binding, codec
        self._batch_id = live_id(binding.topic)
        self._headers = [(BATCH_ID, self._batch_id.encode()), (RESOURCE_ID, binding.resource_id.encode())]
        self._outcome = Outcome()
        self._passed_over = 0

    def add(self, resource: ResourceMapping, key: str, columns: Mapping[str, Sequence[Value]], *, as_of: int) -> None:
        """A record with these values. Raises InvalidRecord (`too-large`, `unencodable`) where they cannot travel."""
        self._produce(resource, key, columns, as_of=as_of, deleted=False)

    def gone(self, resource: ResourceMapping, key: str, *, as_of: int) -> None:
        """There is no such row any more: its resource goes too, or stays, as the binding says."""
        if self._binding.on_delete == "delete":
            self._produce(resource, key, {}, as_of=as_of, deleted=True)
        else:
            self.pass_over(1)

    def pass_over(self, rows: int) -> None:
        """Rows that change nothing by themselves."""
        self._passed_over += rows

    def refuse(self, record: Record, error: InvalidRecord, *, as_of: int) -> None:
        """A dead letter of this row for this binding; sent again, it is as old as it is now."""
        ours = {BATCH_ID, RESOURCE_ID, AS_OF}
        headers = [each for each in record.headers if each[0] not in ours]
        marked = record._replace(headers=[*headers, *self._headers, (AS_OF, str(as_of).encode())])
        self._outcome.refused.append(Refusal(marked, error))

    def finished(self) -> Outcome:
        """All of it, counted."""
        succeeded = len(self._outcome.produced)
        if succeeded or self._passed_over:
            count = Count(self._batch_id, self._binding.resource_id, succeeded=succeeded, cancelled=self._passed_over)
            self._outcome.counts.append(count)
        return self._outcome

    def _produce(
        self,
        resource: ResourceMapping,
        key: str,
        columns: Mapping[str, Sequence[Value]],
        *,
        as_of: int,
        deleted: bool,
    ) -> None:
        event = Extracted(
            batch_id=self._batch_id,
            resource_id=resource.id,
            resource_type=resource.resource_type,
            mapping_hash=self._binding.mapping_hash,
            primary_key=key,
            as_of=as_of,
            columns=columns,
            deleted=deleted,
        )
        self._outcome.produced.append(extract_record(event, self._headers, self._codec))

"""In = out + dead letters: what the api says, held against the source's rows and what the sinks really have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from command.api_client import Batch, ResourceProgress
from command.demo.servers import Documents, Fhir


@dataclass(frozen=True, slots=True)
class Checked:
    """One resource, counted by everyone: `source` rows of the database, `stored` per sink as the sink's own server
    counts. `changed` is how many resources the FHIR server wrote anew since the batch began."""

    progress: ResourceProgress
    source: int
    stored: Mapping[str, int]
    changed: int

    @property
    def mistakes(self) -> list[str]:
        """What does not add up, a sentence each."""
        return [*self._counted_wrong(), *self._stored_wrong()]

    def _counted_wrong(self) -> list[str]:
        one = self.progress
        wrong = []
        if one.fault is not None:
            wrong.append(f"{one.resource_id}: given up: {one.fault}")
        if one.total != self.source:
            wrong.append(f"{one.resource_id}: {self.source:,} rows in the source, but {one.total} extracted")
        for sink, loaded in one.loaded.items():
            refused = one.refused(sink)
            if loaded + refused != one.total:
                wrong.append(
                    f"{one.resource_id}: {one.total} in, but {loaded:,} in {sink} and {refused:,} dead letters out"
                )
        return wrong

    def _stored_wrong(self) -> list[str]:
        one = self.progress
        wrong = []
        for sink, stored in self.stored.items():
            loaded = one.loaded.get(sink, 0)
            # The FHIR server may hold more: those of a larger demo before this one. MongoDB is asked for this batch's.
            if stored < loaded or (sink == "mongodb" and stored > loaded):
                wrong.append(f"{one.resource_id}: {loaded:,} loaded into {sink}, but the server holds {stored:,}")
        return wrong


def check(
    batch: Batch, *, source: Mapping[str, int], fhir: Fhir, documents: Documents, began: str
) -> Sequence[Checked]:
    """Count everything again, at the servers. `began` is when the batch did, as a FHIR instant. Raises Trouble."""
    return [
        Checked(
            progress=one,
            source=source[one.resource_id],
            stored={
                "fhir": fhir.count_of(one.resource_type, one.resource_id),
                "mongodb": documents.count_of(one.resource_type, one.resource_id, batch.batch_id),
            },
            changed=fhir.count_of(one.resource_type, one.resource_id, since=began),
        )
        for one in batch.resources
    ]

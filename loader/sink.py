"""What a loader asks of a sink, whatever it is: a FHIR server, MongoDB, memory.

A sink takes changes of single resources and says of each what became of it. It must be idempotent: the same
changes are handed to it again whenever a worker stopped between writing and committing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from pipeline.errors import InvalidRecord
from pipeline.events import Write

Written: TypeAlias = Literal["written", "superseded", "exists"]
Result: TypeAlias = Written | InvalidRecord
# A resource as sinks know it: its type and its id.
Name: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One resource to replace, ensure or delete.

    `key` is the record's: changes of one key are made in the order in which they are handed over. `as_of` is
    in milliseconds since the epoch. `body` is the resource's JSON as it came, empty for a delete.
    """

    key: bytes
    type: str
    id: str
    write: Write
    body: bytes
    as_of: int
    batch_id: str
    resource_id: str

    @property
    def name(self) -> Name:
        """Which resource it is of."""
        return self.type, self.id


class Sink(Protocol):
    """Where resources go. The contract, which `tests/loader` runs against every sink there is:

    - after `replace` the sink holds the body, after `delete` nothing; a second time changes nothing;
    - `ensure` never overwrites: it writes (`written`) or finds (`exists`);
    - a `replace` or `delete` older than what the sink holds does nothing (`superseded`), as far as the sink
      can know: what each cannot is told in docs/loading.md;
    - a change that can never pass is answered with its InvalidRecord, and the others are made all the same.
    """

    def write(self, changes: Sequence[Change]) -> Sequence[Result]:
        """Make the changes, at most one a resource, and answer each in its place.

        Raises Unavailable when the sink is down or busy, and Misconfigured when it will take nothing until
        somebody changes a setting. Some of the changes may have been made by then; handing over the same
        ones again is harmless.
        """
        ...

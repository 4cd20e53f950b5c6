"""Batches of the demo's hospital on a test session's stack, counted by everyone who can count them."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from command.api_client import Api, Batch
from command.demo.database import create_source
from command.demo.mapping import mapping_of
from command.demo.servers import Documents, Fhir, source_rows
from command.demo.site import Site
from command.demo.verify import Checked, check
from command.stack import registry, services
from command.stack.stack import Stack
from command.topic_reading import committed
from pipeline.codec import Codec
from pipeline.events import Loaded
from pipeline.records import BATCH_ID
from pipeline.service_settings import RegistrySettings
from pipeline.topics import LOAD

PATIENTS = 120  # some thousand records: long enough in the stages to be interrupted in the middle
PATIENCE = 240.0  # seconds, for a batch that workers were killed in


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return when `condition` holds; fail saying `what` did not come where it never does."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Hospital:
    """The demo's source and mapping on `stack`, ready for batches."""

    stack: Stack
    api: Api

    @classmethod
    @contextmanager
    def open(cls, stack: Stack) -> Iterator[Hospital]:
        """Fill the source and import the mapping; nothing is done twice."""
        create_source(Site.of(stack).source_url, patients=PATIENTS)
        with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
            api.import_mapping(mapping_of(Site.of(stack)))
            yield cls(stack, api)

    def start_batch(self, *resource_ids: str) -> Running:
        """A batch of these resources of the mapping, or of all."""
        began = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Running(self, self.api.start_batch(resource_ids or list(source_rows(Site.of(self.stack)))), began)


@dataclass(frozen=True, slots=True)
class Running:
    """A batch under way."""

    hospital: Hospital
    batch_id: str
    began: str

    def now(self) -> Batch:
        return self.hospital.api.batch(self.batch_id)

    def wait_for_some(self, stage: str) -> None:
        """Until `stage` has begun on this batch, and is not through with it: the moment to disturb it."""
        counted = _COUNTED[stage]
        wait_for(lambda: any(counted(resource) > 0 for resource in self.now().resources), f"something of {stage}")

    def wait(self) -> Batch:
        """Until it is over."""
        try:
            wait_for(lambda: self.now().is_over, f"end of batch {self.batch_id}")
        except AssertionError as error:
            error.add_note(str(self.now()))
            raise
        return self.now()

    def mistakes(self) -> list[str]:
        """What does not add up between the source, the api's counts and what both sinks hold."""
        return [mistake for one in self._checked() for mistake in one.mistakes]

    def changed(self) -> int:
        """How many resources the FHIR server wrote anew since this batch began."""
        return sum(one.changed for one in self._checked())

    def _checked(self) -> Sequence[Checked]:
        stack = self.hospital.stack
        with closing(Documents(Site.of(stack).mongodb_url)) as documents:
            return check(
                self.now(),
                source=source_rows(Site.of(stack)),
                fhir=Fhir(Site.of(stack).fhir_url),
                documents=documents,
                began=self.began,
            )

    def loads(self) -> Counter[tuple[str, str, str]]:
        """How often each resource was loaded into each sink in this batch, as the `load` topic tells."""
        return loads(self.hospital.stack)[self.batch_id]


def loads(stack: Stack) -> Mapping[str, Counter[tuple[str, str, str]]]:
    """For every batch, how often each resource was loaded into each sink: sink, type and id."""
    codec = Codec.connect(RegistrySettings(url=registry.url(stack.ports)))
    found: defaultdict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for message in committed(stack, LOAD):
        event = codec.decode(Loaded, message.value())
        found[dict(message.headers())[BATCH_ID].decode()][event.sink, event.type, event.id] += 1
    return found


def assert_exact(running: Running) -> None:
    """Every row is in both sinks or a dead letter, and was loaded once."""
    batch = running.wait()
    assert batch.state == "completed", [resource.fault for resource in batch.resources]
    assert running.mistakes() == []
    twice = [resource for resource, times in running.loads().items() if times != 1]
    assert twice == []


_COUNTED: Mapping[str, Callable[[Any], int]] = {
    "extractor": lambda resource: resource.extracted,
    "transformer": lambda resource: resource.transformed,
    "loader-fhir": lambda resource: resource.loaded["fhir"],
    "loader-mongodb": lambda resource: resource.loaded["mongodb"],
}
STAGES = tuple(_COUNTED)

"""Running the extractor over its own triggers, as the loop does, until it has nothing more to say."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

from extractor.chunk import Extractor
from extractor.patience import Patience
from extractor.settings import ChunkSettings
from extractor.source import Sources
from mapping.model import Mapping
from pipeline.codec import Codec
from pipeline.events import Extracted, ExtractorTrigger, Value
from pipeline.records import Count, Outcome, Record, Refusal
from pipeline.topics import EXTRACT, TRIGGER

CODEC = Codec.local()
HEADERS = (("batch_id", b"batch"), ("resource_id", b"people"))


@dataclass
class Extraction:
    """All that came of one trigger and those that it led to."""

    records: list[Extracted] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    chunks: int = 0

    @property
    def total(self) -> int | None:
        (total,) = (count.total for count in self.counts if count.total is not None)
        return total

    @property
    def succeeded(self) -> int:
        return sum(count.succeeded for count in self.counts)

    @property
    def faults(self) -> list[str]:
        return [count.fault for count in self.counts if count.fault is not None]

    @property
    def reasons(self) -> list[str]:
        return [one.error.reason for one in self.refused]

    @property
    def primary_keys(self) -> list[str]:
        return [one.primary_key for one in self.records]


def extractor(
    sources: Sources,
    mapping: Mapping | Callable[[str], Mapping],
    *,
    keys: int = 2000,
    mebibytes: int = 16,
    clock: Callable[[], float] = lambda: 0.0,
    cancelled: Container[str] = (),
) -> Extractor:
    """The stage over `sources`, with one mapping for every hash, or as the function says. Its patience is a minute."""
    settings = ChunkSettings(keys=keys, mebibytes=mebibytes)
    mapping_of = (lambda _: mapping) if isinstance(mapping, Mapping) else mapping
    patience = Patience(60, clock=clock)
    return Extractor(
        sources=sources,
        mapping_of=mapping_of,
        codec=CODEC,
        settings=settings,
        patience=patience,
        cancelled=cancelled,
    )


def trigger(values: Sequence[Value] | None = None, *, after: Value = None, extracted: int = 0) -> Record:
    event = ExtractorTrigger("batch", "people", "hash", values, after, extracted)
    return Record(TRIGGER, 1, 7, 1_700_000_000_000, b"batch:people", CODEC.encode(event), HEADERS)


def extract(stage: Callable[[Record], Outcome], first: Record | None = None) -> Extraction:
    """Follow the triggers to the end."""
    whole = Extraction()
    record: Record | None = first or trigger()
    while record is not None:
        outcome = stage(record)
        whole.chunks += 1
        assert whole.chunks < 10_000, "the extractor goes round in circles"
        whole.refused += outcome.refused
        whole.counts += outcome.counts
        following: Record | None = None
        for item in outcome.produced:
            if item.topic == EXTRACT:
                whole.records.append(CODEC.decode(Extracted, item.value))
                whole.keys.append(item.key)
            else:
                assert (item.topic, item.key, following) == (TRIGGER, record.key, None)
                following = Record(TRIGGER, 1, record.offset + 1, record.timestamp, item.key, item.value, item.headers)
        record = following
    return whole

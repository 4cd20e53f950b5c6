"""The stage: events in, events out, every record accounted for. No broker."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
import pytest

from mapping import document
from mapping.mistakes import InvalidMapping
from mapping.model import Mapping
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord, Unavailable
from pipeline.events import Extracted, Transformed, Value
from pipeline.records import Count, Outcome, Record
from tests.transformer.building import Engine, attribute, mapping, read, resource, static
from transformer.plans import Plans
from transformer.transform import transform

CODEC = Codec.local()

GOOD = mapping(resource("Patient", attribute("birthDate", read("dob"))))
BAD = mapping(resource("Patient", attribute("gender", static("man")), attribute("nam", read("dob"))))


class Shelf:
    """Frozen mappings by hash, as the api keeps them; counts how often one is asked for."""

    def __init__(self, *mappings: Mapping) -> None:
        self._documents = {document.content_hash(one): document.dump(one) for one in mappings}
        self.asked = 0
        self.down = False

    def fetch(self, mapping_hash: str) -> bytes:
        self.asked += 1
        if self.down:
            raise Unavailable("api: down")
        if mapping_hash not in self._documents:
            raise InvalidRecord("unknown", reason="unknown-mapping")
        return self._documents[mapping_hash]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(GOOD, BAD)


@pytest.fixture
def plans(engine: Engine, shelf: Shelf) -> Plans:
    return Plans(shelf.fetch, definitions=engine.definitions, scripts=engine.scripts)


def record(dob: Value, *, of: Mapping = GOOD, key: str = "1", resource_id: str = "r1", offset: int = 0) -> Record:
    event = Extracted(
        batch_id="b1",
        resource_id=resource_id,
        resource_type="Patient",
        mapping_hash=document.content_hash(of),
        primary_key=key,
        as_of=1234,
        columns={"t_dob": [dob]},
    )
    return Record("extract", 0, offset, 0, f"{resource_id}:{key}".encode(), CODEC.encode(event))


def run(records: Iterable[Record], plans: Plans) -> Outcome:
    return transform(list(records), plans=plans, codec=CODEC)


def test_a_record_becomes_an_event_with_its_resource_under_the_same_key(plans: Plans) -> None:
    outcome = run([record("2000")], plans)
    (produced,) = outcome.produced
    assert (produced.topic, produced.key) == ("transform", b"r1:1")
    assert dict(produced.headers) == {"batch_id": b"b1", "resource_id": b"r1"}
    event = CODEC.decode(Transformed, produced.value)
    assert (event.batch_id, event.resource_id, event.as_of) == ("b1", "r1", 1234)
    (made,) = event.resources
    assert (made.type, made.write) == ("Patient", "replace")
    assert orjson.loads(made.body)["birthDate"] == "2000"
    assert outcome.counts == [Count("b1", "r1", succeeded=1)]


def test_records_that_cannot_be_mapped_are_refused_and_the_others_pass(plans: Plans) -> None:
    outcome = run([record("2000", key="1"), record("0000-00-00", key="2"), record("2001", key="3")], plans)
    assert [produced.key for produced in outcome.produced] == [b"r1:1", b"r1:3"]
    ((refused),) = outcome.refused
    assert refused.record.key == b"r1:2"
    assert refused.error.reason == "wrong-format"
    assert outcome.counts == [Count("b1", "r1", succeeded=2)]


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\x00\x02", b"{}"])
def test_bytes_that_are_no_event_are_refused(plans: Plans, value: bytes | None) -> None:
    outcome = run([Record("extract", 0, 0, 0, b"k", value)], plans)
    assert [refusal.error.reason for refusal in outcome.refused] == ["undecodable"]


def test_a_mapping_with_mistakes_is_one_fault_and_no_flood_of_dead_letters(plans: Plans, shelf: Shelf) -> None:
    outcome = run([record("2000", of=BAD, key=str(key)) for key in range(50)], plans)
    assert not outcome.produced
    assert not outcome.refused
    (count,) = outcome.counts
    assert (count.cancelled, count.succeeded) == (50, 0)
    assert count.fault is not None
    assert "Patient.gender" in count.fault
    assert "Patient.nam" in count.fault
    assert shelf.asked == 1


def test_an_unknown_mapping_or_resource_is_refused(plans: Plans) -> None:
    unknown = mapping(resource("Patient", attribute("active", static("true"))))
    outcome = run([record("2000", of=unknown), record("2000", resource_id="r9")], plans)
    assert [refusal.error.reason for refusal in outcome.refused] == ["unknown-mapping", "unknown-resource"]


def test_an_api_that_is_down_is_no_fault_of_the_record(plans: Plans, shelf: Shelf) -> None:
    shelf.down = True
    with pytest.raises(Unavailable):
        run([record("2000")], plans)
    shelf.down = False
    assert len(run([record("2000")], plans).produced) == 1


def test_plans_are_kept_up_to_a_limit_the_least_used_go(engine: Engine) -> None:
    mappings = [mapping(resource("Patient", attribute("birthDate", static(str(year))))) for year in (2000, 2001, 2002)]
    shelf = Shelf(*mappings)
    plans = Plans(shelf.fetch, definitions=engine.definitions, scripts=engine.scripts, limit=2)
    first, second, third = map(document.content_hash, mappings)
    for mapping_hash in (first, second, first, third, first):
        plans.of(mapping_hash, "r1")
    assert shelf.asked == 3
    plans.of(second, "r1")
    assert shelf.asked == 4


def test_a_frozen_document_that_is_none_is_a_mistake_of_the_mapping(engine: Engine) -> None:
    plans = Plans(lambda _: b"not JSON", definitions=engine.definitions, scripts=engine.scripts)
    with pytest.raises(InvalidMapping):
        plans.of("0", "r1")

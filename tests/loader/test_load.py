from __future__ import annotations

import pytest

from loader.load import load
from pipeline.errors import Unavailable
from pipeline.events import Loaded
from pipeline.records import Count, Outcome, Record
from tests.loader.making import BATCH, CODEC, SOURCE, body, record, resource
from tests.loader.memory import MemorySink


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def run(sink: MemorySink, *records: Record) -> Outcome:
    return load(records, sink=sink, name="memory", codec=CODEC)


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """Id and outcome of each `load` event."""
    events = [CODEC.decode(Loaded, produced.value) for produced in outcome.produced]
    return [(event.id, event.outcome) for event in events]


def test_every_resource_is_written_and_told_under_the_key_and_headers_of_its_record(sink: MemorySink) -> None:
    given = record(resource("a"), resource("b", "Observation"), key=b"patients:7")
    outcome = run(sink, given)
    assert sink.held == {("Patient", "a"): body("a"), ("Observation", "b"): body("b", "Observation")}
    assert [(each.topic, each.key, each.headers) for each in outcome.produced] == 2 * [
        ("load", b"patients:7", given.headers)
    ]
    assert CODEC.decode(Loaded, outcome.produced[0].value) == Loaded(
        "memory", BATCH, SOURCE, 1, "Patient", "a", "replace", "written", body("a")
    )


def test_records_are_counted_by_batch_and_resource_not_by_what_they_hold(sink: MemorySink) -> None:
    outcome = run(
        sink,
        record(resource("a"), resource("b")),
        record(resource("c")),
        record(resource("d"), source="stays"),
    )
    assert outcome.counts == [Count(BATCH, SOURCE, succeeded=2), Count(BATCH, "stays", succeeded=1)]


def test_of_one_id_twice_the_later_is_written_and_both_count(sink: MemorySink) -> None:
    outcome = run(sink, record(resource("a", gender="male")), record(resource("a", gender="female"), as_of=2))
    assert sink.held == {("Patient", "a"): body("a", gender="female")}
    assert told(outcome) == [("a", "superseded"), ("a", "written")]
    assert outcome.counts == [Count(BATCH, SOURCE, succeeded=2)]


def test_one_id_twice_in_one_record_is_one_resource(sink: MemorySink) -> None:
    outcome = run(sink, record(resource("a", gender="male"), resource("a", gender="female")))
    assert sink.held == {("Patient", "a"): body("a", gender="female")}
    assert told(outcome) == [("a", "superseded"), ("a", "written")]
    assert outcome.counts == [Count(BATCH, SOURCE, succeeded=1)]


def test_a_record_with_a_refused_resource_is_refused_once_with_what_the_server_said(sink: MemorySink) -> None:
    bad = record(resource("a"), resource("b", language="refuse-me"), resource("c", language="refuse-me"))
    outcome = run(sink, bad, record(resource("d")))
    assert [refusal.record for refusal in outcome.refused] == [bad]
    error = outcome.refused[0].error
    assert (error.reason, error.details) == ("refused-by-server", "{}")
    assert str(error) == "Patient: refused (2 of the record's 3 resources were refused)"
    assert outcome.counts == [Count(BATCH, SOURCE, succeeded=1)]
    assert told(outcome) == [("a", "written"), ("d", "written")], "what was written is told all the same"


def test_when_the_later_of_one_id_is_refused_the_earlier_is_written(sink: MemorySink) -> None:
    outcome = run(sink, record(resource("a")), record(resource("a", language="refuse-me"), as_of=2))
    assert sink.held == {("Patient", "a"): body("a")}
    assert len(outcome.refused) == 1
    assert outcome.counts == [Count(BATCH, SOURCE, succeeded=1)]


def test_a_record_without_resources_counts_and_writes_nothing(sink: MemorySink) -> None:
    outcome = run(sink, record())
    assert outcome.counts == [Count(BATCH, SOURCE, succeeded=1)]
    assert outcome.produced == []


@pytest.mark.parametrize("value", [b"", b"{}", b"\x00\x00\x00\x00\x05garbage", None])
def test_what_is_no_transform_event_is_refused_and_the_rest_goes_on(sink: MemorySink, value: bytes | None) -> None:
    bad = Record("transform", 0, 3, 0, b"k", value)
    outcome = run(sink, bad, record(resource("a")))
    assert [(refusal.record, refusal.error.reason) for refusal in outcome.refused] == [(bad, "undecodable")]
    assert told(outcome) == [("a", "written")]


@pytest.mark.parametrize(
    ("resource_id", "resource_type"),
    [("../metadata", "Patient"), ("a b", "Patient"), ("", "Patient"), ("a", "Patient/$expunge"), ("a", "$cmd")],
)
def test_an_id_or_type_that_fhir_does_not_allow_never_reaches_a_sink(
    sink: MemorySink, resource_id: str, resource_type: str
) -> None:
    outcome = run(sink, record(resource(resource_id, resource_type)))
    assert sink.held == {}
    assert [refusal.error.reason for refusal in outcome.refused] == ["bad-resource-id"]


def test_no_sentence_holds_a_value_of_the_record(sink: MemorySink) -> None:
    outcome = run(sink, record(resource("smith/../jones", name=[{"family": "Smith"}])))
    sentences = [str(refusal.error) for refusal in outcome.refused]
    assert sentences == ["a resource's type or id is none that FHIR allows"]


def test_a_sink_that_is_down_leaves_nothing_half_told(sink: MemorySink) -> None:
    sink.down = True
    with pytest.raises(Unavailable):
        run(sink, record(resource("a")))


def test_records_without_a_key_need_not_wait_for_each_other(sink: MemorySink) -> None:
    run(sink, record(resource("a"), key=None, offset=1), record(resource("b"), key=None, offset=2))
    assert len({change.key for change in sink.calls[0]}) == 2


def test_the_changes_of_a_call_are_in_the_order_of_the_records(sink: MemorySink) -> None:
    run(sink, record(resource("b"), resource("a")), record(resource("c")))
    assert [change.id for change in sink.calls[0]] == ["b", "a", "c"]

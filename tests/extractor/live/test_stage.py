"""What live rows come to: records, deletions, dead letters, each row once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.live.bindings import Binding
from extractor.live.connect_avro import AvroRows
from extractor.live.plans import Plans
from extractor.live.stage import LiveRows
from extractor.source import SourceAway
from mapping.model import Column, Filter, Mapping
from pipeline.errors import InvalidRecord
from pipeline.events import Extracted
from pipeline.records import Headers, Outcome, Record
from tests.extractor.driving import CODEC
from tests.extractor.memory import AS_OF, MemoryDatabase, OneSource, mapping

NOW = AS_OF + 5_000
BINDING = Binding("rows", "people", "hash", "source", None, "ignore", "2026-01-01")
DELETING = replace(BINDING, on_delete="delete")


def row(key: object, name: str | None = "x", *, at: int = 0, headers: Headers = (), **more: object) -> Record:
    """A row as a connector sends it."""
    value = orjson.dumps({"id": key, "name": name, **more})
    return Record("rows", 0, at, NOW, orjson.dumps({"id": key}), value, headers)


def tombstone(key: object) -> Record:
    return Record("rows", 0, 0, NOW, orjson.dumps({"id": key}), None)


def live(
    *records: Record,
    database: MemoryDatabase,
    bindings: Sequence[Binding] = (BINDING,),
    of: Mapping | None = None,
    slept: list[float] | None = None,
    looked: list[None] | None = None,
) -> Outcome:
    """What these rows come to over `database`, whose key is unique where it says so."""
    sources = OneSource(database)
    looks = looked if looked is not None else []
    stage = LiveRows(
        bindings=lambda topic: [one for one in bindings if one.topic == topic],
        look=lambda: looks.append(None),
        plans=Plans(sources=sources, mapping_of=lambda _: of or mapping()),
        sources=sources,
        codec=CODEC,
        avro=AvroRows(lambda _: None),
        sleep=(slept if slept is not None else []).append,
    )
    return stage(records)


def events(outcome: Outcome) -> list[Extracted]:
    return [CODEC.decode(Extracted, each.value) for each in outcome.produced]


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """Extracted, refused, passed over."""
    return (
        sum(count.succeeded for count in outcome.counts),
        len(outcome.refused),
        sum(count.cancelled for count in outcome.counts),
    )


def plain() -> MemoryDatabase:
    """A source whose table tells all in a row."""
    return MemoryDatabase([], unique=True)


def test_a_row_of_one_table_is_taken_as_it_comes_and_the_source_is_not_asked() -> None:
    database = plain()
    outcome = live(row(7, "Ada"), database=database)
    (event,) = events(outcome)
    assert event == Extracted(
        "live:rows", "people", "Patient", "hash", "7", NOW, {"people_id": [7], "people_name": ["Ada"]}
    )
    assert outcome.produced[0].key == b"people:7"
    assert dict(outcome.produced[0].headers) == {"batch_id": b"live:rows", "resource_id": b"people"}
    assert database.snapshots == 0


def test_a_key_that_several_rows_may_have_is_fetched_whole() -> None:
    database = MemoryDatabase([(7, "Ada"), (7, "Augusta")])
    (event,) = events(live(row(7, "Ada"), database=database))
    assert event.columns == {"people_id": [7, 7], "people_name": ["Ada", "Augusta"]}
    assert event.as_of == AS_OF


def test_all_keys_of_a_poll_are_fetched_in_one_query_each_once() -> None:
    database = MemoryDatabase([(number, "x") for number in range(9)])
    outcome = live(*(row(number % 3) for number in range(9)), database=database)
    assert [event.primary_key for event in events(outcome)] == ["0", "1", "2"]
    assert counts(outcome) == (3, 0, 6)
    assert database.snapshots == 1


def test_what_is_not_there_yet_is_looked_for_once_more() -> None:
    slept: list[float] = []
    outcome = live(row(7), database=MemoryDatabase([]), slept=slept)
    assert counts(outcome) == (0, 0, 1)
    assert len(slept) == 1


def by(transaction: int, record: Record, *, at: int = AS_OF) -> Record:
    """As Debezium tells of a change, with the transaction that made it."""
    return record._replace(headers=[("__source_txId", str(transaction).encode())], timestamp=at)


@pytest.mark.parametrize("change", [row(7, "Ada"), tombstone(7)])
def test_a_change_is_waited_for_until_it_is_to_be_seen_in_the_source(change: Record) -> None:
    """Else what was there before it would be fetched, and stay: nobody tells of a change twice."""
    database = MemoryDatabase([(7, "Eve")], unseen=[12])
    with pytest.raises(SourceAway, match="not to be seen in the source yet"):
        live(by(12, change), by(11, row(7)), database=database)
    assert live(by(11, change), database=database).produced
    assert live(by(12, change, at=AS_OF - 600_000), database=database).produced, "of a server that was restored, say"
    there = by(12, change)
    there = there._replace(headers=[*there.headers, ("__op", b"r")])
    assert live(there, database=database).produced, "of the rows that were there when Debezium began"


@pytest.mark.parametrize("gone", [tombstone(7), row(7, None, __deleted="true"), row(7, None, __deleted=True)])
@pytest.mark.parametrize("unique", [True, False])
def test_a_delete_deletes_the_resource_or_is_ignored_as_the_binding_says(gone: Record, *, unique: bool) -> None:
    database = MemoryDatabase([], unique=unique)
    (event,) = events(live(gone, database=database, bindings=[DELETING]))
    assert (event.primary_key, event.deleted, event.columns) == ("7", True, {})
    assert event.as_of == (NOW if unique else AS_OF)
    assert counts(live(gone, database=database)) == (0, 0, 1)


def test_a_deleted_row_whose_key_others_still_have_changes_the_resource() -> None:
    (event,) = events(live(tombstone(7), database=MemoryDatabase([(7, "left")]), bindings=[DELETING]))
    assert not event.deleted
    assert event.columns["people_name"] == ["left"]


def test_a_row_that_the_filters_leave_out_is_as_good_as_gone() -> None:
    (people,) = mapping().resources
    filtered = Mapping(mapping().source, (replace(people, filters=(Filter(Column("people", "name"), "=", "Ada"),)),))
    outcome = live(row(7, "Ada"), row(8, "Eve"), database=plain(), bindings=[DELETING], of=filtered)
    assert [(event.primary_key, event.deleted) for event in events(outcome)] == [("7", False), ("8", True)]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (Record("rows", 0, 0, NOW, None, b"{"), "undecodable"),
        (Record("rows", 0, 0, NOW, None, b"[1]"), "undecodable"),
        (Record("rows", 0, 0, NOW, None, b'{"name": "x"}'), "missing-key"),
        (Record("rows", 0, 0, NOW, None, None), "missing-key"),
        (Record("rows", 0, 0, NOW, b"7", b'{"id": null, "name": "x"}'), "null-key"),
        (Record("rows", 0, 0, NOW, None, b'{"id": "seven", "name": "x"}'), "bad-value"),
        (Record("rows", 0, 0, NOW, b"7", b'{"id": 7}'), "missing-column"),
    ],
)
def test_a_bad_row_is_a_dead_letter_and_the_others_go_on(record: Record, reason: str) -> None:
    outcome = live(row(1), record, row(2), database=plain())
    assert [event.primary_key for event in events(outcome)] == ["1", "2"]
    (refusal,) = outcome.refused
    assert refusal.error.reason == reason
    assert (refusal.record.key, refusal.record.value) == (record.key, record.value)
    headers = dict(refusal.record.headers)
    assert headers == {"batch_id": b"live:rows", "resource_id": b"people", "as_of": str(NOW).encode()}


def test_a_dead_letter_sent_again_is_for_its_binding_alone_and_as_old_as_it_was() -> None:
    other = replace(BINDING, topic="others")
    refused = live(Record("rows", 0, 0, NOW, None, b"{"), database=plain()).refused[0].record
    again = refused._replace(topic="live_retry", timestamp=NOW + 9_999, value=b'{"id": 7, "name": "x"}')
    looked: list[None] = []
    outcome = live(again, database=plain(), bindings=[BINDING, other], looked=looked)
    assert len(looked) == 1, "the bindings of now are asked for"
    assert [(event.batch_id, event.as_of) for event in events(outcome)] == [("live:rows", NOW)]


def test_the_time_that_the_connector_tells_counts_before_that_of_the_record() -> None:
    told = [
        row(1, headers=[("__source_ts_ms", b"1600000000001")]),
        row(2, __source_ts_ms=1_600_000_000_002),
        row(3, headers=[("__source_ts_ms", b"soon")]),
        row(4, headers=[("source.read.ms", b"1700000000004")], as_of=5),
    ]
    made = events(live(*told, database=plain()))
    assert [event.as_of for event in made] == [1_600_000_060_001, 1_600_000_060_002, NOW, 1_700_000_000_004]


@pytest.mark.parametrize(("committed", "as_of"), [(NOW - 300, NOW), (NOW + 20, NOW + 20)])
def test_a_change_is_newer_than_a_batch_that_could_not_see_it_yet(committed: int, as_of: int) -> None:
    """A commit has its time before others see it. Its record is made after that, by a clock that may be behind."""
    (event,) = events(live(row(1, headers=[("__source_ts_ms", str(committed).encode())]), database=plain()))
    assert event.as_of == as_of


def test_rows_of_another_table_name_the_resource_by_the_field_that_the_binding_says() -> None:
    stay = Record("rows", 0, 0, NOW, None, b'{"stay": 1, "patient": 7}')
    (event,) = events(live(stay, database=MemoryDatabase([(7, "Ada")]), bindings=[replace(BINDING, key="patient")]))
    assert event.primary_key == "7"


def test_a_value_that_debezium_left_out_is_fetched() -> None:
    database = MemoryDatabase([(7, "a long name")], unique=True)
    outcome = live(row(7, "__debezium_unavailable_value"), row(8, "Eve"), database=database)
    assert {event.primary_key: event.columns["people_name"] for event in events(outcome)} == {
        "7": ["a long name"],
        "8": ["Eve"],
    }


def test_a_decimal_that_debezium_stripped_of_its_noughts_is_fetched() -> None:
    struct = {"type": "struct", "name": "io.debezium.data.VariableScaleDecimal"}
    fields = [{"field": "id", "type": "int64"}, {"field": "name", **struct}]
    payload = {"id": 7, "name": {"scale": 1, "value": "Dw=="}}
    value = orjson.dumps({"schema": {"type": "struct", "fields": fields}, "payload": payload})
    (event,) = events(live(Record("rows", 0, 0, NOW, None, value), database=MemoryDatabase([(7, "1.50")], unique=True)))
    assert event.columns["people_name"] == ["1.50"]


def test_without_a_database_a_row_is_all_there_is() -> None:
    alone = replace(BINDING, login_changed_at=None)
    (event,) = events(live(row("0007", "Ada"), database=MemoryDatabase([]), bindings=[alone]))
    assert (event.primary_key, event.columns["people_id"]) == ("0007", ["0007"])
    outcome = live(row(7, "__debezium_unavailable_value"), database=MemoryDatabase([]), bindings=[alone])
    assert [refusal.error.reason for refusal in outcome.refused] == ["no-database"]


def test_one_bad_key_among_many_is_refused_alone() -> None:
    database = MemoryDatabase([(number, "x") for number in range(8)], bad=[5])
    outcome = live(*(row(number) for number in range(8)), database=database)
    assert [event.primary_key for event in events(outcome)] == ["0", "1", "2", "3", "4", "6", "7"]
    assert [refusal.error.reason for refusal in outcome.refused] == ["bad-value"]


def test_a_source_that_is_away_is_waited_for() -> None:
    with pytest.raises(SourceAway):
        live(row(7), database=MemoryDatabase([], failures=[SourceAway("away")]))


def test_a_source_that_refuses_makes_a_dead_letter_of_each_key() -> None:
    refusing = InvalidRecord("no permission", reason="query-refused")
    database = MemoryDatabase([], failures=[refusing])
    outcome = live(row(7), row(8), row(7), database=database)
    assert counts(outcome) == (0, 2, 1)


def test_a_topic_that_is_bound_no_more_is_left_alone() -> None:
    assert live(row(7), database=plain(), bindings=[]) == Outcome()


KEYS = st.integers(0, 5)


@given(st.lists(st.tuples(KEYS, st.booleans())), st.sets(KEYS), st.sets(KEYS), st.booleans())
def test_every_row_is_counted_once(
    sent: list[tuple[int, bool]],
    present: set[int],
    bad: set[int],
    unique: bool,
) -> None:
    database = MemoryDatabase([(key, "x") for key in present], bad=bad, unique=unique)
    records = [tombstone(key) if deleted else row(key) for key, deleted in sent]
    outcome = live(*records, database=database, bindings=[DELETING])
    assert sum(counts(outcome)) == len(sent)
    assert len(outcome.produced) == counts(outcome)[0]

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.source import SourceAway
from pipeline.dead_letters import dead_letter_id
from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from pipeline.events import ExtractorTrigger
from pipeline.records import Count, Headers, Record
from tests.extractor.driving import CODEC, HEADERS, Extraction, extract, extractor, trigger
from tests.extractor.memory import AS_OF, MemoryDatabase, OneSource, mapping, unknown

MEBIBYTE = 1024 * 1024
ROWS = st.lists(st.tuples(st.none() | st.integers(-9, 30), st.none() | st.sampled_from("abc")), max_size=60)


def run(database: MemoryDatabase, first: Record | None = None, *, keys: int = 2000, mebibytes: int = 16) -> Extraction:
    return extract(extractor(OneSource(database), mapping(), keys=keys, mebibytes=mebibytes), first)


def record_of(value: bytes | None, headers: Headers = HEADERS) -> Record:
    return Record("extractor_trigger", 1, 7, 1_700_000_000_000, b"batch:people", value, headers)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_rows_of_one_key_are_one_record() -> None:
    (record,) = run(MemoryDatabase([(1, "b"), (1, "a"), (1, None)])).records
    assert record.primary_key == "1"
    assert record.as_of == AS_OF
    assert record.columns == {"people_id": [1, 1, 1], "people_name": [None, "a", "b"]}
    assert (record.batch_id, record.resource_id, record.mapping_hash) == ("batch", "people", "hash")


def test_a_table_is_extracted_chunk_by_chunk_and_its_total_is_said_once() -> None:
    made = run(MemoryDatabase([(number, "x") for number in range(10)]), keys=3)
    assert made.primary_keys == [str(number) for number in range(10)]
    assert made.keys[0] == b"people:0"
    assert made.chunks == 4
    assert [count.total for count in made.counts] == [None, None, None, 10]
    assert [count.succeeded for count in made.counts] == [3, 3, 3, 1]


def test_an_empty_table_has_a_total_of_none() -> None:
    made = run(MemoryDatabase([]))
    assert (made.records, made.total, made.chunks) == ([], 0, 1)


@given(ROWS, st.integers(1, 7), st.sets(st.integers(-9, 30)))
def test_whatever_the_table_every_key_is_written_or_refused_once(
    table: list[tuple[int | None, str | None]], keys: int, bad: set[int]
) -> None:
    made = run(MemoryDatabase(table, bad=bad), keys=keys)
    present = {key for key, _ in table}
    assert made.primary_keys == [str(key) for key in sorted(present - bad - {None})]  # type: ignore[type-var]
    assert len(made.refused) == len(present & (bad | {None}))
    assert made.total == made.succeeded + len(made.refused) == len(present)
    assert sum(len(one.columns["people_id"]) for one in made.records) == sum(
        key is not None and key not in bad for key, _ in table
    )


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_in_the_table_changes_nothing(
    table: list[tuple[int | None, str | None]], random: object
) -> None:
    shuffled = list(table)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run(MemoryDatabase(table)).records == run(MemoryDatabase(shuffled)).records


def test_a_restart_in_the_middle_goes_on_where_it_was() -> None:
    made = run(MemoryDatabase([(number, "x") for number in range(10)]), trigger(after=6, extracted=7))
    assert made.primary_keys == ["7", "8", "9"]
    assert made.total == 10


def test_rows_without_a_key_are_one_dead_letter_that_says_how_many() -> None:
    made = run(MemoryDatabase([(1, "a"), (None, "b"), (None, "c")]))
    (refused,) = made.refused
    assert refused.error.reason == "null-key"
    assert str(refused.error) == "people.id: 2 rows have no primary key"
    assert (made.total, made.succeeded) == (2, 1)


def test_asked_for_some_keys_it_extracts_those_alone() -> None:
    made = run(MemoryDatabase([(number, "x") for number in (*range(10), None)]), trigger([3, "5", 7.0, 99, 3]), keys=2)
    assert made.primary_keys == ["3", "5", "7"]
    assert (made.total, made.refused) == (3, [])


def test_asked_for_null_it_refuses_the_rows_without_a_key() -> None:
    made = run(MemoryDatabase([(1, "a"), (None, "b")]), trigger([1, None]))
    assert made.primary_keys == ["1"]
    assert made.reasons == ["null-key"]
    assert made.total == 2


@pytest.mark.parametrize("key", ["1 OR 1=1", "'; DROP TABLE people; --", float("nan"), float("inf")])
def test_a_key_that_the_column_cannot_have_fails_the_resource_with_the_reason(key: str | float) -> None:
    made = run(MemoryDatabase([(1, "a")]), trigger([key]))
    assert made.reasons in (["bad-value"], ["bad-key"])
    assert len(made.faults) == 1
    assert str(key) not in made.faults[0]
    assert (made.records, made.total) == ([], 1)


def test_a_key_that_cannot_be_handed_over_is_found_and_refused_alone() -> None:
    database = MemoryDatabase([(number, "x") for number in range(100)], bad={41, 42, 99})
    made = run(database, keys=64)
    assert len(made.records) == 97
    assert [one.record.key for one in made.refused] == [b"people:41", b"people:42", b"people:99"]
    assert made.total == 100


@pytest.mark.parametrize("keys", [1, 2000])
def test_a_refused_key_can_be_sent_again_alone_and_tells_no_total(keys: int) -> None:
    database = MemoryDatabase([(number, "x") for number in range(10)], bad={4})
    (refused,) = run(database).refused
    database.bad = ()
    again = run(database, refused.record, keys=keys)
    assert again.primary_keys == ["4"]
    assert (again.succeeded, {count.total for count in again.counts}) == (1, {None})


def test_a_refused_key_that_is_refused_again_is_no_fault_of_its_resource() -> None:
    database = MemoryDatabase([(4, "x")], bad={4})
    (refused,) = run(database).refused
    again = run(database, refused.record)
    assert (again.reasons, again.faults) == (["bad-value"], [])
    database.failures = [InvalidRecord("no permission", reason="source-refused")]
    again = run(database, refused.record)
    assert (again.reasons, again.counts) == (["source-refused"], [])


def test_a_refused_key_whose_row_is_gone_counts_as_cancelled() -> None:
    (refused,) = run(MemoryDatabase([(4, "x")], bad={4})).refused
    again = run(MemoryDatabase([]), refused.record)
    assert [count.cancelled for count in again.counts if count.cancelled] == [1]
    assert {count.total for count in again.counts} == {None}


def test_the_extraction_of_a_cancelled_batch_ends_where_it_is() -> None:
    database = MemoryDatabase([(number, "x") for number in range(10)], bad={4})
    cancelled: set[str] = set()
    stage = extractor(OneSource(database), mapping(), cancelled=cancelled)
    (refused,) = extract(stage).refused
    cancelled.add("batch")
    made = extract(stage, trigger(after=6, extracted=7))
    assert (made.records, made.counts) == ([], [Count("batch", "people", total=7)])
    assert extract(stage, refused.record).counts == [Count("batch", "people", cancelled=1)]


def test_refused_keys_of_one_trigger_are_dead_letters_of_their_own() -> None:
    made = run(MemoryDatabase([(number, "x") for number in range(8)], bad={2, 5}))
    ids = {dead_letter_id(one.record, stage="extractor", sink=None) for one in made.refused}
    assert len(ids) == 2
    assert all(one.record.headers == list(HEADERS) for one in made.refused)


def test_a_key_whose_rows_are_too_large_is_a_dead_letter_and_the_others_go_on() -> None:
    one_row, many_rows = [(1, "x" * 9 * MEBIBYTE)], [(2, "x" * MEBIBYTE)] * 12
    made = run(MemoryDatabase([(0, "a"), *one_row, *many_rows, (3, "b")]))
    assert made.primary_keys == ["0", "3"]
    assert made.reasons == ["too-large", "too-large"]
    assert made.total == 4


def test_a_chunk_ends_early_when_it_is_large_and_the_next_asks_for_less() -> None:
    database = MemoryDatabase([(number, "x" * MEBIBYTE) for number in range(12)])
    made = run(database, mebibytes=3)
    assert made.primary_keys == [str(number) for number in range(12)]
    assert made.total == 12
    assert database.asked[:2] == [2000, 3]


def test_chunks_grow_again_after_large_keys() -> None:
    database = MemoryDatabase([(number, "x" * (MEBIBYTE if number < 4 else 1)) for number in range(100)])
    assert run(database, mebibytes=1).total == 100
    assert database.asked[0] == 2000
    assert max(database.asked[3:]) > 16


def test_the_source_is_asked_anew_for_its_login_at_the_start_of_a_resource_only() -> None:
    sources = OneSource(MemoryDatabase([(number, "x") for number in range(6)]))
    extract(extractor(sources, mapping(), keys=2))
    assert sources.fresh == [True, False, False, False]


@pytest.mark.parametrize("error", [Unavailable("away"), Misconfigured("wrong")])
def test_trouble_of_the_source_is_the_loops_and_the_same_trigger_passes_later(error: Exception) -> None:
    stage = extractor(OneSource(MemoryDatabase([(1, "a")], failures=[error])), mapping())
    with pytest.raises(type(error)):
        stage(trigger())
    assert extract(stage).primary_keys == ["1"]


def test_a_source_that_is_away_is_waited_for_until_our_patience_is_over() -> None:
    database = MemoryDatabase([(1, "a")], failures=[SourceAway("away") for _ in range(6)])
    clock = Clock()
    stage = extractor(OneSource(database), mapping(), clock=clock)
    for clock.now in (0.0, 30.0, 59.0):
        with pytest.raises(Unavailable):
            stage(trigger())
    clock.now = 60.0
    made = extract(stage)
    assert made.reasons == ["source-unreachable"]
    assert made.faults == ["given up after 60 seconds (SOURCE_PATIENCE): away"]
    for clock.now in (61.0, 1_000.0):  # the next resource has a patience of its own, and so has the next day's
        with pytest.raises(Unavailable):
            stage(trigger())
    assert extract(stage).primary_keys == ["1"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InvalidRecord("permission denied", reason="query-refused"), "query-refused"),
        (ZeroDivisionError("Ada"), "stage-bug"),
    ],
)
def test_what_cannot_pass_ends_the_resource_with_its_total_and_one_dead_letter(error: Exception, reason: str) -> None:
    database = MemoryDatabase([(number, "x") for number in range(10)])
    stage = extractor(OneSource(database), mapping(), keys=4)
    first = stage(trigger())
    database.failures = [error]
    made = extract(stage, trigger(after=3, extracted=4))
    (refused,) = made.refused
    assert (refused.error.reason, refused.record) == (reason, trigger(after=3, extracted=4))
    assert made.total == 5 == first.counts[0].succeeded + len(made.refused)
    assert made.faults == [str(refused.error)]
    assert "Ada" not in made.faults[0]


@pytest.mark.parametrize(
    ("key", "table", "column", "reason"),
    [
        ("nope", "people", "name", "unknown-column"),
        ("id", "nope", "name", "unknown-table"),
        ("id", "people", "nope", "unknown-column"),
    ],
)
def test_a_table_or_column_that_is_not_there_ends_the_resource_with_the_reason(
    key: str, table: str, column: str, reason: str
) -> None:
    made = extract(extractor(OneSource(MemoryDatabase([])), mapping(column, key=key, table=table)))
    assert made.reasons == [reason]
    assert '"nope" is not in' in made.faults[0]
    assert made.total == 1


def test_an_unknown_mapping_or_resource_ends_the_resource() -> None:
    sources = OneSource(MemoryDatabase([]))
    assert extract(extractor(sources, unknown)).reasons == ["unknown-mapping"]
    stage = extractor(sources, replace(mapping(), resources=()))
    assert extract(stage).reasons == ["unknown-resource"]


@pytest.mark.parametrize(
    "value", [None, b"", b"{}", b"\x00\x00\x00\x00\x01trash", CODEC.encode(ExtractorTrigger("b", "r", "h"))[:-1]]
)
def test_an_undecodable_trigger_is_a_dead_letter_and_a_fault_of_its_resource(value: bytes | None) -> None:
    stage = extractor(OneSource(MemoryDatabase([])), mapping())
    outcome = stage(record_of(value))
    assert [one.error.reason for one in outcome.refused] == ["undecodable"]
    assert [(one.batch_id, one.resource_id, one.total) for one in outcome.counts] == [("batch", "people", None)]
    assert outcome.counts[0].fault
    assert stage(record_of(value, headers=())).counts == []

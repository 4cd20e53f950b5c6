from __future__ import annotations

from collections.abc import Sequence

from pipeline.codec import Codec
from pipeline.dead_letters import DETAILS_LIMIT, dead_letter, dead_letter_id, only_for
from pipeline.errors import InvalidRecord
from pipeline.events import DeadLetter
from pipeline.records import Headers, Outcome, Produced, Record, Refusal
from pipeline.topics import DEAD_LETTER_LIMIT, RECORD_LIMIT


def record(offset: int = 7, value: bytes | None = b"\xff\0raw", headers: Headers = ()) -> Record:
    return Record("extract", 3, offset, 1234, b"key\xff", value, headers)


def letter(of: Record, error: InvalidRecord | None = None, sink: str | None = "fhir") -> DeadLetter:
    error = error or InvalidRecord("refused by the test", reason="test", details="{}")
    return dead_letter(Refusal(of, error), stage="loader", sink=sink, now=99)


def test_a_dead_letter_keeps_the_record_as_it_came() -> None:
    headers = [("batch_id", b"b"), ("resource_id", b"r"), ("odd", None), ("raw", b"\xff")]
    kept = letter(record(headers=headers))
    assert (kept.key, kept.value, kept.headers) == (b"key\xff", b"\xff\0raw", headers)
    assert (kept.topic, kept.partition, kept.offset, kept.timestamp) == ("extract", 3, 7, 1234)
    assert (kept.batch_id, kept.resource_id, kept.attempt, kept.failed_at) == ("b", "r", 1, 99)
    assert (kept.stage, kept.sink, kept.reason, kept.details) == ("loader", "fhir", "test", "{}")


def test_the_same_record_refused_twice_is_one_dead_letter() -> None:
    assert letter(record()).id == letter(record(value=b"other")).id


def test_another_place_stage_or_sink_is_another_dead_letter() -> None:
    ids = {
        dead_letter_id(record(offset), stage=stage, sink=sink)
        for offset in (7, 8)
        for stage in ("loader", "transformer")
        for sink in ("fhir", "mongodb", None)
    }
    assert len(ids) == 12


def test_rows_refused_under_one_trigger_are_dead_letters_of_their_own() -> None:
    assert letter(record()).id != letter(record()._replace(key=b"another row")).id


def test_a_record_that_was_sent_again_says_how_often_it_was_tried() -> None:
    assert letter(record(headers=[("attempt", b"3")])).attempt == 3
    assert letter(record(headers=[("attempt", b"many")])).attempt == 1
    assert letter(record(headers=[("attempt", b"9" * 50)])).attempt == 1


def test_headers_that_are_no_text_belong_to_no_batch() -> None:
    assert letter(record(headers=[("batch_id", b"\xff"), ("resource_id", b"r")])).batch_id is None


def test_what_a_server_said_is_kept_in_part_and_can_be_encoded() -> None:
    kept = letter(record(), InvalidRecord("half a pair \ud800", reason="test", details="\ud800" * 1_000_000))
    assert kept.details == "?" * DETAILS_LIMIT
    assert Codec.local().encode(kept)


def test_the_largest_dead_letter_fits_its_topic() -> None:
    value = bytes(RECORD_LIMIT + 60 * 1024)
    worst = letter(record(value=value), InvalidRecord("é" * 9999, reason="test", details="é" * 999_999))
    assert worst.value == value
    assert len(Codec.local().encode(worst)) < DEAD_LETTER_LIMIT


def test_a_record_from_a_topic_with_a_larger_limit_is_told_of_without_its_value() -> None:
    kept = letter(record(value=bytes(DEAD_LETTER_LIMIT)))
    assert kept.value is None
    assert "are too many to keep here" in kept.sentence


def test_what_is_sent_again_for_another_sink_is_passed_over() -> None:
    def copy(records: Sequence[Record]) -> Outcome:
        return Outcome(produced=[Produced("out", None, one.value) for one in records])

    stage = only_for("fhir", copy)
    anyone, ours, theirs = record(), record(headers=[("sink", b"fhir")]), record(headers=[("sink", b"mongodb")])
    assert len(stage([anyone, theirs, ours]).produced) == 2
    assert stage([theirs]) == Outcome()

"""What the lane of previews makes of a stage. Its way over Kafka is tested on the whole stack (tests/previews)."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.errors import BrokenRule, InvalidRecord, Misconfigured, Unavailable
from pipeline.events import Preview, PreviewRecord, Trouble
from pipeline.preview import worked_on
from pipeline.records import Count, Outcome, Produced, Record, Refusal
from pipeline.worker import each

EARLIER = Trouble("extractor", "refused", "an earlier trouble", key=b"r:9")


def preview(*values: bytes) -> Preview:
    return Preview("request", 0, [PreviewRecord(b"r:" + value, value) for value in values], [EARLIER])


def through(stage: Callable[[Record], Outcome], given: Preview) -> tuple[list[bytes | None], list[Trouble]]:
    """What came out of the stage, and what it was refused for; the earlier trouble is kept in any case."""
    done = worked_on(given, stage=each(stage), name="stage", batches="in")
    first, *troubles = done.troubles
    assert (first, done.request_id) == (EARLIER, "request")
    return [record.value for record in done.records], troubles


def copied(record: Record) -> Outcome:
    return Outcome(produced=[Produced("out", record.key, record.value)], counts=[Count("b", "r", succeeded=1)])


def test_a_stage_gets_its_records_as_from_its_own_topic_and_its_results_go_on() -> None:
    topics = set()

    def stage(record: Record) -> Outcome:
        topics.add(record.topic)
        return copied(record)

    assert through(stage, preview(b"1", b"2")) == ([b"1", b"2"], [])
    assert topics == {"in"}


def test_what_a_stage_writes_to_its_own_topic_it_is_given_again() -> None:
    def stage(record: Record) -> Outcome:
        left = int(record.value or b"")
        again = [Produced("in", record.key, str(left - 1).encode())] if left else []
        return Outcome(produced=[Produced("out", record.key, record.value), *again])

    assert through(stage, preview(b"2")) == ([b"2", b"1", b"0"], [])


def test_a_record_that_is_refused_is_told_with_its_rule_and_the_others_go_on() -> None:
    broken = BrokenRule("Patient.gender", "is not a code", ("patients.gender",))

    def stage(record: Record) -> Outcome:
        if record.value == b"bad":
            raise InvalidRecord("Patient.gender is not a code", reason="unbound-code", broken=broken)
        return copied(record)

    came, (trouble,) = through(stage, preview(b"1", b"bad", b"2"))
    assert came == [b"1", b"2"]
    assert (trouble.failing, trouble.key, trouble.reason) == ("refused", b"r:bad", "unbound-code")
    assert (trouble.element, trouble.rule, trouble.columns) == (broken.element, broken.rule, broken.columns)


def test_a_fault_is_told_once_with_the_refusal_that_it_comes_from() -> None:
    def stage(record: Record) -> Outcome:
        error = InvalidRecord("there is no such table", reason="unknown-table")
        return Outcome(refused=[Refusal(record, error)], counts=[Count("b", "r", total=1, fault=str(error))])

    _, (trouble,) = through(stage, preview(b"1"))
    assert (trouble.failing, trouble.sentence, trouble.reason) == (
        "given-up",
        "there is no such table",
        "unknown-table",
    )


def test_a_mapping_that_cannot_be_compiled_is_told_once_for_all_records() -> None:
    def stage(record: Record) -> Outcome:
        return Outcome(counts=[Count("b", "r", cancelled=1, fault="the mapping has mistakes")])

    assert through(stage, preview(b"1", b"2")) == ([], [Trouble("stage", "given-up", "the mapping has mistakes")])


def test_what_a_stage_would_wait_for_is_told_at_once() -> None:
    for error in (Unavailable("the source is down"), Misconfigured("the token is wrong")):

        def stage(_: Record, error: Exception = error) -> Outcome:
            raise error

        assert through(stage, preview(b"1")) == ([], [Trouble("stage", "unavailable", str(error))])


def test_a_bug_in_a_stage_refuses_the_record_and_quotes_nothing() -> None:
    def stage(record: Record) -> Outcome:
        if record.value == b"Doe":
            raise ValueError(record.value)
        return copied(record)

    came, (trouble,) = through(stage, preview(b"1", b"Doe"))
    assert (came, trouble.reason) == ([b"1"], "stage-bug")
    assert "Doe" not in trouble.sentence

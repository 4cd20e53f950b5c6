from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRecord, Misconfigured, Unavailable
from pipeline.narrowing import attempt
from pipeline.records import Outcome, Produced, Record
from pipeline.topics import RECORD_LIMIT
from pipeline.worker import each


def records(values: Sequence[bytes]) -> list[Record]:
    return [Record("t", 0, offset, 0, None, value) for offset, value in enumerate(values)]


def whole_batches(given: Sequence[Record]) -> Outcome:
    """A stage of batches that knows nothing of single failures."""
    for record in given:
        if record.value == b"bug":
            raise ZeroDivisionError
        if record.value == b"invalid":
            raise InvalidRecord("invalid", reason="invalid")
    sizes = {b"large": RECORD_LIMIT + 1}
    return Outcome(
        produced=[Produced("to", None, bytes(sizes.get(record.value or b"", 1)), [("n", b"")]) for record in given]
    )


@given(st.lists(st.sampled_from([b"good", b"bug", b"invalid", b"large"]), max_size=40))
def test_whatever_a_batch_holds_each_record_ends_in_its_place(values: list[bytes]) -> None:
    outcome = attempt(whole_batches, records(values))
    refused = [(refusal.record.offset, refusal.error.reason) for refusal in outcome.refused]
    reasons = {b"bug": "stage-bug", b"invalid": "invalid", b"large": "too-large"}
    assert refused == [(offset, reasons[value]) for offset, value in enumerate(values) if value != b"good"]
    assert len(outcome.produced) == values.count(b"good")


def test_a_stage_is_not_asked_about_nothing() -> None:
    assert attempt(whole_batches, []) == Outcome()


@pytest.mark.parametrize("error", [Unavailable("down"), Misconfigured("wrong")])
def test_other_failures_are_not_the_records_fault(error: Exception) -> None:
    def stage(_: Sequence[Record]) -> Outcome:
        raise error

    with pytest.raises(type(error)):
        attempt(stage, records([b"a", b"b"]))


def test_headers_count_towards_the_size() -> None:
    def stage(given: Sequence[Record]) -> Outcome:
        return Outcome(produced=[Produced("to", b"", b"", [("n", bytes(RECORD_LIMIT + 1))])])

    assert attempt(stage, records([b"a"])).refused[0].error.reason == "too-large"


def test_a_function_of_one_record_refuses_that_record_alone() -> None:
    def one(record: Record) -> Outcome:
        if record.value == b"invalid":
            raise InvalidRecord("invalid", reason="invalid")
        return Outcome(produced=[Produced("to", None, record.value)])

    outcome = each(one)(records([b"a", b"invalid", b"b"]))
    assert [item.value for item in outcome.produced] == [b"a", b"b"]
    assert [refusal.record.offset for refusal in outcome.refused] == [1]

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidRecord
from pipeline.progress import Flood, sum_up
from pipeline.records import Count, Outcome, Record, Refusal

NO = InvalidRecord("no", reason="no")


def record(offset: int = 0, resource: str | None = "r", *, attempt: int | None = None) -> Record:
    headers = [] if resource is None else [("batch_id", b"b"), ("resource_id", resource.encode())]
    headers += [] if attempt is None else [("attempt", str(attempt).encode())]
    return Record("t", 0, offset, 0, None, b"v", headers)


def refused(number: int, resource: str | None = "r") -> list[Refusal]:
    return [Refusal(record(offset, resource), NO) for offset in range(number)]


def summed(outcome: Outcome) -> dict[tuple[str, str], tuple[int, int, int, int | None, str | None]]:
    told = sum_up(outcome, stage="s", sink=None, now=1)
    return {
        (each.batch_id, each.resource_id): (each.succeeded, each.failed, each.cancelled, each.total, each.fault)
        for each in told
    }


def test_counts_and_refusals_are_summed_per_resource_of_a_batch() -> None:
    counts = [Count("b", "r", succeeded=2), Count("b", "r", succeeded=3, cancelled=1), Count("b", "q", succeeded=1)]
    assert summed(Outcome(counts=counts, refused=refused(4))) == {
        ("b", "r"): (5, 4, 1, None, None),
        ("b", "q"): (1, 0, 0, None, None),
    }


def test_the_last_total_and_the_first_fault_are_kept() -> None:
    counts = [Count("b", "r", total=1, fault="one"), Count("b", "r", total=2, fault="two"), Count("b", "r")]
    assert summed(Outcome(counts=counts)) == {("b", "r"): (0, 0, 0, 2, "one")}


def test_a_refused_record_without_headers_is_counted_nowhere() -> None:
    assert summed(Outcome(refused=refused(1, None))) == {}


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 9), st.integers(0, 3))))
def test_nothing_is_lost_in_summing(parts: list[tuple[str, int, int]]) -> None:
    outcome = Outcome()
    for resource, succeeded, failed in parts:
        outcome.counts.append(Count("b", resource, succeeded=succeeded))
        outcome.refused += refused(failed, resource)
    told = sum_up(outcome, stage="s", sink="k", now=1)
    assert sum(each.succeeded for each in told) == sum(part[1] for part in parts)
    assert sum(each.failed for each in told) == sum(part[2] for part in parts)
    assert len({each.resource_id for each in told}) == len(told) == len({part[0] for part in parts})


def learned(flood: Flood, succeeded: int, failed: int) -> None:
    outcome = Outcome(counts=[Count("b", "r", succeeded=succeeded)], refused=refused(failed))
    flood.learn(sum_up(outcome, stage="s", sink=None, now=1))


def test_a_resource_is_given_up_past_the_limit_and_past_half() -> None:
    flood = Flood(limit=10)
    learned(flood, succeeded=11, failed=11)
    assert flood.divide([record()]) == ([record()], [])
    learned(flood, succeeded=0, failed=1)
    fault = "given up: 12 of 23 records refused (FLOOD_LIMIT is 10)"
    tried, cancelled = flood.divide([record(), record(resource="other"), record(resource=None)])
    assert tried == [record(resource="other"), record(resource=None)]
    assert cancelled == [Count("b", "r", cancelled=1, fault=fault)]


def test_what_is_sent_again_is_tried_even_after_a_flood() -> None:
    flood = Flood(limit=10)
    learned(flood, succeeded=0, failed=11)
    again = record(attempt=2)
    assert flood.divide([again]) == ([again], [])
    assert flood.divide([record(attempt=1)])[0] == []


def test_few_refusals_are_no_flood_even_if_nothing_passes() -> None:
    flood = Flood(limit=10)
    learned(flood, succeeded=0, failed=10)
    assert flood.divide([record()]) == ([record()], [])


def test_what_a_flood_remembers_is_bounded() -> None:
    flood = Flood(limit=1)
    for number in range(20_000):
        flood.learn(sum_up(Outcome(refused=refused(2, f"r{number}")), stage="s", sink=None, now=1))
    tried, cancelled = flood.divide([record(resource="r0"), record(resource="r19999")])
    assert (len(tried), len(cancelled)) == (1, 1)

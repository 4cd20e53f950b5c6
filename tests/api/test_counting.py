"""The arithmetic of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.counting import Delta, Tally, settled, summed
from pipeline.events import Progress

SINKS = ("fhir", "mongodb")
EXTRACTED = ("extractor", "")
TRANSFORMED = ("transformer", "")


def progress(stage: str = "transformer", sink: str | None = None, *, of: str = "b1", **fields: object) -> Progress:
    event = {"succeeded": 0, "failed": 0, "cancelled": 0, "total": None, "fault": None, "at": 0, **fields}
    return Progress(batch_id=of, resource_id="r1", stage=stage, sink=sink, **event)  # type: ignore[arg-type]


events = st.lists(
    st.builds(
        progress,
        st.sampled_from(("extractor", "transformer", "loader")),
        st.sampled_from((None, *SINKS)),
        of=st.sampled_from(("b1", "b2")),
        succeeded=st.integers(0, 1000),
        failed=st.integers(0, 10),
        cancelled=st.integers(0, 10),
        at=st.integers(0, 10**12),
    )
)


@given(events, st.integers(0, 20))
def test_however_events_are_cut_into_folds_the_sums_are_the_same(given_events: Sequence[Progress], cut: int) -> None:
    whole = summed(given_events)
    parts: dict[tuple[str, str], dict[tuple[str, str], Tally]] = {}
    for part in (summed(given_events[:cut]), summed(given_events[cut:])):
        for key, delta in part.items():
            sums = parts.setdefault(key, {})
            for step, tally in delta.tallies.items():
                sums[step] = sums.get(step, Tally()) + tally
    assert {key: delta.tallies for key, delta in whole.items()} == parts


def test_sinks_are_counted_apart() -> None:
    (delta,) = summed([progress("loader", "fhir", succeeded=2), progress("loader", "mongodb", failed=1)]).values()
    assert delta.tallies == {("loader", "fhir"): Tally(succeeded=2), ("loader", "mongodb"): Tally(failed=1)}


def test_the_first_fault_and_the_last_word_on_the_total_are_kept() -> None:
    delta = Delta()
    for event in (progress(fault="first"), progress(fault="second"), progress("extractor", total=7), progress()):
        delta.add(event)
    assert (delta.fault, delta.total) == ("first", 7)


@pytest.mark.parametrize(
    ("event", "ended"),
    [
        (progress("extractor", total=0), True),
        (progress("extractor", fault="table gone"), True),
        (progress("extractor", failed=1), False),
        (progress("transformer", fault="a flood of refusals"), False),
    ],
)
def test_only_the_extractor_ends_extraction(event: Progress, ended: bool) -> None:
    delta = Delta()
    delta.add(event)
    assert delta.extraction_ended is ended


def test_an_empty_resource_is_settled_at_once() -> None:
    assert settled({}, SINKS, total=0)


def test_a_resource_is_settled_when_every_sink_has_dealt_with_every_record() -> None:
    tallies = {EXTRACTED: Tally(succeeded=10), TRANSFORMED: Tally(succeeded=8, failed=1, cancelled=1)}
    assert not settled(tallies, SINKS, total=10)
    tallies["loader", "fhir"] = Tally(succeeded=8)
    assert not settled(tallies, SINKS, total=10), "mongodb has not begun"
    tallies["loader", "mongodb"] = Tally(succeeded=5, failed=2)
    assert not settled(tallies, SINKS, total=10), "mongodb lacks one"
    tallies["loader", "mongodb"] = Tally(succeeded=5, failed=2, cancelled=1)
    assert settled(tallies, SINKS, total=10)


def test_what_the_extractor_refused_is_waited_for_nowhere() -> None:
    tallies = {
        EXTRACTED: Tally(succeeded=3, failed=2),
        TRANSFORMED: Tally(succeeded=3),
        ("loader", "fhir"): Tally(succeeded=3),
    }
    assert settled(tallies, ("fhir",), total=5)


def test_a_resource_is_not_settled_while_a_refused_key_is_asked_for_again() -> None:
    tallies = {EXTRACTED: Tally(succeeded=3, failed=1), TRANSFORMED: Tally(succeeded=3), ("loader", "fhir"): Tally(3)}
    assert not settled(tallies, ("fhir",), total=5)
    assert settled(tallies, ("fhir",), total=4)

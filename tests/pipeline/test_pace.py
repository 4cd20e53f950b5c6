"""How many records a worker takes at once."""

from __future__ import annotations

import pytest

from pipeline.pace import Pace


def drive(pace: Pace, *, seconds_a_record: float, batches: int = 30) -> int:
    """What a worker takes at once in the end, where there is always more to take."""
    for _ in range(batches):
        pace.took(pace.records, pace.records * seconds_a_record)
    return pace.records


def test_a_fast_stage_soon_gets_all_that_it_may() -> None:
    assert drive(Pace(2000), seconds_a_record=0.0001, batches=5) == 2000


@pytest.mark.parametrize("seconds_a_record", [0.005, 0.02, 0.5])
def test_a_slow_stage_gets_what_it_does_in_five_seconds(seconds_a_record: float) -> None:
    assert 4.5 <= drive(Pace(2000), seconds_a_record=seconds_a_record) * seconds_a_record <= 5


def test_a_stage_of_half_a_minute_a_record_gets_single_records() -> None:
    assert drive(Pace(2000), seconds_a_record=30) == 1


def test_a_server_that_recovers_gets_large_batches_again() -> None:
    pace = Pace(2000)
    drive(pace, seconds_a_record=30)
    assert drive(pace, seconds_a_record=0.0001) == 2000


def test_batches_that_were_not_full_say_nothing_of_larger_ones() -> None:
    pace = Pace(2000)
    pace.took(3, 0.01)
    assert pace.records == 100


def test_after_a_failure_less_is_taken_and_never_nothing() -> None:
    pace = Pace(2000)
    taken = [pace.records]
    for _ in range(9):
        pace.failed()
        taken.append(pace.records)
    assert taken[:3] == [100, 50, 25]
    assert taken[-1] == 1


def test_a_stage_that_takes_one_at_a_time_stays_so() -> None:
    assert drive(Pace(1), seconds_a_record=0.0001) == 1

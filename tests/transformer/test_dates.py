"""Dates and times from the forms that hospital systems write."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformer.scripts import Scripts
from transformer.values import Value

PARIS = Scripts(ZoneInfo("Europe/Paris"))
GREENWICH = Scripts(UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2150", "2150"),
        ("2150-08", "2150-08"),
        ("215008", "2150-08"),
        ("2150-08-29", "2150-08-29"),
        ("21500829", "2150-08-29"),
        (21500829, "2150-08-29"),
        ("215008291820", "2150-08-29"),
        ("2150-08-29 18:20:00", "2150-08-29"),
        ("2150-08-29T18:20:00.123+02:00", "2150-08-29"),
        (" 2150-08-29 ", "2150-08-29"),
        ("Wed, 02 Oct 2002 13:00:00 GMT", "2002-10-02"),
        (b"2150-08-29", "2150-08-29"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_dates_keep_the_precision_written(written: Value, expected: str) -> None:
    assert PARIS.clean("clean_date")(written) == expected


@pytest.mark.parametrize(
    "written",
    ["2179-89-44", "0000-00-00", "0000-00-00 00:00:00", "2023-02-29", "29/08/2150", "soon", "2150-8-29", "215", "20500",
     "2150-08-29 25:00:00", "2150-08-29T18:20:61", "infinity", "0044-03-15T00:00:00 BC", "2150-08-29T10:00:00+99:00"],
)  # fmt: skip
@pytest.mark.parametrize("script", ["clean_date", "clean_dateTime", "clean_instant"])
def test_what_cannot_be_read_comes_back_unchanged(script: str, written: str) -> None:
    assert PARIS.clean(script)(written) == written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2150", "2150"),
        ("2150-08-29", "2150-08-29"),
        ("2150-08-29 18:20:00", "2150-08-29T18:20:00+02:00"),
        ("2150-08-29T18:20:00", "2150-08-29T18:20:00+02:00"),
        ("2150-01-29T18:20:00", "2150-01-29T18:20:00+01:00"),
        ("2150-08-29 18:20", "2150-08-29T18:20:00+02:00"),
        ("215008291820", "2150-08-29T18:20:00+02:00"),
        ("20210829182045", "2021-08-29T18:20:45+02:00"),
        ("2021-08-29T18:20:45.120", "2021-08-29T18:20:45.120+02:00"),
        ("2021-08-29T18:20:45Z", "2021-08-29T18:20:45Z"),
        ("2021-08-29T18:20:45.5+0530", "2021-08-29T18:20:45.5+05:30"),
        ("2021-08-29 18:20:45-03", "2021-08-29T18:20:45-03:00"),
        ("2021-08-29T18:20:45,25", "2021-08-29T18:20:45.25+02:00"),
        ("Wed, 02 Oct 2002 13:00:00 GMT", "2002-10-02T13:00:00Z"),
        ("Wed, 02 Oct 2002 13:00:00 +0200", "2002-10-02T13:00:00+02:00"),
    ],
)
def test_a_time_without_a_zone_gets_the_one_of_the_settings(written: Value, expected: str) -> None:
    assert PARIS.clean("clean_dateTime")(written) == expected


def test_an_hour_that_comes_twice_is_the_first_and_one_that_never_comes_is_still_a_time() -> None:
    clean = PARIS.clean("clean_dateTime")
    assert clean("2021-10-31 02:30:00") == "2021-10-31T02:30:00+02:00"
    assert clean("2021-03-28 02:30:00") == "2021-03-28T02:30:00+01:00"


def test_before_standard_time_the_instant_is_kept_in_whole_minutes() -> None:
    cleaned = PARIS.clean("clean_dateTime")("1900-01-01 12:00:00")
    assert cleaned == "1900-01-01T11:59:39+00:09"
    assert datetime.fromisoformat(str(cleaned)) == datetime(1900, 1, 1, 12, tzinfo=ZoneInfo("Europe/Paris"))


def test_an_instant_is_not_made_of_a_day_alone() -> None:
    clean = GREENWICH.clean("clean_instant")
    assert clean("2021-08-29 18:20:45.123") == "2021-08-29T18:20:45.123+00:00"
    assert clean("2021-08-29") == "2021-08-29"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (0, "1970-01-01T01:00:00+01:00"),
        ("1600000000", "2020-09-13T14:26:40+02:00"),
        (1600000000000, "2020-09-13T14:26:40+02:00"),
        ("1600000000123", "2020-09-13T14:26:40.123+02:00"),
        (-1, "1970-01-01T00:59:59+01:00"),
        ("soon", "soon"),
        (10**14 + 10**15 - 1, "36828-12-26"),
    ],
)
def test_seconds_and_milliseconds_since_1970(written: Value, expected: str) -> None:
    cleaned = PARIS.clean("clean_epoch_dateTime")(written)
    if expected.startswith("36828"):
        assert cleaned == str(written), "beyond year 9999 nothing is read"
    else:
        assert cleaned == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20:15:00", "20:15:00"),
        ("20:15", "20:15:00"),
        ("8:05", "08:05:00"),
        ("20h15", "20:15:00"),
        ("20h", "20:00:00"),
        ("20H15M30S", "20:15:30"),
        ("2015", "20:15:00"),
        ("201530", "20:15:30"),
        ("20::15::02", "20:15:02"),
        ("20 15 02", "20:15:02"),
        ("8:05 PM", "20:05:00"),
        ("12:05 am", "00:05:00"),
        ("20:15:00.003", "20:15:00"),
        ("13:28:17-05:00", "13:28:17"),
        ("2015-02-07 13:28:17", "13:28:17"),
        ("20150207174003", "17:40:03"),
        ("201502071740", "17:40:00"),
        ("Wed, 13 Mar 2075 13:28:17 GMT", "13:28:17"),
        ("25:00", "00:00:00"),
        ("noon", "00:00:00"),
    ],
)
def test_times_of_many_forms(written: Value, expected: str) -> None:
    assert PARIS.clean("clean_time")(written) == expected


@given(st.datetimes())
def test_what_a_database_writes_is_read_back_as_the_same_moment(moment: datetime) -> None:
    for written in (moment.isoformat(), moment.isoformat(" "), moment.replace(microsecond=0).isoformat()):
        cleaned = GREENWICH.clean("clean_dateTime")(written)
        assert datetime.fromisoformat(str(cleaned)) == datetime.fromisoformat(written).replace(tzinfo=UTC)


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)))
def test_the_zone_changes_how_a_moment_is_written_never_which_it_is(moment: datetime) -> None:
    cleaned = str(PARIS.clean("clean_dateTime")(moment.isoformat()))
    assert datetime.fromisoformat(cleaned) == moment.replace(tzinfo=ZoneInfo("Europe/Paris"))

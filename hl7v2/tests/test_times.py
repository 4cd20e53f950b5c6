"""Dates and times of every precision and zone, and what FHIR makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hl7v2.values import parse_time, parse_time_of_day, time_text
from hypothesis import given
from hypothesis import strategies as st

from hl7v2 import ValueFormatError

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "precision", "iso", "fhir"),
    [
        ("2024", "year", "2024", "2024"),
        ("202402", "month", "2024-02", "2024-02"),
        ("20240229", "day", "2024-02-29", "2024-02-29"),
        ("2024022910+0100", "hour", "2024-02-29T10+01:00", "2024-02-29T10:00:00+01:00"),
        ("202402291015-0330", "minute", "2024-02-29T10:15-03:30", "2024-02-29T10:15:00-03:30"),
        ("20240229101500+0000", "second", "2024-02-29T10:15:00Z", "2024-02-29T10:15:00Z"),
        ("20240229101500.1+1400", "fraction", "2024-02-29T10:15:00.1+14:00", "2024-02-29T10:15:00.1+14:00"),
        ("20240229101500.1234", "fraction", "2024-02-29T10:15:00.1234", "2024-02-29"),
        ("20240229+0100", "day", "2024-02-29", "2024-02-29"),
        (" 20240229 ", "day", "2024-02-29", "2024-02-29"),
    ],
)
def test_every_precision_and_zone_is_kept(text: str, precision: str, iso: str, fhir: str) -> None:
    time = parse_time(text)
    assert (time.precision, time.iso(), time.fhir_datetime()) == (precision, iso, fhir)


NO_TIMES = """
    24 2024-02-29 20241301 20240230 20230229 00000101 20240229240000 20240229106000 20240229101560 20240229101500.
    20240229101500+01 20240229101500+2500 20240229101500+0160 2024٠٢ ""
"""


@pytest.mark.parametrize("text", ["", *NO_TIMES.split()])
def test_what_is_no_time_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueFormatError) as refused:
        parse_time(text)
    assert not text or text not in str(refused.value)


def test_a_time_without_a_zone_takes_the_one_it_is_given() -> None:
    assert parse_time("20240229101500").fhir_datetime(STOCKHOLM) == "2024-02-29T10:15:00+01:00"
    assert parse_time("20240729101500").fhir_datetime(STOCKHOLM) == "2024-07-29T10:15:00+02:00"
    assert parse_time("20240729101500-0500").fhir_datetime(STOCKHOLM) == "2024-07-29T10:15:00-05:00"
    assert parse_time("20240729").fhir_datetime(STOCKHOLM) == "2024-07-29"


def test_an_instant_needs_seconds_and_a_zone() -> None:
    assert parse_time("20240229101500.25+0100").fhir_instant() == "2024-02-29T10:15:00.25+01:00"
    assert parse_time("20240229101500").fhir_instant(UTC) == "2024-02-29T10:15:00Z"
    for text in ("20240229101500", "202402291015+0100"):
        with pytest.raises(ValueFormatError, match="not an instant"):
            parse_time(text).fhir_instant()


def test_times_become_those_of_python() -> None:
    assert parse_time("2024").as_date() == date(2024, 1, 1)
    assert parse_time("20240229101500.5-0500").as_datetime() == datetime(
        2024, 2, 29, 10, 15, 0, 500_000, timezone(timedelta(hours=-5))
    )
    assert parse_time("20240229").as_datetime(UTC) == datetime(2024, 2, 29, tzinfo=UTC)


ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-9.5))])


@given(st.datetimes(min_value=datetime(1, 1, 1)), ZONES)
def test_a_datetime_is_written_and_read_back_to_the_second(moment: datetime, zone: timezone | None) -> None:
    moment = moment.replace(microsecond=0, tzinfo=zone)
    assert parse_time(time_text(moment)).as_datetime() == moment


def test_times_of_day() -> None:
    assert parse_time_of_day("1015").iso() == "10:15"
    assert parse_time_of_day("101500.5-0500").iso() == "10:15:00.5-05:00"
    assert parse_time_of_day("10").fhir_time() == "10:00:00"
    for text in ("", "1", "2400", "1060", "10:15"):
        with pytest.raises(ValueFormatError):
            parse_time_of_day(text)

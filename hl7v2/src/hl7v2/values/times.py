"""Dates and times (DT, TM, DTM, and the TS of older versions; HL7 v2 chapter 2A), and what FHIR makes of them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

from hl7v2.errors import ValueFormatError

PRECISIONS: Final = ("year", "month", "day", "hour", "minute", "second", "fraction")

_ZONE: Final = r"(?:([+-])(\d\d)(\d\d))?"
_CLOCK: Final = r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?"
_TIMESTAMP: Final = re.compile(rf"(\d{{4}})(?:(\d\d)(?:(\d\d)(?:{_CLOCK})?)?)?{_ZONE}", re.ASCII)
_TIME_OF_DAY: Final = re.compile(_CLOCK + _ZONE, re.ASCII)
_LONGEST: Final = 64  # characters of a time with blanks around it: times are remembered, and blanks have no end


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time as precise as it was written: what was left out is None. `offset` is minutes east of UTC."""

    hour: int
    minute: int | None = None
    second: int | None = None
    fraction: str = ""  # the digits after the point
    offset: int | None = None

    def iso(self) -> str:
        """ISO 8601, as precise as it is: `10:15:00.5+01:00`."""
        return _clock(self) + _zone(self.offset)

    def write(self) -> str:
        """The text of TM, as precise as it is: `101500.5+0100`."""
        return _digits((self.hour, self.minute, self.second), self.fraction, self.offset)

    def fhir_time(self) -> str:
        """FHIR time, which has seconds and no zone: what is left out is zero."""
        return f"{self.hour:02}:{self.minute or 0:02}:{self.second or 0:02}" + _fraction(self.fraction)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A date, or a date and a time, as precise as it was written: what was left out is None.

    `offset` is minutes east of UTC, None where the sender named no zone.
    """

    year: int
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    fraction: str = ""  # the digits after the point
    offset: int | None = None

    @classmethod
    def of(cls, moment: datetime) -> Timestamp:
        """A datetime as it is, with its zone where it has one; a fraction of a second to the fourth digit."""
        fraction = f"{moment.microsecond // 100:04}" if moment.microsecond else ""
        clock = (moment.hour, moment.minute, moment.second)
        return cls(moment.year, moment.month, moment.day, *clock, fraction, _offset_of(moment))

    @property
    def precision(self) -> str:
        """The last of `PRECISIONS` that was written."""
        if self.fraction:
            return "fraction"
        parts = (self.year, self.month, self.day, self.hour, self.minute, self.second)
        return PRECISIONS[sum(part is not None for part in parts) - 1]

    def write(self) -> str:
        """The text of DTM, as precise as it is: `2024`, `20240229`, `202402291015+0100`."""
        parts = (self.month, self.day, self.hour, self.minute, self.second)
        return f"{self.year:04}{_digits(parts, self.fraction, self.offset)}"

    def iso(self) -> str:
        """ISO 8601, as precise as it is: `2024`, `2024-02-29`, `2024-02-29T10:15+01:00`."""
        if self.hour is None:
            return self.fhir_date()
        return f"{self.fhir_date()}T{_clock(self)}{_zone(self.offset)}"

    def fhir_date(self) -> str:
        """FHIR date: year, month and day as far as they are known."""
        parts = (f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part is not None))
        return "-".join(parts)

    def fhir_datetime(self, zone: tzinfo | None = None) -> str:
        """FHIR dateTime. A time needs a zone there: `zone` where the sender named none, else the date alone.

        Minutes and seconds that were left out are zero, since FHIR cannot leave them out.
        """
        if self.hour is None or (self.offset is None and zone is None):
            return self.fhir_date()
        return self._to_the_second(zone)

    def fhir_instant(self, zone: tzinfo | None = None) -> str:
        """FHIR instant. Raises ValueFormatError where seconds, or the zone and `zone`, are not known."""
        if self.second is None or (self.offset is None and zone is None):
            raise ValueFormatError("not an instant: it has no seconds, or no time zone")
        return self._to_the_second(zone)

    def as_date(self) -> date:
        """A date, the first day of the month or year where that is all that is known."""
        return date(self.year, self.month or 1, self.day or 1)

    def as_datetime(self, zone: tzinfo | None = None) -> datetime:
        """A datetime to the microsecond, what was left out being the first or zero; with a zone if one is known."""
        whole = datetime(
            self.year,
            self.month or 1,
            self.day or 1,
            self.hour or 0,
            self.minute or 0,
            self.second or 0,
            int(self.fraction[:6].ljust(6, "0")),
        )
        return whole.replace(tzinfo=zone if self.offset is None else timezone(timedelta(minutes=self.offset)))

    def _to_the_second(self, zone: tzinfo | None) -> str:
        offset = self.offset
        if offset is None:
            offset = _offset_of(self.as_datetime(zone)) or 0
        clock = f"{self.hour or 0:02}:{self.minute or 0:02}:{self.second or 0:02}"
        return f"{self.fhir_date()}T{clock}{_fraction(self.fraction)}{_zone(offset)}"


def time_text(moment: datetime) -> str:
    """DTM to the second, with its zone where it has one: `20240229101500+0100`."""
    return f"{moment.year:04}{moment:%m%d%H%M%S%z}"


def parse_time_of_day(text: str) -> TimeOfDay:
    """Read TM: `HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]`. Raises ValueFormatError."""
    found = _TIME_OF_DAY.fullmatch(text.strip())
    if found is None:
        raise ValueFormatError("not a time of the form HH[MM[SS[.SSSS]]][+/-ZZZZ]")
    hour, minute, second, fraction, *zone = found.groups()
    _check("hour", int(hour), 23)
    _check("minute", int(minute or 0), 59)
    _check("second", int(second or 0), 59)
    return TimeOfDay(int(hour), _number(minute), _number(second), fraction or "", _offset(*zone))


@lru_cache(maxsize=4096)
def parse_time(text: str) -> Timestamp:
    """Read DTM, TS or DT: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`.

    Raises ValueFormatError, for a day that no calendar has too.
    """
    found = _TIMESTAMP.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueFormatError("not a time of the form YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+/-ZZZZ]")
    year, month, day, hour, minute, second, fraction, *zone = found.groups()
    if year == "0000":
        raise ValueFormatError("not a time: there is no year 0")
    if month:
        _check("month", int(month), 12, least=1)
    if day:
        _check("day", int(day), monthrange(int(year), int(month))[1], least=1)
    _check("hour", int(hour or 0), 23)
    _check("minute", int(minute or 0), 59)
    _check("second", int(second or 0), 59)
    return Timestamp(
        int(year),
        _number(month),
        _number(day),
        _number(hour),
        _number(minute),
        _number(second),
        fraction or "",
        _offset(*zone),
    )


def _check(part: str, number: int, most: int, least: int = 0) -> None:
    if not least <= number <= most:
        raise ValueFormatError(f"not a time: its {part} is not from {least} to {most}")


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> int | None:
    if sign is None or hours is None or minutes is None:
        return None
    _check("zone's minute", int(minutes), 59)
    offset = int(hours) * 60 + int(minutes)
    _check("zone's hour", offset, 14 * 60)
    return -offset if sign == "-" else offset


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _offset_of(moment: datetime) -> int | None:
    away = moment.utcoffset()
    return None if away is None else round(away.total_seconds() / 60)


def _digits(parts: Sequence[int | None], fraction: str, offset: int | None) -> str:
    digits = "".join(f"{part:02}" for part in parts if part is not None) + _fraction(fraction)
    return digits + _zone(offset).replace(":", "").replace("Z", "+0000")


def _clock(time: Timestamp | TimeOfDay) -> str:
    parts = (time.hour, time.minute, time.second)
    return ":".join(f"{part:02}" for part in parts if part is not None) + _fraction(time.fraction)


def _fraction(digits: str) -> str:
    return f".{digits}" if digits else ""


def _zone(offset: int | None) -> str:
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"

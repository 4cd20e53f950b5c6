"""Dates and times from the forms that hospital systems write, into FHIR's, at the precision written.

Read are `YYYY`, `YYYY-MM`, `YYYYMM`, `YYYY-MM-DD`, `YYYYMMDD`, either with `HH:MM[:SS[.fff]]` or `HHMM[SS]`
after a space or T (or at once, without dashes), with or without a zone, and RFC 1123. A day that no calendar
has is not read. A time without a zone is one on the wall of `zone`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache

_ZONE = r"(?P<zone>Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"
_DASHED = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[ T](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]{1,9})?)?"
    rf" ?{_ZONE}?)?)?)?"
)
_PLAIN = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?:(?P<day>[0-9]{2})"
    r"(?:[ T]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]{1,9})?)?"
    rf" ?{_ZONE}?)?)?"
)
_RFC_1123 = re.compile(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} (?:[+-][0-9]{4}|[A-Z]{1,4})")
_NONE = timedelta(0)
_LONGEST = 64  # characters; nothing longer is a moment, whatever it starts with


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as FHIR writes it (`2150`, `2150-08`, `2150-08-29`), with `time` (`18:20:00`, with the
    fraction as written) and `zone` (`+02:00`, `Z`) where they were written."""

    date: str
    time: str | None = None
    zone: str | None = None

    @property
    def is_day(self) -> bool:
        """Whether the date is known to the day."""
        return len(self.date) == 10


def read(text: str) -> Moment | None:
    """The moment that a stripped text writes, None where it writes none."""
    if len(text) > _LONGEST:
        return None
    match = _DASHED.fullmatch(text) or _PLAIN.fullmatch(text)
    if match is None:
        return _read_rfc_1123(text)
    year, month, day = match["year"], match["month"], match["day"]
    try:
        date(int(year), int(month or 1), int(day or 1))
        if match["hour"] is None:
            return Moment("-".join(part for part in (year, month, day) if part))
        datetime(2000, 1, 1, int(match["hour"]), int(match["minute"]), int(match["second"] or 0), tzinfo=UTC)
        zone = _zone(match["zone"])
    except ValueError:
        return None
    fraction = (match["fraction"] or "").replace(",", ".")
    time = f"{match['hour']}:{match['minute']}:{match['second'] or '00'}{fraction}"
    return Moment(f"{year}-{month}-{day}", time, zone)


def _zone(written: str | None) -> str | None:
    """The zone as FHIR writes it. Raises ValueError for one that the earth does not have."""
    if written is None:
        return None
    if written[0] not in "+-":
        return "Z"
    digits = written[1:].replace(":", "").ljust(4, "0")
    if digits > "1400" or digits[2:] > "59":
        raise ValueError
    return f"{written[0]}{digits[:2]}:{digits[2:]}"


def _read_rfc_1123(text: str) -> Moment | None:
    if not _RFC_1123.fullmatch(text):
        return None
    try:
        read_ = parsedate_to_datetime(text)
        zone = "Z" if read_.utcoffset() in (None, _NONE) else _zone(read_.strftime("%z"))
    except ValueError:
        return None
    return Moment(read_.date().isoformat(), read_.strftime("%H:%M:%S"), zone)


def date_time(moment: Moment, zone: tzinfo) -> str:
    """A FHIR dateTime: the date alone where no time was written; `zone` where none was."""
    if moment.time is None:
        return moment.date
    if moment.zone is not None:
        return f"{moment.date}T{moment.time}{moment.zone}"
    whole, dot, fraction = moment.time.partition(".")
    return on_the_wall(datetime.fromisoformat(f"{moment.date}T{whole}"), zone, dot + fraction)


def on_the_wall(naive: datetime, zone: tzinfo, fraction: str = "") -> str:
    """A FHIR dateTime of a clock's time in `zone`; of an hour that comes twice, the first.

    Before standard time a zone is off by odd seconds, which FHIR cannot write: the same instant then, in
    whole minutes off.
    """
    # Asked of the zone itself: to put the zone into the moment first costs as much again.
    suffix, odd = _suffix(zone.utcoffset(naive) or _NONE)
    if odd:
        try:
            naive -= odd
        except OverflowError:
            suffix = "Z"
    return f"{naive.isoformat()}{fraction}{suffix}"


@lru_cache(maxsize=256)
def _suffix(offset: timedelta) -> tuple[str, timedelta]:
    """An offset in whole minutes as FHIR writes it, and the seconds that it is off by besides."""
    odd = timedelta(seconds=offset.seconds % 60)
    minutes = round((offset - odd).total_seconds() / 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}", odd

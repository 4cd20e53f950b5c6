"""The cleaning scripts for dates and times. What they cannot read comes back as it was: the check of the
resource then refuses it, and the dead letter names the element and its column."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from transformer.scripts import moments
from transformer.values import Value, text_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NUMBER = re.compile(r"-?[0-9]{1,15}")
_CLOCK = re.compile(
    r"(?:[0-9]{4}-?[0-9]{2}-?[0-9]{2}[ T]?)?"  # a date before it
    r"(?P<hour>[0-9]{1,2})(?:::?|[ hH.])(?P<minute>[0-9]{1,2})?(?:(?:::?|[ mM.'])(?P<second>[0-9]{1,2})?)?"
    r"[sS]?(?:[.,][0-9]+)? ?(?P<half>[aApP][mM])?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_CLOCK_DIGITS = re.compile(r"(?:[0-9]{8})?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?")
_RFC_CLOCK = re.compile(r".* (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) [A-Z+0-9-]+")
# `2150-08-29` and `2150-08-29T18:20:00`, with a space or T
_DATABASE_LENGTHS = (10, 19)
_DATABASE_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2})?").fullmatch
_LONGEST = 64
MIDNIGHT = "00:00:00"


def _from_calendar(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def clean_date(value: Value) -> Value:
    """To a FHIR date, at the precision written: a time after it is left off."""
    text = text_of(value)
    if text is None:
        return None
    if len(text) in _DATABASE_LENGTHS and _DATABASE_FORM(text):
        # What databases write: nothing to take apart where the calendar agrees.
        return text if _from_calendar(text) is None else text[:10]
    moment = moments.read(text.strip())
    return text if moment is None else moment.date


def clean_date_time(value: Value, *, zone: tzinfo) -> Value:
    """To a FHIR dateTime, at the precision written."""
    text = text_of(value)
    if text is None:
        return None
    if len(text) in _DATABASE_LENGTHS and _DATABASE_FORM(text):
        naive = _from_calendar(text)
        return text if naive is None or len(text) == 10 else moments.on_the_wall(naive, zone)
    moment = moments.read(text.strip())
    return text if moment is None else moments.date_time(moment, zone)


def clean_instant(value: Value, *, zone: tzinfo) -> Value:
    """To a FHIR instant. A date without a time is none, and comes back unchanged: midnight was not said."""
    text = text_of(value)
    if text is None:
        return None
    moment = moments.read(text.strip())
    return text if moment is None or moment.time is None else moments.date_time(moment, zone)


def clean_epoch_date_time(value: Value, *, zone: tzinfo) -> Value:
    """To a FHIR dateTime from seconds (under 12 digits) or milliseconds since 1970."""
    text = text_of(value)
    if text is None or not _EPOCH_NUMBER.fullmatch(text.strip()):
        return text
    number = int(text)
    milliseconds = number if len(str(abs(number))) >= 12 else number * 1000
    try:
        local = (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone)
    except OverflowError:
        return text
    fraction = f".{milliseconds % 1000:03}" if milliseconds % 1000 else ""
    return moments.on_the_wall(local.replace(tzinfo=None, microsecond=0), zone, fraction)


def read_clock(text: str) -> str | None:
    """`HH:MM:SS` from a clock's time in many forms, with or without a date before it; None for no time."""
    if len(text) > _LONGEST:
        return None
    match = _CLOCK_DIGITS.fullmatch(text) or _CLOCK.fullmatch(text) or _RFC_CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    half = match.groupdict().get("half")
    if half:
        hour = hour % 12 + (12 if half in ("pm", "PM", "Pm", "pM") else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"


def clean_time(value: Value) -> Value:
    """To `HH:MM:SS`; what cannot be read is `00:00:00`, as mappings expect of this one."""
    text = text_of(value)
    if text is None:
        return None
    return read_clock(text.strip()) or MIDNIGHT

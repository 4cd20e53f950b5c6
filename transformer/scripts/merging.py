"""The merging scripts that mappings name: the values of an input group in, in the order of its inputs with
static ones last, one value out, None for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import TypeAlias

from transformer.scripts import dates, moments
from transformer.values import Value, text_of

# Values of a group are cast already, so a decimal may be among them.
Merged: TypeAlias = Value | Decimal
Merging: TypeAlias = Callable[[Sequence[Merged]], Merged]


def merge_concat(values: Sequence[Merged]) -> Merged:
    """Those that are not empty, joined by a space."""
    return " ".join(text for value in values if (text := text_of(value)) is not None) or None


def merge_concat_without_separator(values: Sequence[Merged]) -> Merged:
    """Those that are not empty, joined."""
    return "".join(text for value in values if (text := text_of(value)) is not None) or None


def select_first_not_empty(values: Sequence[Merged]) -> Merged:
    """The first that is not empty, as it is."""
    return next((value for value in values if text_of(value) is not None), None)


def merge_insee(values: Sequence[Merged]) -> Merged:
    """The first that is not empty, stripped."""
    return next((text.strip() for value in values if (text := text_of(value)) is not None), None)


def merge_date_time(values: Sequence[Merged], *, zone: tzinfo) -> Merged:
    """A date and a time as a FHIR dateTime; the date alone where there is no time, nothing without a date.

    What cannot be read comes back joined as it is, for the check to refuse.
    """
    parts = [text_of(value) for value in values]
    day = next(iter(parts), None)
    clock = next((text for text in parts[1:] if text is not None), None)
    if day is None:
        return None
    moment = moments.read(day.strip())
    if clock is None:
        return day if moment is None else moments.date_time(moment, zone)
    time = dates.read_clock(clock.strip())
    if moment is None or not moment.is_day or time is None:
        return f"{day}T{clock}"
    return moments.date_time(moments.Moment(moment.date, time), zone)


def merge_status(values: Sequence[Merged]) -> Merged:
    """Pairs of an inactive flag (1, true) and a value: of the pairs with a value, all inactive is `revoked`,
    none `active`, some `on-hold`; without any, `unknown`."""
    flags = {
        (text_of(flag) or "").strip().lower() in ("1", "true", "o", "y")
        for flag, value in zip(values[::2], values[1::2], strict=False)
        if text_of(value) is not None
    }
    if not flags:
        return "unknown"
    if len(flags) == 2:
        return "on-hold"
    return "revoked" if flags == {True} else "active"

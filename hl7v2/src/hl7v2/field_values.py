"""What the text of a field becomes in the columns of a schema, whatever the text is.

`row_reading` makes code for what most fields look like. It comes here for the rest, and for fields of which a feed
says the same things again and again (codes, units, wards, doctors): what those became is remembered.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any, Final, cast

from hl7v2.delimiters import Delimiters
from hl7v2.errors import ValueFormatError
from hl7v2.escapes import unescape
from hl7v2.message import NULL
from hl7v2.values import parse_time

Values = tuple[Any, ...]  # one a column
Shape = tuple[tuple[str, int, int], ...]  # kind, component and subcomponent of each column

REMEMBERED: Final = 1_000  # texts a kind of field
TOO_LONG_TO_REMEMBER: Final = 250  # a document in an OBX-5 must not stay in memory

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_CODED: Final = frozenset(("CE", "CF", "CNE", "CWE"))
PLAIN_TYPES: Final = frozenset(("", "ST", "TX", "FT", "NM", "SI", "ID", "IS", "TN"))
_TIMES: Final = frozenset(("DT", "DTM", "TM", "TS"))


@dataclass(frozen=True, slots=True)
class Reading:
    """Delimiters and character set of a message: what it takes to read a field's text."""

    delimiters: Delimiters
    encoding: str

    def leaf(self, repetition: str, component: int, subcomponent: int = 1) -> str:
        """A leaf of a repetition with its escapes decoded, numbers from 1; "" where there is none."""
        text = _nth(repetition.split(self.delimiters.component, component), component)
        return self.decode(_nth(text.split(self.delimiters.subcomponent, subcomponent), subcomponent))

    def decode(self, text: str) -> str:
        """A text with its escapes decoded."""
        return unescape(text, self.delimiters, self.encoding)


def _nth(pieces: Sequence[str], number: int) -> str:
    return pieces[number - 1] if number <= len(pieces) else ""


class FieldValues(dict[str, Values]):
    """The values of columns that are read from one field, by the text of that field.

    `shape` has the kind of each column, and the component and subcomponent that it is. Fields of a shape share what
    is remembered: the doctor who admits is often the one who attends.
    """

    def __init__(self, shape: Shape, reading: Reading) -> None:
        super().__init__()
        self._shape = shape
        self._reading = reading
        self._whole = {"phone": phone_reader(reading), "email": email_reader(reading)}

    def __missing__(self, text: str) -> Values:
        values = self._read(text)
        if len(text) < TOO_LONG_TO_REMEMBER:
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = values
        return values

    def _read(self, text: str) -> Values:
        _, component_mark, repetition_mark, escape, subcomponent_mark, _ = self._reading.delimiters
        repetitions = text.split(repetition_mark)
        if repetitions[0] == NULL:
            return ("",) * len(self._shape)
        components = repetitions[0].split(component_mark)
        values: list[str | None] = []
        for kind, component, subcomponent in self._shape:
            if kind in self._whole:
                values.append(next(filter(None, map(self._whole[kind], repetitions)), None))
                continue
            leaf = components[component - 1] if component <= len(components) else ""
            if subcomponent > 1 or subcomponent_mark in leaf:
                leaf = _nth(leaf.split(subcomponent_mark), subcomponent)
            if escape in leaf:
                leaf = self._reading.decode(leaf)
            values.append("" if leaf == NULL else iso(leaf) if leaf and kind == "time" else leaf or None)
        return tuple(values)


@lru_cache(maxsize=512)
def field_values(shape: Shape, reading: Reading) -> FieldValues:
    """The values of fields of that shape."""
    return FieldValues(shape, reading)


# ---- values of a kind


def text_reader(reading: Reading) -> Callable[[str], str | None]:
    """What reads the first leaf of a field."""
    delimiters, values = reading.delimiters, field_values((("text", 1, 1),), reading)
    _, component, repetition, escape, subcomponent, _ = delimiters

    def read(text: str) -> str | None:
        if escape in text or NULL in text:
            (value,) = values[text]
            return cast("str | None", value)
        if component in text:
            text = text.partition(component)[0]
        if repetition in text:
            text = text.partition(repetition)[0]
        if subcomponent in text:
            text = text.partition(subcomponent)[0]
        return text or None

    return read


def time_reader(reading: Reading) -> Callable[[str], str | None]:
    """What reads the first leaf of a field as a time."""
    read_text = text_reader(reading)

    def read(text: str) -> str | None:
        leaf = read_text(text)
        return iso(leaf) if leaf else leaf

    return read


def texts_reader(reading: Reading) -> Callable[[str], list[str]]:
    """What reads the first leaf of each repetition of a field that has one; "" of one that is HL7's null."""
    read_text = text_reader(reading)

    def read(text: str) -> list[str]:
        leaves = map(read_text, text.split(reading.delimiters.repetition))
        return [leaf for leaf in leaves if leaf is not None]

    return read


def _days(year: int) -> dict[str, str]:
    days = (date(year, 1, 1) + timedelta(number) for number in range(365 + isleap(year)))
    return {f"{day:%m%d}": f"-{day:%m-%d}" for day in days}


_COMMON, _LEAP = _days(2023), _days(2024)
_YEARS: Final = {f"{year}": _LEAP if isleap(year) else _COMMON for year in range(1800, 2200)}


class _Days(dict[str, str]):
    """Days in ISO 8601, as they come. Raises KeyError for what is none, or none of these centuries."""

    def __missing__(self, text: str) -> str:
        year = text[:4]
        day = year + _YEARS[year][text[4:]]
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = day
        return day


class _Zones(dict[str, str]):
    """What follows the seconds, in ISO 8601, as it comes. Raises KeyError where it is illegal."""

    def __missing__(self, text: str) -> str:
        whole = _any_iso(f"20000101000000{text}")
        if whole[4] != "-":
            raise KeyError(text)
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = whole[19:]
        return whole[19:]


_DAYS: Final = _Days()
_MINUTES: Final = {f"{hour:02}{minute:02}": f"T{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)}
_SECONDS: Final = {f"{second:02}": f":{second:02}" for second in range(60)}
_ZONES: Final = _Zones()


def iso(text: str) -> str:
    """A date or time in ISO 8601; one that is illegal as it stands."""
    # Nearly all are days, or times to the second: looked up in parts, as there are few of each.
    try:
        if len(text) == 14:
            return _DAYS[text[:8]] + _MINUTES[text[8:12]] + _SECONDS[text[12:]]
        if len(text) == 8:
            return _DAYS[text]
        if len(text) > 14:
            return _DAYS[text[:8]] + _MINUTES[text[8:12]] + _SECONDS[text[12:14]] + _ZONES[text[14:]]
    except KeyError:
        pass
    return _any_iso(text)


def _any_iso(text: str) -> str:
    return _remembered_iso(text) if len(text) < TOO_LONG_TO_REMEMBER else text


@lru_cache(maxsize=4096)
def _remembered_iso(text: str) -> str:
    try:
        return parse_time(text).iso()
    except ValueFormatError:
        return text


def phone_reader(reading: Reading) -> Callable[[str], str]:
    """What reads the number of an XTN: one text, or put together (country, area, number, extension)."""
    _, component, _, _, subcomponent, _ = reading.delimiters

    def read(repetition: str) -> str:
        leaves = repetition.split(component, 12)
        if subcomponent in repetition:
            leaves = [leaf.partition(subcomponent)[0] for leaf in leaves]
        for text in (leaves[0], *leaves[11:12]):
            if text and text != NULL and "@" not in text:
                return reading.decode(text)
        if len(leaves) < 7 or not (number := leaves[6]):
            return ""
        if area := leaves[5]:
            number = f"({area}) {number}"
        if country := leaves[4]:
            number = f"+{country.lstrip('+')} {number}"
        if len(leaves) > 7 and (extension := leaves[7]):
            number = f"{number} x{extension}"
        return reading.decode(number)

    return read


def email_reader(reading: Reading) -> Callable[[str], str]:
    """What reads the e-mail address of an XTN; older senders put it where the number stands."""

    def read(repetition: str) -> str:
        if "@" not in repetition and reading.delimiters.escape not in repetition:
            return ""
        return next((text for component in (4, 1) if "@" in (text := reading.leaf(repetition, component))), "")

    return read


# ---- the value of an observation


Value = tuple[str | None, str | None, float | None]  # text, code, number


def observation_reader(reading: Reading) -> Callable[[str, str], Value]:
    """A reader of an observation's value, from its type (OBX-2) and its text (OBX-5). It remembers what it read."""

    def read(value_type: str, text: str) -> Value:
        if text == NULL:
            return "", None, None
        repetitions = text.split(reading.delimiters.repetition)
        words = "\n".join(_value_text(value_type, one, reading) for one in repetitions) or None
        if value_type in _CODED:
            return words, reading.leaf(repetitions[0], 1) or None, None
        if value_type in ("NM", "SN") and len(repetitions) == 1:
            return words, None, _number(value_type, text, reading)
        return words, None, None

    remembering = lru_cache(maxsize=REMEMBERED)(read)
    return lambda value_type, text: (remembering if len(text) < TOO_LONG_TO_REMEMBER else read)(value_type, text)


def _value_text(value_type: str, text: str, reading: Reading) -> str:
    if value_type in PLAIN_TYPES:  # a delimiter in there is text that the sender forgot to escape
        return reading.decode(text)
    if value_type in _CODED:
        return reading.leaf(text, 2) or reading.leaf(text, 9) or reading.leaf(text, 1)
    if value_type in _TIMES:
        return iso(reading.leaf(text, 1))
    if value_type == "ED":
        return reading.leaf(text, 5)
    components = text.split(reading.delimiters.component)
    leaves = (reading.decode(leaf) for one in components for leaf in one.split(reading.delimiters.subcomponent))
    return ("" if value_type == "SN" else " ").join(leaf for leaf in leaves if leaf)


def _number(value_type: str, text: str, reading: Reading) -> float | None:
    if value_type == "SN":
        comparator, number, *rest = (reading.leaf(text, component) for component in (1, 2, 3, 4))
        if comparator not in ("", "=") or any(rest):
            return None
    else:
        number = reading.leaf(text, 1)
    if not _NUMBER.fullmatch(number):
        return None
    value = float(number)
    return value if isfinite(value) else None  # infinity is no number, and not in JSON

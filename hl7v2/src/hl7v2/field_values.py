"""What the text of a field becomes in the columns of a schema.

It depends on nothing but that text, so it is remembered: most fields of a feed (codes, units, wards, doctors) say what
they said before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from hl7v2.delimiters import Delimiters
from hl7v2.errors import ValueFormatError
from hl7v2.escapes import unescape
from hl7v2.message import NULL
from hl7v2.paths import parse_path
from hl7v2.schemas import Column
from hl7v2.values import parse_time

Values = dict[str, Any]
FieldReader = Callable[[str], Values]

REMEMBERED: Final = 512  # texts a field
TOO_LONG_TO_REMEMBER: Final = 250  # a document in an OBX-5 must not stay in memory

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_CODED: Final = frozenset(("CE", "CF", "CNE", "CWE"))
_PLAIN: Final = frozenset(("", "ST", "TX", "FT", "NM", "SI", "ID", "IS", "TN"))
_TIMES: Final = frozenset(("DT", "DTM", "TM", "TS"))


@dataclass(frozen=True, slots=True)
class Reading:
    """Delimiters and character set of a message: what it takes to read a field's text."""

    delimiters: Delimiters
    encoding: str

    def repetitions(self, text: str) -> list[str]:
        """The repetitions of a field."""
        return text.split(self.delimiters.repetition)

    def components(self, text: str) -> list[str]:
        """The components of a repetition."""
        return text.split(self.delimiters.component)

    def leaf(self, components: Sequence[str], component: int, subcomponent: int = 1) -> str:
        """A leaf of `components` with its escapes decoded, numbers from 1; "" where there is none."""
        if component > len(components):
            return ""
        pieces = components[component - 1].split(self.delimiters.subcomponent, subcomponent)
        return self.decode(pieces[subcomponent - 1]) if subcomponent <= len(pieces) else ""

    def decode(self, text: str) -> str:
        """A text with its escapes decoded."""
        return unescape(text, self.delimiters, self.encoding)


def field_reader(columns: Sequence[tuple[Column, str]], reading: Reading) -> FieldReader:
    """A reader of the columns that one field gives, each with its path. It remembers what it read."""
    leaves = [
        (column.name, place.component or 1, place.subcomponent or 1, _FINISH.get(column.kind))
        for column, path in columns
        for place in (parse_path(path).place,)
        if column.kind in ("text", "time")
    ]
    whole = [(column.name, _WHOLE[column.kind]) for column, _ in columns if column.kind in _WHOLE]
    names = [column.name for column, _ in columns]

    def read(text: str) -> Values:
        repetitions = reading.repetitions(text)
        if repetitions[0] == NULL:
            return dict.fromkeys(names, "")
        components = reading.components(repetitions[0])
        values: Values = {}
        for name, component, subcomponent, finish in leaves:
            if value := reading.leaf(components, component, subcomponent):
                values[name] = "" if value == NULL else finish(value) if finish else value
        for name, find in whole:
            if value := next(filter(None, (find(reading.components(one), reading) for one in repetitions)), ""):
                values[name] = value
        return values

    return _remembering(read)


def read_texts(text: str, reading: Reading) -> list[str]:
    """The text of each repetition of a field; `""` in one that is HL7's null."""
    found = (reading.leaf(reading.components(one), 1) for one in reading.repetitions(text) if one)
    return ["" if one == NULL else one for one in found]


def _remembering(read: FieldReader) -> FieldReader:
    remembering = lru_cache(maxsize=REMEMBERED)(read)
    return lambda text: remembering(text) if len(text) < TOO_LONG_TO_REMEMBER else read(text)


# ---- values of a kind


@lru_cache(maxsize=4096)
def iso(text: str) -> str:
    """A date or time in ISO 8601; one that is illegal as it stands."""
    # Most are of one form, and their days and zones are few.
    clock, zone = text[8:14], text[14:]
    if len(clock) == 6 and clock.isascii() and clock.isdigit() and clock < "24" and clock[2] < "6" and clock[4] < "6":
        day = _iso(text[:8])
        offset = _iso(f"20000101000000{zone}")[19:] if zone else ""
        if day[4] == "-" and bool(offset) == bool(zone):
            return f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:]}{offset}"
    return _iso(text)


@lru_cache(maxsize=4096)
def _iso(text: str) -> str:
    try:
        return parse_time(text).iso()
    except ValueFormatError:
        return text


def phone(components: Sequence[str], reading: Reading) -> str:
    """The number of an XTN: as one text, or put together (country, area, number, extension)."""
    mark = reading.delimiters.subcomponent
    leaves = [one.partition(mark)[0] for one in components]
    for text in (leaves[0], *leaves[11:12]):
        if text and text != NULL and "@" not in text:
            return reading.decode(text)
    country, area, local, extension = (*leaves[4:8], "", "", "", "")[:4]
    if not local:
        return ""
    pieces = (country and f"+{country.lstrip('+')}", area and f"({area})", local, extension and f"x{extension}")
    return reading.decode(" ".join(filter(None, pieces)))


def email(components: Sequence[str], reading: Reading) -> str:
    """The e-mail address of an XTN; older senders put it where the number stands."""
    return next((text for component in (4, 1) if "@" in (text := reading.leaf(components, component))), "")


_FINISH: Final[dict[str, Callable[[str], str]]] = {"time": iso}
_WHOLE: Final[dict[str, Callable[[Sequence[str], Reading], str]]] = {"phone": phone, "email": email}


# ---- the value of an observation


Value = tuple[str | None, str | None, float | None]  # text, code, number


def observation_reader(reading: Reading) -> Callable[[str, str], Value]:
    """A reader of an observation's value, from its type (OBX-2) and its text (OBX-5). It remembers what it read."""

    def read(value_type: str, text: str) -> Value:
        if text == NULL:
            return "", None, None
        repetitions = reading.repetitions(text)
        words = "\n".join(_value_text(value_type, one, reading) for one in repetitions) or None
        first = reading.components(repetitions[0])
        if value_type in _CODED:
            return words, reading.leaf(first, 1) or None, None
        if value_type in ("NM", "SN") and len(repetitions) == 1:
            return words, None, _number(value_type, first, reading)
        return words, None, None

    remembering = lru_cache(maxsize=REMEMBERED)(read)
    return lambda value_type, text: (remembering if len(text) < TOO_LONG_TO_REMEMBER else read)(value_type, text)


def _value_text(value_type: str, text: str, reading: Reading) -> str:
    if value_type in _PLAIN:  # a delimiter in there is text that the sender forgot to escape
        return reading.decode(text)
    components = reading.components(text)
    if value_type in _CODED:
        return reading.leaf(components, 2) or reading.leaf(components, 9) or reading.leaf(components, 1)
    if value_type in _TIMES:
        return iso(reading.leaf(components, 1))
    if value_type == "ED":
        return reading.leaf(components, 5)
    leaves = (reading.decode(leaf) for one in components for leaf in one.split(reading.delimiters.subcomponent))
    return ("" if value_type == "SN" else " ").join(leaf for leaf in leaves if leaf)


def _number(value_type: str, components: Sequence[str], reading: Reading) -> float | None:
    if value_type == "SN":
        comparator, number, *rest = (reading.leaf(components, component) for component in (1, 2, 3, 4))
        if comparator not in ("", "=") or any(rest):
            return None
    else:
        number = reading.leaf(components, 1)
    return float(number) if _NUMBER.fullmatch(number) else None

"""Where a message's lines are, and which of them is its header."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from hl7v2.errors import ParseError

_HEADER: Final = re.compile(r"(?:\A|[\r\n])[ \t]*(?:(MSH)|FHS|BHS)(?![A-Za-z0-9])[^\r\n]*")


def split_lines(text: str, separator: str) -> list[str]:
    """The lines of `text`, blank ones too, without what ends them: CR, LF, CRLF or a mix.

    Where CR ends segments, a bare LF is text that somebody typed, unless a segment begins after it.
    """
    if "\n" not in text:
        return text.split("\r")
    if "\r" not in text:
        return text.split("\n")
    return _mixed(separator).split(text)


def find_header(text: str) -> str:
    """The first MSH line, or else the first FHS or BHS, without what stands before it. Raises ParseError."""
    first = None
    for found in _HEADER.finditer(text):
        if found[1]:
            return found[0].strip()
        first = first or found
    if first is None:
        trouble = "no segment MSH is in it" if text.strip() else "it is empty"
        raise ParseError(f"not an HL7 v2 message: {trouble}")
    return first[0].strip()


@lru_cache(maxsize=64)
def _mixed(separator: str) -> re.Pattern[str]:
    return re.compile(rf"\r\n|\r|\n(?=[A-Z][A-Z0-9]{{2}}(?:{re.escape(separator)}|[\r\n]|\Z)|[\r\n]|\Z)")

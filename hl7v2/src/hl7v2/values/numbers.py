"""Numbers: NM and SI (HL7 v2 chapter 2A)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from hl7v2.errors import ValueFormatError

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})", re.ASCII)
_SEQUENCE: Final = re.compile(r"\d{1,18}", re.ASCII)


def parse_number(text: str) -> Decimal:
    """Read NM: a sign, digits and a point, no exponent. The digits stay as written (`1.50`).

    Raises ValueFormatError.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueFormatError("not a number of the form [+-]digits[.digits]")
    return Decimal(text)


def parse_sequence(text: str) -> int:
    """Read SI, a number of a sequence. Raises ValueFormatError."""
    text = text.strip()
    if not _SEQUENCE.fullmatch(text):
        raise ValueFormatError("not a number of a sequence: it has digits only")
    return int(text)

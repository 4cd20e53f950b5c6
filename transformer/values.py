"""Values on their way from a source into FHIR: what counts as empty, text of anything, casts by FHIR type.

A source's value is None, bool, int, float, str or bytes; decimals and dates come as text. None, a text of
nothing but blanks, and NaN are empty, and come out as None everywhere.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from decimal import Decimal
from math import inf
from typing import TypeAlias

from mapping.identity import canonical_key

# `pipeline.events.Value`, and what casts make of it.
Value: TypeAlias = bool | int | float | str | bytes | None
Cast: TypeAlias = Callable[["Value | Decimal"], "Value | Decimal"]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(?:\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,100}(?:\.[0-9]{0,100})?|\.[0-9]{1,100})(?:[eE][+-]?[0-9]{1,3})?")
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


class UnfitError(Exception):
    """A value that a rule cannot take. `rule` completes a sentence after the element's name, and holds
    nothing of the value; `reason` is the dead letter's code. Whoever runs the rule adds the place."""

    def __init__(self, rule: str, *, reason: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.reason = reason


def text_of(value: Value | Decimal) -> str | None:
    """The value as text, unstripped; None when it is empty. 1 and 1.0 are both "1", as in keys. Also the cast
    for every FHIR type that JSON writes as a string.

    Raises UnfitError for bytes that are not UTF-8, and for infinity.
    """
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if value is None:
        return None
    if value.__class__ is int:
        return str(value)
    if isinstance(value, bytes):
        try:
            return text_of(value.decode("utf-8"))
        except UnicodeDecodeError:
            raise UnfitError("is made of bytes that are not UTF-8 text", reason="invalid-text") from None
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124  # NaN
            return None
        if value in (inf, -inf):
            raise UnfitError("is infinite", reason="wrong-type")
    # As keys are written: a foreign key read as a float must refer to the row whose key is an integer.
    return canonical_key(value)


def to_base64(value: Value | Decimal) -> str | None:
    """Cast for base64Binary: bytes are encoded, text is taken for encoded already."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii") or None
    return text_of(value)


def to_boolean(value: Value | Decimal) -> bool | None:
    """Cast for boolean: true and false in any case, 1 and 0. Raises UnfitError."""
    if isinstance(value, bool):
        return value
    text = text_of(value)
    if text is None:
        return None
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise UnfitError("is not true or false (nor 1 or 0)", reason="wrong-type")


def to_integer(value: Value | Decimal) -> int | None:
    """Cast for integer, positiveInt and unsignedInt: whole numbers only, also as text. Raises UnfitError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = text_of(value)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text := text.strip()):
        raise UnfitError("is not a whole number", reason="wrong-type")
    return int(text.partition(".")[0])


def to_decimal(value: Value | Decimal) -> int | Decimal | None:
    """Cast for decimal: text keeps all its digits, also those that are nought. Raises UnfitError."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    text = text_of(value)
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text := text.strip()):
        raise UnfitError("is not a number", reason="wrong-type")
    return Decimal(text)


CASTS: dict[str, Cast] = {
    "boolean": to_boolean,
    "integer": to_integer,
    "positiveInt": to_integer,
    "unsignedInt": to_integer,
    "decimal": to_decimal,
    "base64Binary": to_base64,
}


def cast_for(fhir_type: str) -> Cast:
    """The cast by the FHIR type of the target: text, where JSON writes it as a string."""
    return CASTS.get(fhir_type, text_of)

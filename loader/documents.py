"""A FHIR resource's JSON as a MongoDB document, with nothing lost.

Everything is stored as it stands in JSON: dates stay text, for MongoDB's own date knows neither a day
without a time nor a zone. Numbers with a fraction or an exponent become Decimal128, since FHIR's decimals
have a precision (1.50 is not 1.5) that a double does not keep; MongoDB compares them with other numbers by
value. Whole numbers stay integers.
"""

from __future__ import annotations

from decimal import Context, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from json import JSONDecoder
from typing import Any, Final

from bson.decimal128 import Decimal128

from pipeline.errors import InvalidRecord

_LONGEST_INTEGER: Final = 2**63
# Decimal128's, but rounding is an error.
_EXACT: Final = Context(prec=34, Emin=-6143, Emax=6144, clamp=1, traps=[InvalidOperation, Overflow, Inexact])


def document(body: bytes) -> dict[str, Any]:
    """The resource as MongoDB will hold it.

    Raises InvalidRecord: `unwritable` for what is not a JSON object, or a number of more than 34 digits.
    """
    try:
        read = _READER.decode(body.decode())
    except (ValueError, RecursionError):
        raise InvalidRecord("the resource's body is not JSON", reason="unwritable") from None
    if not isinstance(read, dict):
        raise InvalidRecord("the resource's body is not a JSON object", reason="unwritable")
    return read


@lru_cache(maxsize=4096)  # measured values repeat, and Decimal128 is slow to make
def _decimal(text: str) -> Decimal128:
    try:
        return Decimal128(_EXACT.create_decimal(text))
    except ArithmeticError:
        raise InvalidRecord("a number has more than the 34 digits that are kept", reason="unwritable") from None


def _integer(text: str) -> int | Decimal128:
    number = int(text)
    return number if -_LONGEST_INTEGER <= number < _LONGEST_INTEGER else _decimal(text)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


# Made once: json.loads would make one a call, which costs as much as the reading.
_READER: Final = JSONDecoder(parse_float=_decimal, parse_int=_integer, parse_constant=_refuse)

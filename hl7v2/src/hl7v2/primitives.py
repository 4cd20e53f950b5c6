"""Which texts are values of the primitive data types that have a form (HL7 v2 chapter 2A)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from typing import Final

_ZONE: Final = r"(?:\+(?:0\d|1[0-4])[0-5]\d|-(?:0\d|1[0-2])[0-5]\d)?"
_CLOCK: Final = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,4})?)?)?"
_DATE: Final = r"(\d{4})(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12]\d|3[01])%s)?)?"

_FORMS: Final = {
    "DT": _DATE % "",
    "DTM": _DATE % rf"(?:{_CLOCK})?" + _ZONE,
    "TM": _CLOCK + _ZONE,
    "NM": r"[+-]?(?:\d+\.?\d*|\.\d+)",
    "SI": r"\d+",
    "SNM": r"[+\d]+",
    "TN": r"(?:\d\d )?(?:\(\d+\))?\d[\d-]*(?: ?X\d+)?(?:B\d+)?(?:C.*)?",
}


# What most values look like, in the fewest steps: every text of these has the type's form and is not too long.
_MONTH_AND_DAY: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])(?:29|30)|(?:0[13578]|1[02])31"
_LEAP_DAY: Final = r"(?:0[48]|[13579][26]|[2468][048])0229"
_PLAIN_DATE: Final = rf"[12]\d(?:\d\d(?:{_MONTH_AND_DAY})|{_LEAP_DAY})"
PLAIN_FORMS: Final = {
    "DT": _PLAIN_DATE,
    "DTM": _PLAIN_DATE + r"(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?:[+-]0\d[0-5]\d)?)?",
    "NM": r"-?\d{1,9}(?:\.\d{1,4})?",
    "SI": r"\d{1,4}",
}


def form_of(datatype: str) -> Callable[[str], bool] | None:
    """Whether a text is a value of a primitive type; None for a type that any text is a value of.

    >>> is_date, is_number = form_of("DT"), form_of("NM")
    >>> is_date("20240229"), is_date("20230229"), is_number("-1.50"), is_number("1e3")
    (True, False, True, False)
    """
    if datatype not in _FORMS:
        return None
    matches = re.compile(_FORMS[datatype], re.ASCII).fullmatch
    if datatype not in ("DT", "DTM"):
        return lambda text: matches(text) is not None

    def is_date(text: str) -> bool:
        found = matches(text)
        if found is None or text[:4] == "0000":
            return False
        day = found[3]
        return day is None or day <= "28" or int(day) <= calendar.monthrange(int(text[:4]), int(text[4:6]))[1]

    return is_date

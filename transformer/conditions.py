"""When an input group applies: conditions of a mapping as functions of one value.

Two sides are compared as numbers where both are written as numbers, as moments where both are dates (a day
is its midnight, T and a space are the same), else as text. An empty value makes every two-sided relation
false, whatever it is compared with.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from mapping.model import Condition
from transformer.values import Value, text_of

Test: TypeAlias = Callable[[Value], bool]

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,100}(?:\.[0-9]{0,100})?|\.[0-9]{1,100})")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9:.]{5,18})(?:Z|\+00(?::?00)?)?)?")
_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "LE": operator.le,
    "GE": operator.ge,
    "GT": operator.gt,
}


def condition_test(condition: Condition) -> Test:
    """Whether a group with this condition is to be taken, as a function of the column's value.

    The function raises UnfitError for bytes that are no text. Raises ValueError where there is no value to
    compare with.
    """
    holds = _relation(condition)
    if condition.action == "EXCLUDE":
        return lambda value: not holds(value)
    return holds


def _relation(condition: Condition) -> Test:
    if condition.relation == "NULL":
        return lambda value: text_of(value) is None
    if condition.relation == "NOTNULL":
        return lambda value: text_of(value) is not None
    if not condition.values:
        raise ValueError(f"relation {condition.relation} needs a value to compare with")
    relation = _RELATIONS.get(condition.relation, operator.eq)  # IN: equal to one of them
    tests = [_compare(relation, value) for value in condition.values]
    return tests[0] if len(tests) == 1 else _any_of(tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda value: any(test(value) for test in tests)


def _compare(relation: Callable[[Any, Any], bool], other: str) -> Test:
    """A two-sided relation with what the mapping wrote on its right side."""
    number = Decimal(other) if _NUMBER.fullmatch(other) else None
    moment = _moment(other)
    word = {"t": "true", "f": "false", "1": "true", "0": "false"}.get(other.lower(), other.lower())

    def test(value: Value) -> bool:
        text = text_of(value)
        if text is None:
            return False
        if isinstance(value, bool):
            return relation(text, word)
        if number is not None and _NUMBER.fullmatch(text) and (relation in _ORDER or _is_numeric(value, other)):
            return relation(Decimal(text), number)
        if moment is not None and (ours := _moment(text)) is not None:
            return relation(ours, moment)
        return relation(text, other)

    return test


_ORDER = (operator.lt, operator.le, operator.ge, operator.gt)


def _is_numeric(value: Value, other: str) -> bool:
    """Whether equality is that of numbers: "007" and "7" may be two codes, 7 and "7.0" are one number, and
    so are "5.00", as decimals come, and "5"."""
    return not isinstance(value, str) or "." in value or "." in other


def _moment(text: str) -> str | None:
    """A date or date and time in the one form that compares as text; None where it is neither."""
    match = _MOMENT.fullmatch(text)
    return None if match is None else f"{match[1]}T{match[2] or '00:00:00'}"

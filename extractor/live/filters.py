"""Whether a live row is one that a batch would extract: the filters of its mapping, without the database.

Only what is sure to be judged as the database would: numbers, and equality and patterns of text. Where texts are put in
order, a database has its own ideas.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from mapping.model import Filter
from pipeline.events import Value

Judge: TypeAlias = Callable[[Value], bool]

_NUMBERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("smallint", "integer", "bigint", "oid", "numeric"), Decimal),
    "double precision": float,
}
_TEXTS: Final = frozenset({"text", "character varying", "name"})
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, "<>": operator.ne, "=": operator.eq, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def judge(one: Filter, sql: str | None) -> Judge | None:
    """Tells of a value of the filter's column, of type `sql` (None: of no catalogue), whether it passes. A null never
    does. None where only the database can tell."""
    if one.relation == "LIKE":
        if sql is not None and sql not in _TEXTS:
            return None
        matches = _like(one.value).fullmatch
        return lambda value: value is not None and matches(str(value)) is not None
    if sql is None:
        return _numeric(one, Decimal) or _textual(one)
    if sql in _NUMBERS:
        return _numeric(one, _NUMBERS[sql])
    return _textual(one) if sql in _TEXTS and one.relation in ("=", "<>", "IN") else None


def _numeric(one: Filter, number: Callable[[str], Any]) -> Judge | None:
    """None where the filter's own values are no numbers. A value that is none does not pass."""
    try:
        wanted = [number(value) for value in one.values]
    except (ValueError, InvalidOperation):
        return None
    passes = _relation(one, wanted)

    def judged(value: Value) -> bool:
        try:
            return value is not None and passes(number(str(value)))
        except (ValueError, InvalidOperation):
            return False

    return judged


def _textual(one: Filter) -> Judge:
    passes = _relation(one, one.values)
    return lambda value: value is not None and passes(str(value))


def _relation(one: Filter, wanted: Any) -> Callable[[Any], bool]:
    if one.relation == "IN":
        return lambda value: value in wanted
    if one.relation == "BETWEEN":
        return lambda value: bool(wanted[0] <= value <= wanted[1])
    compare = _COMPARE[one.relation]
    return lambda value: compare(value, wanted[0])


def _like(pattern: str) -> re.Pattern[str]:
    """A pattern of SQL: % is any text, _ any character, a backslash takes the next one as it is."""
    parts = re.findall(r"\\?.", pattern, re.DOTALL)
    signs = {"%": ".*", "_": "."}
    return re.compile("".join(signs.get(part, re.escape(part[-1])) for part in parts), re.DOTALL)

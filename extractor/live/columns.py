"""What a connector sent of a column, as a batch would have read it: the same value, or text to the letter.

Where the source's catalogue tells the column's type, that decides; in a row without schemas, whole numbers in a column
of dates or times are then Connect's own (days, milliseconds). Where there is no catalogue, what the row itself says is
all there is. Of types that are not in KNOWN a row is no substitute for reading the table.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final, NoReturn

from extractor.live.connect_values import Beyond, Understood, of_day_units, of_days, of_units
from pipeline.errors import InvalidRecord
from pipeline.events import Value

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|NaN|-?Infinity")


def as_read(found: Understood, sql: str | None, *, column: str) -> Value:
    """`found` in a column of type `sql`, as the catalogue names it (None where there is none), as a batch has it.

    Raises InvalidRecord (`bad-value`), which names `column`.
    """
    if found is None:
        return None
    form = _FORMS.get(sql or "", _text)
    try:
        return form(found)
    except (ValueError, TypeError, ArithmeticError, KeyError):
        sentence = f'column "{column}" ({sql}) holds what no batch would read there: see docs/live-rows.md, "Values"'
        raise InvalidRecord(sentence, reason="bad-value") from None


def _text(found: Understood) -> Value:
    """Whatever its type."""
    if isinstance(found, Decimal):
        return _digits(found)
    if isinstance(found, datetime):
        return _moment(found) if found.tzinfo is None else _instant(found)
    if isinstance(found, date):
        return found.isoformat()
    if isinstance(found, time):
        return _fraction(found.isoformat())
    return _infinity(found) if isinstance(found, Beyond) else found


def _whole(found: Understood) -> Value:
    number = Decimal(str(found)) if isinstance(found, str | float | Decimal) else found
    if isinstance(number, bool) or not isinstance(number, int | Decimal) or number != int(number):
        raise ValueError
    return int(number)


def _boolean(found: Understood) -> Value:
    if isinstance(found, bool):
        return found
    return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}[str(found).lower()]


def _double(found: Understood) -> Value:
    return float(found) if isinstance(found, int | float | Decimal | str) else _refuse()


def _bytes(found: Understood) -> Value:
    return (
        base64.b64decode(found, validate=True)
        if isinstance(found, str)
        else found
        if isinstance(found, bytes)
        else _refuse()
    )


def _numeric(found: Understood) -> Value:
    """All its digits. Text must be a number, which a decimal in bytes is not, whose scale no schema tells."""
    if isinstance(found, str):
        return found if _NUMBER.fullmatch(found) else _refuse()
    if isinstance(found, float):
        return repr(found)
    return _digits(found) if isinstance(found, Decimal) else str(_whole(found))


def _digits(found: Decimal) -> str:
    return format(found, "f")


def _date(found: Understood) -> Value:
    if isinstance(found, int) and not isinstance(found, bool):
        found = of_days(found)
    if isinstance(found, str):
        return date.fromisoformat(found.removesuffix("Z")[:10]).isoformat() if _is_finite(found) else found
    if isinstance(found, datetime):
        found = found.date()
    return found.isoformat() if isinstance(found, date) else _infinity(found)


def _moment(found: Understood) -> Value:
    """Without a zone: as it stands, whatever zone the connector says it is in."""
    said = _said(found)
    return _fraction(said.replace(tzinfo=None).isoformat()) if isinstance(said, datetime) else said


def _instant(found: Understood) -> Value:
    """With a zone: in UTC. What says none is in UTC."""
    said = _said(found)
    if not isinstance(said, datetime):
        return said
    utc = said.astimezone(UTC) if said.tzinfo is not None else said
    return _fraction(utc.replace(tzinfo=None).isoformat()) + "+00:00"


def _said(found: Understood) -> datetime | str:
    """The moment, or how PostgreSQL writes what is none."""
    if isinstance(found, int) and not isinstance(found, bool):
        found = of_units(found, 1000)
    if isinstance(found, str):
        return datetime.fromisoformat(found) if _is_finite(found) else found
    return found if isinstance(found, datetime) else _infinity(found)


def _time(found: Understood) -> Value:
    if isinstance(found, int) and not isinstance(found, bool):
        found = of_day_units(found, 1000)
    if isinstance(found, str):
        found = time.fromisoformat(found.removesuffix("Z")) if not found.startswith("24:00") else "24:00:00"
    return _fraction(found.isoformat()) if isinstance(found, time) else found if isinstance(found, str) else _refuse()


def _padded(found: Understood) -> Value:
    return found.rstrip(" ") if isinstance(found, str) else _text(found)


def _fraction(text: str) -> str:
    """Of a second, as PostgreSQL writes it: without trailing noughts."""
    return text.rstrip("0") if "." in text else text


def _is_finite(text: str) -> bool:
    return text not in ("infinity", "-infinity") and not text.endswith("BC")


def _infinity(found: Understood) -> str:
    return ("infinity" if found.future else "-infinity") if isinstance(found, Beyond) else _refuse()


def _refuse() -> NoReturn:
    raise ValueError


_FORMS: Final[Mapping[str, Callable[[Understood], Value]]] = {
    **dict.fromkeys(("smallint", "integer", "bigint", "oid"), _whole),
    "boolean": _boolean,
    **dict.fromkeys(("real", "double precision"), _double),
    "bytea": _bytes,
    "numeric": _numeric,
    "date": _date,
    "timestamp without time zone": _moment,
    "timestamp with time zone": _instant,
    "time without time zone": _time,
    **dict.fromkeys(("character", "bpchar"), _padded),
    **dict.fromkeys(("text", "character varying", "citext", "name", "uuid", "json", "jsonb", "xml", "inet"), _text),
}
# Of the others connectors send something else than a batch reads.
KNOWN: Final = frozenset(_FORMS)

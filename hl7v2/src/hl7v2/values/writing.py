"""Values as the text that stands for them in a message: what reading gives, and Python's own numbers and times."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from hl7v2.delimiters import Delimiters
from hl7v2.errors import WriteError
from hl7v2.escapes import escape
from hl7v2.paths import Place
from hl7v2.values.composite import Composite
from hl7v2.values.times import TimeOfDay, Timestamp

Value = str | int | Decimal | date | Timestamp | TimeOfDay | Composite


def encoded(value: Value, place: Place, delimiters: Delimiters) -> str:
    """The text of `value` as it stands at `place`.

    A datetime is written to the second, or as precise as it is, and with its zone where it has one. Raises
    WriteError for what is none of `Value`, and where a composite is too deep for its parts.
    """
    if not isinstance(value, Composite):
        return escape(plain_text(value), delimiters)
    if place.component is None:
        return value.write(delimiters)
    if place.subcomponent is None:
        return value.write_component(delimiters)
    raise WriteError(f"{type(value).__name__} has components, for which there is no room in a subcomponent")


def plain_text(value: Value) -> str:
    """The text of a value without components, not escaped. Raises WriteError for what is none."""
    match value:
        case str():
            return value
        case bool():
            raise WriteError("True and False cannot be written: give the code that the field's table has, such as Y")
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case Timestamp() | TimeOfDay():
            return value.write()
        case datetime():
            return Timestamp.of(value).write()
        case date():
            return Timestamp(value.year, value.month, value.day).write()
        case Decimal():
            raise WriteError("a number that is not finite cannot be written")
    raise WriteError(
        f"a value of type {type(value).__name__} cannot be written: give text, int, Decimal, date, datetime or a value "
        "of hl7v2.values"
    )

"""A resource from several rows: what differs between rows becomes elements of lists.

Rows that agree in all values of a list's element, other than in lists inside of it, are one element; so the
same value in many rows, as joins make them, is one, and the order is that of first occurrence. A single row
is built by generated code instead (`transformer.generate`), with the same result.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

from transformer.target import Fixed, Many, Node, Object, Slot

Row: TypeAlias = tuple[Any, ...]


class SeveralValuesError(Exception):
    """Rows differ in an element that is no list. `slot` is that element's."""

    def __init__(self, slot: int) -> None:
        super().__init__(slot)
        self.slot = slot


def nest(node: Node, rows: Sequence[Row]) -> Any:
    """The JSON of a node, None for nothing. Raises SeveralValuesError."""
    match node:
        case Slot(number):
            values = distinct(number, rows)
            if len(values) > 1:
                raise SeveralValuesError(number)
            return values[0] if values else None
        case Fixed(value):
            return value
        case Many(templates):
            return elements(templates, rows)
        case Object():
            return nest_object(node, rows)


def nest_object(node: Object, rows: Sequence[Row]) -> dict[str, Any] | None:
    """An object, None when it has slots and none has a value."""
    if node.slots and not node.keep and not any(row[slot] is not None for slot in node.slots for row in rows):
        return None
    made = {name: nest(member, rows) for name, member in node.members.items()}
    return {name: value for name, value in made.items() if value is not None}


def elements(templates: Sequence[Node], rows: Sequence[Row]) -> list[Any] | None:
    """A list: the elements of each template, without those that an earlier one made; None for none."""
    if len(templates) == 1:
        # Those of one template differ among each other already.
        return [one for one in repeated(templates[0], rows) if one is not None] or None
    made: dict[Hashable, Any] = {}
    for template in templates:
        for one in repeated(template, rows):
            if one is not None:
                made.setdefault(hashable(one), one)
    return list(made.values()) or None


def hashable(value: Any) -> Hashable:
    """JSON as a key: equal for equal values. Comparing each with each would take a minute for 20,000 rows."""
    if isinstance(value, dict):
        return tuple((name, hashable(member)) for name, member in value.items())
    if isinstance(value, list):
        return tuple(map(hashable, value))
    key: Hashable = value
    return key


def repeated(template: Node, rows: Sequence[Row]) -> Sequence[Any]:
    """The elements that one template of a list gives: different from each other, None among them perhaps."""
    match template:
        case Slot(number):
            return distinct(number, rows)
        case Object() if template.slots:
            groups: dict[Row, list[Row]] = {}
            for row in rows:
                groups.setdefault(tuple(row[slot] for slot in template.own), []).append(row)
            return [nest(template, group) for group in groups.values()]
        case _:
            return [nest(template, rows)]


def distinct(slot: int, rows: Sequence[Row]) -> list[Any]:
    """The values of a slot over the rows, each once, in order, without None."""
    return [value for value in dict.fromkeys(row[slot] for row in rows) if value is not None]

"""Readers of segments into rows, made as Python functions from the columns of a schema.

A field of letters and digits, or of components without escapes, is read by code made for its columns. What is rarer
(escapes, HL7's null, phone numbers, values of observations) goes to `field_values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

from hl7v2.field_values import Reading, Values, field_reader, iso, observation_reader, read_texts
from hl7v2.paths import parse_path
from hl7v2.schemas import Column

Spares = list[tuple[int, Values]]  # what further paths of columns gave, with the rank of the path
SegmentReader = Callable[[Sequence[str], Values, Spares], None]

_PLAIN: Final = frozenset(("text", "time"))


def segment_readers(columns: Sequence[Column], reading: Reading) -> dict[str, SegmentReader]:
    """A reader for each segment that `columns` are read from.

    It puts into a row what the first paths of columns give, and into the spares what further paths do.
    """
    wanted: dict[str, _Fields] = {}
    for column in columns:
        if column.kind in ("position", "name", "notes"):
            continue
        for rank, path in enumerate(column.paths):
            name, _, place = parse_path(path)
            wanted.setdefault(name, {}).setdefault((place.field, rank), []).append((column, path))
    return {name: _made(fields, reading) for name, fields in wanted.items()}


def repetition_reader(columns: Sequence[Column], reading: Reading) -> SegmentReader:
    """A reader of one repetition of the field that all `columns` are read from: of `[text]`, for a segment."""
    return _made({(0, 0): [(column, column.paths[0]) for column in columns]}, reading)


def settle(row: Values, spares: Spares) -> None:
    """Fill what the first paths left empty from the further ones, in their order."""
    for _, values in sorted(spares, key=lambda spare: spare[0]):
        for name, value in values.items():
            if row[name] is None:
                row[name] = value
    spares.clear()


_Fields = dict[tuple[int, int], list[tuple[Column, str]]]  # columns with their paths, by field and rank


def _made(fields: _Fields, reading: Reading) -> SegmentReader:
    delimiters = reading.delimiters
    names: dict[str, object] = {
        "R": delimiters.repetition,
        "C": delimiters.component,
        "S": delimiters.subcomponent,
        "E": delimiters.escape,
        "iso": iso,
        "texts": lambda text: read_texts(text, reading),
        "value": observation_reader(reading),
    }
    lines = ["def read(f, row, spares):", " n = len(f)"]
    for (number, rank), columns in sorted(fields.items(), key=lambda field: field[0]):
        general = f"general{number}_{rank}"
        names[general] = field_reader(columns, reading)
        lines += [f" if n > {number} and (t := f[{number}]):", *_field_source(columns, number, rank, general)]
    # Names and numbers of the source are those of our own columns; what a sender chose comes in as a value.
    exec("\n".join(lines), names)  # noqa: S102
    return cast("SegmentReader", names["read"])


def _field_source(columns: Sequence[tuple[Column, str]], number: int, rank: int, general: str) -> Iterator[str]:
    kinds = {column.kind for column, _ in columns}
    if kinds == {"texts"}:
        yield from (f"  row[{column.name!r}] = [t] if t.isalnum() else texts(t)" for column, _ in columns)
    elif kinds <= {"value", "value_code", "value_number"}:
        yield f"  row.update(value(f[{number - 3}], t))"
    elif rank:
        missing = " or ".join(f"row[{column.name!r}] is None" for column, _ in columns)
        yield f"  if {missing}: spares.append(({rank}, {general}(t)))"
    elif not kinds <= _PLAIN:
        yield f"  row.update({general}(t))"
    else:
        yield from _plain_source(columns, general)


def _plain_source(columns: Sequence[tuple[Column, str]], general: str) -> Iterator[str]:
    places = [
        (column, place.component or 1, place.subcomponent or 1)
        for column, path in columns
        for place in (parse_path(path).place,)
    ]
    yield "  if t.isalnum():"
    whole = [
        f"   row[{column.name!r}] = {_finished(column, 't')}"
        for column, component, subcomponent in places
        if component == subcomponent == 1
    ]
    yield from whole or ["   pass"]
    yield f"  elif E in t or '\"' in t: row.update({general}(t))"
    yield "  else:"
    yield "   if R in t: t = t.partition(R)[0]"
    yield "   c = t.split(C)"
    yield "   m = len(c)"
    for column, component, subcomponent in places:
        yield f"   if m >= {component} and (v := c[{component - 1}]):"
        if subcomponent == 1:
            yield "    if S in v: v = v.partition(S)[0]"
        else:
            yield f"    p = v.split(S, {subcomponent})"
            yield f"    v = p[{subcomponent - 1}] if len(p) >= {subcomponent} else ''"
        yield f"    if v: row[{column.name!r}] = {_finished(column, 'v')}"


def _finished(column: Column, value: str) -> str:
    return f"iso({value})" if column.kind == "time" else value

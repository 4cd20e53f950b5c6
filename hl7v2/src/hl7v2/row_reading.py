"""Readers of rows and elements, made as Python functions from the columns of a schema.

A field without escapes and HL7's null is read by code made for its columns; any other goes to `field_values`, which
reads all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import cast

from hl7v2.field_values import (
    REMEMBERED,
    TOO_LONG_TO_REMEMBER,
    Reading,
    Values,
    email,
    field_reader,
    iso,
    observation_reader,
    phone,
    read_texts,
)
from hl7v2.paths import parse_path
from hl7v2.schemas import Column

Fields = Sequence[str]
ElementReader = Callable[[Mapping[str, Fields]], Values]
RepetitionsReader = Callable[[str], list[Values]]

_Columns = Sequence[tuple[Column, str]]  # of one field, each with its path


def element_reader(columns: Sequence[Column], reading: Reading, lists: Sequence[str] = ()) -> ElementReader:
    """What reads `columns` from the fields of segments by name, and adds an empty list for each of `lists`.

    Of a column's paths the first that was sent counts, whatever the order of the segments.
    """
    source = _Source(columns, reading, lists)
    lines = ["def read(segments):", *source.beginning()]
    for (_, segment), fields in groupby(sorted(source.fields), key=lambda field: field[:2]):
        lines += [f" f = segments.get({segment!r}, ())", " n = len(f)", " if n:"]
        lines += [f" {line}" for rank, _, number in fields for line in source.field_lines(rank, segment, number)]
    lines.append(" return row")
    return cast("ElementReader", source.made(lines))


def repetitions_reader(columns: Sequence[Column], reading: Reading) -> RepetitionsReader:
    """What reads `columns`, all of one field, from each repetition in the field's text."""
    source = _Source(columns, reading)
    (field,) = source.fields.values()
    lines = ["def read(text):", " rows = []", " for t in text.split(R):", *(f" {one}" for one in source.beginning())]
    lines += [*source.plain_lines(field), "  rows.append(row)", " return rows"]
    return cast("RepetitionsReader", source.made(lines))


class _Source:
    """The source of a reader while it is put together, and the names that it uses."""

    def __init__(self, columns: Sequence[Column], reading: Reading, lists: Sequence[str] = ()) -> None:
        self._reading = reading
        self._names = [column.name for column in columns if column.kind == "name"]
        self._lists = [*(column.name for column in columns if column.kind in ("texts", "notes")), *lists]
        # The columns of each field with their paths, by rank of the path, segment and number of the field.
        self.fields: dict[tuple[int, str, int], list[tuple[Column, str]]] = {}
        for column in columns:
            if column.kind not in ("position", "name", "notes"):
                for rank, path in enumerate(column.paths):
                    name, _, place = parse_path(path)
                    self.fields.setdefault((rank, name, place.field), []).append((column, path))
        delimiters = reading.delimiters
        self.names: dict[str, object] = {
            "EMPTY": dict.fromkeys((*(column.name for column in columns), *lists)),
            "R": delimiters.repetition,
            "C": delimiters.component,
            "S": delimiters.subcomponent,
            "E": delimiters.escape,
            "reading": reading,
            "iso": iso,
            "phone": phone,
            "email": email,
            "texts": lambda text: read_texts(text, reading),
            "value": observation_reader(reading),
        }

    def made(self, lines: Sequence[str]) -> object:
        """The function `read` of the source."""
        # Names and numbers of the source are those of our own columns; what a sender chose comes in as a value.
        exec("\n".join(lines), self.names)  # noqa: S102
        return self.names["read"]

    def beginning(self) -> Iterator[str]:
        """Lines that make a row in which nothing is yet."""
        yield " row = EMPTY.copy()"
        yield from (f" row[{name!r}] = []" for name in self._lists)
        yield from (f" row[{name!r}] = next(iter(segments))" for name in self._names)

    def field_lines(self, rank: int, segment: str, number: int) -> Iterator[str]:
        """Lines that read what one field gives, as far as paths of lower rank have not given it."""
        columns = self.fields[rank, segment, number]
        kinds = {column.kind for column, _ in columns}
        missing = f"({' or '.join(f'{_place(column)} is None' for column, _ in columns)}) and " if rank else ""
        yield f" if {missing}n > {number} and (t := f[{number}]):"
        if rank:
            yield from self._spare_lines(columns)
        elif kinds == {"texts"}:
            yield from (f"  {_place(column)} = [t] if t.isalnum() else texts(t)" for column, _ in columns)
        elif kinds <= {"value", "value_code", "value_number"}:
            yield from _value_lines(f"f[{number - 3}]")
        elif kinds <= {"phone", "email"}:
            yield from self._contact_lines(columns)
        elif any(column.often for column, _ in columns):
            yield from self._often_lines(columns)
        else:
            yield from self.plain_lines(columns)

    def _spare_lines(self, columns: _Columns) -> Iterator[str]:
        """Lines that read what is missing, from any text."""
        yield f"  g = {self._general(columns)}(t)"
        for column, _ in columns:
            yield f"  if {_place(column)} is None: {_place(column)} = g.get({column.name!r})"

    def _contact_lines(self, columns: _Columns) -> Iterator[str]:
        """Lines that read each column from the first repetition that has it."""
        yield f"  if E in t or '\"' in t: row.update({self._general(columns)}(t))"
        yield "  else:"
        yield "   for r in t.split(R):"
        yield "    c = r.split(C)"
        yield "    m = len(c)"
        for column, _ in columns:
            yield f"    if {_place(column)} is None: {_place(column)} = {_whole(column)} or None"

    def _often_lines(self, columns: _Columns) -> Iterator[str]:
        """Lines that read the columns as remembered, by a function of their own."""
        inner = _Source([column for column, _ in columns], self._reading)
        lines = ["def read(t):", *inner.beginning(), *(line[1:] for line in inner.plain_lines(columns)), " return row"]
        read = cast("Callable[[str], Values]", inner.made(lines))
        often = self._named("often", lru_cache(maxsize=REMEMBERED)(read))
        long = self._named("long", read)
        yield f"  row.update({often}(t) if len(t) < {TOO_LONG_TO_REMEMBER} else {long}(t))"

    def plain_lines(self, columns: _Columns) -> Iterator[str]:
        """Lines that read the columns from the first repetition of `t`."""
        places = [
            (column, place.component or 1, place.subcomponent or 1)
            for column, path in columns
            for place in (parse_path(path).place,)
        ]
        firsts = [column for column, component, subcomponent in places if component == subcomponent == 1]
        yield "  if t.isalnum():"
        yield from [f"   {_place(column)} = {_finished(column, 't')}" for column in firsts] or ["   pass"]
        yield f"  elif E in t or '\"' in t: row.update({self._general(columns)}(t))"
        yield "  elif t:"
        yield "   if R in t: t = t.partition(R)[0]"
        yield "   c = t.split(C)"
        yield "   m = len(c)"
        for column, component, subcomponent in places:
            if column.kind in ("phone", "email"):
                yield f"   {_place(column)} = {_whole(column)} or None"
                continue
            yield f"   if m >= {component} and (v := c[{component - 1}]):"
            if subcomponent == 1:
                yield "    if S in v: v = v.partition(S)[0]"
            else:
                yield f"    p = v.split(S, {subcomponent})"
                yield f"    v = p[{subcomponent - 1}] if len(p) >= {subcomponent} else ''"
            yield f"    if v: {_place(column)} = {_finished(column, 'v')}"

    def _general(self, columns: _Columns) -> str:
        """The name of a function that reads any text of the field, and remembers it."""
        return self._named("general", field_reader(columns, self._reading))

    def _named(self, kind: str, function: object) -> str:
        """A name for a function, to call it by in the source."""
        name = f"{kind}{len(self.names)}"
        self.names[name] = function
        return name


def _value_lines(value_type: str) -> Iterator[str]:
    yield f"  if {value_type} == 'NM' and t.isascii() and t.replace('.', '', 1).isdigit():"
    yield "   row['value'] = t"
    yield "   row['value_number'] = float(t)"
    yield f"  else: row['value'], row['value_code'], row['value_number'] = value({value_type}, t)"


def _place(column: Column) -> str:
    return f"row[{column.name!r}]"


def _whole(column: Column) -> str:
    """An expression for a column that is read from all components `c`; what is usual is read in place."""
    if column.kind == "phone":
        return "(c[0] if c[0] and '@' not in c[0] and S not in c[0] else phone(c, reading))"
    return "(c[3] if m > 3 and '@' in c[3] and S not in c[3] else email(c, reading) if '@' in c[0] else '')"


def _finished(column: Column, value: str) -> str:
    return f"iso({value})" if column.kind == "time" else value

"""Readers of rows and elements, made as Python functions from the columns of a schema.

A field without escapes and HL7's null is read by code made for its columns; any other goes to `field_values`, which
reads all. A function sets a variable for each column, `v0` and so on, and returns them as a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
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

_LISTS = frozenset(("texts", "notes"))


def element_reader(columns: Sequence[Column], reading: Reading, lists: Iterable[str] = ()) -> ElementReader:
    """What reads `columns` from the fields of segments by name, and adds an empty list for each of `lists`.

    Of a column's paths the first that was sent counts, whatever the order of the segments.
    """
    source = _Source(columns, reading)
    lines = ["def read(segments):", f" {' = '.join(source.variables)} = None"]
    for segment in source.segments:
        lines += [f" f{segment} = segments.get({segment!r}, ())", f" n{segment} = len(f{segment})"]
    for rank, segment, number in sorted(source.fields):
        lines += source.field_lines(rank, segment, number)
    lines.append(f" return {source.display(lists)}")
    return cast("ElementReader", source.made(lines))


def repetitions_reader(columns: Sequence[Column], reading: Reading) -> RepetitionsReader:
    """What reads `columns`, all of one field, from each repetition in the field's text."""
    source = _Source(columns, reading)
    (field,) = source.fields.values()
    lines = ["def read(text):", " out = []", " for t in text.split(R):", f"  {' = '.join(source.variables)} = None"]
    lines += source.plain_lines(field, source.general(field))
    lines += [f"  out.append({source.display(())})", " return out"]
    return cast("RepetitionsReader", source.made(lines))


class _Source:
    """The source of a reader while it is put together, and the names that it uses."""

    def __init__(self, columns: Sequence[Column], reading: Reading) -> None:
        self._columns = columns
        self._reading = reading
        self._variable = {column.name: f"v{number}" for number, column in enumerate(columns)}
        self.variables = list(self._variable.values())
        # The columns of each field with their paths, by rank of the path, segment and number of the field.
        self.fields: dict[tuple[int, str, int], list[tuple[Column, str]]] = {}
        for column in columns:
            if column.kind not in ("position", "name", "notes"):
                for rank, path in enumerate(column.paths):
                    name, _, place = parse_path(path)
                    self.fields.setdefault((rank, name, place.field), []).append((column, path))
        self.segments = sorted({segment for _, segment, _ in self.fields})
        delimiters = reading.delimiters
        self.names: dict[str, object] = {
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

    def display(self, lists: Iterable[str]) -> str:
        """The dict of all columns."""
        pairs = [f"{column.name!r}: {self._final(column)}" for column in self._columns]
        return f"{{{', '.join([*pairs, *(f'{name!r}: []' for name in lists)])}}}"

    def _final(self, column: Column) -> str:
        variable = self._variable[column.name]
        if column.kind == "name":
            return "next(iter(segments))"
        return f"{variable} or []" if column.kind in _LISTS else variable

    def field_lines(self, rank: int, segment: str, number: int) -> Iterator[str]:
        """Lines that read what one field gives, as far as paths of lower rank have not given it."""
        columns = self.fields[rank, segment, number]
        kinds = {column.kind for column, _ in columns}
        variables = [self._variable[column.name] for column, _ in columns]
        missing = f"({' or '.join(f'{one} is None' for one in variables)}) and " if rank else ""
        yield f" if {missing}n{segment} > {number} and (t := f{segment}[{number}]):"
        if kinds == {"texts"}:
            yield from (f"  {one} = [t] if t.isalnum() else texts(t)" for one in variables)
        elif kinds <= {"value", "value_code", "value_number"}:
            yield from self._value_lines(f"f{segment}[{number - 3}]")
        elif rank or kinds <= {"phone", "email"}:
            general = self.general(columns)
            yield from self._contact_lines(columns, general) if not rank else self._spare_lines(columns, general)
        elif any(column.often for column, _ in columns):
            yield from self._often_lines(columns)
        else:
            yield from self.plain_lines(columns, self.general(columns))

    def general(self, columns: Sequence[tuple[Column, str]]) -> str:
        """The name of a function that reads any text of the field, and remembers it."""
        name = f"general{len(self.names)}"
        self.names[name] = field_reader(columns, self._reading)
        return name

    def _spare_lines(self, columns: Sequence[tuple[Column, str]], general: str) -> Iterator[str]:
        yield f"  g = {general}(t)"
        for column, _ in columns:
            variable = self._variable[column.name]
            yield f"  if {variable} is None: {variable} = g.get({column.name!r})"

    def _value_lines(self, value_type: str) -> Iterator[str]:
        value, code, number = (self._variable[name] for name in ("value", "value_code", "value_number"))
        yield f"  if {value_type} == 'NM' and t.isascii() and t.replace('.', '', 1).isdigit():"
        yield f"   {value} = t"
        yield f"   {number} = float(t)"
        yield f"  else: {value}, {code}, {number} = value({value_type}, t)"

    def _contact_lines(self, columns: Sequence[tuple[Column, str]], general: str) -> Iterator[str]:
        """Lines that read each column from the first repetition that has it."""
        yield "  if E in t or '\"' in t:"
        yield from (f" {line}" for line in self._spare_lines(columns, general))
        yield "  else:"
        yield "   for r in t.split(R):"
        yield "    c = r.split(C)"
        yield "    m = len(c)"
        for column, _ in columns:
            variable = self._variable[column.name]
            yield f"    if {variable} is None: {variable} = {_whole(column)} or None"

    def _often_lines(self, columns: Sequence[tuple[Column, str]]) -> Iterator[str]:
        """Lines that read the columns as remembered, by a function of their own."""
        inner = _Source([column for column, _ in columns], self._reading)
        general = inner.general(columns)
        variables = "".join(f"{inner._variable[column.name]}, " for column, _ in columns)
        lines = ["def read(t):", f"  {' = '.join(inner.variables)} = None", *inner.plain_lines(columns, general)]
        read = cast("Callable[[str], Values]", inner.made([*lines, f"  return {variables}"]))
        name = f"often{len(self.names)}"
        self.names |= {name: lru_cache(maxsize=REMEMBERED)(read), f"{name}_long": read}
        ours = "".join(f"{self._variable[column.name]}, " for column, _ in columns)
        yield f"  {ours}= {name}(t) if len(t) < {TOO_LONG_TO_REMEMBER} else {name}_long(t)"

    def plain_lines(self, columns: Sequence[tuple[Column, str]], general: str) -> Iterator[str]:
        """Lines that read the columns from the first repetition of `t`."""
        places = [
            (column, self._variable[column.name], place.component or 1, place.subcomponent or 1)
            for column, path in columns
            for place in (parse_path(path).place,)
        ]
        firsts = [
            (column, variable) for column, variable, component, subcomponent in places if component * subcomponent == 1
        ]
        yield "  if t.isalnum():"
        yield from [f"   {variable} = {_finished(column, 't')}" for column, variable in firsts] or ["   pass"]
        yield "  elif E in t or '\"' in t:"
        yield from (f" {line}" for line in self._spare_lines(columns, general))
        yield "  elif t:"
        yield "   if R in t: t = t.partition(R)[0]"
        yield "   c = t.split(C)"
        yield "   m = len(c)"
        for column, variable, component, subcomponent in places:
            if column.kind in ("phone", "email"):
                yield f"   {variable} = {_whole(column)} or None"
                continue
            yield f"   if m >= {component} and (v := c[{component - 1}]):"
            if subcomponent == 1:
                yield "    if S in v: v = v.partition(S)[0]"
            else:
                yield f"    p = v.split(S, {subcomponent})"
                yield f"    v = p[{subcomponent - 1}] if len(p) >= {subcomponent} else ''"
            yield f"    if v: {variable} = {_finished(column, 'v')}"


def _whole(column: Column) -> str:
    """An expression for a column that is read from all components `c`; what is usual is read in place."""
    if column.kind == "phone":
        return "(c[0] if c[0] and '@' not in c[0] and S not in c[0] else phone(c, reading))"
    return "(c[3] if m > 3 and '@' in c[3] and S not in c[3] else email(c, reading) if '@' in c[0] else '')"


def _finished(column: Column, value: str) -> str:
    return f"iso({value})" if column.kind == "time" else value

"""Readers of rows and elements, made as Python functions from the columns of a schema.

A made function cuts each segment into local variables and each field as far as its columns need. A field with an
escape or HL7's null in it is left to `field_values`, and so are fields of which a feed says few things many times.
`odd` tells a function whether such an escape or null is anywhere in the message at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, cast

from hl7v2.cutting import Row
from hl7v2.field_values import (
    PLAIN_TYPES,
    Reading,
    email_reader,
    field_values,
    iso,
    observation_reader,
    phone_reader,
    text_reader,
    texts_reader,
    time_reader,
)
from hl7v2.message import NULL
from hl7v2.paths import Path, parse_path
from hl7v2.schemas import Column

Element = dict[str, Any]
ElementReader = Callable[[Mapping[str, Row], bool], Element]
SegmentReader = Callable[[Row, bool], Element]
RepetitionsReader = Callable[[str, bool], list[Element]]

_Columns = Sequence[tuple[Column, Path]]  # of one field, each with its path


def element_reader(columns: Sequence[Column], reading: Reading, lists: Sequence[str] = ()) -> ElementReader:
    """What reads `columns` from the fields of segments by name, and adds an empty list for each of `lists`.

    Of a column's paths the first that was sent counts, whatever the order of the segments.
    """
    source = _Source(columns, reading, lists)
    lines = ["def read(segments, odd):", *source.beginning()]
    for (_, segment), fields in groupby(sorted(source.fields), key=lambda field: field[:2]):
        lines += [f" f = segments.get({segment!r})", " if f:"]
        lines += [f" {line}" for line in source.segment_lines(list(fields))]
    lines.append(" return row")
    return cast("ElementReader", source.made(lines))


def segment_reader(segment: str, columns: Sequence[Column], reading: Reading) -> SegmentReader:
    """What reads `columns` from the fields of one segment, as far as they stand in segments of that name."""
    source = _Source(columns, reading, segment=segment)
    lines = ["def read(f, odd):", *source.beginning(), *source.segment_lines(sorted(source.fields)), " return row"]
    return cast("SegmentReader", source.made(lines))


def repetitions_reader(columns: Sequence[Column], reading: Reading) -> RepetitionsReader:
    """What reads `columns`, all of one field, from each repetition in the field's text."""
    source = _Source(columns, reading)
    (field,) = source.fields.values()
    lines = ["def read(text, odd):", " rows = []", " for t in text.split(R):"]
    lines += [*(f" {one}" for one in source.beginning()), *source.component_lines("t", field, repeats=False)]
    lines += ["  rows.append(row)", " return rows"]
    return cast("RepetitionsReader", source.made(lines))


class _Source:
    """The source of a reader while it is put together, and the names that it uses."""

    def __init__(
        self, columns: Sequence[Column], reading: Reading, lists: Sequence[str] = (), segment: str | None = None
    ) -> None:
        self._reading = reading
        self._segment = segment
        self._names = [column.name for column in columns if column.kind == "name"]
        self._lists = [*(column.name for column in columns if column.kind in ("texts", "notes")), *lists]
        # The columns of each field with their paths. A field's key is when it is read, its segment, the rank of
        # the path among the column's and the number of the field.
        self.fields: dict[tuple[int, str, int, int], list[tuple[Column, Path]]] = {}
        for column in columns:
            if column.kind not in ("position", "name", "notes"):
                self._add(column)
        delimiters = reading.delimiters
        self.names: dict[str, object] = {
            "EMPTY": dict.fromkeys((*(column.name for column in columns), *lists)),
            "NULL": NULL,
            "PLAIN": PLAIN_TYPES - {"NM"},
            "R": delimiters.repetition,
            "C": delimiters.component,
            "S": delimiters.subcomponent,
            "E": delimiters.escape,
            "iso": iso,
            "text": text_reader(reading),
            "time": time_reader(reading),
            "texts": texts_reader(reading),
            "phone": phone_reader(reading),
            "email": email_reader(reading),
            "value": observation_reader(reading),
        }

    def _add(self, column: Column) -> None:
        paths = [path for path in map(parse_path, column.paths) if self._segment in (None, path.segment)]
        for rank, path in enumerate(paths):
            # Another segment's field must wait until those that go before it have been read.
            when = 0 if {one.segment for one in paths[:rank]} <= {path.segment} else rank
            self.fields.setdefault((when, path.segment, rank, path.place.field), []).append((column, path))

    def made(self, lines: Sequence[str]) -> object:
        """The function `read` of the source."""
        # Names and numbers of the source are those of our own columns; what a sender chose comes in as a value.
        exec("\n".join(lines), self.names)  # noqa: S102
        return self.names["read"]

    def beginning(self) -> Iterator[str]:
        """Lines that make a row in which nothing is yet."""
        yield " row = EMPTY.copy()"
        yield from (f" row[{name!r}] = []" for name in self._lists)
        yield from (f" row[{name!r}] = {self._segment!r}" for name in self._names)

    def segment_lines(self, keys: Sequence[tuple[int, str, int, int]]) -> Iterator[str]:
        """Lines that read fields of the segment `f`."""
        numbers = {number for *_, number in keys}
        if any(column.kind == "value" for key in keys for column, _ in self.fields[key]):
            numbers.add(_VALUE_TYPE)
        width = max(numbers, default=0) + 1
        padding = f"PADDING{width}"
        self.names[padding] = [[""] * (width - length) for length in range(width)]
        yield " n = len(f)"
        yield f" if n != {width}: f = f + {padding}[n] if n < {width} else f[:{width}]"
        yield f" {', '.join(f'f{at}' if at in numbers else '_' for at in range(width))}, = f"
        for key in keys:
            yield from self._field_lines(f"f{key[3]}", rank=key[2], columns=self.fields[key])

    def _field_lines(self, t: str, rank: int, columns: _Columns) -> Iterator[str]:
        """Lines that read what the field text `t` gives, as far as paths of lower rank have not given it."""
        kinds = {column.kind for column, _ in columns}
        missing = f" and ({' or '.join(f'{_place(column)} is None' for column, _ in columns)})" if rank else ""
        yield f" if {t}{missing}:"
        if rank:
            yield f"  v = {self._values(columns)}[{t}]"
            for at, (column, _) in enumerate(columns):
                yield f"  if {_place(column)} is None: {_place(column)} = v[{at}]"
        elif kinds <= {"value", "value_code", "value_number"}:
            yield from _value_lines(t)
        elif any(column.often for column, _ in columns):
            yield f"  {self._general(t, columns)}"
        elif kinds <= {"phone", "email"}:
            yield from self._contact_lines(t, columns)
        elif all(column.kind == "texts" or _is_first(path) for column, path in columns):
            yield from (f"  {_place(column)} = {_FIRST_LEAF[column.kind].format(t)}" for column, _ in columns)
        else:
            yield from self.component_lines(t, columns, repeats=True)

    def _contact_lines(self, t: str, columns: _Columns) -> Iterator[str]:
        """Lines that read each column from the first repetition that has it."""
        yield f"  if odd and (E in {t} or NULL in {t}): {self._general(t, columns)}"
        yield "  else:"
        yield f"   for r in {t}.split(R):"
        yield from (
            f"    if {_place(column)} is None: {_place(column)} = {column.kind}(r) or None" for column, _ in columns
        )

    def component_lines(self, t: str, columns: _Columns, *, repeats: bool) -> Iterator[str]:
        """Lines that read columns of several components from the text `t`; of one that repeats, from the first."""
        places = [(column, path.place.component or 1, path.place.subcomponent or 1) for column, path in columns]
        deepest = max(component for _, component, _ in places)
        blank = f"BLANK{deepest}"
        self.names[blank] = ("",) * deepest
        yield f"  if odd and (E in {t} or NULL in {t}): {self._general(t, columns)}"
        yield "  else:"
        if repeats:
            yield f"   if R in {t}: {t} = {t}.partition(R)[0]"
        yield f"   c = {t}.split(C, {deepest})"
        yield f"   c += {blank}"
        # Hardly any has subcomponents.
        yield f"   if S in {t}:"
        for component, group in groupby(places, lambda one: one[1]):
            yield from _leaf_lines(t, f"c[{component - 1}]", [(column, leaf) for column, _, leaf in group])
        plain = [_leaf_line(t, f"c[{component - 1}]", column) for column, component, leaf in places if leaf == 1]
        yield f"   else: {'; '.join(plain) or 'pass'}"

    def _general(self, t: str, columns: _Columns) -> str:
        """A statement that sets the columns from any text `t` of the field."""
        return f"{', '.join(_place(column) for column, _ in columns)}, = {self._values(columns)}[{t}]"

    def _values(self, columns: _Columns) -> str:
        """A name for what reads, and remembers, any text of the field."""
        shape = tuple(
            (column.kind, path.place.component or 1, path.place.subcomponent or 1) for column, path in columns
        )
        name = f"values{len(self.names)}"
        self.names[name] = field_values(shape, self._reading)
        return name


_VALUE_TYPE: Final = 2  # OBX-2

# Expressions for columns that are read from the first leaves of a field's text.
_FIRST_LEAF: Final = {
    "text": "{0} if {0}.isalnum() else text({0})",  # letters and digits alone are the whole of it
    "time": "iso({0}) if {0}.isdigit() else time({0})",
    "texts": "[{0}] if {0}.isalnum() else texts({0})",
}


def _is_first(path: Path) -> bool:
    return (path.place.component or 1) == (path.place.subcomponent or 1) == 1


def _value_lines(t: str) -> Iterator[str]:
    # No float has more than 308 digits before its point.
    yield f"  if f{_VALUE_TYPE} == 'NM' and len({t}) < 300 and {t}.isascii() and {t}.replace('.', '', 1).isdigit():"
    yield f"   row['value'] = {t}"
    yield f"   row['value_number'] = float({t})"
    yield f"  elif f{_VALUE_TYPE} in PLAIN and R not in {t} and not odd:"
    yield f"   row['value'] = {t}"
    yield f"  else: row['value'], row['value_code'], row['value_number'] = value(f{_VALUE_TYPE}, {t})"


def _leaf_lines(t: str, component: str, columns: Sequence[tuple[Column, int]]) -> Iterator[str]:
    """Lines that read columns, each with its subcomponent, from a component of the repetition `t`."""
    yield f"    p = {component}.split(S)"
    for column, subcomponent in columns:
        if subcomponent == 1:
            yield f"    {_leaf_line(t, 'p[0]', column)}"
        else:
            yield f"    if len(p) >= {subcomponent}: {_place(column)} = p[{subcomponent - 1}] or None"


def _leaf_line(t: str, leaf: str, column: Column) -> str:
    """A statement that sets a column from a leaf of the repetition `t`."""
    if column.kind in ("phone", "email"):
        return f"{_place(column)} = {column.kind}({t}) or None"
    if column.kind == "time":
        return f"{_place(column)} = iso({leaf}) if {leaf} else None"
    return f"{_place(column)} = {leaf} or None"


def _place(column: Column) -> str:
    return f"row[{column.name!r}]"

"""Messages as plain dicts, one row a message, for whoever works with tables: notebooks, data frames, Spark.

Which keys a row has stands in `hl7v2.schemas`, and in the documentation's page on schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, cast, overload

from hl7v2.batches import BatchReader, split
from hl7v2.delimiters import Delimiters
from hl7v2.field_values import Reading, Values, read_texts
from hl7v2.message import Message, parse
from hl7v2.paths import parse_path
from hl7v2.row_reading import Fields, element_reader, repetitions_reader
from hl7v2.schemas import SCHEMAS, Rows, Schema, schema_of


@overload
def split_hl7_batch(content: bytes) -> list[bytes]: ...
@overload
def split_hl7_batch(content: str) -> list[str]: ...
@overload
def split_hl7_batch(content: BinaryIO) -> Iterator[bytes]: ...
def split_hl7_batch(content: bytes | str | BinaryIO) -> list[bytes] | list[str] | Iterator[bytes]:
    """The messages of a batch or file, each as it stands, without the envelopes (FHS, BHS, BTS, FTS).

    What is in memory gives a list. A file open for reading bytes gives an iterator that holds one message at a time.
    Content without a message gives none; `hl7v2.BatchReader` says what was odd about a file.
    """
    if isinstance(content, str):
        return cast("list[str]", list(split(content)))
    messages = iter(BatchReader(content))
    return list(messages) if isinstance(content, bytes) else messages


@overload
def parse_hl7v2_file(content: bytes | str) -> list[dict[str, Any]]: ...
@overload
def parse_hl7v2_file(content: BinaryIO) -> Iterator[dict[str, Any]]: ...
def parse_hl7v2_file(content: bytes | str | BinaryIO) -> list[dict[str, Any]] | Iterator[dict[str, Any]]:
    """One row for each message of a batch or file: `split_hl7_batch` and `parse_hl7v2_message` in one.

    What is in memory gives a list. A file open for reading bytes gives an iterator, in memory that does not grow.
    """
    rows = map(parse_hl7v2_message, split_hl7_batch(content))
    return list(rows) if isinstance(content, (bytes, str)) else rows


def parse_hl7v2_message(message: bytes | str | Message) -> dict[str, Any]:
    """One message as a row, by the schema of its type (`hl7v2.schemas.schema_of`).

    Every key of the schema is there: None where nothing was sent, "" where the sender sent HL7's null, a list, maybe
    an empty one, for what repeats. Dates and times are ISO 8601; one that is illegal stays as it was sent. A message
    that is broken is read as far as it goes. Raises ParseError where there is no MSH segment at all.
    """
    if not isinstance(message, Message):
        message = parse(message)
    return _row_reader(schema_of(message.message_type).name, message.delimiters, message.encoding).read(message)


class _Element:
    """An element of a list that several segments make, until the next one begins."""

    __slots__ = ("at", "notes", "segments")

    def __init__(self) -> None:
        self.segments: dict[str, Fields] = {}
        self.notes: list[str] = []
        self.at = -1  # its index in the list, once it is known to be an element


_Open = dict[str, _Element]  # by the name of the list


class _ListReader:
    """Reads one list of a schema from the segments that it is made of."""

    def __init__(self, rows: Rows, reading: Reading) -> None:
        self._rows = rows
        self._read = element_reader(rows.columns, reading)
        self._positions = [(column.name, column.paths[0]) for column in rows.columns if column.kind == "position"]
        self._commented = any(column.kind == "notes" for column in rows.columns)
        self._alone = not rows.follows and not rows.joins

    def read(self, name: str, fields: Fields, row: Values, elements: _Open) -> list[str]:
        """Read a segment into `row`. Returns the list that comments after it go to."""
        if not self._alone:
            return self._read_part(name, fields, row, elements)
        element = self._read({name: fields})
        row[self._rows.name].append(element)
        for column, target in self._positions:
            owner = elements.get(target)
            element[column] = owner.at + 1 if owner is not None and owner.at >= 0 else None
        notes: list[str] = (element if self._commented else row)["notes"]
        return notes

    def _read_part(self, name: str, fields: Fields, row: Values, elements: _Open) -> list[str]:
        """Add a segment to the open element, or begin one with it."""
        rows = self._rows
        element = elements.get(rows.name)
        notes: list[str] = row["notes"]
        if name in rows.opens or (name in rows.follows and (element is None or name in element.segments)):
            self.close(row, element)
            element = elements[rows.name] = _Element()
        elif element is None:
            return notes
        element.segments.setdefault(name, fields)
        if element.at < 0 and rows.needs in ("", name):
            element.at = len(row[rows.name])
            row[rows.name].append(None)  # its place, until all its segments have come
        return element.notes if self._commented else notes

    def close(self, row: Values, element: _Element | None) -> None:
        """Put an element that is whole into its place."""
        if element is not None and element.at >= 0:
            values = row[self._rows.name][element.at] = self._read(element.segments)
            if self._commented:
                values["notes"] = element.notes


class _RowReader:
    """Reads messages as rows of one schema."""

    def __init__(self, schema: Schema, reading: Reading) -> None:
        self._reading = reading
        self._read = element_reader(schema.columns, reading, [rows.name for rows in schema.lists])
        self._repeated = [
            (parse_path(rows.field), rows.name, repetitions_reader(rows.columns, reading))
            for rows in schema.lists
            if rows.field
        ]
        self._lists = {rows.name: _ListReader(rows, reading) for rows in schema.lists if not rows.field}
        self._by_segment = {
            name: self._lists[rows.name] for rows in schema.lists for name in (*rows.opens, *rows.follows, *rows.joins)
        }

    def read(self, message: Message) -> Values:
        """The row of a message."""
        segments = message.rows
        first: dict[str, Fields] = {}
        for fields in segments:
            first.setdefault(fields[0].strip(), fields)
        row = self._read(first)
        for path, of, read in self._repeated:
            held = first.get(path.segment, ())
            if len(held) > path.place.field and (text := held[path.place.field]):
                row[of] = read(text)
        self._read_lists(segments, row)
        return row

    def _read_lists(self, segments: Sequence[Fields], row: Values) -> None:
        elements: _Open = {}
        notes: list[str] = row["notes"]
        for fields in segments:
            name = fields[0].strip()
            if name == "NTE":
                notes += read_texts(fields[3], self._reading) if len(fields) > 3 else ()
                continue
            reader = self._by_segment.get(name)
            notes = row["notes"] if reader is None else reader.read(name, fields, row, elements)
        for of, element in elements.items():
            self._lists[of].close(row, element)


@lru_cache(maxsize=32)
def _row_reader(name: str, delimiters: Delimiters, encoding: str) -> _RowReader:
    return _RowReader(SCHEMAS[name], Reading(delimiters, encoding))

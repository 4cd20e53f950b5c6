"""Messages as plain dicts, one row a message, for whoever works with tables: notebooks, data frames, Spark.

Which keys a row has stands in `hl7v2.schemas`, and in the documentation's page on schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, Final, cast, overload

from hl7v2.batches import BatchReader, InMemory, split
from hl7v2.cutting import Row
from hl7v2.delimiters import Delimiters
from hl7v2.field_values import TOO_LONG_TO_REMEMBER, Reading, texts_reader
from hl7v2.message import NULL, Message, parse
from hl7v2.paths import parse_path
from hl7v2.row_reading import Element, element_reader, repetitions_reader, segment_reader
from hl7v2.schemas import SCHEMAS, Rows, Schema, schema_of


@overload
def split_hl7_batch(content: InMemory) -> list[bytes]: ...
@overload
def split_hl7_batch(content: str) -> list[str]: ...
@overload
def split_hl7_batch(content: BinaryIO) -> Iterator[bytes]: ...
def split_hl7_batch(content: InMemory | str | BinaryIO) -> list[bytes] | list[str] | Iterator[bytes]:
    """The messages of a batch or file, each as it stands, without the envelopes (FHS, BHS, BTS, FTS).

    What is in memory gives a list. A file open for reading bytes gives an iterator that holds one message at a time.
    Content without a message gives none; `hl7v2.BatchReader` says what was odd about a file. Raises TypeError for a
    file that gives text.
    """
    if isinstance(content, str):
        return cast("list[str]", list(split(content)))
    messages = iter(BatchReader(content))
    return list(messages) if isinstance(content, InMemory) else messages


@overload
def parse_hl7v2_file(content: InMemory | str) -> list[dict[str, Any]]: ...
@overload
def parse_hl7v2_file(content: BinaryIO) -> Iterator[dict[str, Any]]: ...
def parse_hl7v2_file(content: InMemory | str | BinaryIO) -> list[dict[str, Any]] | Iterator[dict[str, Any]]:
    """One row for each message of a batch or file: `split_hl7_batch` and `parse_hl7v2_message` in one.

    What is in memory gives a list. A file open for reading bytes gives an iterator, in memory that does not grow.
    Text is the messages themselves, never the name of a file. Raises TypeError for a file that gives text.
    """
    rows = map(parse_hl7v2_message, split_hl7_batch(content))
    return list(rows) if isinstance(content, InMemory | str) else rows


def parse_hl7v2_message(message: InMemory | str | Message) -> dict[str, Any]:
    """One message as a row, by the schema of its type (`hl7v2.schemas.schema_of`).

    Every key of the schema is there: None where nothing was sent, "" where the sender sent HL7's null, a list, maybe
    an empty one, for what repeats. Dates and times are ISO 8601; one that is illegal stays as it was sent. A message
    that is broken is read as far as it goes. Raises ParseError where `hl7v2.parse` does.
    """
    if not isinstance(message, Message):
        message = parse(message)
    delimiters, text = message.delimiters, str(message)
    escaped = text.find(delimiters.escape, _AFTER_DELIMITERS) >= 0
    # Only what an escape stands for depends on the character set, which it takes a while to find out.
    encoding = message.encoding if escaped else "utf-8"
    segments = message.rows
    header = segments[0]
    if header[0] != "MSH":
        header = next((fields for fields in segments if fields[0].strip() == "MSH"), [])
    message_type = header[9][:TOO_LONG_TO_REMEMBER] if len(header) > 9 else ""
    reader = _row_reader(message_type, delimiters, encoding)
    return reader.read(segments, escaped or NULL[0] in text)  # a single character is found ten times faster


_AFTER_DELIMITERS: Final = 9  # characters of a header, MSH-2 included


class _Element:
    """An element of a list that several segments make, until the next one begins."""

    __slots__ = ("at", "notes", "segments")

    def __init__(self) -> None:
        self.segments: dict[str, Row] = {}
        self.notes: list[str] = []
        self.at = -1  # its index in the list, once it is known to be an element


_Open = dict[str, _Element]  # by the name of the list


class _LoneSegments:
    """Reads segments of one name, of which each is an element of a list."""

    def __init__(self, name: str, rows: Rows, reading: Reading) -> None:
        self._name = rows.name
        self._read = segment_reader(name, rows.columns, reading)
        self._positions = [(column.name, column.paths[0]) for column in rows.columns if column.kind == "position"]
        self._commented = any(column.kind == "notes" for column in rows.columns)

    def add(self, fields: Row, row: Element, elements: _Open, odd: bool) -> list[str]:
        """Read a segment into `row`. Returns the list that comments after it go to."""
        element = self._read(fields, odd)
        row[self._name].append(element)
        for column, target in self._positions:
            owner = elements.get(target)
            element[column] = owner.at + 1 if owner is not None and owner.at >= 0 else None
        notes: list[str] = (element if self._commented else row)["notes"]
        return notes


class _JoinedSegments:
    """Reads the segments of a list of which each element may be made of several."""

    def __init__(self, rows: Rows, reading: Reading) -> None:
        self._rows = rows
        self._read = element_reader(rows.columns, reading)
        self._commented = any(column.kind == "notes" for column in rows.columns)

    def add(self, fields: Row, row: Element, elements: _Open, odd: bool) -> list[str]:
        """Add a segment to the open element, or begin one with it. Returns the list that comments after it go to."""
        rows, name = self._rows, fields[0].strip()
        element = elements.get(rows.name)
        notes: list[str] = row["notes"]
        if name in rows.opens or (name in rows.follows and (element is None or name in element.segments)):
            self.close(row, element, odd)
            element = elements[rows.name] = _Element()
        elif element is None:
            return notes
        element.segments.setdefault(name, fields)
        if element.at < 0 and rows.needs in ("", name):
            element.at = len(row[rows.name])
            row[rows.name].append(None)  # its place, until all its segments have come
        return element.notes if self._commented else notes

    def close(self, row: Element, element: _Element | None, odd: bool) -> None:
        """Put an element that is whole into its place."""
        if element is not None and element.at >= 0:
            values = row[self._rows.name][element.at] = self._read(element.segments, odd)
            if self._commented:
                values["notes"] = element.notes


class _RowReader:
    """Reads messages as rows of one schema."""

    def __init__(self, schema: Schema, reading: Reading) -> None:
        self._read = element_reader(schema.columns, reading, [rows.name for rows in schema.lists])
        self._texts = texts_reader(reading)
        self._repeated = [
            (path.segment, path.place.field, rows.name, repetitions_reader(rows.columns, reading))
            for rows in schema.lists
            if rows.field
            for path in (parse_path(rows.field),)
        ]
        self._joined = {rows.name: _JoinedSegments(rows, reading) for rows in schema.lists if _is_joined(rows)}
        self._by_segment: dict[str, _LoneSegments | _JoinedSegments] = {}
        for rows in schema.lists:
            for name in (*rows.opens, *rows.follows, *rows.joins):
                self._by_segment[name] = self._joined.get(rows.name) or _LoneSegments(name, rows, reading)
        read_once = {parse_path(path).segment for column in schema.columns for path in column.paths} - {"NTE"}
        self._read_once = read_once - self._by_segment.keys()

    def read(self, segments: Sequence[Row], odd: bool) -> Element:
        """The row of a message; `odd` where any escape or HL7's null is in it."""
        first = {fields[0].strip(): fields for fields in reversed(segments)}
        row = self._read(first, odd)
        for name, field, of, read in self._repeated:
            held = first.get(name)
            if held is not None and len(held) > field and (text := held[field]):
                row[of] = read(text, odd)
        self._read_lists(segments, row, odd)
        return row

    def _read_lists(self, segments: Sequence[Row], row: Element, odd: bool) -> None:
        elements: _Open = {}
        of_row: list[str] = row["notes"]
        notes = of_row
        for fields in segments:
            name = fields[0]
            if name in self._read_once:
                notes = of_row
                continue
            reader = self._by_segment.get(name) or self._by_segment.get(name.strip())
            if reader is not None:
                notes = reader.add(fields, row, elements, odd)
            elif name.strip() != "NTE":
                notes = of_row
            elif len(fields) > 3 and fields[3]:
                notes += self._texts(fields[3])
        for of, element in elements.items():
            self._joined[of].close(row, element, odd)


def _is_joined(rows: Rows) -> bool:
    return bool(rows.follows or rows.joins)


@lru_cache(maxsize=64)  # bounded, as senders choose types, delimiters and character sets
def _row_reader(message_type: str, delimiters: Delimiters, encoding: str) -> _RowReader:
    """The reader for messages with that text in MSH-9."""
    reading = Reading(delimiters, encoding)
    name = reading.leaf(message_type.partition(delimiters.repetition)[0], 1)
    return _schema_reader(schema_of(name).name, reading)


@lru_cache(maxsize=32)
def _schema_reader(name: str, reading: Reading) -> _RowReader:
    return _RowReader(SCHEMAS[name], reading)

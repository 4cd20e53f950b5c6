"""Messages as plain dicts, one row a message, for whoever works with tables: notebooks, data frames, Spark.

Which keys a row has stands in `hl7v2.schemas`, and in the documentation's page on schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, cast, overload

from hl7v2.batches import BatchReader, split
from hl7v2.field_values import Reading, Values, read_texts
from hl7v2.message import Message, parse
from hl7v2.paths import parse_path
from hl7v2.row_reading import Spares, repetition_reader, segment_readers, settle
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
    reader = _row_reader(schema_of(message.message_type).name, Reading(message.delimiters, message.encoding))
    return reader.read(message)


class _Element:
    """An element of a list, from the segment that opens it to the one that opens the next."""

    __slots__ = ("listed", "row", "segments", "spares")

    def __init__(self, row: Values) -> None:
        self.row = row
        self.segments: set[str] = set()
        self.spares: Spares = []
        self.listed = False


class _ListReader:
    """Reads one list of a schema from the segments that it is made of."""

    def __init__(self, rows: Rows, reading: Reading) -> None:
        self.rows = rows
        self._readers = segment_readers(rows.columns, reading)
        self._empty: Values = {column.name: None for column in rows.columns}
        self._lists = [column.name for column in rows.columns if column.kind in ("texts", "notes")]
        self._named = [column.name for column in rows.columns if column.kind == "name"]
        self.positions = [(column.name, column.paths[0]) for column in rows.columns if column.kind == "position"]

    def take(self, name: str, fields: Sequence[str], element: _Element | None) -> _Element | None:
        """Read segment `name` into the open element, or into a new one, which is returned, where it opens one."""
        if self._opens(name, element):
            element = self._open(name, element)
        elif element is None or name in element.segments:
            return element
        element.segments.add(name)
        if name in self._readers:
            self._readers[name](fields, element.row, element.spares)
        return element

    def _opens(self, name: str, element: _Element | None) -> bool:
        if name in self.rows.opens:
            return True
        return name in self.rows.follows and (element is None or name in element.segments)

    def _open(self, name: str, before: _Element | None) -> _Element:
        if before is not None:
            settle(before.row, before.spares)
        row = self._empty.copy()
        for column in self._lists:
            row[column] = []
        for column in self._named:
            row[column] = name
        return _Element(row)


class _RepetitionReader:
    """Reads one list of a schema from the repetitions of a field."""

    def __init__(self, rows: Rows, reading: Reading) -> None:
        self.name = rows.name
        self._empty: Values = {column.name: None for column in rows.columns}
        self._read = repetition_reader(rows.columns, reading)

    def read(self, text: str) -> Values:
        """The element that one repetition is."""
        element = self._empty.copy()
        self._read((text,), element, [])
        return element


class _RowReader:
    """Reads messages as rows of one schema."""

    def __init__(self, schema: Schema, reading: Reading) -> None:
        self._reading = reading
        self._empty: Values = dict.fromkeys(
            [column.name for column in schema.columns] + [rows.name for rows in schema.lists]
        )
        self._lists = ["notes", *(rows.name for rows in schema.lists)]
        self._flat = segment_readers(schema.columns, reading)
        self._repeated = _by_segment(schema.lists, reading)
        self._list_readers: dict[str, _ListReader] = {}
        for rows in schema.lists:
            reader = _ListReader(rows, reading)
            self._list_readers |= dict.fromkeys((*rows.opens, *rows.follows, *rows.joins), reader)

    def read(self, message: Message) -> Values:
        """The row of a message."""
        row = self._empty.copy()
        for name in self._lists:
            row[name] = []
        spares: Spares = []
        seen: set[str] = set()
        elements: dict[str, _Element] = {}
        notes = row["notes"]
        for fields in message.rows:
            name = fields[0].strip()
            if name == "NTE":
                notes += read_texts(fields[3], self._reading) if len(fields) > 3 else ()
                continue
            if name not in seen:
                seen.add(name)
                self._read_first(name, fields, row, spares)
            notes = self._read_listed(name, fields, row, elements)
        settle(row, spares)
        for element in elements.values():
            settle(element.row, element.spares)
        return row

    def _read_first(self, name: str, fields: Sequence[str], row: Values, spares: Spares) -> None:
        """What the first segment of its name gives to the row itself."""
        if name in self._flat:
            self._flat[name](fields, row, spares)
        for number, repeated in self._repeated.get(name, ()):
            if number < len(fields) and (text := fields[number]):
                row[repeated.name] = [repeated.read(one) for one in self._reading.repetitions(text)]

    def _read_listed(self, name: str, fields: Sequence[str], row: Values, elements: dict[str, _Element]) -> list[str]:
        """What a segment gives to the lists of the row. Returns the list that comments after it go to."""
        notes: list[str] = row["notes"]
        reader = self._list_readers.get(name)
        if reader is None:
            return notes
        of = reader.rows.name
        element = reader.take(name, fields, elements.get(of))
        if element is None:
            return notes
        elements[of] = element
        if not element.listed and reader.rows.needs in ("", name):
            element.listed = True
            row[of].append(element.row)
            for column, target in reader.positions:
                owner = elements.get(target)
                element.row[column] = len(row[target]) if owner is not None and owner.listed else None
        if "notes" in element.row:
            notes = element.row["notes"]
        return notes


@lru_cache(maxsize=32)
def _row_reader(name: str, reading: Reading) -> _RowReader:
    return _RowReader(SCHEMAS[name], reading)


def _by_segment(lists: Sequence[Rows], reading: Reading) -> dict[str, list[tuple[int, _RepetitionReader]]]:
    """The lists that are read from repetitions, by the segment that holds their field."""
    found: dict[str, list[tuple[int, _RepetitionReader]]] = {}
    for rows in lists:
        if rows.field:
            name, _, place = parse_path(rows.field)
            found.setdefault(name, []).append((place.field, _RepetitionReader(rows, reading)))
    return found

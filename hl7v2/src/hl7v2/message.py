"""A message: read lazily, changed in place, written back to the byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, cast

from hl7v2 import charsets
from hl7v2.cutting import HEADERS, Row, cut_line, is_delimiters, join_row, leaves_at, put_at, raw_at
from hl7v2.delimiters import STANDARD, Delimiters, marks_of
from hl7v2.errors import WriteError
from hl7v2.escapes import unescape
from hl7v2.lines import find_header, split_lines
from hl7v2.names import is_segment
from hl7v2.oddities import Oddity, oddities_of
from hl7v2.paths import SEGMENT_NAME, Place, parse_path
from hl7v2.segment import Segment
from hl7v2.selectors import selector
from hl7v2.values.writing import Value, encoded

NULL: Final = '""'  # what a sender writes to say: delete the value you have

_START: Final = re.compile(r"\A[\ufeff\x0b]+")
_END: Final = re.compile(r"\x1c[\r\n]*\Z")
_BY_NAME: Final = re.compile(r"[a-z][a-z0-9]{2}", re.ASCII)


def parse(content: bytes | bytearray | memoryview | str, *, encoding: str | None = None) -> Message:
    """Read one message, whatever ends its lines, framed or not, in the character set it declares or shows.

    Nothing is cut before it is read. What is not as the standard wants it is in `Message.oddities`. Content with
    several messages is read as one: `hl7v2.split` it first. `encoding` is a codec of Python that overrules
    MSH-18 in reading bytes. Text is written in the character set that MSH-18 names. Raises ParseError where there
    is no header segment (MSH; FHS or BHS of a batch).
    """
    if isinstance(content, str):
        return Message(content, None, None)
    raw = bytes(content)
    if encoding is None and raw.isascii():
        text = raw.decode("ascii")
        if charsets.is_plain(text):  # as most are; what MSH-18 says of them is asked when it matters
            return Message(text, raw, None)
    text, codec, odd = charsets.decode(raw, encoding)
    return Message(text, raw, codec, odd)


def new_message(delimiters: Delimiters = STANDARD) -> Message:
    """A message of an MSH segment with its delimiters and nothing else, to be filled by paths."""
    return parse(f"MSH{delimiters.field}{delimiters.encoding_characters}")


class Message:
    """One HL7 v2 message. `parse` makes it.

    `message["PID-3(2).4.1"]` reads a value: the first leaf at the path, its escapes decoded, "" where there is
    none, and NULL where the sender wrote `""`. Assigning to a path escapes and writes. What is unchanged stays
    as it was received, to the byte.

    A message is for one thread at a time: reading cuts its lines, on first use.
    """

    __slots__ = (
        "_changed",
        "_codec",
        "_ends",
        "_head",
        "_lines",
        "_marks",
        "_near",
        "_odd",
        "_places",
        "_raw",
        "_rows",
        "_tail",
        "_text",
        "delimiters",
    )

    def __init__(self, text: str, raw: bytes | None, codec: str | None, odd: tuple[str, ...] = ()) -> None:
        self._raw, self._codec, self._odd = raw, codec, odd
        self._head = self._tail = ""
        starts = text.startswith("MSH")
        if not starts and (found := _START.match(text)):
            self._head, text = found[0], text[found.end() :]
            starts = text.startswith("MSH")
        if "\x1c" in text[-3:] and (found := _END.search(text, len(text) - 3)):
            self._tail, text = found[0], text[: found.start()]
        self._text = text
        header = text if starts and not text[3:4].isalnum() else find_header(text)
        self._marks = marks_of(header[:9])
        self.delimiters = self._marks[0]
        self._lines = cast("list[str | Row]", split_lines(text, self.delimiters.field))
        self._ends: list[str] | None = None  # what stands between the lines, found when first needed
        self._changed = False
        self._rows: dict[str, list[Row]] = {}
        self._near = 0  # where a line was looked for last
        self._places: dict[str, list[int]] | None = None  # of the lines by their beginnings, found when first needed

    @property
    def encoding(self) -> str:
        """The codec of Python that the message was read with, if it came as bytes, and is written with."""
        return self._codec or self._ask_header()

    def _ask_header(self) -> str:
        """What MSH-18 says, which parse leaves until it matters: the codec, and whether it is odd."""
        self._codec, self._odd = charsets.of_plain(self._text)
        return self._codec

    # ---- reading

    def __getitem__(self, path: str) -> str:
        return selector(path)(self)

    def all(self, path: str) -> list[str]:
        """The values at `path` of every segment of that name and every repetition, unless the path names one.

        A field that is empty gives nothing; an empty repetition among others gives "".
        """
        name, occurrence, place = parse_path(path)
        rows = self._rows_of(name)
        if occurrence is not None:
            rows = rows[occurrence - 1 : occurrence]
        return [self._decode(leaf) for row in rows for leaf in leaves_at(row, place, self.delimiters)]

    def raw(self, path: str) -> str:
        """The text at `path` as it stands in the message: a field with all its repetitions, unless one is named."""
        name, occurrence, place = parse_path(path)
        rows = self._rows_of(name)
        at = (occurrence or 1) - 1
        return raw_at(rows[at], place, self.delimiters) if at < len(rows) else ""

    @property
    def rows(self) -> list[Row]:
        """The fields of all segments in order, as `Segment.fields` has them. Only to be read."""
        lines, separator = self._lines, self.delimiters.field
        rows: list[Row] = []
        for at, line in enumerate(lines):
            if isinstance(line, list):
                rows.append(line)
                continue
            if "0" <= line < "\x7f":  # it begins as a name does
                row = line.split(separator)
                if row[0][:3] in HEADERS:
                    row = cut_line(line, separator)
            elif not line or line.isspace():
                continue
            else:
                row = cut_line(line, separator)
            lines[at] = row
            rows.append(row)
        return rows

    @property
    def names(self) -> list[str]:
        """The names of all segments in order."""
        separator = self.delimiters.field
        return [
            (line.partition(separator)[0] if isinstance(line, str) else line[0]).strip()
            for line in self._lines
            if line and not (isinstance(line, str) and line.isspace())
        ]

    def segments(self, name: str | None = None) -> list[Segment]:
        """All segments in order, or all of one name."""
        if name is not None:
            return [Segment(self, row) for row in self._rows_of(name)]
        return [Segment(self, row) for row in self.rows]

    def segment(self, name: str, occurrence: int = 1) -> Segment | None:
        """The first, or the n-th, segment of a name; None where there is none."""
        rows = self._rows_of(name)
        return Segment(self, rows[occurrence - 1]) if 1 <= occurrence <= len(rows) else None

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments())

    def __getattr__(self, name: str) -> Segment:
        """The first segment of that name, `message.pid`; a false one where the message has none."""
        if not _BY_NAME.fullmatch(name):
            raise AttributeError(f"a message has no attribute {name}, nor is that a segment")
        found = self.segment(name.upper())
        if found is None and not is_segment(self.version, name.upper()):
            raise AttributeError(f"{name.upper()} is no segment in the version of this message")
        return found or Segment(self, [name.upper()], absent=True)

    @property
    def oddities(self) -> tuple[Oddity, ...]:
        """What about the bytes and lines as received is not as the standard wants it."""
        if self._codec is None:
            self._ask_header()
        return oddities_of(self._text, self.delimiters, head=self._head, tail=self._tail, character_set=self._odd)

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self["MSH-10"]

    @property
    def message_type(self) -> str:
        """MSH-9.1, such as ADT."""
        return self["MSH-9.1"]

    @property
    def trigger_event(self) -> str:
        """MSH-9.2, such as A01."""
        return self["MSH-9.2"]

    @property
    def structure(self) -> str:
        """MSH-9.3, such as ADT_A01; "" where the sender left it out, as all did before 2.3.1."""
        return self["MSH-9.3"]

    @property
    def version(self) -> str:
        """MSH-12.1, such as 2.5.1."""
        return self["MSH-12.1"]

    # ---- changing

    def __setitem__(self, path: str, value: Value) -> None:
        self._put(path, encoded(value, parse_path(path).place, self.delimiters))

    def __delitem__(self, path: str) -> None:
        self._put(path, "")

    def set_raw(self, path: str, text: str) -> None:
        """Put `text` at `path` as it is, its delimiters cutting it. Raises WriteError where it breaks the line."""
        self._put(path, text)

    def add(self, text: str, *, before: Segment | None = None, after: Segment | None = None) -> Segment:
        """Add a segment, `ZPI` or a whole encoded line, at the end or beside another.

        Raises WriteError where `text` is not a segment of this message's delimiters, or the other not in it.
        """
        name = text.partition(self.delimiters.field)[0]
        if not SEGMENT_NAME.fullmatch(name) or name in HEADERS:
            raise WriteError("a segment to add begins with its name of three capitals or digits, and is no header")
        _refuse_line_break(text)
        ends = self._found_ends()
        at = self._place_beside(before, after)
        row = cut_line(text, self.delimiters.field)
        end = next((end for end in ends if end), "\r")
        if at == len(self._lines) and ends and not ends[-1]:
            ends[-1] = end
        self._lines.insert(at, row)
        ends.insert(at, end)
        self._changed = True
        self._near = at
        if before is None and after is None:  # whoever writes a report goes on like this: what is known is kept
            if self._places is not None:
                self._places.setdefault(text[:4], []).append(at)
            if name in self._rows:
                self._rows[name].append(row)
        else:
            self._forget(name)
        return Segment(self, row)

    def remove(self, segment: Segment) -> None:
        """Take a segment out. Raises WriteError where it is not in this message, or is what the delimiters stand in."""
        if segment.name in HEADERS:
            raise WriteError(f"{segment.name} declares the delimiters and cannot be removed")
        ends = self._found_ends()
        at = self._place_of(segment)
        del self._lines[at], ends[at]
        self._changed = True
        self._forget(segment.name)

    def copy(self) -> Message:
        """An equal message that changes apart from this one."""
        other = parse(self._head + str(self) + self._tail)
        other._codec, other._odd = self.encoding, self._odd  # noqa: SLF001
        other._raw = None if self._changed else self._raw  # noqa: SLF001
        return other

    # ---- writing

    def __bytes__(self) -> bytes:
        """The message as it was received where nothing was changed, else written in `encoding`, line by line.

        Raises WriteError where the character set lacks a character that was put in.
        """
        if self._raw is not None and not self._changed:
            return self._raw
        try:
            return (self._head + str(self) + self._tail).encode(self.encoding)
        except UnicodeEncodeError as error:
            raise WriteError(
                f"a character of the message is not in its character set {self.encoding}: put another into MSH-18"
            ) from error

    def __str__(self) -> str:
        if not self._changed:
            return self._text
        separator = self.delimiters.field
        ends = self._found_ends()
        lines = (line if isinstance(line, str) else join_row(line, separator) for line in self._lines)
        return "".join(piece for pair in zip(lines, ends, strict=True) for piece in pair)

    def __repr__(self) -> str:
        return f"<Message {self.message_type}^{self.trigger_event}, {len(self.names)} segments>"

    # ---- inside

    def _open(self, name: str) -> list[Row]:
        """The rows of all segments `name`, cut on first use."""
        lines, separator, header = self._lines, self.delimiters.field, name in HEADERS
        if self._places is None:
            self._places = self._find_places()
        places = self._places.get(name + separator, ())
        if name in self._places:  # without a single field
            places = sorted([*places, *self._places[name]])
        rows: list[Row] = []
        for at in places:
            line = lines[at]
            if isinstance(line, str):
                line = lines[at] = line.split(separator)
                if header and len(line) > 1:
                    line.insert(1, separator)
            rows.append(line)
        self._rows[name] = rows
        return rows

    def _rows_of(self, name: str) -> list[Row]:
        return self._rows[name] if name in self._rows else self._open(name)

    def _decode(self, text: str) -> str:
        return unescape(text, self.delimiters, self.encoding)

    def _put(self, path: str, text: str) -> None:
        name, occurrence, place = parse_path(path)
        rows = self._rows_of(name)
        at = (occurrence or 1) - 1
        if at > len(rows) or (at == len(rows) and name in HEADERS):
            raise WriteError(f"{path}: there are {len(rows)} {name} segments: add one first")
        row = rows[at] if at < len(rows) else None
        if row is None:
            if not text:
                return
            _refuse_line_break(text)
            row = self.add(name).row
        self.put_in(row, place, text)

    def put_in(self, row: Row, place: Place, text: str) -> None:
        """Put encoded `text` into a row of this message. For `Segment`."""
        if is_delimiters(row, place.field):
            raise WriteError(f"{row[0]}-{place.field} holds the delimiters, and all that stands is written with them")
        _refuse_line_break(text)
        self._found_ends()
        self._changed = True
        put_at(row, place, text, self.delimiters)
        if row[0] == "MSH" and place.field == 18:
            self._codec = charsets.codec_to_write(self.all("MSH-18")) or self.encoding

    def _found_ends(self) -> list[str]:
        """What follows each line; the last line's is "" unless lines were added."""
        if self._ends is None:
            self._ends, at = [], 0
            for line in self._lines:
                at += len(line) if isinstance(line, str) else len(join_row(line, self.delimiters.field))
                end = "\r\n" if self._text.startswith("\r\n", at) else self._text[at : at + 1]
                self._ends.append(end)
                at += len(end)
        return self._ends

    def _place_beside(self, before: Segment | None, after: Segment | None) -> int:
        if before is not None:
            return self._place_of(before)
        if after is not None:
            return self._place_of(after) + 1
        end = len(self._lines)
        while end and self._lines[end - 1] == "":  # a message that ends in a line break ends there
            end -= 1
        return end

    def _place_of(self, segment: Segment) -> int:
        # Whoever goes through a message and puts something beside its segments looks near where that was done last.
        for at in chain(range(self._near, len(self._lines)), range(min(self._near, len(self._lines)))):
            if self._lines[at] is segment.row:
                self._near = at
                return at
        raise WriteError(f"{segment.name}: the segment is not, or no longer, in this message")

    def _forget(self, name: str) -> None:
        """Find the segments of a name, and where all others are, anew when they are asked for."""
        self._rows.pop(name, None)
        self._places = None

    def _find_places(self) -> dict[str, list[int]]:
        """Where the lines are that begin with the same four characters: a segment's name and the field separator.

        Blank lines are left out, and white space before a name.
        """
        try:
            places = _places_of(self._lines)
        except TypeError:  # some lines are cut already
            places = _places_of([self._beginning(line) for line in self._lines])
        # White space of ASCII sorts before all that a name begins with.
        if min(places) >= "0" and self._text.isascii():
            return places
        return _places_of([self._beginning(line).lstrip() for line in self._lines])

    def _beginning(self, line: str | Row) -> str:
        """The text that a line begins with, as far as its first field at least."""
        return line if isinstance(line, str) else join_row(line[:3], self.delimiters.field)


def _places_of(lines: Sequence[str | Row]) -> dict[str, list[int]]:
    """Where the lines are by their first four characters, blank ones left out. Raises TypeError for one that is cut."""
    places: dict[str, list[int]] = {}
    for at, line in enumerate(cast("Sequence[str]", lines)):
        key = line[:4]
        if key in places:
            places[key].append(at)
        else:
            places[key] = [at]
    places.pop("", None)
    return places


def _refuse_line_break(text: str) -> None:
    if "\r" in text or "\n" in text:
        raise WriteError("a line break cannot stand in a segment as it is: assign it as a value, which escapes it")

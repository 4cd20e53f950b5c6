"""Many messages in one file, with or without the envelopes FHS, BHS, BTS and FTS (HL7 v2 chapter 2, section 2.10.3).

    file:  [FHS] { [BHS] { message } [BTS] } [FTS]

Real files leave out any of the envelopes, frame each message for MLLP, and have blank lines between them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import BinaryIO, Final, overload

from hl7v2 import charsets
from hl7v2.errors import ParseError
from hl7v2.message import parse
from hl7v2.mllp import END, START
from hl7v2.oddities import Oddity
from hl7v2.segment import Segment

_CHUNK: Final = 1 << 20  # bytes read at once
_LIMIT: Final = 64 << 20  # bytes of one message
_ODDITIES: Final = 1_000  # that are kept: a file may have something before every message
# One pattern for each thing that a line may begin after: a first character that is fixed is found ten times faster,
# and whether it is there at all faster still. What follows it mostly is no header: one look at it is to tell. A byte
# order mark begins a line as well: each file has its own, and somebody puts them together.
_BOUNDARIES: Final = {
    end: re.compile(end + rb"(?![^MFB \t])[ \t]{0,40}(?=(?:MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9])")
    for end in (b"\r", b"\n", START, codecs.BOM_UTF8)
}
_LONGEST: Final = 64  # bytes, more than a boundary has
_BEFORE_NEXT: Final = START + b" \t"
_NOTHING: Final = b" \t\r\n" + START + END + codecs.BOM_UTF8  # what may stand between messages, byte by byte

InMemory = bytes | bytearray | memoryview


@overload
def split(content: InMemory) -> Iterator[bytes]: ...
@overload
def split(content: str) -> Iterator[str]: ...
def split(content: InMemory | str) -> Iterator[bytes] | Iterator[str]:
    """The messages of `content`, as they stand in it, envelopes and frames left out."""
    if not isinstance(content, str):
        return iter(BatchReader(content))
    encoded = BatchReader(content.encode("utf-8", "surrogatepass"))
    return (message.decode("utf-8", "surrogatepass") for message in encoded)


class BatchReader:
    """Iterates over the messages of a file, each the bytes as they stand in it, in bounded memory.

    `source` is an open binary file, bytes, or pieces of bytes. While it iterates, `file_header` and
    `batch_header` are the envelopes around the message; afterwards `oddities` has all in which envelopes and
    messages disagree, a thousand at most, and `more_oddities` is how many there were beyond. A file in UTF-16 or
    UTF-32 gives its messages in UTF-8. Raises ParseError where a message is larger than `limit` bytes, and TypeError
    for text.
    """

    def __init__(self, source: BinaryIO | InMemory | Iterable[InMemory], *, limit: int = _LIMIT) -> None:
        self.file_header: Segment | None = None
        self.batch_header: Segment | None = None
        self.messages = 0
        self.batches = 0
        self.oddities: list[Oddity] = []
        self.more_oddities = 0
        self._limit = limit
        self._chunks = _as_utf8(_chunks(source))
        self._in_batch = 0  # messages since the last envelope
        self._in_file = 0  # batches

    def __iter__(self) -> Iterator[bytes]:
        for record in self._records():
            name = record[:3]
            if name == b"MSH":
                self.messages += 1
                self._in_batch += 1
                yield self._unframed(record)
            elif name in (b"FHS", b"BHS"):
                self._open(record)
            else:
                self._close(record)
        if self.batch_header is not None:
            self._odd("batch-unclosed", f"batch {self.batches} has no BTS")
        if self.file_header is not None:
            self._odd("file-unclosed", "the file has no FTS")

    def _records(self) -> Iterator[bytes]:
        """Messages and envelopes: from each header or trailer up to the next."""
        waiting, scanned, begun = bytearray(b"\n"), 0, False  # a file begins as a line does
        for chunk in self._chunks:
            waiting += chunk
            starts = sorted(
                found.end()
                for end, one in _BOUNDARIES.items()
                if waiting.find(end[0], scanned) >= 0  # its first byte: three are sought ten times slower
                for found in one.finditer(waiting, scanned)
            )
            if starts or not begun:
                if not begun:
                    self._skip(waiting[: starts[0] if starts else -_LONGEST])
                begins = [0, *starts] if begun else starts
                for start, end in pairwise(begins):
                    yield bytes(waiting[start:end])
                del waiting[: starts[-1] if starts else -_LONGEST]
                begun = begun or bool(starts)
            scanned = max(len(waiting) - _LONGEST, 0)
            if len(waiting) > self._limit:
                raise ParseError(f"message {self.messages + 1} of the file is larger than {self._limit:,} bytes")
        if begun:
            yield bytes(waiting)
        else:
            self._skip(waiting)

    def _unframed(self, record: bytes) -> bytes:
        end = record.find(END)
        if end >= 0:
            self._skip(record[end + 1 :])
            return record[:end]
        return record.rstrip(_BEFORE_NEXT).removesuffix(codecs.BOM_UTF8).rstrip(_BEFORE_NEXT)

    def _open(self, record: bytes) -> None:
        """Take a header of a file or batch."""
        header = next(iter(parse(self._line(record))))
        if self.batch_header is not None:
            self._odd("batch-unclosed", f"batch {self.batches} has no BTS")
            self.batch_header = None
        if header.name == "BHS":
            self.batch_header = header
            self.batches += 1
            self._in_file += 1
        else:
            if self.file_header is not None:
                self._odd("file-unclosed", "a file in the file has no FTS")
            self.file_header, self._in_file = header, 0
        self._in_batch = 0

    def _close(self, record: bytes) -> None:
        """Take a trailer, and compare what it counts."""
        line = self._line(record)
        declared = re.match(rb"\s*(\d{1,9})", line[4:].partition(line[3:4] or b"|")[0])
        if record.startswith(b"BTS"):
            unit, counted, header, self.batch_header = "messages", self._in_batch, self.batch_header, None
            self._in_batch = 0
        else:
            unit, counted, header, self.file_header = "batches", self._in_file, self.file_header, None
            self._in_file = 0
        name = line[:3].decode()
        if header is None:
            self._odd("header-missing", f"{name} closes what no {name[0]}HS opened")
        if declared and int(declared[1]) != counted:
            self._odd("count-differs", f"{name}-1 counts {int(declared[1])} {unit}, and {counted} came")

    def _line(self, record: bytes) -> bytes:
        line, *rest = re.split(rb"[\r\n]", record, maxsplit=1)
        self._skip(b"".join(rest))
        return line

    def _skip(self, between: bytes | bytearray) -> None:
        if between.strip(_NOTHING):
            self._odd("no-message", f"what stands before message {self.messages + 1} is no message and no envelope")

    def _odd(self, code: str, sentence: str) -> None:
        if len(self.oddities) < _ODDITIES:
            self.oddities.append(Oddity(code, None, sentence))
        else:
            self.more_oddities += 1


def _chunks(source: object) -> Iterator[bytes]:
    """Pieces of a source. Raises TypeError for what gives no bytes, at once where that can be seen."""
    if isinstance(source, InMemory):
        content = bytes(source)
        return (content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK))
    if isinstance(source, str):
        raise TypeError("text is no file of messages: give its bytes, or a file that is open in binary mode")
    if hasattr(source, "read"):
        if hasattr(source, "encoding"):  # as all files have that give text
            raise TypeError("the file gives text: open the file in binary mode, as open(name, 'rb') does")
        return map(_bytes, iter(lambda: source.read(_CHUNK), b""))
    if not isinstance(source, Iterable):
        raise TypeError(f"{type(source).__name__} holds no messages: give bytes, or a file that is open in binary mode")
    return map(_bytes, source)


def _bytes(piece: object) -> bytes:
    if not isinstance(piece, InMemory):
        raise TypeError(f"a piece of the file is {type(piece).__name__}, not bytes: open the file in binary mode")
    return bytes(piece)


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, in UTF-8 where they are in UTF-16 or UTF-32."""
    first = b""
    while len(first) < 4 and (chunk := next(chunks, b"")):
        first += chunk
    wide = charsets.wide_codec(first)
    if wide is None:
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(wide)(errors="replace")
    yield decoder.decode(first).encode()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()

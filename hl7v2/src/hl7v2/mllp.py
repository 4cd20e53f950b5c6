"""MLLP, the frame around a message on a TCP connection: VT, the message, FS, CR."""

from __future__ import annotations

from typing import Final

from hl7v2.errors import FramingError

START: Final = b"\x0b"
END: Final = b"\x1c"
_LIMIT: Final = 16 << 20  # bytes


def frame(content: bytes) -> bytes:
    """The message in its frame. Raises FramingError where it holds the byte that ends frames."""
    if END in content:
        raise FramingError("the message holds the byte 1C, which would end its MLLP frame: escape it")
    return START + content + END + b"\r"


class Deframer:
    """Takes messages out of what arrives on a connection, however it is cut into pieces.

    A frame ends at its FS, since some senders leave out the CR. A VT inside a frame is content, as clinical text
    pasted from word processors holds it. What stands between frames is skipped and counted in `skipped`, line
    ends aside. Memory is bounded by `limit`, the size of the largest message in bytes.
    """

    def __init__(self, *, limit: int = _LIMIT) -> None:
        self.skipped = 0
        self._limit = limit
        self._open = False
        self._pieces: list[bytes] = []  # of the frame that is open
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes. Raises FramingError where one grows past the limit: close then."""
        messages = []
        at = 0
        while at < len(data):
            if not self._open:
                at = self._skip(data, at)
                continue
            end = data.find(END, at)
            self._take(data[at:] if end < 0 else data[at:end])
            if end < 0:
                break
            messages.append(b"".join(self._pieces))
            self._pieces, self._size, self._open = [], 0, False
            at = end + 1
        return messages

    @property
    def waiting(self) -> bool:
        """Whether a message has begun that has not ended; at the end of a connection, one was cut off."""
        return self._open

    def _skip(self, data: bytes, at: int) -> int:
        """Where the next frame's content begins, or the end of `data`."""
        start = data.find(START, at)
        between = data[at:] if start < 0 else data[at:start]
        self.skipped += len(between.strip(b"\r\n"))
        self._open = start >= 0
        return start + 1 if self._open else len(data)

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise FramingError(f"a message on the connection is larger than {self._limit:,} bytes")
        self._pieces.append(piece)

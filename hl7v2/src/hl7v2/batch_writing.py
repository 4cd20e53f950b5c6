"""Many messages in one file, with the envelopes that `BatchReader` reads (HL7 v2 chapter 2, section 2.10.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from hl7v2.batches import BatchReader
from hl7v2.errors import WriteError
from hl7v2.escapes import escape
from hl7v2.message import Message
from hl7v2.values import time_text


def write_batch(
    messages: Iterable[Message | bytes], file: BinaryIO, *, control_id: str = "", now: datetime | None = None
) -> int:
    """Write a file of one batch, FHS, BHS, the messages, BTS and FTS, and tell how many messages there were.

    One message at a time is in memory. Each is written as it is, without a frame and ending in one CR, so that
    `BatchReader` gives back just that. `control_id` becomes FHS-11 and BHS-11, `now` FHS-7 and BHS-7. Raises
    WriteError where something is not one message alone; the file ends with what came before it then.
    """
    moment = time_text(now) if now else ""
    header = f"|^~\\&|||||{moment}||||{escape(control_id)}".rstrip("|").encode()
    file.write(b"FHS%b\rBHS%b\r" % (header, header))
    count = 0
    for count, message in enumerate(messages, 1):
        file.write(_alone(bytes(message), count))
    file.write(b"BTS|%d\rFTS|1\r" % count)
    return count


def _alone(content: bytes, number: int) -> bytes:
    """A message as a batch holds it. Raises WriteError for one that would be read back as several, or not whole."""
    reader = BatchReader(content)
    found = list(reader)
    if len(found) != 1 or reader.oddities:
        raise WriteError(f"message {number} of the batch is not one message alone: split and look at it first")
    return found[0].rstrip(b"\r\n") + b"\r"

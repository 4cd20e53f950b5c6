"""What must hold for any bytes at all; for Hypothesis and for the fuzzer alike."""

from __future__ import annotations

import contextlib

from hl7v2.values import COMPOSITES, parse_number, parse_time, parse_time_of_day

from hl7v2 import (
    BatchReader,
    FramingError,
    ParseError,
    ValueFormatError,
    acknowledge,
    differences,
    groups,
    mllp,
    parse,
    parse_hl7v2_message,
    reader,
    rows,
    validate,
)

_READ_PATHS = ("MSH-1", "MSH-2", "MSH-9.1", "MSH-10", "PID-3(2).4.2", "PID-5.1", "PID-5.2", "OBX(2)-5", "ZZZ-1")
_READ = reader(*_READ_PATHS)
_ROWS = rows("OBX", "1", "3.1", "5(2).1.2")
_PATHS = ("PID-3", "PID-3(2).4.2", "OBX-5", "MSH-2", "ZZZ-9")


def check(data: bytes) -> None:
    """Do to `data` all that can be done to a message. Nothing but the documented errors may come of it."""
    check_reading(data)
    with contextlib.suppress(ParseError):
        _check_judging(data)


def check_reading(data: bytes) -> None:
    """Read `data` in every way, and write it."""
    _check_stream(data)
    _check_values(data[:20_000].decode("latin-1"))
    try:
        message = parse(data)
    except ParseError:
        return
    assert bytes(message) == data
    assert _READ(message) == tuple(message[path] for path in _READ_PATHS)
    _ROWS(message)
    for path in _PATHS:
        message.all(path)
        message.raw(path)
    count = len(message.names)
    assert count == len(message.segments()) == len(message.rows)
    assert all(odd.segment is None or odd.segment < count for odd in message.oddities)
    _check_writing(data)
    parse_hl7v2_message(data)


def _check_judging(data: bytes) -> None:
    """A verdict, the groups and an answer come of anything that can be read; none of it changes the message."""
    message = parse(data)
    verdict = validate(message)
    count = len(message.names)
    assert all(finding.segment <= count for finding in verdict)
    groups(message)
    answer = acknowledge(message, verdict)
    assert answer is None or parse(bytes(answer)).message_type == "ACK"
    assert not list(differences(message, parse(data)))
    assert bytes(message) == data


def _check_writing(data: bytes) -> None:
    """Taking apart every line and joining it again changes nothing, and what is set is what is read."""
    message = parse(data)
    text = str(message)
    zpi = message.add("ZPI")
    message.remove(zpi)
    message.rows  # noqa: B018
    assert str(message).rstrip("\r\n") == text.rstrip("\r\n")
    value = "a|^~\\&\r\n#é"
    message["PID-5(2).3.2"] = value
    assert message["PID-5(2).3.2"] == value
    with contextlib.suppress(UnicodeEncodeError):
        again = parse(str(message))
        assert again["PID-5(2).3.2"] == value


def _check_stream(data: bytes) -> None:
    batch = BatchReader(data)
    for message in batch:
        assert message.startswith(b"MSH")
        parse(message)
    with contextlib.suppress(FramingError):
        mllp.Deframer(limit=1 << 20).feed(data)


def _check_values(text: str) -> None:
    for composite in COMPOSITES.values():
        composite.read(text)
    for read in (parse_time, parse_time_of_day, parse_number):
        with contextlib.suppress(ValueFormatError):
            read(text)

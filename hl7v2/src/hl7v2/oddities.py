"""What about a message's bytes and lines is not as the standard wants it, though it could be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hl7v2.cutting import HEADERS
from hl7v2.delimiters import Delimiters
from hl7v2.lines import split_lines
from hl7v2.paths import SEGMENT_NAME

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")

# About the whole message, as the reader of its bytes notes them.
_TAKEN: Final = "UTF-8, or else a Latin one, was taken"
_CHARACTER_SETS: Final = {
    "charset-undeclared": f"the message is not ASCII, and MSH-18 names no other character set: {_TAKEN}",
    "charset-unknown": f"MSH-18 names a character set that is not known: {_TAKEN}",
    "charset-wrong": f"the message is not in the character set that MSH-18 names: {_TAKEN}",
    "undecodable": "some bytes mean nothing in the message's character set: a replacement character stands for them",
}
_CUT: Final = "many senders leave it out, but the message may have been cut off"


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that is odd. `segment` is the place in `message.segments()` counted from 0, None for the whole.

    `code` is for counting, `sentence` for a person; neither holds a value of the message.
    """

    code: str
    segment: int | None
    sentence: str


def oddities_of(
    text: str, delimiters: Delimiters, *, head: str, tail: str, character_set: Sequence[str]
) -> tuple[Oddity, ...]:
    """All that is odd about a message of `text`, which stood between `head` and `tail`."""
    whole = [Oddity(code, None, _CHARACTER_SETS[code]) for code in character_set]
    whole.extend(_of_frame(head, tail))
    whole.extend(_of_line_ends(text))
    if not ("\x0b" in head and tail):  # what its frame holds whole was not cut off
        whole.extend(_of_end(text))
    lines = [line for line in split_lines(text, delimiters.field) if line.strip()]
    found = [odd for at, line in enumerate(lines) for odd in _of_line(at, line, delimiters)]
    return (*whole, *_of_header(lines, delimiters), *found)


def _of_frame(head: str, tail: str) -> Iterator[Oddity]:
    if "\ufeff" in head:
        yield Oddity("byte-order-mark", None, "a byte order mark stands before the message")
    if ("\x0b" in head) != bool(tail):
        missing = "end" if "\x0b" in head else "beginning"
        yield Oddity("frame-incomplete", None, f"the MLLP frame around the message has no {missing}")


def _of_line_ends(text: str) -> Iterator[Oddity]:
    pairs = text.count("\r\n")
    kinds = {"CRLF": pairs, "CR": text.count("\r") - pairs, "LF": text.count("\n") - pairs}
    used = [kind for kind, count in kinds.items() if count]
    if len(used) > 1:
        yield Oddity("mixed-line-ends", None, f"lines end in {' and '.join(used)}")
    elif used and used != ["CR"]:
        yield Oddity("line-ends", None, f"lines end in {used[0]} instead of CR")


def _of_end(text: str) -> Iterator[Oddity]:
    if not text.rstrip(" \t").endswith(("\r", "\n")):
        yield Oddity("unterminated", None, f"no line end stands after the last segment: {_CUT}")


def _of_header(lines: Sequence[str], delimiters: Delimiters) -> Iterator[Oddity]:
    names = [_name(line, delimiters) for line in lines]
    headers = [at for at, name in enumerate(names) if name == "MSH"]
    if not headers:
        yield Oddity("header-missing", None, "there is no segment MSH, only the header of a batch or file")
        return
    at = headers[0]
    if at:
        yield Oddity("header-not-first", at, "MSH is not the first segment")
    if len(headers) > 1:
        yield Oddity("several-headers", headers[1], f"MSH occurs {len(headers)} times: these are several messages")
    separator = delimiters.field
    fields = lines[at].strip().split(separator, 13)
    declared = fields[1] if len(fields) > 1 else ""
    if declared != delimiters.encoding_characters:
        yield Oddity(
            "encoding-characters", at, "MSH-2 is not four or five characters that differ: the usual were taken"
        )
    if len(fields) < 12:
        yield Oddity("header-incomplete", at, "MSH ends before MSH-12")


def _of_line(at: int, line: str, delimiters: Delimiters) -> Iterator[Oddity]:
    name = _name(line, delimiters)
    if not SEGMENT_NAME.fullmatch(name):
        yield Oddity("line-not-a-segment", at, f"line {at + 1} does not begin with a segment name")
    elif line[0].isspace():
        yield Oddity("indented", at, f"white space stands before {name}")
    if "\n" in line:
        yield Oddity("line-break", at, f"{name} holds a bare line feed")
    if _CONTROL.search(line):
        yield Oddity("control-character", at, f"{name} holds control characters")
    if name not in HEADERS and line.count(delimiters.escape) % 2:
        yield Oddity("escape-unfinished", at, f"{name} holds an escape character that begins or ends nothing")


def _name(line: str, delimiters: Delimiters) -> str:
    return line.partition(delimiters.field)[0].strip()

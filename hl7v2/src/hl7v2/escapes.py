"""Escape sequences (HL7 v2 chapter 2, section 2.7), decoded in one pass from left to right.

What is not an escape sequence is text: `C:\\temp` keeps its backslash, and `\\Zxx\\` stays as the sender and
receiver agreed on it. Formatting becomes the nearest thing in plain text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from hl7v2.delimiters import STANDARD, Delimiters

_HEX: Final = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_CHARACTER_SET: Final = re.compile(r"C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?")
_FORMAT: Final = re.compile(r"\.(br|sp|sk|ce|fi|nf|in|ti)\s?([+-]?\d{0,3})")
_MUST_ESCAPE: Final = "\r\n\0\x0b\x1c"  # would end the segment or the MLLP frame

# What a \C..\ or \M..\ sequence names, by the final bytes of the ISO 2022 designation, as a codec, with the
# designation where the codec needs to see it. None returns to the message's own character set.
_DESIGNATED: Final[dict[str, tuple[str, bytes] | None]] = {
    "2842": None,  # ISO-IR 6
    "284A": ("iso2022_jp", b"\x1b(J"),  # ISO-IR 14, roman
    "2949": ("shift_jis", b""),  # ISO-IR 13, katakana
    "2D41": ("iso8859-1", b""),
    "2D42": ("iso8859-2", b""),
    "2D43": ("iso8859-3", b""),
    "2D44": ("iso8859-4", b""),
    "2D46": ("iso8859-7", b""),
    "2D47": ("iso8859-6", b""),
    "2D48": ("iso8859-8", b""),
    "2D4C": ("iso8859-5", b""),
    "2D4D": ("iso8859-9", b""),
    "2D54": ("iso8859-11", b""),
    "2D62": ("iso8859-15", b""),
    "2442": ("iso2022_jp", b"\x1b$B"),  # ISO-IR 87
    "242844": ("iso2022_jp_1", b"\x1b$(D"),  # ISO-IR 159
    "242943": ("euc_kr", b""),  # ISO-IR 149
    "242941": ("gb2312", b""),  # ISO-IR 58
}


def unescape(text: str, delimiters: Delimiters = STANDARD, encoding: str = "utf-8") -> str:
    """The text that the escaped `text` stands for.

    `encoding` is the message's, in which `\\X..\\` gives bytes. Raises nothing: a sequence that says nothing
    sensible is left as it stands.
    """
    mark = delimiters.escape
    if mark not in text:
        return text
    pieces = text.split(mark)
    out = [pieces[0]]
    into: str | None = None  # the character set that \C..\ or \M..\ switched to
    at, last = 1, len(pieces) - 1
    while at < last:  # pieces[at] stands between two marks
        sequence = pieces[at]
        if _CHARACTER_SET.fullmatch(sequence):
            into = sequence[1:].upper()
            decoded: str | None = ""
        else:
            decoded = _decode(sequence, delimiters, encoding)
        if decoded is None:  # not a sequence: its mark is text, and the next mark may open one
            out.append(mark + _read_in(into, sequence, encoding))
            at += 1
        else:
            out.append(decoded)
            out.append(_read_in(into, pieces[at + 1], encoding))
            at += 2
    if at == last:
        out.append(mark + _read_in(into, pieces[last], encoding))
    return "".join(out)


def escape(text: str, delimiters: Delimiters = STANDARD) -> str:
    """`text` with all that means something in a message escaped; `unescape` gives it back."""
    return text.translate(_table(delimiters))


@lru_cache(maxsize=64)
def _table(delimiters: Delimiters) -> dict[int, str]:
    mark = delimiters.escape
    table = {ord(character): f"{mark}X{ord(character):02X}{mark}" for character in _MUST_ESCAPE}
    table |= {ord(character): f"{mark}{letter}{mark}" for letter, character in _named(delimiters) if character}
    return table


def _named(delimiters: Delimiters) -> tuple[tuple[str, str], ...]:
    return (
        ("F", delimiters.field),
        ("S", delimiters.component),
        ("R", delimiters.repetition),
        ("E", delimiters.escape),
        ("T", delimiters.subcomponent),
        ("P", delimiters.truncation),
    )


@lru_cache(maxsize=64)
def _meanings(delimiters: Delimiters) -> dict[str, str]:
    # Highlighting has no text of its own. Before 2.7 \P\ was not declared in MSH-2 and meant the usual character.
    return dict(_named(delimiters)) | {"P": delimiters.truncation or "#", "H": "", "N": ""}


def _decode(sequence: str, delimiters: Delimiters, encoding: str) -> str | None:
    """What stands for `\\sequence\\`, or None where that is no escape sequence."""
    meaning = _meanings(delimiters).get(sequence)
    if meaning is not None:
        return meaning
    if found := _HEX.fullmatch(sequence):
        return _bytes_as_text(bytes.fromhex(found[1]), encoding)
    if found := _FORMAT.fullmatch(sequence):
        return _formatting(found[1], found[2])
    return None


def _bytes_as_text(data: bytes, encoding: str) -> str:
    if data.isascii():
        return data.decode("ascii")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _formatting(command: str, number: str) -> str:
    amount = abs(int(number)) if number.strip("+-") else 1
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * amount
    if command == "sk":
        return " " * amount
    return ""  # filling and indents: nothing that plain text could show


def _read_in(designation: str | None, text: str, encoding: str) -> str:
    """Text after `\\C..\\` or `\\M..\\`: its bytes, read in the character set that was designated."""
    designated = _DESIGNATED.get(designation) if designation else None
    if designated is None or not text:
        return text
    codec, prefix = designated
    if not text.isascii() and (prefix or encoding.startswith("utf")):
        return text  # no bytes of that set, which the sender named for nothing
    try:
        return (prefix + text.encode(encoding)).decode(codec)
    except UnicodeError:
        return text

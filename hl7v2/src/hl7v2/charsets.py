"""From bytes to text: what MSH-18 says (table 0211), and what to do when it is silent or wrong."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

_CODECS: Final = {
    "ASCII": "ascii",
    "USASCII": "ascii",
    "ISOIR6": "ascii",
    "ISOIR13": "shift_jis",
    "ISOIR14": "shift_jis",
    "ISOIR58": "gb2312",
    "ISOIR87": "iso2022_jp",
    "ISOIR149": "euc_kr",
    "ISOIR159": "iso2022_jp_1",
    "GB180302000": "gb18030",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "GB2312": "gb2312",
    "KSX1001": "euc_kr",
    "KSC5601": "euc_kr",
    "BIG5": "big5",
    "UNICODE": "utf-8",
    "UNICODEUTF8": "utf-8",
    "UTF8": "utf-8",
    "UNICODEUTF16": "utf-16",
    "UTF16": "utf-16",
    "UNICODEUTF32": "utf-32",
    "UTF32": "utf-32",
    "SHIFTJIS": "shift_jis",
}
# Numbers of the registrations that are parts of ISO 8859.
_REGISTRATIONS: Final = {"100": 1, "101": 2, "109": 3, "110": 4, "144": 5, "127": 6, "126": 7, "138": 8, "148": 9}
_MARKS: Final = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# The codecs that follow ISO 2022 escapes to a set and its kin, the narrowest first.
_JAPANESE: Final = ("iso2022_jp", "iso2022_jp_1", "iso2022_jp_ext", "iso2022_jp_2")
_FOLLOWING: Final = {
    "shift_jis": _JAPANESE,
    "iso2022_jp": _JAPANESE,
    "iso2022_jp_1": _JAPANESE[1:],
    "euc_kr": ("iso2022_kr", "iso2022_jp_2"),
    "gb2312": ("iso2022_jp_2",),
}
_HEADER: Final = re.compile(r"(?:^|[\r\n\x0b])[ \t]*(?:MSH|FHS|BHS)([^A-Za-z0-9\r\n])([^\r\n]*)")
_HEADER_WITHIN: Final = 8192  # characters
_MOST_SETS: Final = 8  # repetitions of MSH-18 that are looked at: each may take a reading of the whole message


class Decoded(NamedTuple):
    """Text, the codec that read it, and codes of what was odd (see `hl7v2.oddities`)."""

    text: str
    codec: str
    odd: tuple[str, ...] = ()


def is_plain(text: str) -> bool:
    """Whether bytes that ASCII read as `text` mean the same in all that MSH-18 can name: nothing switches sets."""
    return "\0" not in text and "\x1b" not in text


@lru_cache(maxsize=256)
def codec_of(name: str) -> str | None:
    """The Python codec for a value of MSH-18, however it is punctuated; None where there is none.

    >>> codec_of("UNICODE UTF-8"), codec_of("8859/15"), codec_of("ISO_8859-1"), codec_of("EBCDIC")
    ('utf-8', 'iso8859-15', 'iso8859-1', None)
    """
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    if found := re.fullmatch(r"(?:ISO)?8859(\d{1,2})", plain):
        part = int(found[1])
        return f"iso8859-{part}" if 1 <= part <= 16 and part != 12 else None
    if found := re.fullmatch(r"ISOIR(\d{3})", plain):
        part = _REGISTRATIONS.get(found[1], 0)
        if part:
            return f"iso8859-{part}"
    if found := re.fullmatch(r"(?:WINDOWS|CP)(125[0-8])", plain):
        return f"cp{found[1]}"
    return _CODECS.get(plain)


def codec_to_write(names: Sequence[str]) -> str | None:
    """The codec for a message whose MSH-18 repeats so; None where none of it is known.

    >>> codec_to_write(["", "ISO IR87"]), codec_to_write(["8859/1", "UNICODE UTF-8"]), codec_to_write(["ASCII"])
    ('iso2022_jp', 'iso8859-1', 'ascii')
    """
    known = _known(names)
    # What ASCII lacks is written in the set that the message has beside it.
    return next((codec for codec in known if codec != "ascii"), known[0] if known else None)


def _known(names: Sequence[str]) -> list[str]:
    """The codecs of sets by their names, each once, without those that there are none for."""
    return list(dict.fromkeys(codec for name in names if (codec := codec_of(name))))


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a message, by `encoding` or else by what it says and shows of itself. Never fails.

    Raises LookupError where Python knows no codec `encoding`.
    """
    if encoding is not None:
        return _as_told(data, encoding)
    if data.isascii() and is_plain(text := data.decode("ascii")):
        return Decoded(text, *of_plain(text))
    return _by_its_marks(data) or _by_its_header(data)


def of_plain(text: str) -> tuple[str, tuple[str, ...]]:
    """The codec to write a message with that has no bytes, or plain ones so far; and codes of what is odd."""
    declared = _declared(text)
    codec = codec_to_write(declared)
    if codec is None:
        return "utf-8", ("charset-unknown",) if any(declared) else ()
    return ("utf-8" if _is_wide(codec) else codec), ()


def _as_told(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        return Decoded(data.decode(encoding, errors="replace"), encoding, ("undecodable",))


def wide_codec(data: bytes) -> str | None:
    """UTF-16 or UTF-32, as a byte order mark says or the zeros that stand beside Latin letters; else None."""
    if b"\0" not in data[:4] and data[:4].isascii():
        return None
    codec = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    if codec is None:
        zeros = "".join("0" if byte == 0 else "x" for byte in data[:4])
        codec = {"x000": "utf-32-le", "000x": "utf-32-be", "x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(zeros)
    return codec


def _by_its_marks(data: bytes) -> Decoded | None:
    codec = wide_codec(data)
    if codec is None:
        if not data.startswith(codecs.BOM_UTF8):
            return None
        text = _strict(data, "utf-8")
        return None if text is None else Decoded(text, "utf-8")
    text = _strict(data, codec)
    return Decoded(text, codec) if text is not None else Decoded(data.decode(codec, "replace"), codec, ("undecodable",))


def _by_its_header(data: bytes) -> Decoded:
    declared = _declared(data[:_HEADER_WITHIN].decode("latin-1"))
    known = _known(declared)
    if b"\x1b" in data and (escaped := _by_its_escapes(data, known)):
        return escaped
    for codec in known:
        # Text in a part of ISO 8859 that is valid UTF-8 by chance is rarer by far than a sender whose MSH-18
        # was never changed when its system was; a strict multi-byte set speaks for itself.
        if _is_wide(codec) or (_is_single_byte(codec) and _strict(data, "utf-8") is not None):
            continue
        if (text := _strict(data, codec)) is not None:
            return Decoded(text, codec)
    odd = "charset-wrong" if known else "charset-unknown" if any(declared) else "charset-undeclared"
    for fallback in ("utf-8", "cp1252"):
        if (text := _strict(data, fallback)) is not None:
            return Decoded(text, fallback, (odd,))
    return Decoded(data.decode("latin-1"), "latin-1", (odd,))


def _by_its_escapes(data: bytes, known: Sequence[str]) -> Decoded | None:
    """A message that switches sets by ISO 2022 escapes, as MSH-18 says by repeating (`~ISO IR87`); else None.

    The bytes of a Japanese character may be those of delimiters, so this is read before anything is cut.
    """
    # JIS Roman is ASCII but for the glyphs of two characters, which are delimiters here.
    data = data.replace(b"\x1b(J", b"\x1b(B")
    # The rarest set is named last.
    for codec in dict.fromkeys(one for each in reversed(known) for one in _FOLLOWING.get(each, ())):
        text = _strict(data, codec)
        if text is not None and len(text) < len(data):  # an escape that switches nothing stays, and is text
            return Decoded(text, codec)
    return None


def _declared(text: str) -> list[str]:
    """The repetitions of MSH-18; none where there is no such field."""
    header = _HEADER.search(text, 0, _HEADER_WITHIN)
    if header is None:
        return []
    separator, rest = header.groups()
    fields = rest.split(separator, 17)
    if len(fields) < 17:
        return []
    return [name.strip() for name in fields[16].split(fields[0][1:2] or "~")[:_MOST_SETS]]


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_wide(codec: str) -> bool:
    return codec in ("utf-16", "utf-32")


def _is_single_byte(codec: str) -> bool:
    return codec == "ascii" or codec.startswith(("iso8859", "cp125"))

"""From bytes to text: what MSH-18 says (table 0211), and what to do when it is silent or wrong."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final, NamedTuple

_CODECS: Final = {
    "ASCII": "ascii",
    "USASCII": "ascii",
    "ISOIR6": "ascii",
    "ISOIR14": "shift_jis",
    "ISOIR87": "iso2022_jp",
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
_HEADER: Final = re.compile(rb"(?:^|[\r\n\x0b])[ \t]*(?:MSH|FHS|BHS)([^A-Za-z0-9\r\n])([^\r\n]*)")


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


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a message, by `encoding` or else by what it says and shows of itself. Never fails.

    Raises LookupError where Python knows no codec `encoding`.
    """
    if encoding is not None:
        return _as_told(data, encoding)
    if data.isascii() and is_plain(text := data.decode("ascii")):
        return Decoded(text, *of_plain(data))
    return _by_its_marks(data) or _by_its_header(data)


def of_plain(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The codec for what is put into a message that is plain so far, and codes of what is odd."""
    declared = _declared(data)
    codec = codec_of(declared) if declared else "utf-8"
    if codec is None:
        return "utf-8", ("charset-unknown",)
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
    declared = _declared(data)
    codec = codec_of(declared) if declared else None
    if codec and not _is_wide(codec):
        # Text in a part of ISO 8859 that is valid UTF-8 by chance is rarer by far than a sender whose MSH-18
        # was never changed when its system was; a strict multi-byte set speaks for itself.
        if not _is_single_byte(codec) and (text := _strict(data, codec)) is not None:
            return Decoded(text, codec)
        if _is_single_byte(codec) and _strict(data, "utf-8") is None and (text := _strict(data, codec)) is not None:
            return Decoded(text, codec)
    odd = "charset-wrong" if codec else "charset-unknown" if declared else "charset-undeclared"
    for fallback in ("utf-8", "cp1252"):
        if (text := _strict(data, fallback)) is not None:
            return Decoded(text, fallback, (odd,))
    return Decoded(data.decode("latin-1"), "latin-1", (odd,))


def _declared(data: bytes) -> str:
    """MSH-18, its first repetition; "" where there is none."""
    header = _HEADER.search(data, 0, 8192)
    if header is None:
        return ""
    separator, rest = header.groups()
    fields = rest.split(separator, 17)
    if len(fields) < 17:
        return ""
    return str(fields[16].split(fields[0][1:2] or b"~", 1)[0], "ascii", "replace").strip()


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_wide(codec: str) -> bool:
    return codec in ("utf-16", "utf-32")


def _is_single_byte(codec: str) -> bool:
    return codec == "ascii" or codec.startswith(("iso8859", "cp125"))

"""Character sets: what MSH-18 says, and what senders do."""

from __future__ import annotations

import time

import pytest

from hl7v2 import Message, WriteError, parse


def header(character_set: str) -> str:
    return rf"MSH|^~\&|LAB|QSH|EHR|QSH|20240229101500||ADT^A01|17|P|2.5.1||||||{character_set}" + "\r"


def codes(message: Message) -> set[str]:
    return {odd.code for odd in message.oddities} - {"unterminated"}


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("8859/1", "latin-1", "Åse Müller"),
        ("8859/2", "iso8859-2", "Łódź"),
        ("8859/5", "iso8859-5", "Анна"),
        ("8859/15", "iso8859-15", "Œuvre €"),
        ("ISO IR100", "latin-1", "Åse"),
        ("UNICODE UTF-8", "utf-8", "Łódź 東京 😀"),
        ("UNICODE", "utf-8", "Łódź"),
        ("8859/1~UNICODE UTF-8", "latin-1", "Åse"),
        ("ISO IR87", "iso2022_jp", "山田太郎"),
        ("ISO IR159", "iso2022_jp_1", "山田太郎"),
        ("GB 18030-2000", "gb18030", "王小明"),
        ("KS X 1001", "euc_kr", "홍길동"),
        ("BIG-5", "big5", "王小明"),
        ("Windows-1252", "cp1252", "O’Neill"),
    ],
)
def test_the_declared_character_set_is_read_and_written(declared: str, codec: str, name: str) -> None:
    raw = (header(declared) + f"PID|1||4711||{name}|").encode(codec)
    message = parse(raw)
    assert message["PID-5"] == name
    assert codes(message) == set()
    assert bytes(message) == raw
    message["PID-9"] = name
    assert bytes(message) == (header(declared) + f"PID|1||4711||{name}||||{name}").encode(codec)


# In JIS, 本 holds the byte of a backslash, 日 of a bar, 京 of a tilde and 折 of a caret; so do 관 and 왼 in KS.
JAPANESE = "山本^日子~東京|骨折"
KOREAN = "홍길동^관|왼쪽"


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("~ISO IR87", "iso2022_jp", JAPANESE),
        ("ASCII~ISO IR87", "iso2022_jp", JAPANESE),
        ("ISO IR6~ISO IR87", "iso2022_jp", JAPANESE),
        ("8859/1~ISO IR87", "iso2022_jp", JAPANESE),
        ("ISO IR14~ISO IR87", "iso2022_jp", JAPANESE),
        ("~ISO IR87~ISO IR159", "iso2022_jp_1", JAPANESE + "丂"),
        ("~ISO IR14~ISO IR87", "iso2022_jp_ext", JAPANESE + "ﾔﾏﾀﾞ"),
        ("ASCII~KS X 1001", "iso2022_kr", KOREAN),
        ("ASCII~ISO IR149", "iso2022_kr", KOREAN),
    ],
)
def test_sets_that_escapes_switch_to_are_read_before_anything_is_cut(declared: str, codec: str, text: str) -> None:
    sent = header(declared) + f"PID|1||4711||{text}\rPV1|1"
    raw = sent.encode(codec)
    assert raw.isascii()
    message = parse(raw)
    assert message.raw("PID-5") == text.partition("|")[0]
    assert message["PID-6"] == text.partition("|")[2]
    assert (codes(message), message.names, message.encoding) == (set(), ["MSH", "PID", "PV1"], codec)
    assert bytes(message) == raw
    message["PV1-2"] = "I"
    assert bytes(message) == (sent + "|I").encode(codec)


def test_japanese_text_may_end_in_jis_roman() -> None:
    raw = (header("~ISO IR87") + "PID|1||4711||山本^日子~東京|x").encode("iso2022_jp").replace(b"\x1b(B", b"\x1b(J")
    message = parse(raw)
    assert message.all("PID-5") == ["山本", "東京"]
    assert bytes(message) == raw


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("ASCII~UNICODE UTF-8", "utf-8", "Łódź 東京"),
        ("ASCII~8859/1", "latin-1", "Åse"),
        ("ASCII~GB 18030-2000", "gb18030", "王小明"),
        ("~KS X 1001", "euc_kr", "홍길동"),
    ],
)
def test_a_set_that_msh_18_names_second_is_declared_too(declared: str, codec: str, name: str) -> None:
    plain = parse(header(declared) + "PID|1")
    plain["PID-5"] = name
    raw = (header(declared) + f"PID|1||||{name}").encode(codec)
    assert bytes(plain) == raw
    assert (parse(raw)["PID-5"], codes(parse(raw))) == (name, set())


def test_an_escape_that_switches_nothing_is_text() -> None:
    for declared in ("~ISO IR87", "KS X 1001", "8859/1"):
        assert parse((header(declared) + "PID|1||\x1bE17").encode())["PID-3"] == "\x1bE17"


def test_text_is_written_in_the_character_set_that_it_declares() -> None:
    sent = header("8859/1") + "PID|1||4711||Åse"
    message = parse(sent)
    assert (bytes(message), message.encoding, codes(message)) == (sent.encode("latin-1"), "iso8859-1", set())
    assert bytes(parse(header("~ISO IR87") + "PID|1||山田")).endswith(b"\x1b$B;3ED\x1b(B")
    with pytest.raises(WriteError, match="character set iso8859-1"):
        bytes(parse(header("8859/1") + "PID|1||4711||Łódź"))


@pytest.mark.parametrize("declared", ["", "EBCDIC", "UNICODE UTF-16"])
def test_text_whose_header_names_no_set_to_write_is_written_in_utf_8(declared: str) -> None:
    sent = header(declared) + "PID|1||4711||Łódź"
    assert bytes(parse(sent)) == sent.encode()


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_wide_characters_are_seen_with_or_without_a_mark(codec: str) -> None:
    raw = (header("UNICODE UTF-16") + "PID|1||4711||Åse 東京").encode(codec)
    message = parse(raw)
    assert message["PID-5"] == "Åse 東京"
    assert bytes(message) == raw
    message["PID-5"] = "Ole"
    assert bytes(message) == (header("UNICODE UTF-16") + "PID|1||4711||Ole").encode(codec)


@pytest.mark.parametrize(
    ("declared", "codec", "code"),
    [
        ("", "utf-8", "charset-undeclared"),
        ("", "cp1252", "charset-undeclared"),
        ("ASCII", "utf-8", "charset-wrong"),
        ("8859/1", "utf-8", "charset-wrong"),
        ("UNICODE UTF-8", "cp1252", "charset-wrong"),
        ("UNICODE UTF-16", "utf-8", "charset-wrong"),
        ("EBCDIC", "utf-8", "charset-unknown"),
        ("EBCDIC", "ascii", "charset-unknown"),
    ],
)
def test_a_wrong_declaration_is_told_and_the_text_read_all_the_same(declared: str, codec: str, code: str) -> None:
    name = "Ase" if codec == "ascii" else "Åse O’Neill"
    raw = (header(declared) + f"PID|1||4711||{name}").encode(codec)
    message = parse(raw)
    assert message["PID-5"] == name
    assert codes(message) == {code}
    assert bytes(message) == raw


def test_no_byte_is_past_reading() -> None:
    raw = header("").encode() + b"PID|1||" + bytes(set(range(256)) - set(b"\r\n|^~\\&\x0b\x1c"))
    message = parse(raw)
    assert len(message["PID-3"]) == 247
    assert bytes(message) == raw


def test_blank_lines_before_the_header_are_passed_over_once() -> None:
    began = time.process_time()
    for _ in range(100):
        assert parse(("\n" * 8_000 + f"x\r{header('8859/1')}PID|1||Å").encode("latin-1"))["PID-3"] == "Å"
    assert time.process_time() - began < 10


def test_the_caller_may_overrule_what_the_message_says() -> None:
    message = parse((header("UNICODE UTF-8") + "PID|1||4711||Łódź").encode("cp1250"), encoding="cp1250")
    assert message["PID-5"] == "Łódź"
    with pytest.raises(LookupError):
        parse(b"MSH|", encoding="no-such-codec")


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    raw = b"\xef\xbb\xbf" + header("").encode()
    message = parse(raw)
    assert message["MSH-10"] == "17"
    assert codes(message) == {"byte-order-mark"}
    assert bytes(message) == raw


def test_a_plain_message_takes_any_character_unless_its_header_forbids_it() -> None:
    message = parse(header("").encode())
    message["PID-5.1"] = "Åse"
    assert "Åse".encode() in bytes(message)
    plain = parse(header("ASCII").encode())
    plain["PID-5.1"] = "Åse"
    with pytest.raises(WriteError, match="character set ascii"):
        bytes(plain)
    plain["MSH-18"] = "8859/1"
    assert "Åse".encode("latin-1") in bytes(plain)

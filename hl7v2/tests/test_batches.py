"""Files of many messages."""

from __future__ import annotations

import codecs
import io
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import ADT_A01, ORU_R01

from hl7v2 import BatchReader, Message, ParseError, WriteError, parse, split, write_batch

FIRST, SECOND = ADT_A01.encode(), ORU_R01.encode()
FHS, BHS = b"FHS|^~\\&|LAB|QSH\r", b"BHS|^~\\&|LAB|QSH|||20240229||||B1\r"
WHOLE = FHS + BHS + FIRST + SECOND + b"BTS|2\r" + BHS + FIRST + b"BTS|1\rFTS|2\r"


def test_messages_come_as_they_stand_and_envelopes_do_not() -> None:
    reader = BatchReader(WHOLE)
    assert list(reader) == [FIRST, SECOND, FIRST]
    assert (reader.messages, reader.batches, reader.oddities) == (3, 2, [])


def test_the_envelopes_around_a_message_can_be_asked() -> None:
    reader = BatchReader(WHOLE + FIRST)
    around = [(reader.file_header, reader.batch_header) for _ in reader]
    file_header, batch_header = around[0]
    assert file_header is not None
    assert file_header["3"] == "LAB"
    assert batch_header is not None
    assert batch_header["11"] == "B1"
    assert around[-1] == (None, None)


@pytest.mark.parametrize("between", [b"", b"\r", b"\r\n\r\n", b"\n\n\n", b"\x1c\r\x0b", b"\x1c\r\n\x0b", b"\x0b"])
def test_messages_need_no_envelope(between: bytes) -> None:
    assert [message.strip() for message in split(FIRST + between + SECOND)] == [FIRST.strip(), SECOND.strip()]


BOM = codecs.BOM_UTF8


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\n\n", b" ", b"\x1c\r", b"\x1c\r\n"])
@pytest.mark.parametrize("size", range(1, 12))
def test_files_with_a_byte_order_mark_each_may_be_put_together(between: bytes, size: int) -> None:
    content = (BOM + FIRST + between) * 2 + BOM + SECOND + between
    reader = BatchReader(content[at : at + size] for at in range(0, len(content), size))
    assert [message.rstrip(b"\r\n ") for message in reader] == [one.rstrip() for one in (FIRST, FIRST, SECOND)]
    assert reader.oddities == []


def test_a_byte_order_mark_begins_a_message_though_the_one_before_has_no_line_end() -> None:
    assert list(split(BOM + FIRST.rstrip() + BOM + SECOND)) == [FIRST.rstrip(), SECOND]
    assert list(split(f"\ufeff{ADT_A01}\ufeff{ADT_A01.rstrip()}\ufeff{ORU_R01}")) == [
        ADT_A01,
        ADT_A01.rstrip(),
        ORU_R01,
    ]


def test_files_in_utf_16_may_be_put_together() -> None:
    assert list(BatchReader(ADT_A01.encode("utf-16") + ORU_R01.encode("utf-16"))) == [FIRST, SECOND]


def test_text_is_split_into_text() -> None:
    assert list(split(f"{ADT_A01}\n\n{ADT_A01.replace('Tove', 'Åse')}")) == [
        f"{ADT_A01}\n\n",
        ADT_A01.replace("Tove", "Åse"),
    ]


def test_a_file_in_utf_16_gives_messages_in_utf_8() -> None:
    text = ADT_A01.replace("Tove", "Åse")
    messages = list(BatchReader((text * 3).encode("utf-16")))
    assert [parse(message)["PID-5.2"] for message in messages] == ["Åse"] * 3


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", []),
        (FIRST, []),
        (BHS + FIRST + b"BTS|2\r", ["count-differs"]),
        (BHS + FIRST + b"BTS\r", []),
        (BHS + FIRST + b"BTS||\r", []),
        (BHS + FIRST + BHS + FIRST, ["batch-unclosed", "batch-unclosed"]),
        (FHS + FIRST + b"BTS|1\rFTS|0\r", ["header-missing"]),
        (FHS + BHS + FIRST + b"BTS|1\r", ["file-unclosed"]),
        (FHS + FHS + b"FTS|0\r", ["file-unclosed"]),
        (b"# made by hand\r" + FIRST, ["no-message"]),
        (b"no message at all", ["no-message"]),
        (FIRST + b"\x1ctrailing\r\x0b" + SECOND, ["no-message"]),
        (BHS + b"NTE|1\r" + FIRST + b"BTS|1\r", ["no-message"]),
    ],
)
def test_what_disagrees_is_told(content: bytes, codes: list[str]) -> None:
    reader = BatchReader(content)
    list(reader)
    assert [odd.code for odd in reader.oddities] == codes


def test_of_a_file_that_is_odd_throughout_the_first_oddities_are_kept_and_the_rest_counted() -> None:
    reader = BatchReader(b"junk\r" + b"".join(b"MSH|^~\\&|A\x1cjunk\r" for _ in range(1_499)))
    assert sum(1 for _ in reader) == 1_499
    assert (len(reader.oddities), reader.more_oddities) == (1_000, 500)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=6))
def test_where_chunks_end_makes_no_difference(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(WHOLE)]
    reader = BatchReader([WHOLE[start:end] for start, end in pairwise(ends)])
    assert list(reader) == [FIRST, SECOND, FIRST]
    assert reader.oddities == []


def test_a_file_of_any_size_is_read_in_bounded_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield FHS
        for _ in range(3_000):
            yield SECOND
        yield b"FTS|0\r"

    tracemalloc.start()
    try:
        assert sum(1 for _ in BatchReader(pieces())) == 3_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20, f"{peak:,} bytes for 30 MB"


def test_a_message_past_the_limit_is_refused_before_it_fills_the_memory() -> None:
    endless = (b"MSH|^~\\&|" + b"x" * 1_000_000 for _ in iter(int, 1))
    with pytest.raises(ParseError, match=r"message 1 of the file is larger than 2,000,000 bytes"):
        list(BatchReader(endless, limit=2_000_000))


def test_a_file_object_is_read_where_it_stands() -> None:
    file = io.BytesIO(b"skipped" + WHOLE)
    file.seek(7)
    assert len(list(BatchReader(file))) == 3


def written(*messages: Message | bytes) -> bytes:
    file = io.BytesIO()
    assert write_batch(messages, file) == len(messages)
    return file.getvalue()


def test_a_batch_is_written_with_its_envelopes() -> None:
    file = io.BytesIO()
    count = write_batch([parse(FIRST), SECOND], file, control_id="B|1", now=datetime(2024, 2, 29, 10, 15, tzinfo=UTC))
    header = b"|^~\\&|||||20240229101500+0000||||B\\F\\1\r"
    assert count == 2
    assert file.getvalue() == b"FHS" + header + b"BHS" + header + FIRST + SECOND + b"BTS|2\rFTS|1\r"
    reader = BatchReader(file.getvalue())
    assert [around["11"] for _ in reader if (around := reader.batch_header)] == ["B|1", "B|1"]


def test_a_batch_without_messages_is_one_too() -> None:
    assert written() == b"FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"", b"\x0b", b"\n", BHS]),
            st.binary(max_size=30).filter(lambda text: not set(text) & set(b"\x0b\x1c")),
            st.sampled_from([b"", b"\r", b"\r\n\n", b"\x1c\r"]),
        ).map(lambda parts: parts[0] + b"MSH|^~\\&|LAB\rZPI|" + parts[1] + parts[2])
    )
)
def test_what_is_written_as_a_batch_is_read_back(messages: list[bytes]) -> None:
    messages = [message for message in messages if is_alone(message)]
    reader = BatchReader(written(*messages))
    back = list(reader)
    assert [bytes(one).strip(b"\r\n") for one in back] == [next(split(one)).strip(b"\r\n") for one in messages]
    assert (reader.batches, reader.oddities) == (1, [])
    assert written(*back) == written(*messages)


def is_alone(content: bytes) -> bool:
    reader = BatchReader(content)
    return len(list(reader)) == 1 and not reader.oddities


@pytest.mark.parametrize(
    "content", [b"", b"PID|1", FIRST + SECOND, b"junk\r" + FIRST, FIRST + b"BTS|1\r", FIRST + b"\x1cjunk"]
)
def test_what_is_not_one_message_is_not_written_into_a_batch(content: bytes) -> None:
    with pytest.raises(WriteError, match="message 2 of the batch"):
        written(FIRST, content)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_may_be_of_any_kind(kind: Any) -> None:
    assert list(BatchReader(kind(WHOLE))) == [FIRST, SECOND, FIRST]
    assert list(BatchReader([kind(WHOLE[:500]), kind(WHOLE[500:])])) == [FIRST, SECOND, FIRST]
    assert list(split(kind(WHOLE))) == [FIRST, SECOND, FIRST]


@pytest.mark.parametrize("source", [io.StringIO(ADT_A01), ADT_A01, Path("feed.hl7"), None, 17])
def test_what_gives_no_bytes_is_refused_at_the_call(source: Any) -> None:
    with pytest.raises(TypeError, match="in binary mode"):
        BatchReader(source)


def test_a_file_in_text_mode_is_refused_at_the_call(tmp_path: Path) -> None:
    file = tmp_path / "feed.hl7"
    file.write_text(ADT_A01)
    with file.open() as text, pytest.raises(TypeError, match="open the file in binary mode"):
        BatchReader(text)  # type: ignore[arg-type]
    with tempfile.NamedTemporaryFile("w+") as text, pytest.raises(TypeError, match="open the file in binary mode"):
        BatchReader(text)  # type: ignore[arg-type]


def test_pieces_of_text_are_refused_when_they_come() -> None:
    with pytest.raises(TypeError, match="a piece of the file is str, not bytes"):
        list(BatchReader([FIRST, ADT_A01]))  # type: ignore[list-item]

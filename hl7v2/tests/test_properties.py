"""What holds for any message, and for any bytes."""

from __future__ import annotations

from hostile import check
from hypothesis import example, given
from hypothesis import strategies as st
from samples import ADT_A01, ORU_R01

from hl7v2 import STANDARD, Delimiters, Message, parse, reader, rows

# Text that a message is made of, thrown together.
_PIECES = ["MSH", "PID", "OBX", "ZPI", "FHS", "|", "^", "~", "\\", "&", "#", "\r", "\n", "\r\n", "\x0b", "\x1c", '""']
_PIECES += [
    "MSH|^~\\&|",
    "\rPID|1||4711^^^A&B~2",
    "\\F\\",
    "\\X0D\\",
    "\\.br\\",
    "\\C2842\\",
    "é",
    "a",
    " ",
    "\0",
    "\x1b$B",
    "\ufeff",
]

lumps = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=5)), max_size=40).map("".join)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.sampled_from(["PID", "PV1", "OBX", "NTE", "ZPI"])
delimiters = st.permutations("|^~\\&#*!$%").map(lambda order: Delimiters._make([*order[:5], ""]))


@st.composite
def messages(draw: st.DrawFn) -> tuple[Message, dict[str, str]]:
    """A message and what was put where in it."""
    message = parse(f"MSH{(marks := draw(st.one_of(st.just(STANDARD), delimiters))).field}{marks.encoding_characters}")
    written = {}
    for name in draw(st.lists(names, max_size=6)):
        message.add(name)
        occurrence = message.names.count(name)
        for place in draw(st.lists(st.sampled_from(["1", "3.1", "3(2).4.2", "5.2", "5(3).1"]), unique=True)):
            path = f"{name}({occurrence})-{place}"
            written[path] = message[path] = draw(values)
    return message, written


@given(messages())
def test_what_was_written_is_read_after_a_journey_as_bytes(written: tuple[Message, dict[str, str]]) -> None:
    message, values = written
    received = parse(bytes(message))
    assert {path: received[path] for path in values} == values
    assert bytes(received) == bytes(message)
    assert not {odd.code for odd in received.oddities} - {
        "charset-undeclared",
        "header-incomplete",
        "control-character",
        "unterminated",
    }


@given(messages())
def test_all_ways_of_reading_agree(written: tuple[Message, dict[str, str]]) -> None:
    message, values = written
    assert reader(*values)(message) == tuple(values.values()) == tuple(message[path] for path in values)
    places = ("1", "3.1", "3(2).4.2", "5.2", "5(3).1")
    assert rows("OBX", *places)(message) == [tuple(obx[place] for place in places) for obx in message.segments("OBX")]


@given(st.binary())
@example(b"MSH|^~\\&|\r \rPID")
@example(b"MSH\t|^~\\&|LAB\rPID|1")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    check(data)


@given(lumps, st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_any_lump_of_pieces_of_messages_is_read_or_refused(text: str, encoding: str) -> None:
    check(text.encode(encoding, "replace"))


@given(st.data())
def test_a_message_with_bytes_lost_changed_and_doubled_is_read(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([ADT_A01, ORU_R01])).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.integers(0, 30))
        raw[at : at + length] = data.draw(st.one_of(st.binary(max_size=4), st.just(bytes(raw[at : at + length]) * 2)))
    check(bytes(raw))

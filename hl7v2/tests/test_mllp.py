"""MLLP frames, however the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hl7v2 import FramingError, mllp

contents = st.binary().filter(lambda content: mllp.END not in content)


@given(st.lists(contents, max_size=4), st.integers(1, 9))
def test_what_was_framed_comes_out_whatever_the_pieces(messages: list[bytes], size: int) -> None:
    stream = b"".join(mllp.frame(message) for message in messages)
    deframer = mllp.Deframer()
    out = [message for at in range(0, len(stream), size) for message in deframer.feed(stream[at : at + size])]
    assert out == messages
    assert not deframer.waiting
    assert deframer.skipped == 0


def test_a_frame_ends_without_the_carriage_return_too() -> None:
    assert mllp.Deframer().feed(b"\x0bone\x1c\x0btwo\x1c\r\n") == [b"one", b"two"]


def test_what_stands_between_frames_is_skipped_and_counted() -> None:
    deframer = mllp.Deframer()
    assert deframer.feed(b"noise\x0bone\x1c\r\nmore") == [b"one"]
    assert deframer.skipped == len(b"noise\nmore") - 1


def test_a_message_that_was_cut_off_is_seen() -> None:
    deframer = mllp.Deframer()
    assert deframer.feed(b"\x0bMSH|") == []
    assert deframer.waiting


def test_a_message_past_the_limit_is_refused_at_once() -> None:
    deframer = mllp.Deframer(limit=10)
    assert deframer.feed(b"\x0b1234567890\x1c\r") == [b"1234567890"]
    with pytest.raises(FramingError, match="larger than 10 bytes"):
        deframer.feed(b"\x0b12345678901")


def test_a_message_that_would_end_its_frame_is_not_framed() -> None:
    with pytest.raises(FramingError, match="1C"):
        mllp.frame(b"MSH|\x1c\r")

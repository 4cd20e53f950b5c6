"""Changing messages and writing them."""

from __future__ import annotations

import pytest
from samples import ADT_A01

from hl7v2 import NULL, WriteError, new_message, parse


def test_a_message_that_was_only_read_is_written_as_it_came() -> None:
    raw = ADT_A01.replace("\r", "\r\n").encode()
    message = parse(raw)
    assert message["PID-5.1"]
    assert message.all("OBX-5")
    assert bytes(message) == raw


def test_a_change_leaves_every_other_byte_as_it_was() -> None:
    raw = b"MSH|^~\\&|LAB\nPID|1||4711^^~\r\n\r\nOBX|1|TX|||a\\Zx\\||\r"
    message = parse(raw)
    message["PID-5.2"] = "TOVE"
    assert bytes(message) == b"MSH|^~\\&|LAB\nPID|1||4711^^~||^TOVE\r\n\r\nOBX|1|TX|||a\\Zx\\||\r"


def test_a_value_is_escaped_and_reads_as_it_was_set() -> None:
    message = parse(ADT_A01)
    message["PID-5.1"] = "O^K & son|\r\n\\F\\"
    assert message.raw("PID-5.1") == r"O\S\K \T\ son\F\\X0D\\X0A\\E\F\E" + "\\"
    assert message["PID-5.1"] == "O^K & son|\r\n\\F\\"
    assert parse(bytes(message))["PID-5.1"] == message["PID-5.1"]


def test_setting_makes_the_room_it_needs() -> None:
    message = new_message()
    message["MSH-9.2"] = "A01"
    message["PID-3(2).4.2"] = "1.2.3"
    message["PID-8"] = NULL
    assert str(message) == 'MSH|^~\\&|||||||^A01\rPID|||~^^^&1.2.3|||||""\r'


def test_setting_nothing_where_nothing_is_changes_nothing() -> None:
    message = parse(ADT_A01)
    message["PID-99.3"] = ""
    message["PID-8.7"] = ""
    message["ZPI-1"] = ""
    del message["PID-3(9)"]
    assert str(message) == ADT_A01


def test_raw_text_is_put_as_it_is() -> None:
    message = parse(ADT_A01)
    message.set_raw("PID-5", "ROE^JANE~DOE^JANE")
    assert message["PID-5(2).1"] == "DOE"
    with pytest.raises(WriteError, match="line break"):
        message.set_raw("PID-5", "ROE\rPID|2")


def test_segments_are_added_at_the_end_or_beside_others() -> None:
    message = parse("MSH|^~\\&|LAB\rPID|1\rPV1|1")
    zpi = message.add("ZPI|x")
    message.add("NTE|1", after=message.segment("PID"))
    message.add("EVN|A01", before=message.segment("PID"))
    zpi["2"] = "y"
    assert str(message) == "MSH|^~\\&|LAB\rEVN|A01\rPID|1\rNTE|1\rPV1|1\rZPI|x|y\r"
    assert message["NTE-1"] == "1"


def test_a_segment_that_is_added_is_found_wherever_it_was_put() -> None:
    """What is known of a message's segments is kept while it grows at its end, and not where it grows elsewhere."""
    message = parse("MSH|^~\\&|LAB\rOBX|1\rNTE|1\r\r")
    first = message.segments("OBX")[0]
    message.add("OBX|3")
    message.add("ZPI")
    message.add("OBX|2", after=first)
    message.add("NTE|0", before=first)
    message["ZPI-2"] = "x"
    assert message.all("OBX-1") == ["1", "2", "3"]
    assert message.all("NTE-1") == ["0", "1"]
    assert message["ZPI-2"] == "x"
    message.remove(first)
    assert (message["OBX(2)-1"], message["OBX(3)-1"]) == ("3", "")
    assert str(message) == "MSH|^~\\&|LAB\rNTE|0\rOBX|2\rNTE|1\rOBX|3\rZPI||x\r\r"


@pytest.mark.parametrize("text", ["", "pid|1", "PIDX|1", "NTE|1\rNTE|2", "MSH|^~\\&|", "BHS"])
def test_what_is_no_segment_is_not_added(text: str) -> None:
    with pytest.raises(WriteError):
        parse(ADT_A01).add(text)


def test_segments_are_removed() -> None:
    message = parse("MSH|^~\\&|LAB\rNTE|1\rNTE|2\rPV1|1\r")
    first = message.segments("NTE")[0]
    message.remove(first)
    assert str(message) == "MSH|^~\\&|LAB\rNTE|2\rPV1|1\r"
    assert message["NTE-1"] == "2"
    with pytest.raises(WriteError, match="no longer"):
        message.remove(first)


def test_the_delimiters_of_a_message_are_not_changed() -> None:
    message = parse(ADT_A01)
    with pytest.raises(WriteError, match="delimiters"):
        message["MSH-2"] = "^~"
    with pytest.raises(WriteError, match="MSH"):
        message.remove(message.segments("MSH")[0])


def test_a_second_segment_is_not_made_by_setting_a_third() -> None:
    with pytest.raises(WriteError, match="add one first"):
        parse(ADT_A01)["PV1(3)-1"] = "x"


def test_a_copy_changes_apart() -> None:
    message = parse(b"\x0b" + ADT_A01.encode() + b"\x1c\r")
    copy = message.copy()
    copy["PID-8"] = "M"
    assert message["PID-8"] == "F"
    assert bytes(message.copy()) == bytes(message)
    assert bytes(copy.copy()) == bytes(copy)

"""Reading messages as senders write them."""

from __future__ import annotations

import pytest
from samples import ADT_A01, ORU_R01, reference_messages

from hl7v2 import NULL, ParseError, parse, validate

HEADER = r"MSH|^~\&|LAB|QSH|EHR|QSH|20240229101500||ADT^A01|17|P|2.5.1"


def test_every_message_of_the_reference_data_reads_and_writes_back_to_the_byte() -> None:
    messages = reference_messages() + reference_messages("hl7v2-golden")
    if not messages:
        pytest.skip("no reference data beside the repository")
    for name, raw in messages:
        message = parse(raw)
        assert bytes(message) == raw, name
        assert message.rows, "every line is cut"
        message.set_raw("MSH-10", message.raw("MSH-10"))  # all is written anew from what was cut
        assert bytes(message) == raw, name
        assert message.control_id or message.names, name


def test_values_are_read_by_the_paths_of_the_standard() -> None:
    message = parse(ADT_A01)
    assert message["MSH-1"] == "|"
    assert message["MSH-2"] == "^~\\&"
    assert message["MSH-9.3"] == message.structure == "ADT_A01"
    assert message["PID-3(2).4.2"] == "1.2.752.129.2.1.3.1"
    assert message["OBX(2)-5"] == "68.4"
    assert message["PID-23"] == "Trollh&ttan"
    assert message["PV1-44"] == "20240229100500+0100"


def test_what_a_path_leaves_out_means_the_first() -> None:
    message = parse(ADT_A01)
    assert message["PID-5"] == message["PID-5(1).1.1"] == "Haraldsen"


@pytest.mark.parametrize(
    "path", ["PID-99", "PID-3(9)", "PID-5.14", "PID-3.4.9", "ZZZ-1", "OBX(9)-5", "PID-8(2)", "PID-8.2"]
)
def test_what_is_not_there_is_empty(path: str) -> None:
    assert parse(ADT_A01)[path] == ""


def test_null_is_told_apart_from_empty() -> None:
    message = parse(f'{HEADER}\rPID|1||4711||""||""|')
    assert message["PID-5"] == message["PID-7"] == NULL
    assert message["PID-6"] == message["PID-8"] == ""


def test_all_values_of_a_path_come_from_every_segment_and_repetition() -> None:
    message = parse(ADT_A01)
    assert message.all("OBX-5") == ["172", "68.4"]
    assert message.all("PID-3.1") == ["4711808", "19670814-2394"]
    assert message.all("OBX(2)-3.2") == ["Body weight"]
    assert message.all("AL1-5(2)") == ["Itch"]
    assert message.all("PID-9") == message.all("NTE-3") == []


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end_ends_a_segment(end: str) -> None:
    message = parse(ADT_A01.replace("\r", end))
    assert message.names == parse(ADT_A01).names
    assert message["IN1-13"] == "20241231"


def test_line_ends_may_be_mixed() -> None:
    message = parse(f"{HEADER}\nPID|1\r\nPV1|1\rOBX|1\n\nOBX|2")
    assert message.names == ["MSH", "PID", "PV1", "OBX", "OBX"]
    assert "mixed-line-ends" in {odd.code for odd in message.oddities}


def test_a_line_feed_inside_a_field_is_text_where_segments_end_in_carriage_returns() -> None:
    message = parse(f"{HEADER}\rOBX|1|TX|||first\nsecond|mg\rOBX|2")
    assert message.names == ["MSH", "OBX", "OBX"]
    assert message["OBX-5"] == "first\nsecond"
    assert message["OBX-6"] == "mg"


def test_a_frame_is_no_part_of_the_text_but_of_the_bytes() -> None:
    raw = b"\x0b" + ADT_A01.encode() + b"\x1c\r"
    message = parse(raw)
    assert str(message) == ADT_A01
    assert bytes(message) == raw
    assert message.oddities == ()


def test_other_encoding_characters_are_obeyed() -> None:
    message = parse("MSH#*+!%#LAB\rPID#1##47!S!11*x+12*y%z")
    assert message["PID-3"] == "47*11"
    assert message["PID-3(2).2.2"] == "z"


@pytest.mark.parametrize("encoding_characters", ["^~&", r"^~\\&", r"^~\&#", "^", "", "^^^^", "AB"])
def test_encoding_characters_that_are_wrong_are_read_as_they_were_meant(encoding_characters: str) -> None:
    message = parse(f"MSH|{encoding_characters}|LAB\rPID|1||47\\T\\11^x&y")
    assert message["MSH-3"] == "LAB"
    assert message["PID-3.1"] == "47&11"
    assert message["PID-3.2.2"] == "y"


@pytest.mark.parametrize("content", ["", b"", "  \r\n", "PID|1", b"\x00\xff", "MSHA|^~", "{}"])
def test_what_holds_no_header_is_refused(content: str | bytes) -> None:
    with pytest.raises(ParseError, match="not an HL7 v2 message"):
        parse(content)


@pytest.mark.parametrize("content", ["MSH", "MSH|", "MSH|^", r"MSH|^~\&", r"MSH|^~\&|", "\rMSH|^~\\&|", "  MSH|^~\\&|"])
def test_a_header_that_was_cut_off_is_read_as_far_as_it_goes(content: str) -> None:
    message = parse(content)
    assert message.names == ["MSH"]
    assert message["MSH-10"] == ""
    assert "header-incomplete" in {odd.code for odd in message.oddities}
    assert str(message) == content


def test_a_message_that_was_cut_off_anywhere_is_read_as_far_as_it_goes() -> None:
    for end in range(len(HEADER), len(ADT_A01)):
        message = parse(ADT_A01[:end])
        assert message.names[:-1] == parse(ADT_A01).names[: len(message.names) - 1]
        assert ("unterminated" in {odd.code for odd in message.oddities}) == (ADT_A01[end - 1] != "\r")


def test_what_a_frame_holds_whole_was_not_cut_off() -> None:
    assert parse("\x0b" + ADT_A01.rstrip("\r") + "\x1c\r").oddities == ()
    assert {odd.code for odd in parse("\x0b" + ADT_A01[:-9]).oddities} == {"frame-incomplete", "unterminated"}


def test_segments_that_stand_before_the_header_are_read() -> None:
    message = parse(f"PID|1||4711\r{HEADER}\rPV1|1|I\r")
    assert message["PID-3"] == "4711"
    assert [odd.code for odd in message.oddities] == ["header-not-first"]


def test_white_space_before_a_segment_is_no_part_of_its_name() -> None:
    message = parse(f"{HEADER}\n    PID|1||4711\nOBX|1\n\tOBX|2\n  ")
    assert message.names == ["MSH", "PID", "OBX", "OBX"]
    assert message["PID-3"] == "4711"
    assert message.all("OBX-1") == ["1", "2"]
    assert {odd.code for odd in message.oddities} == {"indented", "line-ends"}


@pytest.mark.parametrize("line", ["||x", "|", "  ||x", "^x"])
def test_a_line_without_a_name_is_kept_and_told(line: str) -> None:
    raw = f"{HEADER}\r{line}\rPID|1||4711\r"
    message = parse(raw)
    assert [segment.text for segment in message] == [HEADER, line, "PID|1||4711"]
    assert message["PID-3"] == "4711"
    assert [(odd.code, odd.segment) for odd in message.oddities] == [("line-not-a-segment", 1)]
    assert "segment 2" in {finding.path for finding in validate(message)}
    assert str(message) == raw


@pytest.mark.parametrize("space", ["\xa0", "\u3000", "\x85"])
def test_white_space_of_any_alphabet_is_white_space(space: str) -> None:
    message = parse(f"{HEADER}\r{space}\r{space}PID|1||4711\rPV1|1\r")
    assert message.names == ["MSH", "PID", "PV1"]
    assert message["PID-3"] == "4711"
    assert {(odd.code, odd.segment) for odd in message.oddities} == {("indented", 1)}


def test_segments_are_seen_by_name_and_in_order() -> None:
    message = parse(ORU_R01)
    assert [segment.name for segment in message][:6] == ["MSH", "PID", "PV1", "ORC", "OBR", "OBX"]
    assert [segment["1"] for segment in message.segments("OBX")][-1] == "28"
    third = message.segment("OBX", 3)
    assert third is not None
    assert third["3.1"] == "787-2"
    assert message.segment("OBX", 29) is None

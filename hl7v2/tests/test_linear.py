"""Whatever a message is made of, what is done with it takes time as its length."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest
from hostile import check_reading

from hl7v2 import acknowledge, differences, groups, new_message, parse, parse_hl7v2_message, validate

PIECES = [
    *("|", "^", "~", "&", "\\", "\r", "\n", "\x0b", "\x1c", " ", "\r\n", '""', "\r ", "\n\r\rx"),
    *("\rMSH|", "\rPID|", "\rPID|\r PID|", "\rABC", "\rOBX|x|NM||^&~x", "\r|||", "x^", "x&", "x|", "x~"),
]


def of(piece: str, size: int) -> str:
    """A message of about `size` bytes, nearly all of them that piece."""
    return "MSH|^~\\&|LAB|||||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||" + piece * (size // len(piece))


def read_and_write(text: str) -> None:
    check_reading(text.encode())


def judge(text: str) -> None:
    validate(text)


def answer(text: str) -> None:
    acknowledge(text, validate(text))


def group(text: str) -> None:
    groups(parse(text))


def make_a_row(text: str) -> None:
    parse_hl7v2_message(text.encode())


def compare(text: str) -> None:
    list(differences(parse(text), parse(text.replace("PID|1", "PID|2")[:-1] + "|y")))


def go_through_by_name(text: str) -> None:
    message = parse(text)
    for field in (message.pid.patient_identifier_list, message.obx.observation_value):
        for repetition in field:
            _ = repetition.value


def seconds(run: Callable[[str], None], text: str) -> float:
    gc.disable()  # looks at all that is there, whoever made it
    try:
        began = time.process_time()
        run(text)
        return time.process_time() - began
    finally:
        gc.enable()


def grows_as_its_length(run: Callable[[str], None], text: Callable[[int], str], size: int) -> bool:
    """Whether four times as much takes less than eight times as long, in one of five tries: the machine is busy."""
    return any(seconds(run, text(4 * size)) < 8 * seconds(run, text(size)) + 0.005 for _ in range(5))


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("run", [read_and_write, judge, answer, group, make_a_row, compare, go_through_by_name])
def test_four_times_as_much_of_anything_takes_about_four_times_as_long(run: Callable[[str], None], piece: str) -> None:
    assert grows_as_its_length(run, lambda size: of(piece, size), 6_000)


def test_ten_megabytes_of_delimiters_are_read_judged_and_written() -> None:
    text = of("~", 10_000_000)
    message = parse(text)
    assert not validate(message).valid
    message["PID-5"] = "x"
    assert parse(str(message))["PID-5"] == "x"


def build(count: str) -> None:
    """A report written value by value, by paths and beside other segments."""
    report = new_message()
    for number in range(1, int(count) + 1):
        obx = report.add("OBX")
        report[f"OBX({number})-1"] = number
        obx["5"] = "x"
    for obx in report.segments("OBX"):
        report.add("NTE|1", after=obx)
    for nte in report.segments("NTE"):
        report.remove(nte)
    assert report.names == ["MSH", *["OBX"] * int(count)]


def test_a_report_is_built_in_time_as_its_length() -> None:
    assert grows_as_its_length(build, str, 1_000)

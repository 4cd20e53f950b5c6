"""Where two messages differ."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hl7v2.alignment import aligned
from hypothesis import given
from hypothesis import strategies as st
from samples import ADT_A01, ORU_R01

from hl7v2 import Difference, Message, differences, parse


def changed(text: str, old: str, new: str) -> list[Difference]:
    assert old in text
    return list(differences(parse(text), parse(text.replace(old, new))))


def test_a_message_does_not_differ_from_itself_however_it_is_written() -> None:
    other = ADT_A01.replace("\r", "\r\n").replace("\\T\\", "\\X26\\")
    assert list(differences(parse(ADT_A01), parse(other))) == []
    delimited = ADT_A01.replace("\\T\\", "\\X26\\").translate(str.maketrans("|^~\\&", "!:?%;"))
    assert list(differences(parse(ADT_A01), parse(delimited))) == []


def test_a_changed_value_has_its_path_and_both_values() -> None:
    assert changed(ADT_A01, "Haraldsen^Tove", "Berg^Tove") == [
        Difference("PID-5.1", "Haraldsen", "Berg"),
    ]
    assert changed(ADT_A01, "|19670814|F|", "|19670814|M|") == [Difference("PID-8", "F", "M")]
    assert changed(ADT_A01, "QSH&1.2.752.97.3.1&ISO^MR", "QSH&1.2.3&ISO^MR") == [
        Difference("PID-3.4.2", "1.2.752.97.3.1", "1.2.3")
    ]
    assert changed(ADT_A01, "Brekke^Tove^^^^^M", "Brekke^Tone^^^^^M") == [Difference("PID-5(2).2", "Tove", "Tone")]
    assert changed(ADT_A01, "Rash~Itch", "Rash") == [Difference("AL1-5(2)", "Itch", "")]
    assert changed(ADT_A01, "MSG0000017", "MSG0000018") == [Difference("MSH-10", "MSG0000017", "MSG0000018")]


def test_a_path_of_a_difference_reads_the_value_there() -> None:
    before, after = parse(ADT_A01), parse(ADT_A01.replace("Firthport", "Quay Town").replace("172", "173"))
    found = list(differences(before, after))
    assert len(found) == 5
    for one in found:
        assert (before[one.path], after[one.path]) == (one.before, one.after)


def test_an_added_segment_does_not_make_those_after_it_differ() -> None:
    lines = ORU_R01.split("\r")
    added = "OBX|99|ST|X^Y^L||between"
    longer = "\r".join([*lines[:6], added, *lines[6:]])
    assert list(differences(parse(ORU_R01), parse(longer))) == [Difference(_obx(longer, added), None, added)]
    assert list(differences(parse(longer), parse(ORU_R01))) == [Difference(_obx(longer, added), added, None)]


def _obx(text: str, line: str) -> str:
    occurrence = [one for one in text.split("\r") if one.startswith("OBX")].index(line) + 1
    return f"OBX({occurrence})" if occurrence > 1 else "OBX"


def test_a_line_without_a_name_is_named_by_its_place() -> None:
    longer = ADT_A01.replace("\rPD1", "\r||x\rPD1")
    assert list(differences(parse(longer), parse(ADT_A01))) == [Difference("segment 4", "||x", None)]


def test_messages_of_different_types_differ_by_whole_segments() -> None:
    paths = {one.path for one in differences(parse(ADT_A01), _only(ADT_A01, "MSH", "PID"))}
    assert {"EVN", "PV1", "OBX", "OBX(2)"} <= paths


def _only(text: str, *names: str) -> Message:
    return parse("\r".join(line for line in text.split("\r") if line[:3] in names))


NUMBER = 10_000  # segments: were each compared with each, it would take a quarter of a minute and more
ALIKE = ["OBX|1|ST|A||same"] * NUMBER
NUMBERED = [f"OBX|{number}|ST|A||same" for number in range(NUMBER)]
CHANGED = [line.replace("same", "other") for line in NUMBERED]
NOTED = [line for pair in zip(ALIKE, ["NTE|1||a"] * NUMBER, strict=True) for line in pair]


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (ALIKE, ALIKE[1:], 1),
        (ALIKE, [*ALIKE[:9], "OBX|1|ST|A||other", *ALIKE[9:]], 1),
        (NUMBERED, CHANGED, NUMBER),
        (NUMBERED, [*CHANGED[:9], *NUMBERED[9:]], 9),
        (NUMBERED, NUMBERED[::-1], 2 * (NUMBER - 1)),
        (NOTED, ALIKE, NUMBER),
    ],
)
def test_thousands_of_segments_that_are_alike_take_time_as_their_number(
    before: list[str], after: list[str], count: int
) -> None:
    first, second = (parse("\r".join(["MSH|^~\\&|LAB", *lines])) for lines in (before, after))
    began = time.process_time()
    assert len(list(differences(first, second))) == count
    assert time.process_time() - began < 5


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
def test_what_is_aligned_is_the_same_and_in_order(old: list[str], new: list[str]) -> None:
    pairs = list(aligned(old, new))
    assert all(old[one] == new[other] for one, other in pairs)
    assert all(one < one_ and other < other_ for (one, other), (one_, other_) in pairwise(pairs))
    assert pairs or not set(old) & set(new)


@given(st.lists(st.integers(), unique=True), st.data())
def test_all_is_aligned_but_what_was_taken_out(old: list[int], data: st.DataObject) -> None:
    new = [one for one in old if data.draw(st.booleans())]
    assert [old[one] for one, _ in aligned(old, new)] == new

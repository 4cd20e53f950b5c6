"""Finding the place of each segment in the standard's tree of groups."""

from __future__ import annotations

import random

import pytest
from hl7v2.definitions import VERSIONS, Part, definitions
from hl7v2.structure import ANY_SEGMENT, Structure
from hypothesis import given, settings
from hypothesis import strategies as st

ADT_A01 = Structure(definitions("2.5").structures["ADT_A01"])
ORU_R01 = Structure(definitions("2.5").structures["ORU_R01"])
ORM_O01 = Structure(definitions("2.5").structures["ORM_O01"])


def faults(structure: Structure, segments: str) -> list[str]:
    """The faults in a message of these segments: rule, part, group it belongs to, index of the segment."""
    names = segments.split()
    found = [
        f"{kind} {part}{f' in {inside}' if inside else ''} @{at}"
        for kind, part, inside, at in structure.match(names).faults
    ]
    assert structure.is_matched_by(names) == (not found)
    return found


@pytest.mark.parametrize(
    ("structure", "segments"),
    [
        (ADT_A01, "MSH EVN PID PV1"),
        (
            ADT_A01,
            "MSH SFT SFT EVN PID PD1 ROL NK1 NK1 PV1 PV2 ROL OBX AL1 AL1 DG1 PR1 ROL PR1 GT1 IN1 IN2 IN3 IN1 ACC",
        ),
        (ORU_R01, "MSH OBR"),
        (ORU_R01, "MSH PID PV1 ORC OBR NTE OBX NTE OBX SPM OBX OBR OBX PID OBR OBX DSC"),
        (ORM_O01, "MSH PID ORC OBR OBX NTE ORC RQD ORC ORC OBR"),
    ],
)
def test_messages_as_the_standard_wants_them_have_no_fault(structure: Structure, segments: str) -> None:
    assert faults(structure, segments) == []


@pytest.mark.parametrize(
    ("structure", "segments", "found"),
    [
        (ADT_A01, "MSH EVN PID", ["missing-segment PV1 @3"]),
        (ADT_A01, "", ["missing-segment MSH @0", "missing-segment EVN @0", "missing-segment PID @0",
                       "missing-segment PV1 @0"]),
        (ADT_A01, "MSH EVN PID PID PV1", ["repeated-segment PID @3"]),
        (ADT_A01, "MSH PID PV1 EVN", ["misplaced-segment EVN @3"]),
        (ADT_A01, "MSH EVN PID PV1 IN1 GT1", ["misplaced-segment GT1 @5"]),
        (ADT_A01, "MSH EVN PID QRD PV1", ["unexpected-segment QRD @3"]),
        (ADT_A01, "MSH EVN PID PV1 IN1 IN2 IN2", ["missing-segment IN1 in INSURANCE @6"]),
        (ORU_R01, "MSH PID PV1", ["missing-group ORDER_OBSERVATION in PATIENT_RESULT @3"]),
        (ORU_R01, "MSH PID OBX OBX", ["missing-segment OBR in ORDER_OBSERVATION @2"]),
        (ORU_R01, "MSH PID OBR OBX PV1", ["misplaced-segment PV1 @4"]),
        (ORM_O01, "MSH PID ORC OBR RQD", ["missing-segment ORC in ORDER @4"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_the_way_that_supposes_least_to_be_wrong(
    structure: Structure, segments: str, found: list[str]
) -> None:
    assert faults(structure, segments) == found


def a_message_of(part: Part, chosen: random.Random) -> list[str]:
    """Segments that a part may consist of, chosen anew each time."""
    if not part.parts:
        return ["NTE" if part.name == ANY_SEGMENT else part.name]
    if part.choice:
        return a_message_of(chosen.choice(part.parts), chosen)
    segments: list[str] = []
    for inner in part.parts:
        times = chosen.choice([1, 1, 2, 3] if inner.repeats else [1])
        for _ in range(times if inner.required or chosen.random() < 0.5 else 0):
            segments += a_message_of(inner, chosen)
    # A group of which nothing came is not there: one whose parts may all be left out (2.4 RSP_Z88) has its first.
    return segments or a_message_of(part.parts[0], chosen)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(VERSIONS), st.integers(min_value=0), st.randoms(use_true_random=False))
def test_whatever_a_structure_may_consist_of_matches_it(version: str, which: int, chosen: random.Random) -> None:
    structures = definitions(version).structures
    name = sorted(structures)[which % len(structures)]
    names = a_message_of(structures[name], chosen)
    assert Structure(structures[name]).match(names).faults == (), f"{version} {name}: {names}"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["MSH", "PID", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM", "ABC", "PD1"]), max_size=60))
def test_every_segment_of_a_shuffled_message_is_placed_or_told_of(names: list[str]) -> None:
    match = ORU_R01.match(names)
    out_of_place = {fault.at for fault in match.faults if fault.kind in ("misplaced-segment", "unexpected-segment")}
    assert [at for at, place in enumerate(match.placed) if place is None] == sorted(out_of_place)


def test_what_shuffled_messages_teach_is_bounded() -> None:
    structure = Structure(definitions("2.5").structures["ORU_R01"])
    chosen = random.Random(7)
    names = ["MSH", "PID", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM", "TQ1", "CTI", "NK1", "PD1", "FT1", "DSC"]
    for _ in range(400):
        structure.match(chosen.choices(names, k=40))
    assert len(structure._states) <= 5_000

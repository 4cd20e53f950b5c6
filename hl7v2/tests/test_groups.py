"""Groups of a message, by its structure."""

from __future__ import annotations

from samples import ORU_R01

from hl7v2 import Group, groups, parse

HEADER = r"MSH|^~\&|LAB|QSH|EHR|QSH|20240229101500||ORU^R01^ORU_R01|17|P|2.5.1"


def outline(group: Group) -> str:
    """A group as text: its segments' names, and its groups in brackets."""
    inside = " ".join(outline(child) if isinstance(child, Group) else child.name for child in group.children)
    return f"{group.name}[{inside}]" if group.name else inside


def test_segments_stand_in_the_groups_of_the_standard() -> None:
    message = parse(f"{HEADER}\rPID|1\rORC|RE\rOBR|1\rNTE|1\rOBX|1\rNTE|1\rOBX|2\rOBR|2\rPID|2\rOBR|3")
    assert outline(groups(message)) == (
        "MSH PATIENT_RESULT[PATIENT[PID] "
        "ORDER_OBSERVATION[ORC OBR NTE OBSERVATION[OBX NTE] OBSERVATION[OBX]] ORDER_OBSERVATION[OBR]] "
        "PATIENT_RESULT[PATIENT[PID] ORDER_OBSERVATION[OBR]]"
    )


def test_groups_and_their_segments_are_found_by_name() -> None:
    message = parse(ORU_R01)
    (result,) = groups(message).groups("PATIENT_RESULT")
    (patient,) = result.groups("PATIENT")
    assert patient.segment("PID") is not None
    assert result.segment("OBX") is None
    observations = list(result.all("OBSERVATION"))
    assert len(observations) == len(message.segments("OBX"))
    assert observations[2].segments("OBX")[0]["3.1"] == message["OBX(3)-3.1"]


def test_a_segment_without_a_place_stays_with_the_one_before_it() -> None:
    message = parse(f"{HEADER}\rPID|1\rZPI|1\rOBR|1\rOBX|1\rEVN|A01\rZZZ|1")
    assert outline(groups(message)) == (
        "MSH PATIENT_RESULT[PATIENT[PID ZPI] ORDER_OBSERVATION[OBR OBSERVATION[OBX EVN ZZZ]]]"
    )


def test_a_message_of_no_known_structure_is_one_group() -> None:
    message = parse("MSH|^~\\&|||||||XYZ^Q99|1|P|2.5\rPID|1\rOBR|1")
    assert outline(groups(message)) == "MSH PID OBR"

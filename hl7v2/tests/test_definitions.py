"""What the versions of the standard say, read from hl7apy and put right."""

from __future__ import annotations

import pytest
from hl7v2.definitions import VARIES, VERSIONS, WITHDRAWN, definitions, nearest_version
from hl7v2.events import structure_of_event

from hl7v2 import HL7Error, UnknownVersion


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_whole(version: str) -> None:
    known = definitions(version)
    types = {field.datatype for segment in known.segments.values() for field in segment.fields}
    types |= {component.datatype for components in known.datatypes.values() for component in components}
    assert types - known.datatypes.keys() - known.primitives <= {WITHDRAWN, VARIES}
    for segment in known.segments.values():
        assert [field.number for field in segment.fields] == list(range(1, len(segment.fields) + 1))
    for components in known.datatypes.values():
        assert [component.number for component in components] == list(range(1, len(components) + 1))
    for name, part in known.structures.items():
        assert part.name == name
        assert part.parts


def test_fields_have_name_type_table_and_how_often_they_may_stand() -> None:
    pid = definitions("2.5.1").segments["PID"].fields
    assert (pid[4].name, pid[4].datatype, pid[4].required, pid[4].max) == ("patient_name", "XPN", True, None)
    assert (pid[7].name, pid[7].datatype, pid[7].table, pid[7].max) == ("administrative_sex", "IS", "HL70001", 1)
    assert definitions("2.6").segments["OBR"].fields[16].max == 2


def test_a_field_that_hl7apy_leaves_out_is_a_withdrawn_one() -> None:
    pid_28 = definitions("2.8").segments["PID"].fields[27]
    assert (pid_28.number, pid_28.name, pid_28.datatype) == (28, "", WITHDRAWN)


@pytest.mark.parametrize("version", ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5"])
def test_a_time_stamp_is_a_time_without_need_of_a_precision(version: str) -> None:
    time, precision, *_ = definitions(version).datatypes["TS"]
    assert (time.datatype, time.required, precision.required) == ("DTM", False, False)


def test_entries_of_tables_may_stand_for_many_codes() -> None:
    tables = definitions("2.5").tables
    assert all(code in tables["HL70396"] for code in ("LN", "HL70001", "99QSH", "ISO4217", "L"))
    assert "QSH" not in tables["HL70396"]
    assert all(code in tables["HL70335"] for code in ("Q6H", "Q2J1", "BID", "PRN"))
    assert "Q H" not in tables["HL70335"]
    assert {"L", "M", "N"} <= tables["HL70301"].codes


def test_a_version_that_is_not_known_is_refused_by_a_sentence_or_read_by_the_nearest() -> None:
    with pytest.raises(UnknownVersion, match="known"):
        definitions("2.9")
    assert issubclass(UnknownVersion, HL7Error)
    assert [nearest_version(text) for text in ("2.9", "2.5.9", "2.3.1", " 2.4", "2.0", "2.10", "", "X")] == [
        "2.8.2", "2.5", "2.3.1", "2.4", "2.5.1", "2.5.1", "2.5.1", "2.5.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "message_type", "event", "structure"),
    [
        ("2.5.1", "ADT", "A08", "ADT_A01"),
        ("2.5.1", "ADT", "A31", "ADT_A05"),
        ("2.3.1", "ADT", "A31", "ADT_A01"),
        ("2.2", "ADT", "A08", "ADT_A08"),
        ("2.3.1", "ADT", "A22", "ADT_A02"),
        ("2.5.1", "ADT", "A40", "ADT_A39"),
        ("2.3", "SIU", "S14", "SIU_S12"),
        ("2.5.1", "MDM", "T08", "MDM_T02"),
        ("2.5.1", "ACK", "A01", "ACK"),
        ("2.5.1", "XYZ", "A01", None),
    ],
)
def test_an_event_tells_the_structure(version: str, message_type: str, event: str, structure: str | None) -> None:
    assert structure_of_event(message_type, event, definitions(version).structures) == structure

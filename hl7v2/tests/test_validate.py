"""Judging messages by the standard."""

from __future__ import annotations

import re

import pytest
from hl7v2.definitions import definitions
from hl7v2.primitives import PLAIN_FORMS, form_of
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import ADT_A01, ORU_R01, reference_messages

from hl7v2 import RULES, Message, ParseError, Severity, Validator, parse, validate

HEADER = r"MSH|^~\&|REG|QSH|EHR|QSH|20240229101500||ADT^A01^ADT_A01|17|P|2.5.1"
EVN = "EVN||20240229"
PID = "PID|1||4711^^^QSH^MR||Haraldsen^Tove||19670814|F"
PV1 = "PV1|1|I"


def admission(
    *, header: str = HEADER, evn: str = EVN, pid: str = PID, pv1: str = PV1, more: tuple[str, ...] = ()
) -> str:
    """An admission without a fault, but for what is given otherwise; a segment that is "" is left out."""
    return "\r".join(line for line in (header, evn, pid, pv1, *more) if line)


def found(message: str | Message) -> list[str]:
    """What the standard finds in a message, each as path and rule."""
    return [f"{finding.path} {finding.rule}" for finding in validate(message)]


def test_a_message_without_a_fault_is_valid() -> None:
    verdict = validate(admission())
    assert (verdict.findings, verdict.valid, verdict.version, verdict.structure) == ((), True, "2.5.1", "ADT_A01")


@pytest.mark.parametrize(
    ("message", "finding"),
    [
        (admission(header=HEADER.replace("2.5.1", "2.9")), "MSH-12 unknown-version"),
        (admission(header=HEADER.replace("^ADT_A01", "^ADT_A04")), "MSH-9.3 unknown-structure"),
        (admission(header=HEADER.replace("ADT^A01^ADT_A01", "XYZ^Q99")), "MSH-9 unknown-structure"),
        (admission(pv1=""), "PV1 missing-segment"),
        (admission(more=("IN2|1",)), "IN1 missing-segment"),
        (f"{HEADER.replace('ADT^A01^ADT_A01', 'ORU^R01')}\r{PID}", "ORDER_OBSERVATION missing-group"),
        (admission(pid=f"{PID}\r{PID}"), "PID(2) repeated-segment"),
        (admission(evn="", more=(EVN,)), "EVN misplaced-segment"),
        (admission(more=("ORC|RE",)), "ORC unexpected-segment"),
        (admission(more=("ABC|1",)), "ABC unknown-segment"),
        (admission(pid=PID.replace("Haraldsen^Tove", "")), "PID-5 missing-field"),
        (admission(pid=PID.replace("Haraldsen^Tove", " ")), "PID-5 missing-field"),
        (admission(pid=PID.replace("Haraldsen^Tove", "^~^")), "PID-5 missing-field"),
        (admission(evn="EVN"), "EVN-2 missing-field"),
        (admission(pid=PID.replace("19670814", "19670814~19670815")), "PID-7 repeated-field"),
        (admission(pv1=PV1 + "|" * 52 + "X"), "PV1-54 unknown-field"),
        (admission(pid=PID.replace("^MR", "^MR^^^^^^X")), "PID-3.11 unknown-component"),
        (admission(pid=PID.replace("|F", "|F^Female")), "PID-8.2 unknown-component"),
        (admission(pid=PID.replace("4711", "47&11")), "PID-3.1.2 unknown-component"),
        (admission(pid=PID.replace("19670814", "19671314")), "PID-7.1 data-type"),
        (admission(pid=PID.replace("PID|1", "PID|first")), "PID-1 data-type"),
        (admission(more=("OBX|1|NM|8302-2||tall|||||F",)) + "|" * 5, "OBX-5 value-type"),
        (admission(more=("OBX|1||8302-2||172||||||F",)), "OBX-5 value-type"),
        (admission(more=("OBX|1|ED|PDF||^application^pdf^Base64^AAAA^extra||||||F",)), "OBX-5.6 unknown-component"),
        (admission(pid=PID.replace("PID|1", "PID|10000")), "PID-1 length"),
        (admission(header=HEADER.replace("|P|", "|X|")), "MSH-11.1 table"),
        (admission(pid=PID.replace("|F", "|female")), "PID-8 user-table"),
        (admission(more=("AL1|1|DRUG|X",)), "AL1-2.1 user-table"),
    ],
)  # fmt: skip
def test_a_fault_is_found_where_it_is(message: str, finding: str) -> None:
    assert finding in found(message)


def test_a_fault_in_a_later_segment_and_repetition_is_told_with_both() -> None:
    message = admission(more=("OBX|1|NM|8302-2||172||||||F", "OBX|2|DT|X||20240229~20240230||||||F"))
    assert found(message) == ["OBX(2)-5(2) value-type"]
    assert parse(message)[validate(message).findings[0].path] == "20240230"


def test_withdrawn_fields_and_components_are_to_be_empty() -> None:
    message = admission(header=HEADER.replace("2.5.1", "2.8"), pid=f"{PID}|||12 Quay Road^^^^^^^^^^^X|INLAND")
    assert found(message) == ["PID-11.12 withdrawn", "PID-12 withdrawn"]


def test_components_that_a_version_requires_are_missed_where_the_field_has_a_value() -> None:
    message = admission(header=HEADER.replace("2.5.1", "2.7"), pid=PID.replace("^^^QSH^MR", ""))
    assert found(message) == ["PID-3.5 missing-component"]


def test_the_null_is_a_value_of_every_field() -> None:
    assert found(admission(pid=PID.replace("19670814|F", '""|""').replace("Haraldsen^Tove", '""'))) == []


def test_a_code_may_be_escaped_or_be_of_a_system_that_the_sender_names() -> None:
    assert found(admission(more=("AL1|1|D\\X41\\|X",))) == []
    assert found(admission(more=("AL1|1|DRUG^^99QSH|X",))) == []
    assert found(admission(more=("AL1|1|DRUG^^HL70127|X",))) == ["AL1-2.1 user-table"]


def test_a_code_missing_from_a_user_defined_table_is_no_error() -> None:
    verdict = validate(admission(pid=PID.replace("|F", "|female")))
    assert [finding.severity for finding in verdict] == [Severity.WARNING]
    assert verdict.valid


def test_a_table_without_codes_leaves_them_to_the_site() -> None:
    assert found(admission(header=HEADER.replace("2.5.1", "2.8"), pv1=PV1 + "|" * 19 + "ANY")) == []


def test_z_segments_may_stand_anywhere_with_anything_in_them() -> None:
    assert found(admission(pid=f"ZPI|a^b&c~d\r{PID}", more=("ZZZ",))) == []


def test_empty_fields_and_components_at_the_end_are_no_fault() -> None:
    assert found(admission(pid=PID.replace("Tove", "Tove" + "^" * 30).replace("|F", "|F^^") + "|" * 60)) == []


def test_any_delimiters_will_do() -> None:
    message = admission(pid=PID.replace("19670814", "1967"), more=("AL1|1|DA|X^Y&Z",))
    other = message.translate(str.maketrans("|^~&", "#*@%"))
    assert found(message) == found(other) == ["AL1-3.2.2 unknown-component"]


def test_a_query_may_go_on_in_its_last_field() -> None:
    header = HEADER.replace("ADT^A01^ADT_A01", "QBP^Q11^QBP_Q11")
    assert "QPD-6 unknown-field" not in found(f"{header}\rQPD|Q11^X|1|a|b|c|d\rRCP|I")


def test_a_message_of_no_known_structure_is_judged_by_its_segments() -> None:
    verdict = validate(
        admission(header=HEADER.replace("ADT^A01^ADT_A01", "XYZ^Q99"), pid=PID.replace("PID|1", "PID|x"))
    )
    assert [finding.path for finding in verdict] == ["MSH-9", "MSH-9.1", "MSH-9.2", "PID-1"]
    assert verdict.structure == ""


def test_a_line_that_is_no_segment_is_told_of_without_its_text() -> None:
    verdict = validate(admission(more=("Tove Haraldsen called",)))
    assert [str(finding) for finding in verdict] == [
        "segment 5: the line begins with no name of a segment (unknown-segment)"
    ]


def test_findings_are_told_in_the_order_of_the_message() -> None:
    verdict = validate(admission(evn="EVN|||x", pid="PID|x||", pv1="", more=("ORC",)))
    assert [finding.segment for finding in verdict] == sorted(finding.segment for finding in verdict)
    assert {finding.rule for finding in verdict} <= RULES.keys()


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(ParseError):
        validate("hello")


def test_a_verdict_does_not_depend_on_what_was_judged_before() -> None:
    """Texts are remembered: as many as fill a memory, and make it stale, change nothing."""
    validator = Validator()
    good, bad = admission(), admission(pid=PID.replace("19670814", "19671314"))
    before = validator.validate(good), validator.validate(bad)
    for number in range(25_000):
        validator.validate(admission(pid=PID.replace("4711", str(number)).replace("19670814", str(19000000 + number))))
    assert (validator.validate(good), validator.validate(bad)) == before


def test_no_sentence_holds_a_value_of_the_message() -> None:
    secret = "Xyzzy"
    for text in (ADT_A01, ORU_R01):
        pieces = text.split("|")
        for at in range(4, len(pieces)):
            message = "|".join([*pieces[:at], f"{secret}^{secret}&{secret}~{secret}", *pieces[at + 1 :]])
            assert not [str(finding) for finding in validate(message) if secret in str(finding)]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='|^~&\\\r ABCZ0129.-"PIDOBXMSH', max_size=300))
def test_any_text_is_judged(text: str) -> None:
    for version in ("2.1", "2.5", "2.8.2"):
        verdict = validate(HEADER.replace("2.5.1", version) + "\r" + text)
        assert verdict.version == version


def test_every_message_of_the_reference_data_is_judged() -> None:
    messages = reference_messages() + reference_messages("hl7v2-golden")
    if not messages:
        pytest.skip("no reference data beside the repository")
    validator = Validator()
    for name, raw in messages:
        message = parse(raw)
        for finding in validator.validate(message):
            assert 0 <= finding.segment <= len(message.names), name


@pytest.mark.parametrize("datatype", PLAIN_FORMS)
@given(data=st.data())
def test_what_is_plainly_of_a_form_has_it_and_is_not_too_long(datatype: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(PLAIN_FORMS[datatype], re.ASCII), fullmatch=True))
    is_value = form_of(datatype)
    assert is_value is not None
    assert is_value(text)
    assert len(text) <= definitions("2.5").lengths.get(datatype, len(text))

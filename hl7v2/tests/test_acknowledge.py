"""Answers to messages, in original and enhanced mode."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hl7v2.definitions import VERSIONS
from samples import reference_messages

from hl7v2 import Finding, Level, Message, Outcome, Severity, acknowledge, mllp, parse, validate

NOW = datetime(2024, 2, 29, 10, 15, tzinfo=UTC)
HEADER = r"MSH|^~\&|REG^1.2.3^ISO|QSH|EHR|FIRTH|20240229||ADT^A01^ADT_A01|17|T|2.5.1"
GOOD = f"{HEADER}\rEVN||20240229\rPID|1||4711||Haraldsen\rPV1|1|I"
BAD = f"{HEADER}\rEVN||2024022\rPID|1||4711||Haraldsen||19671314"


def answered(content: Message | bytes | str, **others: object) -> Message:
    answer = acknowledge(content, now=NOW, control_id="A17", **others)  # type: ignore[arg-type]
    assert answer is not None
    return answer


def wanting(message: str, accept: str, application: str) -> str:
    return message.replace("|2.5.1", f"|2.5.1|||{accept}|{application}")


def test_a_message_is_accepted_with_sender_and_receiver_swapped() -> None:
    assert str(answered(GOOD)).splitlines() == [
        r"MSH|^~\&|EHR|FIRTH|REG^1.2.3^ISO|QSH|20240229101500+0000||ACK^A01^ACK|A17|T|2.5.1",
        "MSA|AA|17",
    ]


def test_findings_are_told_in_err_segments() -> None:
    answer = answered(BAD, findings=validate(BAD))
    assert (answer["MSA-1"], answer["MSA-2"]) == ("AE", "17")
    assert [segment.text.split("|")[2:6] for segment in answer.segments("ERR")] == [
        ["EVN^1^2^^1", "102^Data type error^HL70357", "E", "data-type"],
        ["PID^1^7^^1", "102^Data type error^HL70357", "E", "data-type"],
        ["PV1^1", "100^Segment sequence error^HL70357", "E", "missing-segment"],
    ]
    assert answer["ERR(3)-8"] == "PV1: the segment is required (missing-segment)"


def test_before_2_5_findings_are_told_in_err_1_and_the_first_in_msa_3() -> None:
    bad = BAD.replace("2.5.1", "2.4")
    answer = answered(bad, findings=validate(bad))
    assert answer["MSA-3"].startswith("EVN-2.1: the value is not")
    assert answer.raw("ERR-1") == (
        "EVN^1^2^102&Data type error&HL70357~PID^1^7^102&Data type error&HL70357"
        "~PV1^1^^100&Segment sequence error&HL70357"
    )


@pytest.mark.parametrize("count", [100, 101, 20_000])
def test_of_any_number_of_findings_a_hundred_are_told_errors_first(count: int) -> None:
    warnings = [Finding(f"OBX({at})-5", "length", Severity.WARNING, "too long", at) for at in range(1, count)]
    answer = answered(GOOD, findings=[*warnings, Finding("PID-5", "missing-field", Severity.ERROR, "is required", 2)])
    assert answer.names == ["MSH", "MSA", *["ERR"] * 100]
    if count > 100:
        assert answer["ERR(1)-8"] == "PID-5: is required (missing-field)"
        assert answer["ERR(100)-8"] == f"message: {count - 99:,} more findings are not told (more-findings)"
        assert (answer.raw("ERR(100)-2"), answer["ERR(100)-4"]) == ("", "I")


def test_before_2_5_a_hundred_are_told_in_err_1() -> None:
    findings = [Finding(f"OBX({at})-5", "data-type", Severity.ERROR, "is none", at) for at in range(1, 1_000)]
    answer = answered(GOOD.replace("2.5.1", "2.4"), findings=findings)
    assert answer.names == ["MSH", "MSA", "ERR"]
    assert len(answer.all("ERR-1")) == 100
    assert answer["ERR-1(100).4.2"] == "900 more findings are not told"


@pytest.mark.parametrize("version", ["2.3", "2.4", "2.5.1"])
def test_a_sentence_of_a_profile_may_hold_delimiters(version: str) -> None:
    finding = Finding("PID-3.1", "our|own", Severity.ERROR, "ask R&D | ward ^1", 2)
    answer = answered(GOOD.replace("2.5.1", version), findings=[finding])
    assert answer["ERR-8" if version == "2.5.1" else "MSA-3"] == str(finding)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("content", [GOOD, BAD])
def test_answers_are_themselves_without_a_fault(version: str, content: str) -> None:
    message = content.replace("2.5.1", version).replace("REG^1.2.3^ISO", "REG")
    findings = validate(answered(message, findings=validate(message))).findings
    assert findings == ()


def test_warnings_leave_a_message_accepted_and_are_told() -> None:
    message = GOOD.replace("Haraldsen", "Haraldsen||19670814|female")
    answer = answered(message, findings=validate(message))
    assert (answer["MSA-1"], answer["ERR-4"]) == ("AA", "W")


@pytest.mark.parametrize("change", [("2.5.1", "2.9"), ("ADT^A01^ADT_A01", "XYZ^Q99")])
def test_a_version_or_message_that_is_not_known_is_rejected(change: tuple[str, str]) -> None:
    message = GOOD.replace(*change)
    assert answered(message, findings=validate(message))["MSA-1"] == "AR"


def test_the_receiver_may_say_what_became_of_the_message() -> None:
    assert answered(GOOD, outcome=Outcome.REJECTED)["MSA-1"] == "AR"


@pytest.mark.parametrize(
    ("accept", "good", "bad"),
    [
        ("AL", "CA", "CE"),
        ("NE", None, None),
        ("ER", None, "CE"),
        ("SU", "CA", None),
        ("?", "CA", "CE"),
        ("", None, None),
    ],
)
def test_in_enhanced_mode_msh_15_says_whether_the_accept_level_answers(
    accept: str, good: str | None, bad: str | None
) -> None:
    answers = acknowledge(wanting(GOOD, accept, "AL")), acknowledge(wanting(BAD, accept, "AL"), validate(BAD))
    assert [answer and answer["MSA-1"] for answer in answers] == [good, bad]


@pytest.mark.parametrize(
    ("application", "good", "bad"), [("AL", "AA", "AE"), ("NE", None, None), ("ER", None, "AE"), ("SU", "AA", None)]
)
def test_in_enhanced_mode_msh_16_says_whether_the_application_answers(
    application: str, good: str | None, bad: str | None
) -> None:
    answers = (
        acknowledge(wanting(GOOD, "NE", application), level=Level.APPLICATION),
        acknowledge(wanting(BAD, "NE", application), validate(BAD), level=Level.APPLICATION),
    )
    assert [answer and answer["MSA-1"] for answer in answers] == [good, bad]


@pytest.mark.parametrize("level", Level)
def test_in_original_mode_the_application_answers_whoever_it_is(level: Level) -> None:
    assert answered(GOOD, level=level)["MSA-1"] == "AA"
    assert answered(wanting(GOOD, '""', '""'), level=level)["MSA-1"] == "AA"


def test_an_acknowledgment_is_never_acknowledged() -> None:
    assert acknowledge(answered(GOOD)) is None


@pytest.mark.parametrize("content", [b"", b"hello", "PID|1||4711", b"\x0b\x1c\r", b"FHS|^~\\&|X", b"\xff\xfe\x00"])
def test_content_that_is_no_message_is_rejected(content: bytes | str) -> None:
    answer = answered(content)
    assert (answer["MSA-1"], answer["MSA-2"], answer["ERR-3.1"], answer.version) == ("AR", "", "100", "2.5.1")


def test_a_message_cut_off_in_its_header_is_answered_as_far_as_it_is_known() -> None:
    answer = answered(r"MSH|^~\&|REG|QSH|EHR", findings=validate(r"MSH|^~\&|REG|QSH|EHR"))
    assert (answer["MSA-1"], answer["MSH-3"], answer["MSH-5"], answer["MSH-6"]) == ("AR", "EHR", "REG", "QSH")


def test_the_answer_is_in_the_delimiters_and_the_character_set_of_the_message() -> None:
    message = GOOD.translate(str.maketrans("|^", "#*")).replace("2.5.1", "2.5.1######8859/1").replace("QSH", "Sjö")
    raw = message.encode("latin-1")
    answer = answered(raw)
    assert "Sjö".encode("latin-1") in bytes(answer)
    assert bytes(answer).startswith(b"MSH#*~\\&#EHR#")


def test_an_answer_can_be_written_though_the_message_names_a_wrong_character_set() -> None:
    answer = answered("MSH|^~\\&|A|Krankenhaus Süd|||20240229||ADT^A01|17|P|2.5||||||8859/5\rPID|1".encode())
    assert parse(bytes(answer))["MSH-6"] == "Krankenhaus Süd"
    assert answer["MSH-18"] == "UNICODE UTF-8"


def test_a_line_feed_in_the_header_does_not_break_the_answer() -> None:
    answer = answered("MSH|^~\\&|A|B\nB|||20240229||ADT^A01|17|P|2.5\rPID|1\r")
    assert answer["MSH-6"] == "B\nB"
    assert answer.names == ["MSH", "MSA"]


@pytest.mark.parametrize("sent", ["17", "ID^17", "a~b", "a&b^c~d&e", r"a\T\b", "", "C:\\17", '""'])
@pytest.mark.parametrize("version", ["2.3", "2.5.1"])
def test_msa_2_is_msh_10_as_it_came(sent: str, version: str) -> None:
    answer = answered(GOOD.replace("|17|", f"|{sent}|").replace("2.5.1", version))
    assert answer.raw("MSA-2") == sent


def test_a_control_id_that_would_break_line_or_frame_is_escaped() -> None:
    answer = answered(GOOD.replace("|17|", "|1\n7\x1c8|"))
    assert answer.raw("MSA-2") == r"1\X0A\7\X1C\8"
    assert mllp.Deframer().feed(mllp.frame(bytes(answer))) == [bytes(answer)]


def test_each_answer_has_a_control_id_of_its_own() -> None:
    identifiers = {answer["MSH-10"] for _ in range(20) if (answer := acknowledge(GOOD))}
    assert len(identifiers) == 20
    assert all(0 < len(identifier) <= 20 for identifier in identifiers)


def test_every_message_of_the_reference_data_can_be_answered() -> None:
    messages = reference_messages()
    if not messages:
        pytest.skip("no reference data beside the repository")
    for name, raw in messages:
        answer = acknowledge(raw, validate(raw), outcome=Outcome.ERROR, level=Level.APPLICATION)
        assert answer is None or parse(bytes(answer))["MSA-1"] in ("AE", "CE"), name

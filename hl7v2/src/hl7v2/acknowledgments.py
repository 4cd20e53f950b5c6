"""Answers to messages: acknowledgments in original and enhanced mode (HL7 v2 chapter 2, section 2.9).

>>> from hl7v2 import parse
>>> message = parse("MSH|^~\\\\&|REG|WARD|LAB|CITY|20240229||ADT^A01^ADT_A01|17|P|2.5\\rEVN||20240229\\rPID|1")
>>> answer = acknowledge(message, control_id="A17", now=datetime(2024, 2, 29, 10, 15, tzinfo=UTC))
>>> print(str(answer).replace("\\r", "\\n").strip())
MSH|^~\\&|LAB|CITY|REG|WARD|20240229101500+0000||ACK^A01^ACK|A17|P|2.5
MSA|AA|17

"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import uuid4

from hl7v2.definitions import nearest_version
from hl7v2.errors import ParseError, PathError, WriteError
from hl7v2.findings import Finding, Severity
from hl7v2.message import NULL, Message, new_message, parse
from hl7v2.paths import parse_path


class Level(StrEnum):
    """Who answers in enhanced mode: what took the message in (C…), or the application that it was for (A…)."""

    ACCEPT = "C"
    APPLICATION = "A"


class Outcome(StrEnum):
    """What became of the message: the second letter of MSA-1."""

    ACCEPTED = "A"
    ERROR = "E"  # its content is wrong
    REJECTED = "R"  # its type, version or processing id is not taken here, or the receiver cannot take it now


# When MSH-15 or MSH-16 want an answer (HL7 table 0155).
_WANTED: Final = {
    "AL": frozenset(Outcome),
    "NE": frozenset[Outcome](),
    "ER": frozenset({Outcome.ERROR, Outcome.REJECTED}),
    "SU": frozenset({Outcome.ACCEPTED}),
}

_REJECTING: Final = {"unknown-version", "unknown-structure"}
_NO_MESSAGE: Final = Finding(
    "MSH", "missing-segment", Severity.ERROR, "the content is no HL7 v2 message: no segment MSH is in it", 0
)

# The message error conditions of HL7 table 0357. Before 2.7 it had none for a value that is too long.
_SEQUENCE: Final = ("100", "Segment sequence error")
_MISSING: Final = ("101", "Required field missing")
_DATA_TYPE: Final = ("102", "Data type error")
_NO_CODE: Final = ("103", "Table value not found")
_TOO_LONG: Final = ("104", "Value too long")
_MESSAGE: Final = ("200", "Unsupported message type")
_VERSION: Final = ("203", "Unsupported version id")
_APPLICATION: Final = ("207", "Application internal error")  # what a profile's own rules ask for
_CONDITIONS: Final = {
    "unknown-version": _VERSION,
    "unknown-structure": _MESSAGE,
    "missing-segment": _SEQUENCE,
    "missing-group": _SEQUENCE,
    "repeated-segment": _SEQUENCE,
    "repeated-group": _SEQUENCE,
    "misplaced-segment": _SEQUENCE,
    "unexpected-segment": _SEQUENCE,
    "unknown-segment": _SEQUENCE,
    "missing-field": _MISSING,
    "missing-component": _MISSING,
    "repeated-field": _DATA_TYPE,
    "unknown-field": _DATA_TYPE,
    "unknown-component": _DATA_TYPE,
    "withdrawn": _DATA_TYPE,
    "data-type": _DATA_TYPE,
    "value-type": _DATA_TYPE,
    "length": _TOO_LONG,
    "table": _NO_CODE,
    "user-table": _NO_CODE,
}
_SEVERITIES: Final = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFORMATION: "I"}


def acknowledge(
    content: Message | bytes | str,
    findings: Iterable[Finding] = (),
    *,
    level: Level = Level.ACCEPT,
    outcome: Outcome | None = None,
    control_id: str | None = None,
    now: datetime | None = None,
) -> Message | None:
    """The answer to a message in which `findings` were found; None where the sender wants none, or it is an answer.

    A sender that values neither MSH-15 nor MSH-16 speaks the original mode, and hears AA, AE or AR whatever the
    `level`; else the accept level answers by MSH-15 with CA, CE or CR, the application by MSH-16 with AA, AE or
    AR. `outcome` follows from the findings unless it is given. Content that is no message at all is rejected with
    what little is known of it. `control_id` is made, and `now` the present, unless they are given.
    """
    findings = list(findings)
    message = _read(content)
    if message is None:
        message, findings, outcome = new_message(), [_NO_MESSAGE, *findings], outcome or Outcome.REJECTED
    outcome = outcome or _outcome_of(findings)
    code = _code(message, level, outcome)
    if code is None:
        return None
    answer = _header(message, control_id or uuid4().hex[:20], now or datetime.now(UTC))
    _tell(answer, findings, code=code, control_id=message.control_id)
    _ensure_writable(answer)
    return answer


def _read(content: Message | bytes | str) -> Message | None:
    if isinstance(content, Message):
        return content
    try:
        message = parse(content)
    except ParseError:
        return None
    return message if message.segment("MSH") else None


def _outcome_of(findings: Iterable[Finding]) -> Outcome:
    errors = {finding.rule for finding in findings if finding.severity is Severity.ERROR}
    if errors & _REJECTING:
        return Outcome.REJECTED
    return Outcome.ERROR if errors else Outcome.ACCEPTED


def _code(message: Message, level: Level, outcome: Outcome) -> str | None:
    """MSA-1 of the answer, or None where there is to be none."""
    if message.message_type in ("ACK", "MCF"):
        return None  # an acknowledgment is never acknowledged: two systems would go on for ever
    wanted = {Level.ACCEPT: _valued(message, "MSH-15"), Level.APPLICATION: _valued(message, "MSH-16")}
    if not any(wanted.values()):
        return Level.APPLICATION + outcome
    # What the standard's table does not have is answered rather than left without an answer; empty means never.
    return level + outcome if outcome in _WANTED.get(wanted[level] or "NE", _WANTED["AL"]) else None


def _valued(message: Message, path: str) -> str:
    value = message[path]
    return "" if value == NULL else value


def _header(message: Message, control_id: str, now: datetime) -> Message:
    """An ACK with MSH alone: sender and receiver swapped, the rest as the message has it."""
    answer = new_message(message.delimiters)
    version = nearest_version(message.version)
    for target, source in (("MSH-3", "MSH-5"), ("MSH-4", "MSH-6"), ("MSH-5", "MSH-3"), ("MSH-6", "MSH-4")):
        answer.set_raw(target, _in_one_line(message, source))
    answer["MSH-7"] = now.strftime("%Y%m%d%H%M%S%z")
    event = message.trigger_event
    answer["MSH-9.1"] = "ACK"
    if event and version >= "2.2":
        answer["MSH-9.2"] = event
    if event and version >= "2.3.1":
        answer["MSH-9.3"] = "ACK"
    answer["MSH-10"] = control_id
    answer.set_raw("MSH-11", _in_one_line(message, "MSH-11") or "P")
    answer.set_raw("MSH-12", _in_one_line(message, "MSH-12") or version)
    answer.set_raw("MSH-18", _in_one_line(message, "MSH-18"))
    return answer


def _in_one_line(message: Message, path: str) -> str:
    """The text at a path as it stands, a line feed in it escaped."""
    mark = message.delimiters.escape
    return message.raw(path).replace("\n", f"{mark}X0A{mark}")


def _ensure_writable(answer: Message) -> None:
    """Change the character set of an answer that cannot be written in the message's: a sender may name a wrong one."""
    try:
        bytes(answer)
    except WriteError:
        answer["MSH-18"] = "UNICODE UTF-8"


def _tell(answer: Message, findings: list[Finding], *, code: str, control_id: str) -> None:
    """Add MSA and the ERR segments, in the form of the answer's version."""
    answer["MSA-1"] = code
    answer["MSA-2"] = control_id
    told = [finding for finding in findings if code[1] != Outcome.ACCEPTED or finding.severity is not Severity.ERROR]
    before_2_5 = nearest_version(answer.version) < "2.5"
    if before_2_5 and told:
        answer["MSA-3"] = str(told[0])[:80]
    for number, finding in enumerate(told, 1):
        (_add_error_code if before_2_5 else _add_error)(answer, number, finding)


def _add_error(answer: Message, number: int, finding: Finding) -> None:
    """An ERR segment as from 2.5 on: location, condition, severity, the rule as the application's code, sentence."""
    answer.add("ERR")
    error = f"ERR({number})"
    for component, value in enumerate(_location(finding), 1):
        if value:
            answer[f"{error}-2.{component}"] = value
    for component, value in enumerate((*_condition(answer, finding), "HL70357"), 1):
        answer[f"{error}-3.{component}"] = value
    answer[f"{error}-4"] = _SEVERITIES[finding.severity]
    answer[f"{error}-5.1"] = finding.rule
    answer[f"{error}-8"] = str(finding)


def _add_error_code(answer: Message, number: int, finding: Finding) -> None:
    """A repetition of ERR-1 as before 2.5: segment, its occurrence, field, and the condition as subcomponents."""
    segment, occurrence, field, *_ = _location(finding)
    condition, text = _condition(answer, finding)
    error = f"ERR-1({number})"
    for component, value in enumerate((segment, occurrence, field, condition), 1):
        if value:
            answer[f"{error}.{component}"] = value
    if nearest_version(answer.version) >= "2.3.1":
        answer[f"{error}.4.2"] = text
        answer[f"{error}.4.3"] = "HL70357"


def _condition(answer: Message, finding: Finding) -> tuple[str, str]:
    condition = _CONDITIONS.get(finding.rule, _APPLICATION)
    return _DATA_TYPE if condition is _TOO_LONG and nearest_version(answer.version) < "2.7" else condition


def _location(finding: Finding) -> list[str]:
    """Segment, occurrence, field, repetition, component, subcomponent, as ERL has them; "" for what is not told."""
    try:
        segment, occurrence, place = parse_path(finding.path)
    except PathError:
        found = _SEGMENT.fullmatch(finding.path)
        return [found[1], found[2] or "1", "", "", "", ""] if found else [""] * 6
    return [segment, str(occurrence or 1), *("" if number is None else str(number) for number in place)]


_SEGMENT: Final = re.compile(r"([A-Z][A-Z0-9]{2})(?:\((\d+)\))?", re.ASCII)

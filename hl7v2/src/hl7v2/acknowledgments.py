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
from hl7v2.delimiters import Delimiters
from hl7v2.errors import ParseError, PathError, WriteError
from hl7v2.escapes import escape
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
_MOST_TOLD: Final = 100  # findings: whoever repairs the sender needs no more, and a broken message has any number
_MORE: Final = "more-findings"


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
    AR. `outcome` follows from the findings unless it is given. Of more than a hundred findings errors are told
    first, and the last ERR says how many are not. Content that is no message at all is rejected with what little is
    known of it. `control_id` is made, and `now` the present, unless they are given.
    """
    findings = list(findings)
    message = _read(content)
    if message is None:
        message, findings, outcome = new_message(), [_NO_MESSAGE, *findings], outcome or Outcome.REJECTED
    outcome = outcome or _outcome_of(findings)
    code = _code(message, level, outcome)
    if code is None:
        return None
    header = _header(message, control_id or uuid4().hex[:20], now or datetime.now(UTC))
    told = _told(findings, errors=code[1] != Outcome.ACCEPTED)
    lines = _lines(header, told, code=code, control_id=_in_one_line(message, "MSH-10"))
    answer = parse("".join(f"{line}\r" for line in (str(header), *lines)))
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
    """The text at a path as it stands, but for what would end the line or the MLLP frame of an answer."""
    mark = message.delimiters.escape
    return message.raw(path).replace("\n", f"{mark}X0A{mark}").replace("\x1c", f"{mark}X1C{mark}")


def _ensure_writable(answer: Message) -> None:
    """Change the character set of an answer that cannot be written in the message's: a sender may name a wrong one."""
    try:
        bytes(answer)
    except WriteError:
        answer["MSH-18"] = "UNICODE UTF-8"


def _told(findings: list[Finding], *, errors: bool) -> list[Finding]:
    """The findings that an answer tells, without the errors of a message that was accepted for all that."""
    told = [finding for finding in findings if errors or finding.severity is not Severity.ERROR]
    more = len(told) - _MOST_TOLD + 1
    if more > 1:
        told = sorted(told, key=lambda finding: finding.severity is not Severity.ERROR)[: _MOST_TOLD - 1]
        told.append(Finding("message", _MORE, Severity.INFORMATION, f"{more:,} more findings are not told", 0))
    return told


def _lines(header: Message, told: list[Finding], *, code: str, control_id: str) -> list[str]:
    """MSA and the ERR segments, in the form of the answer's version. `control_id` is as it is to stand."""
    delimiters, version = header.delimiters, nearest_version(header.version)
    before_2_5 = version < "2.5"
    sentence = str(told[0])[:80] if before_2_5 and told else ""
    msa = delimiters.field.join(("MSA", code, control_id, escape(sentence, delimiters))).rstrip(delimiters.field)
    if before_2_5 and told:
        errors = delimiters.repetition.join(_error_code(finding, version, delimiters) for finding in told)
        return [msa, f"ERR{delimiters.field}{errors}"]
    return [msa, *(_error(finding, version, delimiters) for finding in told)]


def _error(finding: Finding, version: str, delimiters: Delimiters) -> str:
    """An ERR segment as from 2.5 on: location, condition, severity, the rule as the application's code, sentence."""
    location = _joined(_location(finding), delimiters.component, delimiters)
    condition = _joined((*_condition(finding, version), "HL70357"), delimiters.component, delimiters)
    rule, sentence = escape(finding.rule, delimiters), escape(str(finding), delimiters)
    return delimiters.field.join(
        ("ERR", "", location, condition, _SEVERITIES[finding.severity], rule, "", "", sentence)
    )


def _error_code(finding: Finding, version: str, delimiters: Delimiters) -> str:
    """A repetition of ERR-1 as before 2.5: segment, its occurrence, field, and the condition as subcomponents."""
    code, text = _condition(finding, version)
    condition = _joined((code, text, "HL70357") if version >= "2.3.1" else (code,), delimiters.subcomponent, delimiters)
    return delimiters.component.join((*_location(finding)[:3], condition))


def _joined(values: Iterable[str], separator: str, delimiters: Delimiters) -> str:
    """Values escaped, without the separators of empty ones at the end."""
    return separator.join(escape(value, delimiters) for value in values).rstrip(separator)


def _condition(finding: Finding, version: str) -> tuple[str, str]:
    if finding.rule == _MORE:
        return _APPLICATION[0], finding.sentence
    condition = _CONDITIONS.get(finding.rule, _APPLICATION)
    return _DATA_TYPE if condition is _TOO_LONG and version < "2.7" else condition


def _location(finding: Finding) -> list[str]:
    """Segment, occurrence, field, repetition, component, subcomponent, as ERL has them; "" for what is not told."""
    try:
        segment, occurrence, place = parse_path(finding.path)
    except PathError:
        found = _SEGMENT.fullmatch(finding.path)
        return [found[1], found[2] or "1", "", "", "", ""] if found else [""] * 6
    return [segment, str(occurrence or 1), *("" if number is None else str(number) for number in place)]


_SEGMENT: Final = re.compile(r"([A-Z][A-Z0-9]{2})(?:\((\d+)\))?", re.ASCII)

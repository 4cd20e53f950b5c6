"""What judging a message finds: findings, each by a rule, gathered in a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class Severity(StrEnum):
    """How bad a finding is. Only an error makes a message invalid."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Finding(NamedTuple):
    """One departure of a message from the standard or a profile.

    `path` is where: a path that the message can be read by (`PID-3(2).4`, `OBX(3)-5`), or the name of a segment
    (`EVN`, `OBX(3)`) or group. `rule` is a name of `RULES` or of a profile's own rule. `segment` is the index in
    `message.segments()` of the segment that it was found at, the number of segments for the message's end. No
    value of the message is in any of it.
    """

    path: str
    rule: str
    severity: Severity
    sentence: str
    segment: int

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence} ({self.rule})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a message, in its own order, and what it was judged by.

    `structure` is empty where the message's structure could not be known; its segments were judged all the same.
    """

    findings: tuple[Finding, ...]
    version: str
    structure: str

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the standard: how bad it is to break it, unless a profile says otherwise, and what it asks for."""

    severity: Severity
    meaning: str


RULES: Final[Mapping[str, Rule]] = {
    "unknown-version": Rule(Severity.ERROR, "MSH-12 names a version of the standard"),
    "unknown-structure": Rule(Severity.ERROR, "MSH-9 names a message structure, or an event that has one"),
    "missing-segment": Rule(Severity.ERROR, "a segment that the message or group must have is there"),
    "missing-group": Rule(Severity.ERROR, "a group that the message must have is there"),
    "repeated-segment": Rule(Severity.ERROR, "a segment that may stand once stands once"),
    "repeated-group": Rule(Severity.ERROR, "a group that may stand once stands once"),
    "misplaced-segment": Rule(Severity.ERROR, "segments stand in the order of the structure"),
    "unexpected-segment": Rule(Severity.ERROR, "a segment of the standard has a place in the structure"),
    "unknown-segment": Rule(Severity.ERROR, "a segment is one of the version, or a Z-segment"),
    "missing-field": Rule(Severity.ERROR, "a required field has a value"),
    "repeated-field": Rule(Severity.ERROR, "a field repeats no more often than it may"),
    "unknown-field": Rule(Severity.ERROR, "a segment has no more fields than the version gives it"),
    "missing-component": Rule(Severity.ERROR, "a required component of a field that has a value has one"),
    "unknown-component": Rule(Severity.ERROR, "a field or component has no more parts than its data type"),
    "withdrawn": Rule(Severity.ERROR, "a field or component that the version has withdrawn is empty"),
    "data-type": Rule(Severity.ERROR, "a date, time or number is one"),
    "value-type": Rule(Severity.ERROR, "a value is of the data type that another field names for it"),
    "length": Rule(Severity.WARNING, "a value is no longer than its data type allows"),
    "table": Rule(Severity.ERROR, "a coded value is in its HL7 table"),
    "user-table": Rule(Severity.WARNING, "a value is among those suggested by a table that a site may change"),
}

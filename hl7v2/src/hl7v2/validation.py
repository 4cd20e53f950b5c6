"""Judging messages by the standard and by a profile: structure, fields, components, data types, tables.

>>> verdict = validate("MSH|^~\\\\&|A|B|C|D|20240229||ADT^A03^ADT_A03|1|P|2.5\\rEVN||2024022\\rPID|1||7||DOE")
>>> for finding in verdict:
...     print(finding)
EVN-2.1: the value is not of the form that DTM has (data-type)
PV1: the segment is required (missing-segment)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from hl7v2.checks import Judged, SegmentChecks
from hl7v2.definitions import Definitions, definitions, nearest_version
from hl7v2.delimiters import Delimiters
from hl7v2.events import structure_of_event
from hl7v2.findings import Finding, Severity, Verdict
from hl7v2.message import Message, parse
from hl7v2.paths import SEGMENT_NAME, segment_paths
from hl7v2.profiles import STANDARD_PROFILE, Profile
from hl7v2.structure import Fault, Structure

_REMEMBERED: Final = 200  # kinds of messages, and orders of segments in each
_REMEMBERED_SEGMENTS: Final = 100  # of such an order

_MESSAGE_TYPE, _VERSION = 9, 12  # MSH-9, MSH-12
_SEGMENT_OF: Final = attrgetter("segment")

Row = Sequence[str]
Check = Callable[[Row], Sequence[Judged]]


def validate(message: Message | bytes | str, profile: Profile | None = None) -> Verdict:
    """Judge a message by the standard's definitions in the message's version, as `profile` changes them.

    A message of a version or structure that is not known is judged as far as it goes. What is odd about its
    bytes is in `Message.oddities`, not here. For many messages by one profile, make a Validator. Raises
    ParseError where `message` is content without one, ProfileError where the profile does not fit the version.
    """
    return (_STANDARD if profile is None else Validator(profile)).validate(message)


class Validator:
    """Judges many messages by one profile: what it compiles for the first, it has for the next.

    Texts of fields that it has judged stay in its memory, which is bounded.
    """

    def __init__(self, profile: Profile = STANDARD_PROFILE) -> None:
        self.profile = profile
        self._definitions: dict[str, Definitions] = {}
        self._structures: dict[tuple[str, str], Structure] = {}
        self._checks: dict[tuple[str, Delimiters], SegmentChecks] = {}
        self._kinds: dict[tuple[str, str, Delimiters], _Kind] = {}

    def validate(self, message: Message | bytes | str) -> Verdict:
        """Judge one message; see `hl7v2.validate`."""
        if not isinstance(message, Message):
            message = parse(message)
        rows = message.rows
        kind = self._kind_of(message, rows)
        order = self._order_of(kind, tuple([row[0] for row in rows]))
        findings = list(kind.findings)
        for at, (check, row) in enumerate(zip(order.checks, rows, strict=True)):
            if judged := check(row):
                path = order.paths[at]
                findings += [Finding(path + one.at, one.rule, one.severity, one.sentence, at) for one in judged]
        findings += order.findings
        structure = kind.structure.name if kind.structure else ""
        for own in self.profile.checks:
            findings += own.run(message, structure)
        if len(findings) > 1:
            findings.sort(key=_SEGMENT_OF)
        return Verdict(tuple(findings), kind.version, structure)

    def _kind_of(self, message: Message, rows: Sequence[Row]) -> _Kind:
        header = rows[0] if rows[0][0] == "MSH" else next((row for row in rows if row[0] == "MSH"), rows[0])
        if len(header) <= _VERSION:
            header = [*header, *[""] * _VERSION]
        asked = (header[_MESSAGE_TYPE], header[_VERSION], message.delimiters)
        if asked not in self._kinds:
            if len(self._kinds) >= _REMEMBERED:
                self._kinds.clear()
                self._checks.clear()
            self._kinds[asked] = self._make_kind(message)
        return self._kinds[asked]

    def _make_kind(self, message: Message) -> _Kind:
        version = self.profile.version or nearest_version(message.version)
        troubles = []
        if self.profile.version is None and message.version != version:
            troubles.append(("MSH-12", "unknown-version", f"the version is not known: judged by {version}"))
        if version not in self._definitions:
            self._definitions[version] = self.profile.applied_to(definitions(version))
        known = self._definitions[version]
        name: str | None = message.structure
        if name not in known.structures:
            name = structure_of_event(message.message_type, message.trigger_event, known.structures)
            if name is None or message.structure:
                path = "MSH-9.3" if message.structure else "MSH-9"
                judged = f"judged by {name}" if name else "only its segments are judged"
                troubles.append((path, "unknown-structure", f"{version} has no such message: {judged}"))
        if name is not None and (version, name) not in self._structures:
            self._structures[version, name] = Structure(self.profile.placed_in(known.structures[name]))
        if (version, message.delimiters) not in self._checks:
            checks = SegmentChecks(known, message.delimiters, self.profile.severity)
            self._checks[version, message.delimiters] = checks
        return _Kind(
            version,
            self._structures[version, name] if name is not None else None,
            self._checks[version, message.delimiters],
            tuple(
                Finding(path, rule, severity, sentence, 0)
                for path, rule, sentence in troubles
                if (severity := self.profile.severity(rule, path)) is not None
            ),
            self.profile.severity("unknown-segment", ""),
        )

    def _order_of(self, kind: _Kind, lines: tuple[str, ...]) -> _Order:
        """What is known of messages of a kind whose lines begin so; remembered, as a sender's orders are few."""
        order = kind.orders.get(lines)
        if order is None:
            names = [line.strip() for line in lines]
            findings = tuple(self._of_structure(kind, names))
            order = _Order([kind.check_of(name) for name in names], segment_paths(names), findings)
            if len(lines) <= _REMEMBERED_SEGMENTS:
                if len(kind.orders) >= _REMEMBERED:
                    kind.orders.clear()
                kind.orders[lines] = order
        return order

    def _of_structure(self, kind: _Kind, names: Sequence[str]) -> Iterator[Finding]:
        structure = kind.structure
        if structure is None:
            return
        # A segment that the version does not have is told of as such already; of a Z-segment none is asked.
        placed = [
            (at, name)
            for at, name in enumerate(names)
            if name in structure or (name[:1] != "Z" and kind.segments.of(name) is not None)
        ]
        known = [name for _, name in placed]
        paths = segment_paths(known)
        for fault in structure.match(known).faults:
            at = placed[fault.at][0] if fault.at < len(placed) else len(names)
            is_there = fault.kind not in ("missing-segment", "missing-group", "repeated-group")
            path = paths[fault.at] if is_there else fault.part
            severity = self.profile.severity(fault.kind, path)
            if severity is not None:
                yield Finding(path, fault.kind, severity, _sentence(fault), at)


@dataclass(frozen=True, slots=True)
class _Order:
    """Segments in an order: the check and the path of each, and what is wrong with the order itself."""

    checks: Sequence[Check]
    paths: Sequence[str]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Kind:
    """What messages of one version, type and delimiters are judged by, and what is wrong with all of them."""

    version: str
    structure: Structure | None
    segments: SegmentChecks
    findings: tuple[Finding, ...]
    unknown: Severity | None
    orders: dict[tuple[str, ...], _Order] = field(default_factory=dict)  # by what the lines begin with

    def check_of(self, name: str) -> Check:
        """The check of a segment by its name."""
        is_name = SEGMENT_NAME.fullmatch(name)
        check = self.segments.of(name) if is_name else None
        if check is not None:
            return check
        if self.unknown is None or (is_name and name[:1] == "Z"):
            return lambda _: ()
        what = "the version has no such segment" if is_name else "the line begins with no name of a segment"
        judged = (Judged("", "unknown-segment", self.unknown, what),)
        return lambda _: judged


def _sentence(fault: Fault) -> str:
    where = f" in group {fault.inside}" if fault.inside else ""
    return {
        "missing-segment": f"the segment is required{where}",
        "missing-group": f"the group is required{where}",
        "repeated-segment": f"the segment may stand once{where}",
        "repeated-group": f"the group may stand once{where}",
        "misplaced-segment": "the segment stands where the message structure has no place for it",
        "unexpected-segment": "the message structure has no such segment",
    }[fault.kind]


_STANDARD: Final = Validator()

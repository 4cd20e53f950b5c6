"""Rules of a profile's own: a condition on the values at a path, asked of the messages that another one is met by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hl7v2.findings import Finding, Severity
from hl7v2.message import Message
from hl7v2.paths import Path
from hl7v2.segment import Segment


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of the values at a path. An empty value is for `present` to complain of, not for the others."""

    path: Path
    test: Callable[[str], bool]

    def is_met(self, message: Message) -> bool:
        """Whether any value at the path passes."""
        return any(self.test(value) for _, _, value in self.values(message))

    def values(self, message: Message) -> Iterator[tuple[int, str, str]]:
        """The values at the path in every segment and repetition that it does not tell apart, with their paths.

        An empty field has one value, "". The number is the segment's occurrence.
        """
        name, wanted, place = self.path
        inside = "".join(f".{number}" for number in place[2:] if number is not None)
        for occurrence, segment in enumerate(message.segments(name), 1):
            if wanted not in (None, occurrence):
                continue
            start = f"{name}({occurrence})-{place.field}" if occurrence > 1 else f"{name}-{place.field}"
            values = _values(segment, self.path)
            for repetition, value in enumerate(values, place.repetition or 1):
                number = f"({repetition})" if len(values) > 1 or repetition > 1 else ""
                yield occurrence, f"{start}{number}{inside}", value


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A profile's rule: the condition that values must meet, when a message is of some structures and meets another."""

    name: str
    severity: Severity
    sentence: str
    condition: Condition
    when: Condition | None
    structures: frozenset[str]

    def run(self, message: Message, structure: str) -> Iterator[Finding]:
        """What the rule finds in a message of that structure ("" where it is not known)."""
        if self.structures and structure not in self.structures:
            return
        if self.when is not None and not self.when.is_met(message):
            return
        test = self.condition.test
        for occurrence, path, value in self.condition.values(message):
            if (value or test is bool) and not test(value):
                yield Finding(path, self.name, self.severity, self.sentence, _index(message, path[:3], occurrence))


def _values(segment: Segment, path: Path) -> list[str]:
    inside = "".join(f".{number}" for number in path.place[2:] if number is not None)
    repetition = f"({path.place.repetition})" if path.place.repetition else ""
    return segment.all(f"{path.place.field}{repetition}{inside}") or [""]


def _index(message: Message, name: str, occurrence: int) -> int:
    return [at for at, found in enumerate(message.names) if found == name][occurrence - 1]

"""Rules of a profile's own: a condition on the values at a path, asked of the messages that another one is met by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hl7v2.findings import Finding, Severity
from hl7v2.message import Message
from hl7v2.paths import Path
from hl7v2.segment import Segment


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of the values at a path."""

    path: Path
    test: Callable[[str], bool]

    def is_met(self, message: Message) -> bool:
        """Whether any value at the path passes."""
        return any(self.test(value) for _, _, value in self.values(message))

    def values(self, message: Message) -> Iterator[tuple[int, str, str]]:
        """Of every segment and repetition that the path does not tell apart: occurrence, path and value.

        An empty field has one value, "", and so has a segment that the path names by its number and is not there.
        """
        name, wanted, place = self.path
        inside = "".join(f".{number}" for number in place[2:] if number is not None)
        asked = f"{place.field}({place.repetition}){inside}" if place.repetition else f"{place.field}{inside}"
        asked_for: Iterable[tuple[int, Segment | None]] = enumerate(message.segments(name), 1)
        if wanted is not None:
            asked_for = [(wanted, message.segment(name, wanted))]
        for occurrence, segment in asked_for:
            start = f"{name}({occurrence})-{place.field}" if occurrence > 1 else f"{name}-{place.field}"
            values = (segment.all(asked) if segment else []) or [""]
            for repetition, value in enumerate(values, place.repetition or 1):
                number = f"({repetition})" if len(values) > 1 or repetition > 1 else ""
                yield occurrence, f"{start}{number}{inside}", value


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A profile's rule: the condition that values must meet, in messages of some structures that meet another one.

    An empty value fails where a value is to be present, and no other test.
    """

    name: str
    severity: Severity
    sentence: str
    condition: Condition
    when: Condition | None
    structures: frozenset[str]

    def run(self, message: Message, structure: str) -> list[Finding]:
        """What the rule finds in a message of that structure ("" where it is not known)."""
        if self.structures and structure not in self.structures:
            return []
        if self.when is not None and not self.when.is_met(message):
            return []
        test = self.condition.test
        failed = [
            (occurrence, path)
            for occurrence, path, value in self.condition.values(message)
            if (value or test is bool) and not test(value)
        ]
        if not failed:
            return []
        names = message.names
        places = [at for at, name in enumerate(names) if name == self.condition.path.segment]
        return [
            Finding(path, self.name, self.severity, self.sentence, (places[occurrence - 1 :] or [len(names)])[0])
            for occurrence, path in failed
        ]

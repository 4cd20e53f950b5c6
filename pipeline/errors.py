"""The kinds of failure, and what the worker loop does with each.

    FirthError
    ├── InvalidRecord      the record will never pass: to the dead-letter topic, the stream goes on
    ├── Unavailable        something behind us is down or busy: back off, hold the partition, try again
    │   └── StartOver      and only after the group was joined anew
    ├── Misconfigured      nothing will pass until somebody changes a setting: stop before the commit
    └── Replaced           another worker has our place: leave at once, a supervisor starts us again

Every message is a sentence for a person: what, where, what to do. None holds a value of a patient's
record, since messages end up in logs, metrics and the api's answers.
"""

from __future__ import annotations

from dataclasses import dataclass


class FirthError(Exception):
    """Base of all that Firth raises on purpose."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """Which rule of a mapping a record broke: said of `element` (`Patient.name[0].family`), whose value comes
    from `columns` (`patients.dob`), possibly none."""

    element: str
    rule: str
    columns: tuple[str, ...]


class InvalidRecord(FirthError):
    """This record can never pass this stage, however often it is tried.

    `reason` is a code that metrics count by (`missing-field`, `unknown-column`). `details` may hold what a
    server said of the record (an OperationOutcome as JSON); it goes into the dead letter and nowhere else,
    for it may quote the record. `broken` says the same as the sentence, in parts, where a rule was broken.
    """

    def __init__(
        self, sentence: str, *, reason: str, details: str | None = None, broken: BrokenRule | None = None
    ) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.details = details
        self.broken = broken


class Unavailable(FirthError):
    """Something that the stage needs is down or busy; the same records may pass later.

    `retry_after` is what the other side asked for, in seconds, where it did.
    """

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class StartOver(Unavailable):
    """There is no use in trying the same records again before the worker has joined its group anew. Raised and
    caught by the worker loop alone."""


class Misconfigured(FirthError):
    """Nothing can pass until a person changes a setting, a permission or a schema."""


class Replaced(FirthError):
    """Another worker took our place, or we were gone for so long that the broker gave it away. Raised by the
    worker loop alone: whatever was in hand belongs to the other one now."""

"""Keys fetched whole from the source: all of a poll in one query."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from extractor.live.plans import Lookup
from extractor.query import Range
from extractor.rows import Group
from extractor.source import BadData, Database, Snapshot, SourceAway
from mapping.identity import BadKey
from pipeline.errors import InvalidRecord
from pipeline.events import Value

# A change is told of when it is in the server's log, and to be seen when its commit is over, which standbys that must
# confirm it can hold up. Beyond this, in milliseconds, it is a number of another server, or of one that was restored.
_SEEN_WITHIN: Final = 600_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the source has of one key at the time `as_of`: its rows, nothing, or what cannot be handed over."""

    as_of: int
    group: Group | None = None
    error: InvalidRecord | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the source has no such key, or not among what the filters leave."""
        return self.group is None and self.error is None


def look_up(
    database: Database, lookup: Lookup, keys: Mapping[str, Value], *, after: Mapping[int, int]
) -> dict[str, Answer]:
    """The source's answer to each key, by its canonical text, with all that the transactions `after` wrote: their
    numbers, and when they were told of, in milliseconds since the epoch.

    Where some value of several keys cannot be had they are halved, until it stands alone. Raises SourceAway, also where
    such a transaction is not to be seen yet, and InvalidRecord for what is wrong with all of it.
    """
    with database.snapshot() as snapshot:
        _wait_for(after, snapshot)
        answers = {key: Answer(snapshot.as_of) for key in keys}
        try:
            with closing(snapshot.rows(lookup.query, Range(among=list(keys.values())))) as rows:
                for group in lookup.grouping(rows):
                    answers[_canonical(lookup, group)] = Answer(snapshot.as_of, group)
        except BadData as error:
            failed = error
        else:
            return {key: answers[key] for key in keys}
    if len(keys) == 1:
        return {key: Answer(answer.as_of, error=failed) for key, answer in answers.items()}
    listed = list(keys.items())
    middle = len(listed) // 2
    halves = dict(listed[:middle]), dict(listed[middle:])
    return look_up(database, lookup, halves[0], after=after) | look_up(database, lookup, halves[1], after=after)


def _wait_for(transactions: Mapping[int, int], snapshot: Snapshot) -> None:
    """Raises SourceAway while one of the transactions is not to be seen."""
    for number, told in transactions.items():
        if snapshot.as_of - told < _SEEN_WITHIN and not snapshot.sees(number):
            raise SourceAway(
                "a change that the connector told of is not to be seen in the source yet: does a standby have to "
                "confirm it first, or is this another server than the connector's?"
            )


def _canonical(lookup: Lookup, group: Group) -> str:
    try:
        return lookup.grouping.canonical(group.key)
    except BadKey:  # one that nobody asked for by this text
        return ""

"""Keys fetched whole from the source: all of a poll in one query."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from extractor.live.plans import Lookup
from extractor.query import Range
from extractor.rows import Group
from extractor.source import BadData, Database
from mapping.identity import BadKey
from pipeline.errors import InvalidRecord
from pipeline.events import Value


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


def look_up(database: Database, lookup: Lookup, keys: Mapping[str, Value]) -> dict[str, Answer]:
    """The source's answer to each key, by its canonical text. Where some value of several keys cannot be had they are
    halved, until it stands alone. Raises SourceAway, and InvalidRecord for what is wrong with all of it."""
    with database.snapshot() as snapshot:
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
    return look_up(database, lookup, dict(listed[:middle])) | look_up(database, lookup, dict(listed[middle:]))


def _canonical(lookup: Lookup, group: Group) -> str:
    try:
        return lookup.grouping.canonical(group.key)
    except BadKey:  # one that nobody asked for by this text
        return ""

"""What the extractor asks of a source's database, whichever it is. `extractor.postgres` is the one there is;
tests have another in memory."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import AbstractContextManager
from typing import Protocol

from extractor.catalogue import Catalogue, TableName
from extractor.query import Statement
from extractor.rows import Row
from pipeline.errors import InvalidRecord


class BadData(InvalidRecord):
    """The server cannot hand over some value of what was asked for: ask for less, and find which."""


class Snapshot(Protocol):
    """One consistent view of a source."""

    @property
    def as_of(self) -> int:
        """When, in milliseconds since the epoch, by the source's clock."""

    def fetch(self, statement: Statement) -> list[Row]:
        """All rows at once. Raises Unavailable, BadData, InvalidRecord."""

    def stream(self, statement: Statement) -> Generator[Row, None, None]:
        """Row by row, in bounded memory: a generator, to be closed. Raises as `fetch` does."""


class Database(Protocol):
    """A connection to one source."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A read-only transaction that sees one moment. Raises Unavailable."""

    def catalogue(self, tables: Collection[TableName]) -> Catalogue:
        """Those of `tables` that are there. Raises Unavailable, InvalidRecord."""


class Sources(Protocol):
    """All sources that this process can reach."""

    def database(self, source_id: str, *, fresh: bool) -> Database:
        """The source's database; `fresh` asks whether its login has changed. Raises Unavailable, InvalidRecord."""

"""What the extractor asks of a source's database, whichever it is. `extractor.postgres` is built in; packages add
others (docs/extending.md), and tests have one in memory."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import AbstractContextManager
from typing import Protocol

from extractor.catalogue import Catalogue, TableName
from extractor.dialect import Dialect
from extractor.query import Query, Range
from extractor.rows import Row
from pipeline.errors import InvalidRecord, Unavailable
from pipeline.events import Value


class BadData(InvalidRecord):
    """The server cannot hand over some value of what was asked for: ask for less, and find which."""


class SourceAway(Unavailable):
    """The source is down, busy, or gave up for another's sake: the same may pass later."""


class Snapshot(Protocol):
    """One consistent view of a source."""

    @property
    def as_of(self) -> int:
        """When, in milliseconds since the epoch, by the source's clock."""

    def keys(self, query: Query, wanted: Range, *, limit: int) -> list[Value]:
        """The next distinct keys, in the database's order, no null among them: at most `limit`.

        Raises SourceAway, BadData, InvalidRecord, as do the others.
        """

    def rows(self, query: Query, wanted: Range) -> Generator[Row, None, None]:
        """The joined rows of these keys, the key first, in bounded memory: close it where not all are wanted.

        Keys come in order, the rows of one together.
        """

    def rows_without_key(self, query: Query) -> int:
        """How many rows have no key."""

    def sees(self, transaction: int) -> bool:
        """Whether what a transaction wrote that the server's log tells of, by the number that it has there, is in the
        view. True where the database has no such numbers, and of one that was rolled back."""


class Database(Protocol):
    """A connection to one source."""

    @property
    def dialect(self) -> Dialect:
        """How its statements are written."""

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known without asking the server."""

    def close(self) -> None:
        """Let the connection go."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A read-only transaction that sees one moment. Raises SourceAway."""

    def catalogue(self, tables: Collection[TableName]) -> Catalogue:
        """Those of `tables` that are there. Raises SourceAway, InvalidRecord."""


class Sources(Protocol):
    """All sources that this process can reach."""

    def database(self, source_id: str, *, fresh: bool) -> Database:
        """The source's database; `fresh` asks whether its login has changed. Raises Unavailable, InvalidRecord."""

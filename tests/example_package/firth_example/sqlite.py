"""Rows from a file of SQLite: `database` of the credential is its path; host, port and login say nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Integer, Text, bindparam, cast, false, or_
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect as SqlAlchemyDialect
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

from extractor.catalogue import Catalogue, ColumnType, Table, TableName
from extractor.login import Login
from extractor.query import Query, Range, Statement
from extractor.rows import Row
from extractor.source import BadData, SourceAway
from pipeline.errors import InvalidRecord
from pipeline.events import Value

TYPES: dict[str, TypeEngine[Any]] = {"integer": Integer(), "real": Float()}
READ: dict[str, Callable[[str], Value]] = {"integer": int, "real": float}
NOW = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
COLUMNS = 'SELECT name, lower(type), "notnull" FROM pragma_table_info(?) ORDER BY cid'


def connect(login: Login) -> Database:
    """A connection that only reads."""
    try:
        connection = sqlite3.connect(f"file:{login.credential.database}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.OperationalError:
        raise SourceAway(f"{login.where} cannot be reached: no such file, or not ours to read") from None
    return Database(connection)


class Dialect:
    """See `extractor.dialect.Dialect`."""

    sqlalchemy: SqlAlchemyDialect = SQLiteDialect_pysqlite(paramstyle="named")

    def text(self, value: str, type_: ColumnType) -> ColumnElement[Any]:
        """Cast by the column's affinity."""
        return cast(bindparam(None, value, type_=Text()), TYPES.get(type_.sql, Text()))

    def key(self, name: str, key: Value, type_: ColumnType) -> ColumnElement[Any]:
        """As SQLite gave it."""
        return bindparam(name, key)

    def among(self, column: ColumnElement[Any], keys: Sequence[Value], type_: ColumnType) -> ColumnElement[bool]:
        """SQLite would take "7 dwarfs" for 7: numbers are read here."""
        read = READ.get(type_.sql, str)
        try:
            return or_(false(), *(column == bindparam(None, read(str(key))) for key in keys))
        except ValueError:
            raise BadData("a key that is no number", reason="bad-value") from None

    def bytewise(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The collation BINARY."""
        return cast(column, Text()).collate("BINARY")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A read transaction."""

    as_of: int
    connection: sqlite3.Connection

    def keys(self, query: Query, wanted: Range, *, limit: int) -> list[Value]:
        """See `extractor.source.Snapshot`, as of the others."""
        with failures():
            return [row[0] for row in self._run(query.keys(wanted, limit=limit))]

    def rows(self, query: Query, wanted: Range) -> Generator[Row, None, None]:
        """One after another, as SQLite finds them."""
        with failures(), closing(self._run(query.rows(wanted))) as found:
            yield from found

    def rows_without_key(self, query: Query) -> int:
        """How many rows have no key."""
        with failures():
            count: int = self._run(query.without_key()).fetchone()[0]
        return count

    def sees(self, transaction: int) -> bool:
        """SQLite has no log that others read."""
        return True

    def _run(self, statement: Statement) -> sqlite3.Cursor:
        return self.connection.execute(statement.sql, statement.parameters)


class Database:
    """See `extractor.source.Database`."""

    dialect = Dialect()

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.is_open = True

    def close(self) -> None:
        """Let the file go."""
        self.is_open = False
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A transaction, given up in the end."""
        with failures():
            self._connection.execute("BEGIN")
            as_of = self._connection.execute(NOW).fetchone()[0]
        try:
            yield Snapshot(as_of, self._connection)
        finally:
            self._connection.rollback()

    def catalogue(self, tables: Collection[TableName]) -> Catalogue:
        """Those of the tables that the file has. SQLite knows no schemas: an owner is passed over."""
        found = {}
        with failures():
            for owner, name in tables:
                columns = {
                    column: ColumnType(kind, nullable=not required, wide=kind not in TYPES)
                    for column, kind, required in self._connection.execute(COLUMNS, (name,))
                }
                if columns:
                    found[owner, name] = Table("main", name, columns)
        return found


@contextmanager
def failures() -> Iterator[None]:
    """SQLite's errors as Firth's. Their words name tables and columns, never values."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise SourceAway("the source is locked by another") from None
        raise InvalidRecord(f"the source refuses the query: {error}", reason="query-refused") from None

"""One source in PostgreSQL: its catalogue, and reading a chunk in one snapshot.

What goes wrong becomes one of these, with a sentence that never quotes a value:

    SourceAway      the server is down, restarting, out of connections, or gave up the query for another's sake
    BadData         a value that the server cannot hand over; other rows of the same query might pass
    InvalidRecord   the query can never pass: login refused, no permission, types that don't compare, too slow
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import capabilities

from extractor.catalogue import Catalogue, ColumnType, Table, TableName
from extractor.dialect import Dialect
from extractor.postgres_dialect import POSTGRES
from extractor.query import Query, Range, Statement
from extractor.rows import Row
from extractor.source import BadData, SourceAway
from pipeline.errors import InvalidRecord
from pipeline.events import Value

# Rows that the client library holds at once: each may have megabytes, and more make it no faster.
ROWS_AT_ONCE: Final = 16

# Classes of SQLSTATE after which the same query may pass: connection, rollback, resources, not in a state to
# serve, operator's intervention, system.
PASSING: Final = frozenset({"08", "40", "53", "55", "57", "58"})
TIMED_OUT: Final = "57014"

_NUMBERS: Final = 2**32  # of transactions, before they begin anew

TABLES: Final = """
SELECT wanted.owner, wanted.name, n.nspname, a.attname, format_type(a.atttypid, -1), NOT a.attnotnull,
    coalesce(NOT l.collisdeterministic, false) OR coalesce(b.typname, t.typname) = 'citext',
    coalesce(b.typname, t.typname) = ANY(%(exact)s) OR coalesce(b.typtype, t.typtype) = 'e',
    t.typlen = -1 AND coalesce(b.typname, t.typname) <> 'numeric' AND a.atttypmod NOT BETWEEN 0 AND 1000,
    EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
        AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
FROM unnest(%(owners)s::text[], %(names)s::text[]) AS wanted (owner, name)
JOIN pg_catalog.pg_class c ON c.relname::text = wanted.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    AND CASE WHEN wanted.owner IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = wanted.owner END
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
ORDER BY c.oid, a.attnum
"""

EXACT_TYPES: Final = [
    "int2", "int4", "int8", "oid", "numeric", "float4", "float8", "bool", "text", "varchar", "bpchar", "char", "name",
    "uuid", "bytea", "date", "time", "timestamp", "timestamptz", "macaddr", "citext",
]  # fmt: skip

# The session of one chunk. Local to its transaction, so that it is right behind a pooler, too.
BEGIN: Final = """
SET LOCAL statement_timeout = {timeout};
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL timezone = 'UTC';
SET LOCAL intervalstyle = 'iso_8601';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SELECT (extract(epoch FROM transaction_timestamp()) * 1000)::bigint, txid_current_snapshot()::text
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent view of a source, for one chunk. `as_of` is when, in milliseconds since the epoch, by the
    source's own clock: all its readers agree on it."""

    as_of: int
    _visible: str  # as `is_visible` takes it
    _connection: psycopg.Connection

    def keys(self, query: Query, wanted: Range, *, limit: int) -> list[Value]:
        """The next distinct keys, in the database's order, no null among them: at most `limit`.

        Raises SourceAway, BadData, InvalidRecord, as do the others.
        """
        return [row[0] for row in self.fetch(query.keys(wanted, limit=limit))]

    def rows(self, query: Query, wanted: Range) -> Generator[Row, None, None]:
        """The joined rows of these keys, in bounded memory. Closing it early cancels the query."""
        statement = query.rows(wanted)
        size = ROWS_AT_ONCE if capabilities.has_stream_chunked() else 1
        with _failures(), closing(self._connection.cursor()) as cursor:
            yield from cursor.stream(statement.sql, statement.parameters, size=size)

    def rows_without_key(self, query: Query) -> int:
        """How many rows have no key."""
        count: int = self.fetch(query.without_key())[0][0]
        return count

    def sees(self, transaction: int) -> bool:
        """As the snapshot's contract says."""
        return is_visible(transaction, among=self._visible)

    def fetch(self, statement: Statement) -> list[Row]:
        """All rows of a statement at once."""
        with _failures():
            return self._connection.execute(statement.sql, statement.parameters).fetchall()


class Database:
    """A connection to one source, made by `extractor.postgres_login`."""

    dialect: Dialect = POSTGRES

    def __init__(self, connection: psycopg.Connection, *, statement_timeout: int) -> None:
        self._connection = connection
        self._begin = BEGIN.format(timeout=statement_timeout * 1000)

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known without asking the server."""
        return not self._connection.closed

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A read-only transaction that sees one moment. Raises SourceAway."""
        with _failures():
            cursor = self._connection.execute(self._begin)
            while cursor.nextset():
                pass
            row = cursor.fetchone()
        assert row is not None
        try:
            yield Snapshot(as_of=row[0], _visible=row[1], _connection=self._connection)
        finally:
            self._end()

    def catalogue(self, tables: Collection[TableName]) -> Catalogue:
        """Those of `tables` that are there. Raises SourceAway, InvalidRecord."""
        wanted = {"owners": [owner for owner, _ in tables], "names": [name for _, name in tables]}
        with self.snapshot() as snapshot:
            rows = snapshot.fetch(Statement(TABLES, {**wanted, "exact": EXACT_TYPES}))
        found: dict[TableName, tuple[str, dict[str, ColumnType]]] = {}
        for owner, name, schema, column, sql, nullable, folded, exact, wide, unique in rows:
            _, columns = found.setdefault((owner, name), (schema, {}))
            columns[column] = ColumnType(
                sql=sql, nullable=nullable, folded=folded, exact=exact, wide=wide, unique=unique
            )
        return {key: Table(schema=schema, name=key[1], columns=columns) for key, (schema, columns) in found.items()}

    def _end(self) -> None:
        try:
            self._connection.rollback()
        except psycopg.Error:
            # Broken, or in the middle of a result that nobody wants: a new one is cheaper than finding out.
            self._connection.close()


def is_visible(transaction: int, *, among: str) -> bool:
    """Whether a transaction, by its number of 32 bits, as the log has it, is over in a snapshot, as PostgreSQL writes
    one: below which number all are over, from which on none has begun, and who runs between."""
    _, next_one, running = among.split(":")
    begun = (transaction - int(next_one)) % _NUMBERS >= _NUMBERS // 2
    return begun and transaction not in {int(each) % _NUMBERS for each in running.split(",") if each}


@contextmanager
def _failures() -> Iterator[None]:
    """psycopg's errors as ours."""
    try:
        yield
    except psycopg.Error as error:
        raise _failure(error) from None


def _failure(error: psycopg.Error) -> Exception:
    state = error.sqlstate
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    if state is None:
        if isinstance(error, psycopg.DataError):  # psycopg itself: a NUL in a text
            return BadData("a value that no PostgreSQL text can hold", reason="bad-value")
        return SourceAway(f"the connection to the source was lost ({kind})")
    if state == TIMED_OUT:
        sentence = "a query took longer than SOURCE_STATEMENT_TIMEOUT: is there an index on the key and on each join?"
        return InvalidRecord(sentence, reason="source-too-slow")
    if state[:2] in PASSING:
        return SourceAway(f"the source cannot answer now ({kind}, {state})")
    if state[:2] == "22":
        return BadData(f"the source cannot hand over a value ({kind}, {state})", reason="bad-value")
    # Of syntax and access alone: these sentences are about tables, columns and types.
    said = f": {error.diag.message_primary}" if state[:2] == "42" else ""
    return InvalidRecord(f"the source refuses the query ({kind}, {state}){said}", reason="query-refused")

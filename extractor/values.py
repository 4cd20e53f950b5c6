"""What PostgreSQL's values become in an event: null, boolean, 64-bit integer, double, text or bytes.

psycopg's own loaders do the work, in C, without any code of ours per value: all that is no number, boolean or
bytea stays the text that the server writes (ISO dates, since the session asks for them). Only a timestamp's
blank becomes the T of ISO 8601, and the padding of char(n) goes.
"""

from __future__ import annotations

import psycopg
from psycopg import adapters as defaults
from psycopg import postgres
from psycopg.adapt import AdaptersMap, Buffer, Loader
from psycopg.types.string import TextLoader

# Loaded as numbers, booleans and bytes. 64-bit counters without a sign (xid8) are text like all the rest.
NATIVE = frozenset({"bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea"})


class _Timestamp(Loader):
    """`2150-08-29 18:20:00` → `2150-08-29T18:20:00`; `infinity` stays."""

    def load(self, data: Buffer) -> str:
        return str(data, "ascii").replace(" ", "T", 1)


class _ZonedTimestamp(Loader):
    """`2150-08-29 18:20:00+00` → `2150-08-29T18:20:00+00:00`: the session's zone is UTC."""

    def load(self, data: Buffer) -> str:
        text = str(data, "ascii").replace(" ", "T", 1)
        return text + ":00" if text.endswith("+00") else text


class _Padded(Loader):
    """char(n): its trailing blanks mean nothing to the database, and would to a code or an id."""

    def load(self, data: Buffer) -> str | bytes:
        text = _text(data)
        return text.rstrip(" ") if isinstance(text, str) else text.rstrip(b" ")


class _Unchecked(Loader):
    """Text of a database that checks no encoding: what is not UTF-8 stays bytes, for the transformer to refuse."""

    def load(self, data: Buffer) -> str | bytes:
        return _text(data)


def adapters() -> AdaptersMap:
    """How values are loaded, for a database with an encoding."""
    made = AdaptersMap(defaults)
    for info in postgres.types:
        if info.name not in NATIVE:
            made.register_loader(info.oid, TextLoader)
        made.register_loader(info.array_oid, TextLoader)
    made.register_loader("timestamp", _Timestamp)
    made.register_loader("timestamptz", _ZonedTimestamp)
    made.register_loader("bpchar", _Padded)
    return made


def expect_any_bytes(connection: psycopg.Connection) -> None:
    """Have text loaded as UTF-8 where it is, and as bytes where not: the database is in SQL_ASCII."""
    connection.execute("SET client_encoding TO SQL_ASCII")
    for info in postgres.types:
        if info.name not in NATIVE | {"timestamp", "timestamptz", "bpchar"}:
            connection.adapters.register_loader(info.oid, _Unchecked)
        connection.adapters.register_loader(info.array_oid, _Unchecked)
    connection.adapters.register_loader(0, _Unchecked)  # types that psycopg does not know by name


def _text(data: Buffer) -> str | bytes:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        return bytes(data)

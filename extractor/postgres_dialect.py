"""PostgreSQL's dialect: values are bound as text and cast to the column's own type, by the name that the catalogue
gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Text, bindparam, cast, func, literal_column, or_
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect as SqlAlchemyDialect
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import UserDefinedType

from extractor.catalogue import ColumnType
from extractor.query import as_text
from pipeline.events import Value


class PostgresDialect:
    """See `extractor.dialect.Dialect`."""

    sqlalchemy: SqlAlchemyDialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]

    def text(self, value: str, type_: ColumnType) -> ColumnElement[Any]:
        """Cast from text."""
        return cast(bindparam(None, value, type_=Text()), _SqlType(type_.sql))

    def key(self, name: str | None, key: Value, type_: ColumnType) -> ColumnElement[Any]:
        """Cast from text, or from bytes where a database that checks no encoding gave us bytes for a text."""
        if not _is_broken(key, type_):
            return cast(bindparam(name, as_text(key), type_=Text() if name is None else None), _SqlType(type_.sql))
        raw = cast(bindparam(name, as_text(key), type_=Text()), _SqlType("bytea"))
        return cast(func.convert_from(raw, literal_column("'SQL_ASCII'")), _SqlType(type_.sql))

    def among(self, column: ColumnElement[Any], keys: Sequence[Value], type_: ColumnType) -> ColumnElement[bool]:
        """One array, whatever the number of keys."""
        plain = [as_text(key) for key in keys if not _is_broken(key, type_)]
        broken = [self.key(None, key, type_) for key in keys if _is_broken(key, type_)]
        listed = cast(bindparam("among", plain), _SqlType(f"{type_.sql}[]"))
        return or_(column == func.any(listed), *(column == one for one in broken))

    def bytewise(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The collation C."""
        return cast(column, Text()).collate("C")


POSTGRES: Final = PostgresDialect()


class _SqlType(UserDefinedType[Any]):
    """A type by the name that the database's catalogue gives it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        # psycopg reads the percent sign as the start of a place for a parameter.
        return self.name.replace("%", "%%")


def _is_broken(key: Value, type_: ColumnType) -> bool:
    """Whether this is a text that is not UTF-8, of a database that checks no encoding."""
    return isinstance(key, bytes) and type_.sql != "bytea"

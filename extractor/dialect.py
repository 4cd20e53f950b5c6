"""What databases write differently in the statements of `extractor.query`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.engine import Dialect as SqlAlchemyDialect
from sqlalchemy.sql import ColumnElement

from extractor.catalogue import ColumnType
from pipeline.events import Value


class Dialect(Protocol):
    """How one kind of database is spoken to."""

    @property
    def sqlalchemy(self) -> SqlAlchemyDialect:
        """Renders the statements: its parameter style is that of `Statement.parameters`, by name."""

    def text(self, value: str, type_: ColumnType) -> ColumnElement[Any]:
        """A text that a mapping wrote, bound, as a value of a column's type."""

    def key(self, name: str, key: Value, type_: ColumnType) -> ColumnElement[Any]:
        """A key as it was read, bound under `name`: what compares equal to exactly this key."""

    def among(self, column: ColumnElement[Any], keys: Sequence[Value], type_: ColumnType) -> ColumnElement[bool]:
        """Whether the column has one of these keys, some of which a person may have written. Raises BadData, here
        or when the statement is run, where one is none of the column's type."""

    def bytewise(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The text column as it is compared byte by byte."""

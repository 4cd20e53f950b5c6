"""The tables of the demo's source: their columns, and rows as they go in."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TypeAlias

Cell: TypeAlias = str | int | float | datetime | None
Row: TypeAlias = tuple[Cell, ...]
Rows: TypeAlias = dict[str, list[Row]]


@cache
def columns(table: str) -> list[str]:
    """The columns of `table` in their order, read from the schema."""
    body = (Path(__file__).parent / "schema.sql").read_text().split(f"create table {table} (")[1].split(");")[0]
    return [line.split()[0] for line in body.strip().splitlines()]

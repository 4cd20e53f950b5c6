"""Writes schemas.md from the schemas themselves: `python hl7v2/docs/write_schemas.py`. A test compares the two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hl7v2.schemas import SCHEMAS, Column, Schema

PAGE = Path(__file__).parent / "schemas.md"

INTRODUCTION = """\
# Table schemas

One message is one row: a plain dict, made by `hl7v2.parse_hl7v2_message`, and for a whole file by
`hl7v2.parse_hl7v2_file`. Which keys it has depends on the type of the message (MSH-9.1) and on nothing else:
every key of the schema is in every row, in this order. Flat keys are for what occurs once, lists of dicts for
what repeats.

- `None` means that nothing was sent. An empty text means that the sender sent HL7's null, `""`: what you know
  of this is to be deleted.
- A time is text in ISO 8601, as precise as it was sent, with a zone where one was sent. What is no legal time
  stays as it was sent.
- A path is where the value stands. Of several, the first that was sent counts. Where a field repeats, a flat
  key has its first repetition, and a list has them all.
- Observations say by `order_number` (`vaccination_number`) which element of the row's orders (vaccinations) they
  belong to, counted from 1.

Content is bytes (`bytearray` and `memoryview` too), a file that is open in binary mode, or text. Text is taken for
messages, never for the name of a file: `parse_hl7v2_file("feed.hl7")` finds no message in it and gives no row. Open
the file: `with open("feed.hl7", "rb") as file: ...`.

The schemas are `hl7v2.schemas.SCHEMAS`, for making table definitions of them.
"""
TYPES = {
    "time": "time",
    "texts": "list of text",
    "notes": "list of text",
    "value_number": "number",
    "position": "whole number",
}


def page() -> str:
    """The page as it should be."""
    return "\n".join((INTRODUCTION, *_overview(), *_groups(), *_lists())) + "\n"


def _overview() -> Iterator[str]:
    yield "| schema | message types | flat keys | lists |"
    yield "|---|---|---|---|"
    for schema in SCHEMAS.values():
        types = ", ".join(schema.message_types) or "all others"
        groups = ", ".join(f"[{group.name}](#{group.name})" for group in schema.groups)
        lists = ", ".join(f"[{_title(rows.name, schema)}](#{_anchor(rows.name, schema)})" for rows in schema.lists)
        yield f"| `{schema.name}`: {schema.about.lower()} | {types} | {groups} | {lists} |"
    yield ""


def _groups() -> Iterator[str]:
    groups = {group.name: group for schema in SCHEMAS.values() for group in schema.groups}
    yield "## Flat keys"
    for group in groups.values():
        yield from ("", f"### {group.name}", "", f"{_sentence(group.about)}.", "", *_columns(group.columns))
    yield ""


def _lists() -> Iterator[str]:
    lists = {_title(rows.name, schema): rows for schema in SCHEMAS.values() for rows in schema.lists}
    yield "## Lists"
    for title, rows in lists.items():
        if rows.field:
            made_of = f"One element a repetition of {rows.field}."
        else:
            made_of = f"One element each {' or '.join((*rows.opens, *rows.follows))}"
            made_of += f", with what follows of {', '.join(rows.joins)}." if rows.joins else "."
        yield from ("", f"### {title}", "", f"{_sentence(rows.about)}. {made_of}", "", *_columns(rows.columns))


def _columns(columns: Iterable[Column]) -> Iterator[str]:
    yield "| key | type | path | what |"
    yield "|---|---|---|---|"
    for column in columns:
        path = "" if column.kind == "position" else ", ".join(column.paths)
        yield f"| `{column.name}` | {TYPES.get(column.kind, 'text')} | {path} | {column.about} |"


def _title(name: str, schema: Schema) -> str:
    """A list's name, with the schema's where the schemas differ in its columns."""
    versions = {rows.columns for one in SCHEMAS.values() for rows in one.lists if rows.name == name}
    if len(versions) == 1:
        return name
    columns = next(rows.columns for rows in schema.lists if rows.name == name)
    alike = [
        one.name for one in SCHEMAS.values() for rows in one.lists if rows.name == name and rows.columns == columns
    ]
    return f"{name} of {', '.join(alike)}"


def _anchor(name: str, schema: Schema) -> str:
    return _title(name, schema).replace(",", "").replace(" ", "-")


def _sentence(about: str) -> str:
    return about[0].upper() + about[1:]


if __name__ == "__main__":
    PAGE.write_text(page())

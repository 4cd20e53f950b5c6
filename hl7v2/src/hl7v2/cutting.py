"""Reading and changing the text of one field: repetitions, components, subcomponents."""

from __future__ import annotations

from hl7v2.delimiters import Delimiters
from hl7v2.paths import Place

Row = list[str]  # the fields of a segment as they stand; [0] is its name, [n] field n, in header segments too

HEADERS = frozenset(("MSH", "FHS", "BHS"))  # their first field is the field separator itself


def cut_line(line: str, separator: str) -> Row:
    """The fields of a line."""
    row = line.split(separator)
    if len(row) > 1 and row[0].strip() in HEADERS:
        row.insert(1, separator)
    return row


def join_row(row: Row, separator: str) -> str:
    """The line that `row` was cut from."""
    if len(row) > 2 and row[0].strip() in HEADERS:
        return row[0] + separator + separator.join(row[2:])
    return separator.join(row)


def raw_at(row: Row, place: Place, delimiters: Delimiters) -> str:
    """The text at `place` as it stands; without a repetition, and deeper than the field, the first one's."""
    field = row[place.field] if place.field < len(row) else ""
    if place[1:] == (None, None, None) or is_delimiters(row, place.field):
        return field
    text = _nth(field, delimiters.repetition, place.repetition or 1)
    if place.component is not None:
        text = _nth(text, delimiters.component, place.component)
    if place.subcomponent is not None:
        text = _nth(text, delimiters.subcomponent, place.subcomponent)
    return text


def leaves_at(row: Row, place: Place, delimiters: Delimiters) -> list[str]:
    """The escaped first leaf at `place`, in each repetition unless it names one. None of an empty field."""
    field = row[place.field] if place.field < len(row) else ""
    if not field:
        return []
    if is_delimiters(row, place.field):
        return [field]
    repetitions = field.split(delimiters.repetition)
    if place.repetition is not None:
        repetitions = repetitions[place.repetition - 1 : place.repetition]
    return [
        _nth(_nth(one, delimiters.component, place.component or 1), delimiters.subcomponent, place.subcomponent or 1)
        for one in repetitions
    ]


def put_at(row: Row, place: Place, text: str, delimiters: Delimiters) -> None:
    """Put encoded `text` at `place`, making room where there is none; an empty one makes no room."""
    if place.field >= len(row):
        if not text:
            return
        row.extend([""] * (place.field - len(row) + 1))
    field = row[place.field]
    if place[1:] == (None, None, None):
        row[place.field] = text
        return
    steps = [(delimiters.repetition, place.repetition or 1)]
    if place.component is not None:
        steps.append((delimiters.component, place.component))
    if place.subcomponent is not None:
        steps.append((delimiters.subcomponent, place.subcomponent))
    row[place.field] = _put(field, steps, text)


def is_delimiters(row: Row, field: int) -> bool:
    """Whether a field is MSH-1 or MSH-2, whose characters cut nothing."""
    return field <= 2 and row[0].strip() in HEADERS


def _nth(text: str, separator: str, number: int) -> str:
    if number == 1:
        return text.partition(separator)[0]
    pieces = text.split(separator, number)
    return pieces[number - 1] if len(pieces) >= number else ""


def _put(text: str, steps: list[tuple[str, int]], value: str) -> str:
    separator, number = steps[0]
    pieces = text.split(separator)
    if number > len(pieces):
        if not value:
            return text
        pieces.extend([""] * (number - len(pieces)))
    inner = pieces[number - 1]
    pieces[number - 1] = _put(inner, steps[1:], value) if len(steps) > 1 else value
    return separator.join(pieces)

"""Paths compiled once, for reading the same places of many messages.

A selector is a Python function made from the path, so that reading costs little more than cutting the text.
`reader` reads many places in one go and cuts each segment, field and repetition once; `rows` does so for
every segment of a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, cast

from hl7v2.cutting import HEADERS, Row
from hl7v2.escapes import unescape
from hl7v2.paths import Path, Place, parse_path, parse_place

if TYPE_CHECKING:
    from hl7v2.message import Message

Values = tuple[str, ...]

_NOTHING: Final[Row] = []
_BEGIN: Final = (
    "def read(message):",
    " rows = message._rows",
    " delimiters, C, R, E, S = message._marks",
)


@lru_cache(maxsize=4096)
def selector(path: str) -> Callable[[Message], str]:
    """What reads `path` in a message as `message[path]` does. Raises PathError."""
    lines = [*_BEGIN, *_read_all([parse_path(path)]), " return v0"]
    return cast("Callable[[Message], str]", _made(lines))


@lru_cache(maxsize=1024)
def reader(*paths: str) -> Callable[[Message], Values]:
    """What reads all of `paths` in a message at once, in their order. Raises PathError.

    >>> read = reader("PID-3.1", "PID-5.1")
    >>> from hl7v2 import parse
    >>> read(parse("MSH|^~\\\\&|" + chr(13) + "PID|||4711^^^WARD||O\\\\T\\\\K^ANNA"))
    ('4711', 'O&K')
    """
    lines = [*_BEGIN, *_read_all([parse_path(path) for path in paths]), f" return {_tuple(len(paths))}"]
    return cast("Callable[[Message], Values]", _made(lines))


@lru_cache(maxsize=1024)
def rows(name: str, *places: str) -> Callable[[Message], list[Values]]:
    """What reads `places` (`3.1`, `5(2)`) in every segment `name`, a tuple for each segment. Raises PathError.

    >>> read = rows("OBX", "1", "3.1", "5")
    >>> from hl7v2 import parse
    >>> read(parse("MSH|^~\\\\&|" + chr(13) + "OBX|1|NM|718-7^Hb||140" + chr(13) + "OBX|2|NM|789-8^RBC||4.1"))
    [('1', '718-7', '140'), ('2', '789-8', '4.1')]
    """
    wanted = [Path(parse_path(f"{name}-1").segment, None, parse_place(place)) for place in places]
    lines = [
        *_BEGIN,
        " out = []",
        f" for f in {_rows_of(name)}:",
        "  n = len(f)",
        *(f" {line}" for line in _read_row(list(enumerate(wanted)))),
        f"  out.append({_tuple(len(wanted))})",
        " return out",
    ]
    return cast("Callable[[Message], list[Values]]", _made(lines))


def _made(lines: Sequence[str]) -> Callable[[Message], object]:
    names: dict[str, object] = {"unescape": unescape, "NOTHING": _NOTHING}
    # Names and numbers of the source come out of paths that parse_path has read, so nobody can slip code in.
    exec("\n".join(lines), names)  # noqa: S102
    return cast("Callable[[Message], object]", names["read"])


def _tuple(count: int) -> str:
    return f"({''.join(f'v{number},' for number in range(count))})"


def _rows_of(name: str) -> str:
    return f"(rows[{name!r}] if {name!r} in rows else message._open({name!r}))"


def _read_all(paths: Sequence[Path]) -> Iterator[str]:
    numbered = sorted(enumerate(paths), key=lambda one: (one[1].segment, one[1].occurrence or 1))
    for (name, occurrence), group in groupby(numbered, lambda one: (one[1].segment, one[1].occurrence or 1)):
        yield f" f = {_rows_of(name)}"
        yield f" f = f[{occurrence - 1}] if {'f' if occurrence == 1 else f'len(f) >= {occurrence}'} else NOTHING"
        yield " n = len(f)"
        yield from _read_row(list(group))


def _read_row(numbered: Sequence[tuple[int, Path]]) -> Iterator[str]:
    """Lines that set v0, v1… from the row `f` of length `n`; all of one segment."""

    def of_repetition(one: tuple[int, Path]) -> tuple[int, int]:
        return one[1].place.field, one[1].place.repetition or 1

    numbered = sorted(numbered, key=of_repetition)
    for field, repetitions in groupby(numbered, lambda one: one[1].place.field):
        yield f" t = f[{field}] if n > {field} else ''"
        for (_, repetition), group in groupby(list(repetitions), of_repetition):
            yield from _read_repetition(repetition, list(group))


def _read_repetition(repetition: int, numbered: Sequence[tuple[int, Path]]) -> Iterator[str]:
    """Lines that set values from the field text `t`."""
    if numbered[0][1].segment in HEADERS and numbered[0][1].place.field <= 2:
        for number, _ in numbered:
            yield f" v{number} = t"
        return
    # Letters and digits alone are the whole of a first leaf, and most of what is read; so is nothing.
    yield " if t.isalnum() or not t:"
    for number, path in numbered:
        whole = repetition == 1 and (path.place.component or 1) == 1 and (path.place.subcomponent or 1) == 1
        yield f"  v{number} = {'t' if whole else repr('')}"
    yield " else:"
    if repetition == 1:
        yield "  r = t.partition(R)[0] if R in t else t"
    else:
        yield f"  p = t.split(R, {repetition})"
        yield f"  r = p[{repetition - 1}] if len(p) >= {repetition} else ''"
    yield from _read_components(numbered)


def _read_components(numbered: Sequence[tuple[int, Path]]) -> Iterator[str]:
    """Lines that set values from the text of one repetition `r`."""
    deepest = max(path.place.component or 1 for _, path in numbered)
    shared = len(numbered) > 1
    if shared:
        yield f"  p = r.split(C, {deepest})"
        yield "  m = len(p)"
    for number, path in numbered:
        yield from _read_leaf(f"v{number}", path.place, shared=shared)


def _read_leaf(value: str, place: Place, *, shared: bool) -> Iterator[str]:
    component, subcomponent = place.component or 1, place.subcomponent or 1
    if shared:
        yield f"  {value} = p[{component - 1}] if m >= {component} else ''"
    elif component == 1:
        yield f"  {value} = r.partition(C)[0] if C in r else r"
    else:
        yield f"  p = r.split(C, {component})"
        yield f"  {value} = p[{component - 1}] if len(p) >= {component} else ''"
    if subcomponent == 1:
        yield f"  if S in {value}: {value} = {value}.partition(S)[0]"
    else:
        yield f"  q = {value}.split(S, {subcomponent})"
        yield f"  {value} = q[{subcomponent - 1}] if len(q) >= {subcomponent} else ''"
    yield f"  if E in {value}: {value} = unescape({value}, delimiters, message.encoding)"

"""What each version of the standard says of segments, fields, data types, tables and message structures.

The facts come from the package hl7apy. They are read when a version is first asked for, and put right here
where that package departs from the standard or its own form: fields that it leaves out or gives no data type are
withdrawn ones; TS begins with a time in every version and never requires its second component; 2.1's ERR-1 has
components; table entries that stand for many codes (`99zzz`, `HL7nnnn`, `Q<integer>D`) become patterns.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final

from hl7v2.errors import UnknownVersion

VERSIONS: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
WITHDRAWN: Final = "WD"  # the data type of what a version no longer has
VARIES: Final = "varies"  # the data type of what another field decides about


@dataclass(frozen=True, slots=True)
class ComponentDefinition:
    """A component of a data type; or a subcomponent, where the data type is a component's."""

    number: int
    name: str
    datatype: str
    required: bool = False
    table: str | None = None


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field of a segment. `max` is how often it may stand, None for any number.

    The name is in snake case (`patient_name`), and empty where only the number of a withdrawn field is known.
    """

    number: int
    name: str
    datatype: str
    required: bool = False
    max: int | None = 1
    table: str | None = None
    length: int | None = None  # known from a profile alone


@dataclass(frozen=True, slots=True)
class SegmentDefinition:
    """A segment: field n is `fields[n - 1]`. An open one (QPD, RDT) may go on in the manner of its last field."""

    name: str
    fields: tuple[FieldDefinition, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A code table, such as HL70001. `codes` is empty where the standard suggests none."""

    name: str
    title: str
    codes: frozenset[str]
    patterns: tuple[re.Pattern[str], ...] = ()

    def __contains__(self, code: str) -> bool:
        return code in self.codes or any(pattern.fullmatch(code) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Part:
    """A segment or, with `parts`, a group of a message structure; of a choice one part is there, else all in order."""

    name: str
    required: bool
    repeats: bool
    parts: tuple[Part, ...] = ()
    choice: bool = False


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that is known of one version. `datatypes` has the composite ones, `lengths` those with a limit."""

    version: str
    segments: Mapping[str, SegmentDefinition]
    datatypes: Mapping[str, tuple[ComponentDefinition, ...]]
    primitives: frozenset[str]
    lengths: Mapping[str, int]
    tables: Mapping[str, Table]
    structures: Mapping[str, Part]


@cache
def definitions(version: str) -> Definitions:
    """What the standard says in `version`, such as 2.5.1; read once, in some 20 ms. Raises UnknownVersion."""
    if version not in VERSIONS:
        raise UnknownVersion(f"HL7 version {version[:8]!r} is not known: there are {', '.join(VERSIONS)}")
    library = importlib.import_module(f"hl7apy.v{version.replace('.', '_')}")
    components = _composites(library.DATATYPES_STRUCTS)
    return Definitions(
        version=version,
        segments={name: _segment(name, form) for name, form in library.SEGMENTS.items() if name not in _PLACEHOLDERS},
        datatypes=components,
        primitives=frozenset(library.BASE_DATATYPES) | {"DTM"},
        lengths=_lengths(library),
        tables={name: _table(name, title, codes) for name, (title, codes) in _tables(library).items()},
        structures=_Structures(library),
    )


def nearest_version(version: str) -> str:
    """The known version that `version` is read by: itself, a version's first two numbers, else 2.5.1.

    >>> nearest_version("2.3.1"), nearest_version("2.9"), nearest_version("2.5.9"), nearest_version("")
    ('2.3.1', '2.8.2', '2.5', '2.5.1')
    """
    if version in VERSIONS:
        return version
    found = re.match(r"2\.(\d)(?!\d)", version.strip(), re.ASCII)
    if found is None:
        return "2.5.1"
    return found[0] if found[0] in VERSIONS else VERSIONS[-1] if int(found[1]) > 8 else "2.5.1"


_PLACEHOLDERS: Final = {"ANYHL7SEGMENT"}  # what structures name where any segment may stand

_Child = tuple[str, Any, tuple[int, int], str]  # hl7apy's form: name, what it is, how often, of which kind


class _Structures(Mapping[str, Part]):
    """The message structures of a version, each brought into form when first asked for: there are 200."""

    def __init__(self, library: ModuleType) -> None:
        self._library = library
        self._known: dict[str, Part] = {}

    def __getitem__(self, name: str) -> Part:
        if name not in self._known:
            kind, children, *_ = self._library.MESSAGES[name]
            self._known[name] = self._group(name, (1, 1), kind, children)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._library.MESSAGES))

    def __len__(self) -> int:
        return len(self._library.MESSAGES)

    def _group(self, name: str, occurs: tuple[int, int], kind: str, children: Sequence[_Child]) -> Part:
        parts = tuple(
            self._group(child, times, *self._library.GROUPS[child][:2])
            if what == "GRP"
            else Part(child, required=times[0] > 0, repeats=times[1] != 1)
            for child, _, times, what in children
        )
        return Part(name, required=occurs[0] > 0, repeats=occurs[1] != 1, parts=parts, choice=kind == "choice")


def _segment(name: str, form: tuple[Any, ...]) -> SegmentDefinition:
    # Of one segment (2.1's ORO) hl7apy has the fields alone, of withdrawn ones none.
    children: Sequence[_Child] = (form[1] if len(form) > 1 else ()) if isinstance(form[0], str) else form
    fields = {number: _field(number, child) for child in children for number in [_number(child[0])]}
    last = max(fields, default=0)
    return SegmentDefinition(
        name,
        tuple(fields.get(number) or FieldDefinition(number, "", WITHDRAWN) for number in range(1, last + 1)),
        open=last > 0 and fields[last].datatype == VARIES and name in _OPEN,
    )


_OPEN: Final = {"QPD", "RDT"}


def _field(number: int, child: _Child) -> FieldDefinition:
    place, (_, _, datatype, name, table, *_), (least, most), _ = child
    if place == "ERR_1" and datatype == "ID":  # 2.1's, which names segment, field and error
        datatype = "CM"
    return FieldDefinition(
        number,
        _snake_case(name),
        _datatype(datatype, most),
        required=least > 0,
        max=most if most > 0 else None,
        table=table,
    )


def _composites(forms: Mapping[str, Sequence[_Child]]) -> dict[str, tuple[ComponentDefinition, ...]]:
    return {name: _components(name, children) for name, children in forms.items()}


def _components(datatype: str, children: Sequence[_Child]) -> tuple[ComponentDefinition, ...]:
    components = {number: _component(number, child) for child in children for number in [_number(child[0])]}
    if datatype == "TS":
        components[1] = ComponentDefinition(1, components[1].name, "DTM")
        components[2] = ComponentDefinition(2, components[2].name, components[2].datatype, table=components[2].table)
    return tuple(
        components.get(number) or ComponentDefinition(number, "", WITHDRAWN)
        for number in range(1, max(components, default=0) + 1)
    )


def _component(number: int, child: _Child) -> ComponentDefinition:
    _, (_, _, datatype, name, table, *_), (least, most), _ = child
    return ComponentDefinition(number, _snake_case(name), _datatype(datatype, most), required=least > 0, table=table)


def _number(name: str) -> int:
    return int(name.rpartition("_")[2])


def _snake_case(name: str) -> str:
    return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")


def _datatype(name: str | None, most: int) -> str:
    return WITHDRAWN if name is None or most == 0 else WITHDRAWN if name == "wd" else name


def _lengths(library: ModuleType) -> dict[str, int]:
    """The most characters of each primitive type that has a limit."""
    lengths = {name: kind("").max_length for name, kind in library.BASE_DATATYPES.items() if name in _TEXTS}
    # Numbers and set ids are counted by hl7apy too, but not by a class that an empty text makes.
    return {name: limit for name, limit in ({"NM": 16, "SI": 4} | lengths).items() if limit}


_TEXTS: Final = {"ST", "FT", "TX", "IS", "GTS"}


def _tables(library: ModuleType) -> Mapping[str, tuple[str, Sequence[str]]]:
    """A version's tables; hl7apy has none before 2.3.1."""
    try:
        module = importlib.import_module(f"{library.__name__}.tables")
    except ModuleNotFoundError:
        return {}
    tables: Mapping[str, tuple[str, Sequence[str]]] = module.TABLES
    return tables


# What a table's entry may hold in the place of characters that the sender chooses.
_HOLDERS: Final = re.compile(r"\s*<\s*(?:integer|day\s*#)\s*>\s*|<spec>|nnnn|zzz|xxx|sss")
_REMARKS: Final = re.compile(r"\s*\((?:star|obsolete|deprecated)\)$")


def _table(name: str, title: str, entries: Sequence[str]) -> Table:
    codes: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for entry in entries:
        text = _REMARKS.sub("", entry.replace("Â", "").replace("\xa0", " ").strip())
        if _HOLDERS.search(text):
            patterns.append(re.compile(_pattern(text)))
        elif name == "HL70301" and "," in text:  # three codes for local use in one entry
            codes.update(code.strip() for code in text.split(","))
        elif text:
            codes.add(text)
    if name == "HL70396":  # local coding systems: the entry is missing in some versions
        patterns.append(re.compile(r"99\S{0,20}"))
    return Table(name, title, frozenset(codes), tuple(patterns))


def _pattern(entry: str) -> str:
    """A regular expression of the codes that an entry such as `Q<integer>J<day#>` stands for."""
    pieces, at = [], 0
    for holder in _HOLDERS.finditer(entry):
        pieces.append(re.escape(entry[at : holder.start()]))
        pieces.append(r"\d{1,4}" if "n" in holder[0] or "day" in holder[0] else r"\S{0,20}")
        at = holder.end()
    return "".join([*pieces, re.escape(entry[at:])])

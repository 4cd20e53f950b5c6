"""Profiles: what a site asks of messages beside the standard, or lets pass. A profile is a TOML file.

name = "Admissions of St. Elsewhere"
version = "2.5.1"                  # judge by this version, whatever MSH-12 says

[rules]                            # error, warning, information or off, for a rule of `hl7v2.RULES`
user-table = "off"

[at."PID-12"]                      # the same at one place: a segment, field or component, and all within
withdrawn = "warning"

[fields."PID-7"]                   # required, max (0: any number), length, table, datatype
required = true

[tables.HL70001]                   # codes beside the table's own; with `only = true`, instead of them
codes = ["X"]

[segments.ZPI]                     # a segment of the site's own, or the standard's that is to be there
after = "PID"                      # without it, a Z-segment may stand anywhere
required = true
fields = [{ name = "pet_name", datatype = "ST", required = true, length = 30 }]

[[checks]]                         # a rule of the site's own
name = "mrn-form"
path = "PID-3.1"
matches = "[0-9]{8}"               # or one_of = [...], or present = true
when = { path = "PV1-2", one_of = ["I"] }
sentence = "a number of ours has eight digits"

"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from hl7v2.definitions import VARIES, VERSIONS, WITHDRAWN, Definitions, FieldDefinition, Part, SegmentDefinition, Table
from hl7v2.errors import PathError, ProfileError
from hl7v2.findings import RULES, Severity
from hl7v2.own_checks import Condition, OwnCheck
from hl7v2.paths import SEGMENT_NAME, parse_path

_WHERE: Final = re.compile(r"[A-Z][A-Z0-9]{2}(?:-[1-9]\d*(?:\.[1-9]\d*){0,2})?", re.ASCII)
_NUMBERS: Final = re.compile(r"\(\d+\)")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how often a profile wants a segment, None for as the standard has it."""

    after: str | None
    required: bool | None
    repeats: bool | None
    structures: frozenset[str]  # empty: all


@dataclass(frozen=True, slots=True)
class Profile:
    """What a site wants judged otherwise than by the standard alone. `read_profile` makes one of a file."""

    name: str = "standard"
    version: str | None = None
    rules: Mapping[str, Severity | None] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, Severity | None]] = field(default_factory=dict)
    fields: Mapping[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, tuple[frozenset[str], bool]] = field(default_factory=dict)
    segments: Mapping[str, SegmentDefinition] = field(default_factory=dict)
    placements: Mapping[str, Placement] = field(default_factory=dict)
    checks: tuple[OwnCheck, ...] = ()

    def severity(self, rule: str, path: str) -> Severity | None:
        """How bad it is to break a rule of the standard at a path; None where that is let pass."""
        place = _NUMBERS.sub("", path) if self.places else ""
        while place:
            at = self.places.get(place, {})
            if rule in at:
                return at[rule]
            place = place.rpartition(".")[0] or place.rpartition("-")[0]
        return self.rules[rule] if rule in self.rules else RULES[rule].severity

    def applied_to(self, standard: Definitions) -> Definitions:
        """The definitions of a version as this profile changes them. Raises ProfileError where it cannot."""
        segments = {**standard.segments, **self.segments}
        for (name, number), changes in self.fields.items():
            segments[name] = _with_field(segments.get(name), name, number, changes)
        tables = dict(standard.tables)
        for name, (codes, only) in self.tables.items():
            own = Table(name, self.name, frozenset())
            table = own if only else tables.get(name, own)
            tables[name] = replace(table, codes=table.codes | codes)
        for name in {*self.segments, *(segment for segment, _ in self.fields)}:
            for one in segments[name].fields:
                _refuse_unknown(name, one, standard, tables)
        return replace(standard, segments=segments, tables=tables)

    def placed_in(self, structure: Part) -> Part:
        """A message structure as this profile changes it."""
        for name, placement in self.placements.items():
            if not placement.structures or structure.name in placement.structures:
                structure = _with_segment(structure, name, placement)
        return structure


STANDARD_PROFILE: Final = Profile()


def read_profile(file: str | Path) -> Profile:
    """Read a profile's file. Raises ProfileError, naming file and place; OSError where it cannot be opened."""
    path = Path(file)
    try:
        return parse_profile(path.read_text(encoding="utf-8-sig"))  # editors of Windows write a byte order mark
    except (ProfileError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path.name}: {error}") from error


def parse_profile(text: str) -> Profile:
    """Read a profile's text. Raises ProfileError, naming the place."""
    try:
        top = _Section("the profile", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"not TOML: {error}") from error
    version = top.take("version", str, None)
    if version is not None and version not in VERSIONS:
        raise ProfileError(f"version: {version} is not known: there are {', '.join(VERSIONS)}")
    segments = {name: _Section(f"segments.{name}", form) for name, form in top.tables("segments", SEGMENT_NAME)}
    own = {name: _segment(name, section.take("fields", list, [])) for name, section in segments.items()}
    profile = Profile(
        name=top.take("name", str, "profile"),
        version=version,
        rules=_severities("rules", top.take("rules", dict, {})),
        places={place: _severities(f'at."{place}"', form) for place, form in top.tables("at", _WHERE)},
        fields=dict(_field(place, form) for place, form in top.tables("fields", _WHERE)),
        tables={name: _codes(name, form) for name, form in top.tables("tables", re.compile(r"\w+"))},
        segments={name: segment for name, segment in own.items() if segment.fields},
        placements={name: _placement(name, section) for name, section in segments.items()},
        checks=tuple(_check(number, form) for number, form in enumerate(top.take("checks", list, []), 1)),
    )
    top.done()
    return profile


class _Section:
    """A table of the file, whose keys are taken one by one, so that what is left is a mistake."""

    def __init__(self, place: str, form: object) -> None:
        if not isinstance(form, dict):
            raise ProfileError(f"{place}: must be a table")
        self._place = place
        self._left = dict(form)

    def take(self, key: str, kind: type, otherwise: Any) -> Any:
        value = self._left.pop(key, otherwise)
        if value is not otherwise and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise ProfileError(f"{self._place}: {key} must be {_KINDS[kind]}")
        return value

    def texts(self, key: str) -> list[str]:
        value: list[str] = self.take(key, list, [])
        if not all(isinstance(one, str) for one in value):
            raise ProfileError(f"{self._place}: {key} must be a list of strings")
        return value

    def tables(self, key: str, names: re.Pattern[str]) -> list[tuple[str, object]]:
        tables: dict[str, object] = self.take(key, dict, {})
        for name in tables:
            if not names.fullmatch(name):
                raise ProfileError(f"{key}: {name!r} names nothing that a profile can speak of here")
        return list(tables.items())

    def done(self) -> None:
        if self._left:
            raise ProfileError(f"{self._place}: {', '.join(sorted(self._left))} is not known here")


_KINDS: Final = {str: "a string", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


def _severities(place: str, form: object) -> dict[str, Severity | None]:
    if not isinstance(form, dict):
        raise ProfileError(f"{place}: must be a table")
    for rule, severity in form.items():
        if rule not in RULES:
            raise ProfileError(f"{place}: there is no rule {rule}: there are {', '.join(RULES)}")
        if severity != "off" and severity not in list(Severity):
            raise ProfileError(f"{place}: {rule} must be error, warning, information or off")
    return {rule: None if severity == "off" else Severity(severity) for rule, severity in form.items()}


def _field(place: str, form: object) -> tuple[tuple[str, int], dict[str, Any]]:
    name, _, number = place.partition("-")
    if not number.isdecimal():
        raise ProfileError(f'fields."{place}": must name a field, as PID-7 does')
    section = _Section(f'fields."{place}"', form)
    changes = _field_changes(section)
    section.done()
    return (name, int(number)), changes


def _field_changes(section: _Section) -> dict[str, Any]:
    """What a profile says of a field, by the names that FieldDefinition has."""
    changes = {
        "required": section.take("required", bool, None),
        "length": section.take("length", int, None),
        "table": section.take("table", str, None),
        "datatype": section.take("datatype", str, None),
    }
    most = section.take("max", int, None)
    changes = {key: value for key, value in changes.items() if value is not None}
    return changes if most is None else {**changes, "max": most or None}


def _codes(name: str, form: object) -> tuple[frozenset[str], bool]:
    section = _Section(f"tables.{name}", form)
    codes, only = section.texts("codes"), section.take("only", bool, False)
    section.done()
    return frozenset(codes), only


def _segment(name: str, forms: Sequence[object]) -> SegmentDefinition:
    fields = []
    for number, form in enumerate(forms, 1):
        section = _Section(f"segments.{name}: field {number}", form)
        own = FieldDefinition(number, section.take("name", str, f"field_{number}"), "ST")
        fields.append(replace(own, **_field_changes(section)))
        section.done()
    return SegmentDefinition(name, tuple(fields))


def _placement(name: str, section: _Section) -> Placement:
    placement = Placement(
        after=section.take("after", str, None),
        required=section.take("required", bool, None),
        repeats=section.take("repeats", bool, None),
        structures=frozenset(section.texts("structures")),
    )
    if name.startswith("Z") and placement.after is None and (placement.required or placement.repeats is not None):
        raise ProfileError(f"segments.{name}: what is required or limited needs a place: say after which segment")
    section.done()
    return placement


def _check(number: int, form: object) -> OwnCheck:
    section = _Section(f"checks: check {number}", form)
    name = section.take("name", str, f"check-{number}")
    place = f"checks: {name}"
    if name in RULES:
        raise ProfileError(f"{place}: the standard has a rule of that name: choose another")
    when = section.take("when", dict, None)
    severity = section.take("severity", str, "error")
    if severity not in list(Severity):
        raise ProfileError(f"{place}: severity must be error, warning or information")
    sentence = section.take("sentence", str, "")
    check = OwnCheck(
        name=name,
        severity=Severity(severity),
        sentence=sentence or f"{name} of the profile is not met",
        condition=_condition(place, section),
        when=_condition_of(f"{place}: when", when) if when is not None else None,
        structures=frozenset(section.texts("structures")),
    )
    section.done()
    return check


def _condition_of(place: str, form: object) -> Condition:
    section = _Section(place, form)
    condition = _condition(place, section)
    section.done()
    return condition


def _condition(place: str, section: _Section) -> Condition:
    path, pattern = section.take("path", str, ""), section.take("matches", str, None)
    one_of, present = section.texts("one_of"), section.take("present", bool, False)
    if sum((pattern is not None, bool(one_of), present)) != 1:
        raise ProfileError(f"{place}: says one of matches, one_of and present = true")
    try:
        return Condition(parse_path(path), _test(pattern, one_of))
    except (PathError, re.error) as error:
        raise ProfileError(f"{place}: {error}") from error


def _test(pattern: str | None, one_of: Sequence[str]) -> Callable[[str], bool]:
    if pattern is not None:
        matches = re.compile(pattern).fullmatch
        return lambda value: matches(value) is not None
    return frozenset(one_of).__contains__ if one_of else bool


def _refuse_unknown(segment: str, own: FieldDefinition, standard: Definitions, tables: Mapping[str, Table]) -> None:
    """Refuse a data type that the version does not have, and a table that nobody has."""
    if own.datatype not in {*standard.datatypes, *standard.primitives, VARIES, WITHDRAWN}:
        raise ProfileError(f"{segment}-{own.number}: version {standard.version} has no data type {own.datatype}")
    if own.table is not None and own.table not in tables and not own.table.startswith("HL7"):
        raise ProfileError(f"{segment}-{own.number}: there is no table {own.table}: say its codes under tables")


def _with_field(
    segment: SegmentDefinition | None, name: str, number: int, changes: Mapping[str, Any]
) -> SegmentDefinition:
    """The segment with field `number` changed; fields beyond those of the version are added."""
    fields = list(segment.fields) if segment else []
    fields += [FieldDefinition(more, "", "ST") for more in range(len(fields) + 1, number + 1)]
    fields[number - 1] = replace(fields[number - 1], **changes)
    return SegmentDefinition(name, tuple(fields), open=segment is not None and segment.open)


def _with_segment(part: Part, name: str, placement: Placement) -> Part:
    """The structure with the segment `name` put, or changed, where the placement says."""
    parts: list[Part] = []
    for inner in part.parts:
        if inner.parts:
            parts.append(_with_segment(inner, name, placement))
            continue
        if inner.name == name and placement.after is None:
            required = inner.required if placement.required is None else placement.required
            repeats = inner.repeats if placement.repeats is None else placement.repeats
            parts.append(replace(inner, required=required, repeats=repeats))
            continue
        parts.append(inner)
        if inner.name == placement.after and not part.choice:
            parts.append(Part(name, required=bool(placement.required), repeats=bool(placement.repeats)))
    return replace(part, parts=tuple(parts))

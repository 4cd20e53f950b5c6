"""Judging texts by their data types: a check for each, made once from a version's definitions.

A check takes a text that is not cut yet and gives the problems in it, none for a text that is blank or the HL7
null.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from hl7v2.definitions import VARIES, WITHDRAWN, ComponentDefinition, Definitions, FieldDefinition, Table
from hl7v2.delimiters import Delimiters
from hl7v2.escapes import unescape
from hl7v2.message import NULL
from hl7v2.primitives import PLAIN_FORMS, form_of


class Problem(NamedTuple):
    """What is wrong at `at`, the end of a path: "" for the whole, "(2)", ".4", "(2).4.1"."""

    at: str
    rule: str
    sentence: str


Problems = tuple[Problem, ...]
Check = Callable[[str], Problems]

_ANYTHING: Final = {VARIES, "CM"}  # 2.1 leaves the components of a CM to each field's description
_CODED: Final = {"CE", "CF", "CWE", "CNE"}
_CODE_TYPES: Final = {"ID", "IS"}
_SHORT_CODE: Final = 15  # characters, fewer than any version limits them to
_OPEN_TABLES: Final = {"HL70396"}  # an ID by data type, yet senders may name coding systems of their own
_NOTHING: Final[Problems] = ()
_SHORT: Final = 199  # no longer than a plain text (ST) may be in any version
_REMEMBERED: Final = 1_000  # texts a composite component


def is_blank(text: str) -> bool:
    """Whether a text is empty, or nothing but white space."""
    return not text or text.isspace()


def accept(_: str) -> Problems:
    """The check of what may be anything."""
    return _NOTHING


class DatatypeChecks:
    """The checks of a version's data types, for messages with the same delimiters."""

    def __init__(self, definitions: Definitions, delimiters: Delimiters) -> None:
        self._definitions = definitions
        self._delimiters = delimiters
        separators = delimiters.component + delimiters.repetition + delimiters.subcomponent
        self._holds_nothing = re.compile(rf"[\s{re.escape(separators)}]*").fullmatch
        self._composite = cache(self._make_composite)
        self._primitive = cache(self._make_primitive)

    def field(self, field: FieldDefinition) -> Check:
        """A check of a whole field, with its repetitions."""
        if field.datatype == WITHDRAWN:
            return self._withdrawn("field")
        return accept if _may_be_anything(field) else self._valued(field)

    def _valued(self, field: FieldDefinition) -> Check:
        check, most, separator = self._repetition(field), field.max, self._delimiters.repetition
        holds_nothing, limit = self._holds_nothing, field.length or sys.maxsize
        missing = (Problem("", "missing-field", "the field is required"),) if field.required else ()
        is_plain = self._plain_form(field)

        def check_field(text: str) -> Problems:
            if is_plain is not None and is_plain(text):
                return _NOTHING
            if separator in text:
                return tuple(check_repetitions(text.split(separator))) if not holds_nothing(text) else missing
            if not text or (missing and holds_nothing(text)):
                return missing
            return check(text) if len(text) <= limit else (*check(text), _too_long(limit))

        def check_repetitions(texts: list[str]) -> list[Problem]:
            problems = []
            if most is not None and len(texts) > most:
                problems.append(Problem("", "repeated-field", f"the field may stand {_times(most)}"))
            for number, text in enumerate(texts, 1):
                found = check(text) if len(text) <= limit else (*check(text), _too_long(limit))
                if found:
                    problems += [problem._replace(at=f"({number}){problem.at}") for problem in found]
            return problems

        return check_field

    def value(self, datatype: str) -> Check:
        """A check of a field whose data type, `datatype`, is named by the sender in another field."""
        if datatype == NULL or is_blank(datatype):
            untyped = (Problem("", "value-type", "the value has no data type: the field that names it is empty"),)
            return lambda text: () if self._holds_nothing(text) or text == NULL else untyped
        if datatype not in self._definitions.datatypes and datatype not in self._definitions.primitives:
            return accept  # that the version has no such type is a matter of the field that names it
        check = self.field(FieldDefinition(0, "", datatype, max=None))
        return lambda text: tuple(map(_of_value, problems)) if (problems := check(text)) else _NOTHING

    def _plain_form(self, field: FieldDefinition) -> Callable[[str], object] | None:
        """What tells of most values of a field at once that nothing is wrong with them; None where there is no such."""
        datatype = field.datatype
        if datatype in self._definitions.datatypes:  # a time stamp is mostly its first component alone
            first, *others = self._definitions.datatypes[datatype]
            datatype = "" if any(component.required for component in (first, *others)) else first.datatype
        if datatype not in PLAIN_FORMS or field.length is not None:
            return None
        return re.compile(PLAIN_FORMS[datatype], re.ASCII).fullmatch

    def _repetition(self, field: FieldDefinition) -> Check:
        if field.datatype in _ANYTHING:
            return accept
        table = self._table(field.table)
        if field.datatype not in self._definitions.datatypes:
            return self._uncut(self._primitive(field.datatype, table), self._delimiters.component)
        check = self._composite(field.datatype, self._delimiters.component)
        return check if table is None or field.datatype not in _CODED else self._coded(field.datatype, check, table)

    def _component(self, component: ComponentDefinition, separator: str) -> Check:
        """A check of one of the texts that `separator` cuts, that of components or that of subcomponents."""
        if component.datatype == WITHDRAWN:
            return self._withdrawn("component")
        subcomponent = self._delimiters.subcomponent
        if component.datatype in self._definitions.datatypes:
            if separator != subcomponent:
                return _Remembered(self._composite(component.datatype, subcomponent)).__getitem__
            # Nothing cuts a subcomponent, so it is what its type begins with.
            return self._component(self._definitions.datatypes[component.datatype][0], separator)
        check = self._primitive(component.datatype, self._table(component.table))
        return self._uncut(check, subcomponent) if separator != subcomponent else check

    def _make_composite(self, datatype: str, separator: str) -> Check:
        components = self._definitions.datatypes[datatype]
        some_required = any(component.required for component in components)
        subcomponent = self._delimiters.subcomponent if separator != self._delimiters.subcomponent else separator
        every = [
            (at, self._component(component, separator), self._is_plain(component), self._plain_codes(component))
            for at, component in enumerate(components)
        ]
        telling = [one for one in every if not one[2]]
        first = every[0][1]

        def check_composite(text: str) -> Problems:
            if not some_required and separator not in text:
                return _within(1, first(text))
            parts = text.split(separator)
            count, is_short = len(parts), len(text) <= _SHORT
            problems = _NOTHING
            for at, check, is_plain, codes in telling if is_short and subcomponent not in text else every:
                if at >= count:
                    break
                part = parts[at]
                # Most components are plain text, and a short one that nothing cuts is a value of those.
                if not part or part in codes or (is_plain and is_short and subcomponent not in part):
                    continue
                if found := check(part):
                    problems += _within(at + 1, found)
            if some_required or count > len(every):
                problems += self._misses(datatype, text, parts)
            return problems

        return check_composite

    def _misses(self, datatype: str, text: str, parts: list[str]) -> Problems:
        """The required components that are not among `parts`, and the parts that the data type has no place for."""
        if text == NULL or is_blank(text):
            return _NOTHING
        components = self._definitions.datatypes[datatype]
        problems = [
            Problem(f".{component.number}", "missing-component", f"{datatype} requires the component")
            for component in components
            if component.required
            and (component.number > len(parts) or self._holds_nothing(parts[component.number - 1]))
        ]
        beyond = _first_valued(parts, len(components))
        if beyond:
            sentence = f"{datatype} has no more than {len(components)} components"
            problems.append(Problem(f".{beyond}", "unknown-component", sentence))
        return tuple(problems)

    def _is_plain(self, component: ComponentDefinition) -> bool:
        """Whether any text that is short and not cut is a value of a component."""
        inner = self._definitions.datatypes.get(component.datatype)
        if inner is not None:
            return not any(one.required for one in inner) and self._is_plain(inner[0])
        has_form = component.datatype == WITHDRAWN or form_of(component.datatype) is not None
        limit = self._definitions.lengths.get(component.datatype, sys.maxsize)
        return not has_form and self._table(component.table) is None and limit >= _SHORT

    def _plain_codes(self, component: ComponentDefinition) -> frozenset[str]:
        """The codes of a component's table that need no further look."""
        table = None if component.datatype in self._definitions.datatypes else self._table(component.table)
        codes = table.codes if table is not None and component.datatype in _CODE_TYPES else ()
        return frozenset(code for code in codes if code.isalnum() and len(code) <= _SHORT_CODE)

    def _uncut(self, check: Check, separator: str) -> Check:
        """A check of a text that its primitive type does not let be cut at `separator`."""

        def check_uncut(text: str) -> Problems:
            if separator not in text:
                return check(text)
            parts = text.split(separator)
            beyond = _first_valued(parts, 1)
            if not beyond:
                return check(parts[0])
            unknown = Problem(f".{beyond}", "unknown-component", "the data type has no components")
            return (*check(parts[0]), unknown)

        return check_uncut

    def _coded(self, datatype: str, check: Check, table: Table) -> Check:
        """Also judge the code of a composite by the field's table, unless the sender names another system."""
        problem = Problem(".1", "table" if datatype == "CNE" else "user-table", _not_in(table))
        separator = self._delimiters.component

        def check_coded(text: str) -> Problems:
            code, *rest = text.split(separator, 3)
            system = rest[1] if len(rest) > 1 else ""
            if system not in ("", table.name) or is_blank(code) or code == NULL or self._decode(code) in table:
                return check(text)
            return (*check(text), problem)

        return check_coded

    def _make_primitive(self, datatype: str, table: Table | None) -> Check:
        limit = self._definitions.lengths.get(datatype, sys.maxsize)
        too_long = (_too_long(limit),)
        if (is_value := form_of(datatype)) is not None:
            return self._formed(datatype, is_value, limit)
        if table is None:
            return lambda text: too_long if len(text) > limit else _NOTHING
        rule = "table" if datatype == "ID" and table.name not in _OPEN_TABLES else "user-table"
        unknown, codes, known = (Problem("", rule, _not_in(table)),), table.codes, table

        def check_code(text: str) -> Problems:
            if text in codes or is_blank(text) or text == NULL or self._decode(text) in known:
                return too_long if len(text) > limit else _NOTHING
            return unknown

        return check_code

    def _formed(self, datatype: str, is_value: Callable[[str], bool], limit: int) -> Check:
        too_long = (_too_long(limit),)
        formless = (Problem("", "data-type", f"the value is not of the form that {datatype} has"),)

        def check_form(text: str) -> Problems:
            if is_value(text):
                return too_long if len(text) > limit else _NOTHING
            return _NOTHING if is_blank(text) or text == NULL else formless

        return check_form

    def _withdrawn(self, what: str) -> Check:
        problems = (Problem("", "withdrawn", f"the version has withdrawn the {what}"),)
        return lambda text: () if self._holds_nothing(text) or text == NULL else problems

    def _table(self, name: str | None) -> Table | None:
        """The table of that name, if anything can be judged by it: one without codes leaves them to the site."""
        table = self._definitions.tables.get(name or "")
        return table if table is not None and (table.codes or table.patterns) else None

    def _decode(self, code: str) -> str:
        return unescape(code, self._delimiters)


class _Remembered(dict[str, Problems]):
    """What a check found in the texts seen lately. Authorities and codes are few, and their checks are not cheap."""

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check

    def __missing__(self, text: str) -> Problems:
        found = self._check(text)
        if len(text) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = found
        return found


def _may_be_anything(field: FieldDefinition) -> bool:
    return field.datatype in _ANYTHING and not field.required and field.max is None and field.length is None


def _of_value(problem: Problem) -> Problem:
    return problem._replace(rule="value-type") if problem.rule == "data-type" else problem


def _first_valued(parts: list[str], start: int) -> int:
    """The number, counted from 1, of the first part after `start` ones that is not blank; 0 for none."""
    return next((at + 1 for at in range(start, len(parts)) if not is_blank(parts[at])), 0)


def _within(component: int, problems: Problems) -> Problems:
    """The problems of a component as those of what it is in."""
    return problems and tuple(problem._replace(at=f".{component}{problem.at}") for problem in problems)


def _too_long(limit: int) -> Problem:
    return Problem("", "length", f"the value is longer than {limit} characters")


def _not_in(table: Table) -> str:
    return f"the code is not in table {table.name} ({table.title})"


def _times(most: int) -> str:
    return "once" if most == 1 else f"{most} times"

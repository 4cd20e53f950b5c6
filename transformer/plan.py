"""A compiled mapping of one resource, and its run on a record: raw rows to one FHIR resource as JSON.

Compiled by `transformer.compile`. Running one changes nothing in it; the same record gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from mapping.identity import resource_id
from pipeline.errors import BrokenRule, InvalidRecord
from pipeline.events import Resource
from transformer.generate import Build, Values
from transformer.nesting import SeveralValuesError, nest
from transformer.resource_check import Fault, ResourceCheck
from transformer.rows import RawRow, Read
from transformer.target import Object
from transformer.values import UnfitError, Value


@dataclass(frozen=True, slots=True)
class Site:
    """Where a slot's value belongs and where it comes from, for a person: `birthDate`, `patients.dob`.

    `element` is the path without indexes. `scripts` are named where one fails.
    """

    path: str
    element: str
    sources: tuple[str, ...]
    scripts: tuple[str, ...] = ()


class Sites:
    """All places of one resource, to tell of failures by. Says nothing of values."""

    def __init__(self, resource_type: str, sites: Sequence[Site]) -> None:
        self._type = resource_type
        self._sites = sites

    def refused(self, slot: int, error: Exception) -> InvalidRecord:
        """What to raise when making the value of a slot went wrong."""
        site = self._sites[slot]
        if isinstance(error, UnfitError):
            return self._refusal(site.path, error.rule, site.sources, reason=error.reason)
        if isinstance(error, UnicodeEncodeError):
            rule = "has a text that cannot be written in UTF-8"
            return self._refusal(site.path, rule, site.sources, reason="invalid-text")
        # A script that breaks its promise not to fail: its own message may quote the value.
        rule = f"could not be made: {', '.join(site.scripts) or 'a rule'} failed with {type(error).__name__}"
        return self._refusal(site.path, rule, site.sources, reason="script-failed")

    def several(self, slot: int) -> InvalidRecord:
        """What to raise when rows differ in a slot that can have but one value."""
        site = self._sites[slot]
        rule = "has several different values, and is no list in R4"
        return self._refusal(site.path, rule, site.sources, reason="several-values")

    def faulty(self, fault: Fault) -> InvalidRecord:
        """What to raise when the resource is not R4: with the columns that the faulty element comes from."""
        inside = fault.element + "."
        sources = dict.fromkeys(
            source
            for site in self._sites
            if site.element == fault.element or site.element.startswith(inside)
            for source in site.sources
        )
        return self._refusal(fault.place, fault.rule, tuple(sources), reason=fault.reason)

    def _refusal(self, path: str, rule: str, sources: tuple[str, ...], *, reason: str) -> InvalidRecord:
        """`Patient.birthDate is not a date, from column patients.dob`, and the same in its parts."""
        place = f"{self._type}.{path}" if path else self._type
        origin = f", from column{'s' if len(sources) > 1 else ''} {', '.join(sources)}" if sources else ""
        return InvalidRecord(f"{place} {rule}{origin}", reason=reason, broken=BrokenRule(place, rule, sources))


@dataclass(frozen=True, slots=True)
class Plan:
    """How records of one resource mapping become resources of one type."""

    resource_type: str
    logical_reference: str
    root: Object
    sites: Sites
    read: Read
    values: Values
    build: Build
    check: ResourceCheck

    def run(self, columns: Mapping[str, Sequence[Value]], primary_key: str) -> Resource:
        """The resource of one record.

        Raises InvalidRecord naming element, rule and columns: `missing-column`, `unequal-lengths`,
        `wrong-type`, `invalid-text`, `unmapped-code`, `script-failed`, `several-values`,
        and of the check `missing-element`, `unknown-element`, `wrong-cardinality`, `wrong-format`,
        `unbound-code`.
        """
        try:
            made = self.make(self.read(columns), primary_key)
            if not self.check.is_valid(made):
                fault = self.check.fault(made)
                assert fault is not None
                raise self.sites.faulty(fault)
            body = orjson.dumps(made, default=_number)
        except (orjson.JSONEncodeError, UnicodeEncodeError):
            sentence = f"{self.resource_type} has a text that cannot be written in UTF-8"
            raise InvalidRecord(sentence, reason="invalid-text") from None
        return Resource(type=self.resource_type, id=made["id"], write="replace", body=body)

    def removal(self, primary_key: str) -> Resource:
        """The deletion of the resource that the row with this key became."""
        identity = resource_id(self.logical_reference, primary_key)
        return Resource(type=self.resource_type, id=identity, write="delete", body=b"")

    def make(self, rows: Sequence[RawRow], primary_key: str) -> dict[str, Any]:
        """The resource as JSON values, unchecked; members in the order in which FHIR lists them."""
        identity = resource_id(self.logical_reference, primary_key)
        if len(rows) == 1:
            return self.build(identity, self.values(rows[0]))
        distinct = list(dict.fromkeys(map(self.values, rows)))
        if len(distinct) == 1:
            return self.build(identity, distinct[0])
        try:
            members = {name: nest(member, distinct) for name, member in self.root.members.items()}
        except SeveralValuesError as error:
            raise self.sites.several(error.slot) from None
        first = {"resourceType": self.resource_type, "id": identity}
        return first | {name: value for name, value in members.items() if value is not None}


def _number(value: Any) -> orjson.Fragment:
    """A decimal with all its digits, as JSON writes numbers."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError

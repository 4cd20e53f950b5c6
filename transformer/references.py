"""References among the resources of a mapping, computed instead of looked up.

An element of type Reference whose `identifier.system` is `http://terminology.arkhn.org/<logical reference>`
and whose `identifier.value` is a key means the resource that the mapping of that logical reference makes of
the row with this key. It gains `reference`, `Type/<id>`, and keeps the identifier. One that means no resource of the
mapping stays as it is, a logical reference: its identifier tells who reads it what is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mapping.identity import REFERENCE_SYSTEM, resource_id
from mapping.model import ResourceMapping


class References:
    """The resources that references may mean, by the system of their identifiers."""

    def __init__(self, resources: tuple[ResourceMapping, ...]) -> None:
        self._resources: Mapping[str, ResourceMapping] = {
            REFERENCE_SYSTEM + resource.logical_reference: resource for resource in resources
        }

    def target(self, system: Any) -> ResourceMapping | None:
        """The resource that a system means; None for a system that is not ours, and for an unknown resource."""
        return self._resources.get(system)

    def compute(self, system: str | None, value: str | None) -> str | None:
        """The reference of a system and a key that both come from the row."""
        target = None if value is None else self.target(system)
        if target is None or value is None:
            return None
        return f"{target.resource_type}/{resource_id(target.logical_reference, value)}"


def refer_to(target: ResourceMapping) -> Callable[[str | None], str | None]:
    """A function from a key to the reference to `target`."""
    start, logical_reference = f"{target.resource_type}/", target.logical_reference

    def refer(value: str | None) -> str | None:
        return None if value is None else start + resource_id(logical_reference, value)

    return refer

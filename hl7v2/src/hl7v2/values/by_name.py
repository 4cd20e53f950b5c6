"""Composite data types by their names: the classes that are here, and for all others one that is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, make_dataclass
from functools import cache
from typing import Any, ClassVar, Final

from hl7v2.definitions import ComponentDefinition, definitions
from hl7v2.values import composites, persons
from hl7v2.values.composite import Composite

COMPOSITES: Final[Mapping[str, type[Composite]]] = {
    name: getattr(module, name)
    for module, names in (
        (composites, "CE CK CNE CP CQ CWE CX DLD DR ED EI EIP ERL FC HD MO MSG NR OSD PRL PT RI RP SN SPS TQ VID"),
        (persons, "AD CN CNN DLN FN JCC NDL PL PLN PN PPN SAD XAD XCN XON XPN XTN"),
    )
    for name in names.split()
}


def composite_of(version: str, datatype: str) -> type[Composite] | None:
    """The class of a composite data type of a known version; None where it has none of that name.

    A class that is made has the component names of the version: those of MOC begin with `dollar_amount` up to 2.4
    and with `monetary_amount` since. Those of the classes here are the same in all versions.
    """
    if datatype in COMPOSITES:
        return COMPOSITES[datatype]
    return _made(version, datatype) if definitions(version).datatypes.get(datatype) else None


class _Made(Composite):
    """The base of classes that are made; their values can be pickled though nothing can import the classes."""

    __slots__ = ()
    _version: ClassVar[str]

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (self._version, type(self).__name__, *self._components())


@cache
def _made(version: str, datatype: str) -> type[Composite]:
    components = definitions(version).datatypes[datatype]
    fields = []
    for name, component in zip(_names(components), components, strict=True):
        inner = composite_of(version, component.datatype) if component.datatype not in _TIMES else None
        fields.append((name, inner or str, field(default=inner() if inner else "")))
    return make_dataclass(
        datatype, fields, bases=(_Made,), namespace={"_version": version}, frozen=True, slots=True, repr=False
    )


_TIMES: Final = {"TS"}  # is a text here as in the other classes, which parse_time reads


def _names(components: Sequence[ComponentDefinition]) -> list[str]:
    """The names of components; one that is missing or there already is told apart by its number."""
    names: list[str] = []
    for component in components:
        name = component.name or "component"
        names.append(f"{name}_{component.number}" if name in names or not component.name else name)
    return names


def _remade(version: str, datatype: str, *components: str | Composite) -> Composite:
    return _made(version, datatype)(*components)

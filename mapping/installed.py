"""What installed packages add to Firth, by entry points.

    firth.cleaning_scripts      a mapping's `script`: one value in, one out
    firth.merging_scripts       a mapping's `mergingScript`: several values in, one out
    firth.sources               databases, by the `model` of a credential (`extractor.login.Connect`)

Names are known without loading anything: that is for the stage that runs it. What is built in comes first: a package
that takes one of its names is refused, as are two packages with one name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Literal, TypeAlias

from mapping.mistakes import MappingError

Group: TypeAlias = Literal["firth.cleaning_scripts", "firth.merging_scripts", "firth.sources"]

CLEANING: Final = "firth.cleaning_scripts"
MERGING: Final = "firth.merging_scripts"
SOURCES: Final = "firth.sources"


class BadPackage(MappingError):
    """A package whose entry point cannot be used; the message says which and why."""


@cache
def names(group: Group) -> frozenset[str]:
    """The names that installed packages add to a group."""
    return frozenset(entry_points(group=group).names)


def load(group: Group, *, built_in: Collection[str]) -> dict[str, Callable[..., Any]]:
    """What installed packages add to a group, by name. Raises BadPackage."""
    found = tuple(entry_points(group=group))
    counted = Counter(entry.name for entry in found)
    return {entry.name: _loaded(entry, twice=counted[entry.name] > 1, built_in=built_in) for entry in found}


def _loaded(entry: EntryPoint, *, twice: bool, built_in: Collection[str]) -> Callable[..., Any]:
    package = entry.dist.name if entry.dist is not None else "a package"
    place = f'{package}: entry point "{entry.name}" in {entry.group}'
    if entry.name in built_in:
        raise BadPackage(f"{place}: there is one of that name in Firth: call it otherwise")
    if twice:
        raise BadPackage(f"{place}: another package has one of that name: uninstall one of them")
    try:
        made = entry.load()
    except Exception as error:  # whatever a foreign package does when it is imported
        raise BadPackage(f"{place}: {entry.value} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(made):
        raise BadPackage(f"{place}: {entry.value} is not callable")
    function: Callable[..., Any] = made
    return function

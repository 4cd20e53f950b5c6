"""Changes to FHIR transaction bundles: which go together, and their bytes.

The resources are joined as they came, never parsed again.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from loader.sink import Change, Name

# Nobody but the first writer may have this version: the server answers with a conflict if the resource is
# there. (On HAPI 8.8 a PUT with ifNoneMatch "*" overwrites.)
ABSENT: Final = 'W/"0"'

_SMALL: Final = 50  # resources; smaller bundles cost the server more than what is left of a lane's time

# What nearly everything points at, then what most of the rest points at.
_WAVE: Final = {
    "Organization": 0,
    "Location": 0,
    "Practitioner": 0,
    "Medication": 0,
    "Patient": 0,
    "PractitionerRole": 1,
    "Encounter": 1,
}
_LAST: Final = 2

BUNDLE_BYTES: Final = 4 * 1024 * 1024  # of resources; a single larger one goes alone

_HEAD: Final = b'{"resourceType":"Bundle","type":"transaction","entry":['


def bundle(changes: Sequence[Change], versions: Mapping[Name, str]) -> bytes:
    """The transaction of these changes, at most one a resource.

    `versions` holds, for each `ensure`, the version that must still stand there (`ABSENT` for none), or ""
    where any may.
    """
    return _HEAD + b",".join([_entry(change, versions) for change in changes]) + b"]}"


def _entry(change: Change, versions: Mapping[Name, str]) -> bytes:
    url = f"{change.type}/{change.id}".encode()
    if change.write == "delete":
        return b'{"request":{"method":"DELETE","url":"%b"}}' % url
    version = versions.get(change.name, "") if change.write == "ensure" else ""
    match = b',"ifMatch":"%b"' % version.replace('"', '\\"').encode() if version else b""
    return b'{"resource":%b,"request":{"method":"PUT","url":"%b"%b}}' % (change.body, url, match)


def waves(changes: Sequence[Change]) -> list[list[Change]]:
    """The changes in up to three parts, each to be written before the next begins; a key's stay together, in order.

    What others point at goes first. A resource that comes before its target costs the server a placeholder, and
    bundles side by side that need the same one get in each other's way: all but one are done in vain.
    """
    wave_of: dict[bytes, int] = {}
    found: dict[int, list[Change]] = {}
    for change in changes:
        wave = wave_of.setdefault(change.key, _WAVE.get(change.type, _LAST))
        found.setdefault(wave, []).append(change)
    return [found[wave] for wave in sorted(found)]


Chain: TypeAlias = list[list[Change]]


def chains(changes: Sequence[Change], *, size: int, lanes: int = 1, alone: Container[Name] = ()) -> Iterator[Chain]:
    """Pack changes into bundles of at most `size`, and those into chains.

    The bundles of a chain go one after the other; chains may go side by side, for no key is in two of them.
    So order is kept per key, and resources that refer to each other mostly share a transaction. What is in
    `alone` gets a bundle to itself. Towards the end bundles become smaller, so that of several lanes none
    waits long for the last of another.
    """
    by_key: dict[bytes, list[Change]] = {}
    for change in changes:
        by_key.setdefault(change.key, []).append(change)

    left = len(changes)
    shared = _Part(_share(left, size, lanes))
    for group in by_key.values():
        parts = _parts(group, size, alone)
        if len(parts) > 1 or group[0].name in alone:
            yield [part.changes for part in parts]
            left -= len(group)
            continue
        if not shared.fits(parts[0]):
            yield [shared.changes]
            left -= len(shared.changes)
            shared = _Part(_share(left, size, lanes))
        shared.add(parts[0])
    if shared.changes:
        yield [shared.changes]


def _share(left: int, size: int, lanes: int) -> int:
    """The size of the next bundle: a lane's share of what is left, within limits."""
    return min(size, max(_SMALL, math.ceil(left / lanes)))


class _Part:
    """A bundle that is being filled."""

    def __init__(self, size: int, changes: Sequence[Change] = ()) -> None:
        self._size = size
        self.changes = list(changes)
        self.bytes = sum(len(change.body) for change in changes)

    def fits(self, more: _Part) -> bool:
        if not self.changes:
            return True
        return len(self.changes) + len(more.changes) <= self._size and self.bytes + more.bytes <= BUNDLE_BYTES

    def add(self, more: _Part) -> None:
        self.changes += more.changes
        self.bytes += more.bytes


def _parts(group: Sequence[Change], size: int, alone: Container[Name]) -> list[_Part]:
    """One key's changes in their order, cut into bundles."""
    parts: list[_Part] = []
    closed = True
    for change in group:
        lonely = change.name in alone
        one = _Part(size, (change,))
        if closed or lonely or not parts[-1].fits(one):
            parts.append(one)
        else:
            parts[-1].add(one)
        closed = lonely
    return parts

"""Which resource a database row becomes: the same key gives the same id, in every run and for everybody.

    id = uuid5(logical reference of the resource mapping, canonical text of the key)

References between resources are computed by the same rule, with no look-up.
"""

from __future__ import annotations

import hashlib
import math
import uuid
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from mapping.mistakes import MappingError

REFERENCE_SYSTEM: Final = "http://terminology.arkhn.org/"
"""Of identifiers that mean a resource by its logical reference, which follows."""
TAG_SYSTEM: Final = "http://terminology.arkhn.org/CodeSystem/"
"""Of the tags that say where a resource comes from; no reference."""

Key: TypeAlias = bool | int | float | str | bytes | Decimal | None


class BadKey(MappingError):
    """A key that identifies nothing: null, or a number that is none (NaN, infinity)."""


def canonical_key(key: Key) -> str:
    """The one text of a key: 1, "1", 1.0 and Decimal("1.00") are "1".

    Text stays as it is, blanks and leading zeros included: "007" and "7" may be two patients, and so may
    "1.0" and "1". Bytes are written in hexadecimal after `\\x`, as PostgreSQL does. Raises BadKey.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(key)
    if isinstance(key, bytes):
        return "\\x" + key.hex()
    if key is None:
        raise BadKey("the key is null")
    return _number(key)


def resource_id(logical_reference: str, key: Key) -> str:
    """The id of the resource made from the row with `key`: `str(uuid.uuid5(...))`, at a quarter of its cost.

    `logical_reference` is a uuid in text. Raises BadKey, and ValueError when it is no uuid.
    """
    text = key if isinstance(key, str) else canonical_key(key)
    digest = hashlib.sha1(_namespace(logical_reference) + text.encode(), usedforsecurity=False).hexdigest()
    # Version and variant are put in by hand, or the library's own formatting costs four times the hash.
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def fallback_reference(source_id: str, resource_id: str) -> str:
    """The logical reference of a resource mapping that names none: made of the ids of source and resource."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source_id}/{resource_id}"))


def _number(key: float | Decimal) -> str:
    if not math.isfinite(key):
        raise BadKey("the key is not a finite number")
    # Through Decimal, since 1e23 as a float is one digit off from its own text when made an integer.
    exact = Decimal(repr(key)) if isinstance(key, float) else key
    text = format(exact, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@lru_cache(maxsize=1024)
def _namespace(logical_reference: str) -> bytes:
    return uuid.UUID(logical_reference).bytes


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

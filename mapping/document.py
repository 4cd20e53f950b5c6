"""A mapping as bytes: one canonical JSON document, so that equal mappings have equal bytes and one hash.

What is frozen for a batch, served to the workers and named in every event by `content_hash`.

    {"firth": 1, "mapping": {"concept_maps": [...], "resources": [...], "source": {...}}}
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Mapping as Dict
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import Mapping

FORMAT = 1

T = TypeVar("T")


def dump(mapping: Mapping) -> bytes:
    """The canonical JSON of a mapping: keys sorted, no blanks, UTF-8."""
    return orjson.dumps({"firth": FORMAT, "mapping": mapping}, option=orjson.OPT_SORT_KEYS)


def load(document: bytes) -> Mapping:
    """The mapping that `dump` wrote. Raises InvalidMapping, with the place of the first thing amiss."""
    try:
        parsed = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise _mistake("", f"is not JSON: {error.msg} at byte {error.pos}") from None
    return read(parsed)


def read(parsed: object) -> Mapping:
    """The mapping in a document of ours that was parsed already. Raises InvalidMapping, as does `load`."""
    if not isinstance(parsed, dict) or parsed.get("firth") != FORMAT:
        raise _mistake("firth", f"is not a mapping document of format {FORMAT}")
    mapping = _read(Mapping, parsed.get("mapping"), "mapping")
    assert isinstance(mapping, Mapping)
    return mapping


def content_hash(mapping: Mapping) -> str:
    """SHA-256 of the canonical document, in hexadecimal."""
    return hashlib.sha256(dump(mapping)).hexdigest()


def _read(kind: Any, value: Any, path: str) -> Any:
    """`value` from JSON as the type that the model declares. Raises InvalidMapping."""
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _read_fields(kind, value, path)
    if origin is tuple:
        return tuple(_read(get_args(kind)[0], one, f"{path}[{at}]") for at, one in enumerate(_of(list, value, path)))
    if origin is Dict:
        return {key: _of(str, one, f"{path}.{key}") for key, one in _of(dict, value, path).items()}
    if origin in (Union, types.UnionType):
        (some,) = (one for one in get_args(kind) if one is not type(None))
        return None if value is None else _read(some, value, path)
    if origin is Literal:
        if value not in get_args(kind):
            raise _mistake(path, f"is none of {', '.join(get_args(kind))}")
        return value
    return _of(kind, value, path)


def _read_fields(kind: Any, value: Any, path: str) -> Any:
    given = _of(dict, value, path)
    hints = _hints(kind)
    unknown = given.keys() - hints.keys()
    if unknown:
        raise _mistake(path, f"has fields that this version does not know: {', '.join(sorted(unknown))}")
    missing = [one.name for one in fields(kind) if one.name not in given and one.default is MISSING]
    if missing:
        raise _mistake(path, f"lacks {', '.join(missing)}")
    return kind(**{name: _read(hints[name], one, f"{path}.{name}") for name, one in given.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _of(kind: type[T], value: Any, path: str) -> T:
    if not isinstance(value, kind):
        raise _mistake(path, f"is not a {kind.__name__}")
    return value


def _mistake(path: str, reason: str) -> InvalidMapping:
    return InvalidMapping([Mistake(path=path, reason=reason)])

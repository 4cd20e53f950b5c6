"""What the extractor asks the api and its environment for: mappings, logins, passwords."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from mapping import credential, document
from mapping.credential import Credential
from mapping.mistakes import InvalidMapping
from mapping.model import Mapping
from pipeline.api_client import ApiClient
from pipeline.errors import InvalidRecord

MAPPINGS = 64  # kept in memory


def mappings(api: ApiClient) -> Callable[[str], Mapping]:
    """Gives a frozen mapping by its hash, asked for once. What it gives raises InvalidRecord, Unavailable,
    Misconfigured."""

    @lru_cache(maxsize=MAPPINGS)
    def mapping_of(mapping_hash: str) -> Mapping:
        frozen = api.frozen_mapping(mapping_hash)
        if hashlib.sha256(frozen).hexdigest() != mapping_hash:
            raise InvalidRecord("the api's frozen mapping is not the one of this batch", reason="unknown-mapping")
        try:
            return document.load(frozen)
        except InvalidMapping as error:
            raise InvalidRecord(f"the frozen mapping cannot be read: {error}", reason="unknown-mapping") from None

    return mapping_of


def credentials(api: ApiClient) -> Callable[[str], Credential]:
    """Gives the login of a source, asked for each time. What it gives raises InvalidRecord, Unavailable,
    Misconfigured."""

    def credential_of(source_id: str) -> Credential:
        try:
            return credential.load(api.credential(source_id))
        except InvalidMapping as error:
            raise InvalidRecord(f'source "{source_id}": {error}', reason="source-refused") from None

    return credential_of


def secret(name: str) -> str | None:
    """A password that lies with the extractor. Read when it is needed, so that a new one needs no restart."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError):
        return None

"""python -m extractor: the extractor's worker."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from extractor.chunk import Extractor
from extractor.patience import Patience
from extractor.settings import ExtractorSettings
from extractor.sources import Sources
from mapping import credential, document
from mapping.credential import Credential
from mapping.mistakes import InvalidMapping
from mapping.model import Mapping
from pipeline import logs, topics
from pipeline.api_client import ApiClient
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.process import run
from pipeline.worker import each, run_worker

MAPPINGS = 64  # kept in memory


def main() -> None:
    """Parse settings, build adapters, run."""
    settings = ExtractorSettings.from_environment(os.environ)
    logs.configure("extractor", settings.worker.log_level)
    api = ApiClient.of(settings.api)
    codec = Codec.connect(settings.worker.registry)
    sources = Sources(settings.source, credential_of=_credentials(api), secret_of=_secret)
    extractor = Extractor(
        sources=sources,
        mapping_of=_mappings(api),
        codec=codec,
        settings=settings.chunk,
        patience=Patience(settings.source.patience),
    )
    try:
        # One trigger at a time: each is a chunk, as large as a transaction should be.
        run_worker(
            settings.worker, stage=each(extractor), name="extractor", reads=topics.TRIGGER, codec=codec, max_records=1
        )
    finally:
        sources.close()


def _mappings(api: ApiClient) -> Callable[[str], Mapping]:
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


def _credentials(api: ApiClient) -> Callable[[str], Credential]:
    def credential_of(source_id: str) -> Credential:
        try:
            return credential.load(api.credential(source_id))
        except InvalidMapping as error:
            raise InvalidRecord(f'source "{source_id}": {error}', reason="source-refused") from None

    return credential_of


def _secret(name: str) -> str | None:
    """A password that lies with the extractor. Read when it is needed, so that a new one needs no restart."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError):
        return None


if __name__ == "__main__":
    run(main)

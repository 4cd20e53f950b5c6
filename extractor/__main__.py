"""python -m extractor: the extractor's worker."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Container, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from extractor.chunk import Extractor
from extractor.connectors import connectors
from extractor.pace import Backlog, Pace
from extractor.patience import Patience
from extractor.settings import ExtractorSettings, SourceSettings
from extractor.sources import Sources
from mapping import credential, document
from mapping.credential import Credential
from mapping.mistakes import InvalidMapping
from mapping.model import Mapping
from pipeline import logs, topics
from pipeline.api_client import ApiClient
from pipeline.cancellations import Cancellations
from pipeline.codec import Codec
from pipeline.errors import InvalidRecord
from pipeline.preview import PreviewLane
from pipeline.process import run
from pipeline.records import Outcome, Record
from pipeline.worker import each, run_worker

MAPPINGS = 64  # kept in memory
PREVIEW_TIMEOUT = 8  # seconds that a query for a preview may take: somebody sits and waits


def main() -> None:
    """Parse settings, build adapters, run."""
    settings = ExtractorSettings.from_environment(os.environ)
    logs.configure("extractor", settings.worker.log_level)
    codec, previews_codec = Codec.connect(settings.worker.registry), Codec.connect(settings.worker.registry)
    hasty = replace(settings.source, statement_timeout=min(PREVIEW_TIMEOUT, settings.source.statement_timeout))
    with (
        Cancellations(settings.worker) as cancelled,
        _extractor(settings, settings.source, codec, cancelled) as extractor,
        _extractor(settings, hasty, previews_codec, ()) as previewer,
        PreviewLane(
            settings.worker,
            stage=each(previewer),
            name="extractor",
            reads=topics.PREVIEW_TRIGGER,
            batches=topics.TRIGGER,
            writes=topics.PREVIEW_EXTRACT,
            codec=previews_codec,
        ),
    ):
        pace = Pace(Backlog(settings.worker.kafka), ahead=settings.chunk.ahead)

        def paced(record: Record) -> Outcome:
            pace.wait()
            return extractor(record)

        # One trigger at a time: each is a chunk, as large as a transaction should be.
        run_worker(
            settings.worker, stage=each(paced), name="extractor", reads=topics.TRIGGER, codec=codec, max_records=1
        )


@contextmanager
def _extractor(
    settings: ExtractorSettings, source: SourceSettings, codec: Codec, cancelled: Container[str]
) -> Iterator[Extractor]:
    """An extractor for one thread, with connections of its own."""
    api = ApiClient.of(settings.api)
    sources = Sources(source, credential_of=_credentials(api), secret_of=_secret, connectors=connectors())
    with closing(sources):
        yield Extractor(
            sources=sources,
            mapping_of=_mappings(api),
            codec=codec,
            settings=settings.chunk,
            patience=Patience(source.patience),
            cancelled=cancelled,
        )


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

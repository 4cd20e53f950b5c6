"""python -m extractor: the extractor's worker."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from extractor.chunk import Extractor
from extractor.connectors import connectors
from extractor.headway import Backlog, Headway
from extractor.lookups import credentials, mappings, secret
from extractor.patience import Patience
from extractor.settings import ExtractorSettings, SourceSettings
from extractor.sources import Sources
from pipeline import logs, topics
from pipeline.api_client import ApiClient
from pipeline.cancellations import Cancellations
from pipeline.codec import Codec
from pipeline.preview import PreviewLane
from pipeline.process import run
from pipeline.records import Outcome, Record
from pipeline.worker import each, run_worker

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
        headway = Headway(Backlog(settings.worker.kafka), ahead=settings.chunk.ahead)

        def paced(record: Record) -> Outcome:
            headway.wait()
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
    sources = Sources(source, credential_of=credentials(api), secret_of=secret, connectors=connectors())
    with closing(sources):
        yield Extractor(
            sources=sources,
            mapping_of=mappings(api),
            codec=codec,
            settings=settings.chunk,
            patience=Patience(source.patience),
            cancelled=cancelled,
        )


if __name__ == "__main__":
    run(main)

"""python -m extractor.live: the worker that takes live rows."""

from __future__ import annotations

import os
from contextlib import closing

from extractor.connectors import connectors
from extractor.live.bindings import Bindings
from extractor.live.connect_avro import AvroRows
from extractor.live.plans import Plans
from extractor.live.stage import LiveRows
from extractor.lookups import credentials, mappings, secret
from extractor.settings import LiveSettings
from extractor.sources import Sources
from pipeline import logs
from pipeline.api_client import ApiClient
from pipeline.codec import Codec
from pipeline.live import LIVE_STAGE
from pipeline.process import run
from pipeline.registry import Registry
from pipeline.topics import LIVE_RETRY
from pipeline.worker import run_worker

AT_ONCE = 500  # rows; a key that is fetched may bring thousands


def main() -> None:
    """Parse settings, build adapters, run."""
    settings = LiveSettings.from_environment(os.environ)
    logs.configure(LIVE_STAGE, settings.worker.log_level)
    codec = Codec.connect(settings.worker.registry)
    api = ApiClient.of(settings.api)
    sources = Sources(settings.source, credential_of=credentials(api), secret_of=secret, connectors=connectors())
    plans = Plans(sources=sources, mapping_of=mappings(api))
    with closing(sources), Bindings(ApiClient.of(settings.api).bindings) as bindings:
        run_worker(
            settings.worker,
            stage=LiveRows(
                bindings=bindings.of,
                look=lambda: bindings.take(api.bindings()),
                plans=plans,
                sources=sources,
                codec=codec,
                avro=AvroRows(Registry(settings.worker.registry).schema),
            ),
            name=LIVE_STAGE,
            reads=lambda: [*bindings.topics(), LIVE_RETRY],
            codec=codec,
            max_records=AT_ONCE,
        )


if __name__ == "__main__":
    run(main)

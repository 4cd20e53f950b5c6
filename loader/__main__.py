"""The loader: `SINK=fhir python -m loader`, `SINK=mongodb python -m loader`."""

from __future__ import annotations

import os
from functools import partial
from typing import Final

from loader import mongo
from loader.delivery import Patience
from loader.fhir_client import FhirClient
from loader.hapi import HapiSink
from loader.load import load
from loader.mongo import MongoSink
from loader.settings import LoaderSettings
from loader.sink import Sink
from pipeline import logs, topics
from pipeline.cancellations import Cancellations
from pipeline.codec import Codec
from pipeline.dead_letters import only_for
from pipeline.process import run
from pipeline.worker import run_worker

# Records at once. A sink idles while a batch begins and ends: large ones make that rare, and at some hundred
# resources a second they still end within seconds.
_RECORDS: Final = 8000


def main() -> None:
    """Run one loader until it is told to stop."""
    settings = LoaderSettings.from_environment(os.environ)
    logs.configure(f"loader-{settings.sink}", settings.worker.log_level)
    codec = Codec.connect(settings.worker.registry)
    with Cancellations(settings.worker) as cancelled:
        loading = partial(load, sink=sink_of(settings), name=settings.sink, codec=codec)
        run_worker(
            settings.worker,
            # In this order: what is another sink's alone is none of this one's cancelled records either.
            stage=only_for(settings.sink, cancelled.sparing(loading)),
            name="loader",
            sink=settings.sink,
            reads=topics.TRANSFORM,
            codec=codec,
            max_records=_RECORDS,
        )


def sink_of(settings: LoaderSettings) -> Sink:
    """The sink that the settings name. Raises Misconfigured for one that cannot be right."""
    if settings.sink == "mongodb":
        client = mongo.connect(
            settings.mongo.url.reveal(), time_limit=settings.time_limit, ca_location=settings.mongo.ca_location
        )
        return MongoSink(client, settings.mongo.database)
    fhir = settings.fhir
    token = fhir.token.reveal() if fhir.token is not None else None
    sink = HapiSink(
        FhirClient(fhir.url, token=token, time_limit=settings.time_limit, ca_location=fhir.ca_location),
        bundle_size=fhir.bundle_size,
        parallel=fhir.parallel,
        patience=Patience(asleep=settings.worker.session_timeout),
        check_references=fhir.check_references,
    )
    sink.check_references()
    return sink


if __name__ == "__main__":
    run(main)

"""`python -m api`: the HTTP service, and the duties that one of its processes has for all."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial

from api import startup, state
from api.app import create_app
from api.broker import Broker
from api.concept_maps import ConceptMaps
from api.decoding import Decoder
from api.fhir_server import FhirServer
from api.fold import Fold
from api.leader import Duty
from api.preview_lane import PreviewLane
from api.server import Server
from api.services import Services
from api.settings import ApiSettings
from api.tokens import Tokens
from api.triggers import Dispatch
from mapping.r4 import Definitions, NoDefinitions
from pipeline import logs
from pipeline.errors import Misconfigured
from pipeline.process import run

log = logs.get(__name__)


def main() -> None:
    """Wire everything, serve until SIGTERM or SIGINT, finish what is under way."""
    settings = ApiSettings.from_environment(os.environ)
    logs.configure("api", settings.log_level)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    services = wired(settings)
    app = create_app(services, body_limit=settings.body_limit)
    server = Server(
        app, host=settings.host, port=settings.port, threads=settings.threads, body_limit=settings.body_limit
    )
    background = threading.Thread(target=work, args=(settings, services, stopping), name="background")
    background.start()
    log.info("listening", host=settings.host, port=settings.port)
    server.run(stopping)
    background.join()
    services.previews.stop()  # not before the last request is answered
    log.info("stopped")


def wired(settings: ApiSettings) -> Services:
    """The adapters, none of them connected. Raises Misconfigured."""
    try:
        definitions = Definitions.load(settings.fhir_definitions)
    except NoDefinitions as error:
        raise Misconfigured(f"FHIR_DEFINITIONS: {error}") from None
    return Services(
        # A connection a request, and one to see whether PostgreSQL is there while all are busy.
        engine=state.connect(settings.database_url, pool_size=settings.threads + 1),
        broker=Broker(settings.kafka),
        decoder=Decoder(settings.registry),
        tokens=Tokens(caller=settings.api_token, worker=settings.worker_token),
        definitions=definitions,
        sinks=settings.sinks,
        # Some threads stay free for workers' questions and for health, however long previews have to wait.
        previews=PreviewLane(settings.kafka, settings.registry, most=max(1, settings.threads - 4)),
        preview_timeout=settings.preview_timeout,
        fhir=FhirServer(settings.fhir.url, token=settings.fhir.token, ca_location=settings.fhir.ca_location),
        concept_maps=ConceptMaps(settings.fhir.url, token=settings.fhir.token, ca_location=settings.fhir.ca_location),
        pyrog=settings.pyrog.client(),
    )


def work(settings: ApiSettings, services: Services, stopping: threading.Event) -> None:
    """What goes on behind the requests: get ready, then fold and send triggers, until `stopping`."""
    startup.persist(partial(startup.prepare_state, services.engine, services.tokens), stopping)
    startup.persist(partial(startup.prepare_topics, settings.kafka, settings.topics), stopping)
    fold = Fold(settings.kafka, settings.registry, dead_letter_days=settings.dead_letter_days)
    dispatch = Dispatch(settings.kafka, settings.registry)
    engine = state.connect_alone(settings.database_url)
    duties = [
        Duty("fold", fold, engine=engine, lock=state.FOLDING),
        Duty("triggers", dispatch, engine=engine, lock=state.DISPATCHING),
    ]
    services.previews.start()
    for duty in duties:
        duty.start()
    startup.keep_topics(settings.kafka, settings.topics, stopping)
    for duty in duties:
        duty.stop()
    for duty in duties:
        duty.join()


if __name__ == "__main__":
    run(main)

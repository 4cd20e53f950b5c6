"""What the routes work with, made once at the start."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import Engine

from api.broker import Broker
from api.concept_maps import ConceptMaps
from api.decoding import Decoder
from api.fhir_server import FhirServer
from api.preview_lane import PreviewLane
from api.pyrog import Pyrog
from api.tokens import Tokens
from mapping.r4 import Definitions

_NAME = "firth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The adapters behind the routes. Each is safe to use from any thread."""

    engine: Engine
    broker: Broker
    decoder: Decoder
    tokens: Tokens
    definitions: Definitions
    sinks: tuple[str, ...]
    previews: PreviewLane
    preview_timeout: int  # seconds
    fhir: FhirServer
    concept_maps: ConceptMaps
    pyrog: Pyrog | None


def install(app: Flask, services: Services) -> None:
    """Let the routes of `app` find them by `here`."""
    app.extensions[_NAME] = services


def here() -> Services:
    """The services of the current request."""
    services: Services = current_app.extensions[_NAME]
    return services

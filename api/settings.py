"""What the api reads from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from api.pyrog import Pyrog
from pipeline.service_settings import FhirServerSettings, KafkaSettings, RegistrySettings, TopicSettings
from pipeline.settings import Secret, Settings, setting

SHORTEST_TOKEN = 16  # characters; what is shorter can be guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class PyrogSettings(Settings):
    """Where mappings come from that nobody imported."""

    url: str | None = setting(
        "PYROG_API_URL", None, about="address of Pyrog's GraphQL API, for mappings that are not imported"
    )
    login: str | None = setting("PYROG_LOGIN", None, about="email to log in to Pyrog with")
    password: Secret | None = setting("PYROG_PASSWORD", None, about="password to log in to Pyrog with")
    ca_location: str | None = setting(
        "PYROG_CA_LOCATION", None, about="PEM file of the authorities that sign it (else the usual ones)"
    )

    def client(self) -> Pyrog | None:
        """The Pyrog that these settings name; None where they name none."""
        if self.url is None or self.login is None or self.password is None:
            return None
        return Pyrog(self.url, login=self.login, password=self.password, ca_location=self.ca_location)

    def mistakes(self) -> Iterable[str]:
        if len({one is None for one in (self.url, self.login, self.password)}) > 1:
            yield "PYROG_API_URL, PYROG_LOGIN and PYROG_PASSWORD go together: set all or none"
        parts = urlsplit(self.url or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            yield "PYROG_API_URL must begin with http:// or https://, name a host and hold no login"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings(Settings):
    """Where the api listens, where it keeps its state, and who may ask."""

    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    topics: TopicSettings = field(default_factory=TopicSettings)
    host: str = setting("API_HOST", "127.0.0.1", about="address that the api is served on")
    port: int = setting("API_PORT", 3000, about="port that the api is served on", minimum=1, maximum=65535)
    threads: int = setting("API_THREADS", 16, about="requests answered at the same time", minimum=1, maximum=200)
    body_limit: int = setting(
        "API_BODY_LIMIT", 16 * 1024 * 1024, about="largest request body, in bytes: a mapping must fit", minimum=1024
    )
    database_url: Secret = setting(
        "DATABASE_URL", about="where the api keeps its state: postgresql://user:password@host:port/database"
    )
    sinks: tuple[str, ...] = setting(
        "SINKS", ("fhir", "mongodb"), about="sinks that every batch is loaded into, separated by commas"
    )
    api_token: Secret | None = setting(
        "API_TOKEN", None, about="token that callers show; without it one is made at the first start and shown once"
    )
    worker_token: Secret = setting("API_WORKER_TOKEN", about="token that workers show to the api")
    fhir_definitions: Path = setting(
        "FHIR_DEFINITIONS", Path(".firth/cache/fhir/r4.json"), about="file of the FHIR R4 element table"
    )
    fhir: FhirServerSettings = field(default_factory=FhirServerSettings)
    preview_timeout: int = setting(
        "PREVIEW_TIMEOUT", 15, about="seconds that a preview may take", minimum=1, maximum=120
    )
    pyrog: PyrogSettings = field(default_factory=PyrogSettings)
    dead_letter_days: int = setting(
        "DEAD_LETTER_DAYS", 90, about="days after which the api forgets a dead letter and its payload", minimum=1
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "LOG_LEVEL", "info", about="debug, info, warning or error"
    )

    def mistakes(self) -> Iterable[str]:
        if not re.match(r"postgres(ql)?://", self.database_url.reveal()):
            yield "DATABASE_URL must begin with postgresql://"
        if not self.sinks or len(set(self.sinks)) < len(self.sinks):
            yield "SINKS must name at least one sink, and each once"
        if not all(re.fullmatch(r"[a-z][a-z0-9-]{0,30}", sink) for sink in self.sinks):
            yield "SINKS must be lower-case names of letters, digits and dashes"
        for name, token in (("API_TOKEN", self.api_token), ("API_WORKER_TOKEN", self.worker_token)):
            if token is not None and len(token.reveal()) < SHORTEST_TOKEN:
                yield f"{name} must have at least {SHORTEST_TOKEN} characters"
        if self.api_token == self.worker_token:
            yield "API_TOKEN and API_WORKER_TOKEN must differ"

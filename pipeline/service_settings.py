"""The settings that services share: the broker, the schema registry, topics, the worker, the api.

Nothing here reads the environment; `Settings.from_environment` does, when a service's `main` asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pipeline.settings import Secret, Settings, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings(Settings):
    """How to reach and log in to the broker, for every client of every service."""

    bootstrap_servers: str = setting(
        "KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092", about="brokers, host:port, separated by commas"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = setting(
        "KAFKA_SECURITY_PROTOCOL", "PLAINTEXT", about="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = setting(
        "KAFKA_SASL_MECHANISM", "SCRAM-SHA-512", about="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    sasl_username: str | None = setting("KAFKA_SASL_USERNAME", None, about="name to log in with over SASL")
    sasl_password: Secret | None = setting("KAFKA_SASL_PASSWORD", None, about="password to log in with over SASL")
    ssl_ca_location: str | None = setting(
        "KAFKA_SSL_CA_LOCATION", None, about="PEM file of the authorities that sign the brokers (else the system's)"
    )
    ssl_certificate_location: str | None = setting(
        "KAFKA_SSL_CERTIFICATE_LOCATION", None, about="PEM file of our own certificate, where brokers ask for one"
    )
    ssl_key_location: str | None = setting(
        "KAFKA_SSL_KEY_LOCATION", None, about="PEM file of the key to our own certificate"
    )
    ssl_key_password: Secret | None = setting("KAFKA_SSL_KEY_PASSWORD", None, about="password of that key")
    compression: Literal["none", "lz4", "zstd", "snappy", "gzip"] = setting(
        "KAFKA_COMPRESSION", "lz4", about="how records are packed on the wire and on the broker's disk"
    )

    def mistakes(self) -> Iterable[str]:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            yield f"KAFKA_SECURITY_PROTOCOL {self.security_protocol} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings(Settings):
    """How to reach the schema registry: any that speaks Confluent's HTTP interface."""

    url: str = setting(
        "SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081", about="address of the schema registry, with its path if any"
    )
    username: str | None = setting("SCHEMA_REGISTRY_USERNAME", None, about="name to log in with, if it asks")
    password: Secret | None = setting("SCHEMA_REGISTRY_PASSWORD", None, about="password to log in with")
    ca_location: str | None = setting(
        "SCHEMA_REGISTRY_CA_LOCATION", None, about="PEM file of the authorities that sign it (else the usual ones)"
    )

    def mistakes(self) -> Iterable[str]:
        if bool(self.username) != bool(self.password):
            yield "SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD go together: set both or none"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings(Settings):
    """How topics are made where they are missing. Those that exist are left as they are."""

    partitions: int = setting("TOPIC_PARTITIONS", 4, about="partitions of each topic", minimum=1)
    replication: int = setting("TOPIC_REPLICATION", 1, about="copies of each topic among the brokers", minimum=1)
    retention_hours: int = setting(
        "TOPIC_RETENTION_HOURS",
        168,
        about="how long records are kept, in hours; DLQ and progress: four times that",
        minimum=1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirServerSettings(Settings):
    """Where the FHIR server is."""

    url: str = setting("FHIR_API_URL", "http://127.0.0.1:8080/fhir", about="base address of the FHIR server")
    token: Secret | None = setting("FHIR_API_TOKEN", None, about="token to show to the FHIR server, if it asks")
    ca_location: str | None = setting(
        "FHIR_CA_LOCATION", None, about="PEM file of the authorities that sign it (else the usual ones)"
    )

    def mistakes(self) -> Iterable[str]:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            yield "FHIR_API_URL must begin with http:// or https:// and name a host"
        if parts.username or parts.password or parts.query or parts.fragment:
            yield "FHIR_API_URL must hold neither a login (use FHIR_API_TOKEN) nor a query"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClientSettings(Settings):
    """How a worker reaches the api, which holds the frozen mappings."""

    url: str = setting("API_URL", "http://127.0.0.1:3000", about="address of the api")
    worker_token: Secret = setting("API_WORKER_TOKEN", about="token that workers show to the api")
    ca_location: str | None = setting(
        "API_CA_LOCATION", None, about="PEM file of the authorities that sign the api (else the usual ones)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings(Settings):
    """What every worker needs, whatever its stage."""

    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    topics: TopicSettings = field(default_factory=TopicSettings)
    slot: str = setting(
        "WORKER_SLOT", "0", about="which worker of its stage this is: unique, and the same after a restart"
    )
    session_timeout: int = setting(
        "SESSION_TIMEOUT",
        10,
        about="seconds without a heartbeat after which a worker is taken for dead",
        minimum=6,
        maximum=300,
    )
    flood_limit: int = setting(
        "FLOOD_LIMIT", 1000, about="dead letters after which a resource is given up, if over half is refused", minimum=1
    )
    health_host: str = setting("HEALTH_HOST", "127.0.0.1", about="address that health and metrics are served on")
    health_port: int = setting(
        "HEALTH_PORT", 0, about="port that health and metrics are served on; 0: not served", minimum=0, maximum=65535
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "LOG_LEVEL", "info", about="debug, info, warning or error"
    )

    def mistakes(self) -> Iterable[str]:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", self.slot):
            yield "WORKER_SLOT must be letters, digits, dots, dashes and underscores, at most 100"

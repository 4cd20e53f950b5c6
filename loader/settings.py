"""The loader's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from pipeline.service_settings import FhirServerSettings, WorkerSettings
from pipeline.settings import Secret, Settings, setting

# Of a worker's session, what a sink may take to answer: a worker that is replaced must not be writing still.
_SHARE_OF_SESSION: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirSettings(FhirServerSettings):
    """Where the FHIR server is, and how much it is asked at once."""

    bundle_size: int = setting("BUNDLE_SIZE", 100, about="resources of one transaction", minimum=1, maximum=5000)
    parallel: int = setting("FHIR_PARALLEL", 2, about="transactions under way at once", minimum=1, maximum=64)
    check_references: bool = setting(
        "FHIR_CHECK_REFERENCES",
        True,
        about="find out at the start whether the server takes references ahead of their target, "
        "by writing two Basic resources and deleting them",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoSettings(Settings):
    """Where MongoDB is."""

    url: Secret = setting(
        "MONGODB_URL", Secret("mongodb://127.0.0.1:27017"), about="address of MongoDB, with user and password if any"
    )
    database: str = setting("MONGODB_DATABASE", "fhir", about="database that holds a collection a resource type")
    ca_location: str | None = setting(
        "MONGODB_CA_LOCATION", None, about="PEM file of the authorities that sign it; turns TLS on"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderSettings(Settings):
    """All that a loader needs, whichever its sink."""

    sink: Literal["fhir", "mongodb"] = setting("SINK", about="what this loader writes to: fhir or mongodb")
    fhir: FhirSettings = field(default_factory=FhirSettings)
    mongo: MongoSettings = field(default_factory=MongoSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)

    @property
    def time_limit(self) -> float:
        """Seconds that a sink may take to answer."""
        return self.worker.session_timeout * _SHARE_OF_SESSION

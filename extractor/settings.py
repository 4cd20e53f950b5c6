"""Settings of the extractor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.service_settings import ApiClientSettings, WorkerSettings
from pipeline.settings import Settings, setting

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings(Settings):
    """How the sources' databases are reached."""

    ssl_mode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = setting(
        "SOURCE_SSL_MODE", "prefer", about="TLS towards sources, in libpq's words; verify-full checks who answers"
    )
    ssl_ca_location: str | None = setting(
        "SOURCE_SSL_CA_LOCATION", None, about="PEM file of the authorities that sign the sources' servers"
    )
    # Two or three queries a chunk, and all of it within the time that the broker gives a worker (300 s).
    statement_timeout: int = setting(
        "SOURCE_STATEMENT_TIMEOUT",
        90,
        about="seconds that one query may take before its resource is given up",
        minimum=1,
        maximum=140,
    )
    patience: int = setting(
        "SOURCE_PATIENCE",
        900,
        about="seconds that a source may be unreachable before its resources are given up",
        minimum=0,
    )
    connections: int = setting("SOURCE_CONNECTIONS", 8, about="sources that one extractor is connected to", minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSettings(Settings):
    """How much one transaction extracts."""

    keys: int = setting("CHUNK_KEYS", 2000, about="primary keys in a chunk, at most", minimum=1, maximum=4000)
    mebibytes: int = setting(
        "CHUNK_MEBIBYTES", 16, about="size after which a chunk ends before its last key, in MiB", minimum=1, maximum=256
    )
    ahead: int = setting(
        "EXTRACT_AHEAD",
        20_000,
        about="records that may wait for the fastest sink before extraction slows down; 0: no limit",
        minimum=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractorSettings(Settings):
    """All settings of `python -m extractor`."""

    worker: WorkerSettings = field(default_factory=WorkerSettings)
    api: ApiClientSettings
    source: SourceSettings = field(default_factory=SourceSettings)
    chunk: ChunkSettings = field(default_factory=ChunkSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings(Settings):
    """All settings of `python -m extractor.live`."""

    worker: WorkerSettings = field(default_factory=WorkerSettings)
    api: ApiClientSettings
    source: SourceSettings = field(default_factory=SourceSettings)

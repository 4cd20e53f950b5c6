"""The transformer's settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.service_settings import ApiClientSettings, WorkerSettings
from pipeline.settings import Settings, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerSettings(Settings):
    """All that a transformer needs to know."""

    worker: WorkerSettings = field(default_factory=WorkerSettings)
    api: ApiClientSettings
    definitions: Path = setting(
        "FHIR_DEFINITIONS", Path(".firth/cache/fhir/r4.json"), about="file of the FHIR R4 element table"
    )
    time_zone: str = setting(
        "TIME_ZONE", "UTC", about="zone of clocks in the sources that do not say theirs, as Europe/Paris"
    )

    def mistakes(self) -> Iterable[str]:
        try:
            self.zone()
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield "TIME_ZONE is not a name of the time zone database: write it as Europe/Paris"

    def zone(self) -> tzinfo:
        """The time zone. Raises ZoneInfoNotFoundError, ValueError or OSError where there is none of that name."""
        # UTC also where the machine has no time zone database.
        return UTC if self.time_zone == "UTC" else ZoneInfo(self.time_zone)

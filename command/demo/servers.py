"""The servers that the demo ends in, asked directly: what Firth says of its own work is not taken for granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pymongo
import requests
from pymongo.errors import PyMongoError

from command.demo.site import Site
from command.stack.trouble import Trouble

_TIMEOUT: Final = (3.0, 120.0)  # seconds to connect, to wait for the answer
_RESOURCE_TAG: Final = "http://terminology.arkhn.org/CodeSystem/resource"

# What the mapping takes from the source, in SQL that was not made from the mapping.
SOURCE_ROWS: Final[Mapping[str, str]] = {
    "mimic-patient": "select count(*) from patients",
    "mimic-encounter": "select count(*) from admissions",
    "mimic-condition": "select count(*) from diagnoses_icd",
    "mimic-medication-request": "select count(*) from prescriptions where drug_type in ('MAIN', 'ADDITIVE')",
    "mimic-observation": "select count(*) from labevents",
    "mimic-practitioner": "select count(*) from caregivers",
}


def source_rows(site: Site) -> dict[str, int]:
    """How many rows of the source there are for each resource of the mapping. Raises Trouble."""
    counts = {}
    try:
        with psycopg.connect(site.source_url) as connection:
            for resource_id, query in SOURCE_ROWS.items():
                row = connection.execute(query.encode()).fetchone()
                assert row is not None
                counts[resource_id] = int(row[0])
    except psycopg.Error as error:
        raise Trouble(f"postgres: the source could not be counted: {type(error).__name__}: {error}") from error
    return counts


@dataclass(frozen=True, slots=True)
class Fhir:
    """A FHIR server that is searched. Every method raises Trouble."""

    url: str

    def search(self, query: str) -> dict[str, Any]:
        """The Bundle that `query`, such as `Patient?name=x`, finds."""
        try:
            # Never a result that the server remembers from a search before the load.
            answer = requests.get(f"{self.url}/{query}", timeout=_TIMEOUT, headers={"Cache-Control": "no-cache"})
            answer.raise_for_status()
            bundle: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise Trouble(
                f"FHIR server: search {query} failed: {type(error).__name__}: ./firth logs hapi says more"
            ) from error
        return bundle

    def resources(self, query: str) -> list[dict[str, Any]]:
        """The resources on the first page of what `query` finds."""
        return [entry["resource"] for entry in self.search(query).get("entry", [])]

    def count(self, query: str) -> int:
        """How many resources `query` finds, as the server counts."""
        joint = "&" if "?" in query else "?"
        return int(self.search(f"{query}{joint}_summary=count")["total"])

    def count_of(self, resource_type: str, resource_id: str, *, since: str | None = None) -> int:
        """Resources that came through the mapping's resource `resource_id`; placeholders did not. Those alone that
        were new or changed `since` an instant, where one is given."""
        changed = f"&_lastUpdated=ge{since}" if since else ""
        return self.count(f"{resource_type}?_tag={_RESOURCE_TAG}|{resource_id}{changed}")


class Documents:
    """The MongoDB database that is written to; to be closed. Every method raises Trouble."""

    def __init__(self, url: str) -> None:
        self._client = pymongo.MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=5000)
        self._database = self._client["fhir"]

    def close(self) -> None:
        """Leave the server."""
        self._client.close()

    def count_of(self, resource_type: str, resource_id: str, batch_id: str) -> int:
        """Documents that this batch brought, or brought again."""
        wanted = {"firth.batch_id": batch_id, "firth.resource_id": resource_id}
        try:
            return self._database[resource_type].count_documents(wanted)
        except PyMongoError as error:
            raise Trouble(f"MongoDB: {resource_type} could not be counted: {type(error).__name__}") from error

    def one(self, resource_type: str, identity: str) -> dict[str, Any] | None:
        """The document of one resource."""
        try:
            return self._database[resource_type].find_one({"_id": identity})
        except PyMongoError as error:
            raise Trouble(f"MongoDB: {resource_type} could not be read: {type(error).__name__}") from error

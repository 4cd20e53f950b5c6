"""After the batch: rows that are written now become FHIR as they come, through Kafka Connect and bindings."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import requests
from psycopg import sql
from rich.console import Console
from rich.table import Table

from command.api_client import Api, Binding
from command.connect_client import ConnectCluster
from command.connectors import apply_all, configurations
from command.demo.changes import Changes
from command.demo.database import SEED
from command.demo.hospital import Hospital
from command.demo.mapping import DROPPED, MAPPING
from command.demo.site import Site
from command.demo.tables import columns
from command.stack.trouble import Trouble
from mapping.identity import resource_id
from pipeline.http_session import http_session

# The topics of sources/jdbc.json that the demo binds: of one mapping that reads a single table, and two with joins.
BOUND: Final[Mapping[str, str]] = {
    "mimic-caregivers": "mimic-practitioner",
    "mimic-patients": "mimic-patient",
    "mimic-admissions": "mimic-encounter",
}
FIRST_DROPPED, DROPPED_ROOM = 500_000, 400_000  # numbers of patients in files, another one each second
STANDSTILL: Final = 120.0  # seconds without progress after which the demo gives up
ARRIVES_WITHIN: Final = 30.0  # seconds
ASK_EVERY: Final = 0.5  # seconds
LOOK_EVERY: Final = 0.02  # seconds
_TIMEOUT: Final = (3.0, 30.0)  # seconds to connect, to wait for the answer
_ON_THE_WAY: Final = ("live", "transformer", "loader-fhir")


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row that can be written: into which table, how, and which resource it becomes."""

    table: str
    write: Callable[[Changes], int]
    resource_type: str


CAREGIVER: Final = NewRow("caregivers", Changes.employ, "Practitioner")
PATIENT: Final = NewRow("patients", Changes.admit, "Patient")


def show(site: Site, console: Console) -> None:
    """Write new rows into the source and show how soon they are resources. Raises Trouble where they are not."""
    console.print("\nLive from now on: Kafka Connect's sources, whose topics are bound to resources.")
    with closing(ConnectCluster(site.connect_url)) as cluster:
        apply_all(cluster, configurations(kinds=["sources"]), console)
    with closing(Api(site.api_url, token=site.api_token)) as api:
        bind(api)
        catch_up(api, rows_of(site))
    table = Table("new", "its resource", "in HAPI after", box=None, padding=(0, 2, 0, 0))
    with closing(Watch(site)) as watch:
        for row in (CAREGIVER, PATIENT):
            name, seconds = watch.arrival(row)
            table.add_row(f"a row of {row.table}", name, f"{seconds:.2f} s")
        name, seconds = watch.dropped()
        table.add_row("a CSV file over SFTP", name, f"{seconds:.2f} s")
    console.print()
    console.print(table)


def bind(api: Api) -> None:
    """Have the topics feed their resources, that of dropped files by a mapping of its own."""
    api.import_mapping(json.loads(DROPPED.read_text()))
    api.bind("sftp-patients", "dropped-patient")
    for topic, resource in BOUND.items():
        api.bind(topic, resource)


def rows_of(site: Site) -> dict[str, int]:
    """How many rows there are of each bound topic's table. Raises Trouble."""
    with _source(site) as connection:
        return {topic: _count(connection, topic.removeprefix("mimic-")) for topic in BOUND}


def catch_up(api: Api, rows: Mapping[str, int]) -> None:
    """Return when that many rows of each topic are in the FHIR server or refused. Raises Trouble where they stand
    still."""
    before: list[Binding] = []
    moved = time.monotonic()
    while True:
        now = [one for one in api.bindings() if one.topic in rows]
        if all(_through(one) >= rows[one.topic] for one in now):
            return
        if now != before:
            before, moved = now, time.monotonic()
        elif time.monotonic() - moved > STANDSTILL:
            raise Trouble(
                f"live rows: nothing has moved for {STANDSTILL:.0f} s: ./firth binding list says how far they are"
            )
        time.sleep(ASK_EVERY)


class Watch:
    """Writes rows into a site's source and looks for their resources in its FHIR server; to be closed."""

    def __init__(self, site: Site) -> None:
        """Raises Trouble."""
        self._site = site
        self._source = _source(site)
        self._changes = Changes(self._source, seed=SEED)
        self._session = http_session()
        mapped = [one for file in (MAPPING, DROPPED) for one in json.loads(file.read_text())["resources"]]
        self._namespaces = {one["id"]: one["logicalReference"] for one in mapped}

    def close(self) -> None:
        """Leave both servers."""
        self._source.close()
        self._session.close()

    def arrival(self, row: NewRow) -> tuple[str, float]:
        """Write a new row; the name of its resource, and how many seconds after the commit it was in the FHIR server.

        Raises Trouble where it does not come.
        """
        key = row.write(self._changes)
        return self._awaited(row.resource_type, BOUND[f"mimic-{row.table}"], key, what=f"row of {row.table}")

    def dropped(self) -> tuple[str, float]:
        """Drop a CSV file of one new patient, and wait likewise, from when it is there."""
        (row,) = Hospital(SEED).patient(FIRST_DROPPED + int(time.time()) % DROPPED_ROOM)["patients"]
        text = io.StringIO()
        csv.writer(text).writerows([columns("patients"), row])
        self._site.drop(f"demo-{row[1]}.csv", text.getvalue().encode())
        return self._awaited("Patient", "dropped-patient", int(str(row[1])), what="CSV file")

    def _awaited(self, resource_type: str, resource: str, key: int, *, what: str) -> tuple[str, float]:
        committed = time.monotonic()
        name = f"{resource_type}/{resource_id(self._namespaces[resource], key)}"
        while not self._is_there(name):
            if time.monotonic() - committed > ARRIVES_WITHIN:
                raise Trouble(
                    f"live rows: the new {what} is not in the FHIR server after {ARRIVES_WITHIN:.0f} s: "
                    "./firth connectors status and ./firth binding list say how far it came"
                )
            time.sleep(LOOK_EVERY)
        return name, time.monotonic() - committed

    def _is_there(self, name: str) -> bool:
        """Whether the resource is; a placeholder, made for a reference that came earlier, has no identifier."""
        try:
            answer = self._session.get(f"{self._site.fhir_url}/{name}", timeout=_TIMEOUT)
            found: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise Trouble(f"FHIR server: {type(error).__name__}: ./firth logs hapi says more") from error
        return answer.ok and "identifier" in found


def _through(one: Binding) -> int:
    return one.passed_over + one.loaded["fhir"] + sum(one.failed.get(place, 0) for place in _ON_THE_WAY)


def _source(site: Site) -> psycopg.Connection:
    try:
        return psycopg.connect(site.source_url, autocommit=True)
    except psycopg.Error as error:
        raise Trouble(f"source: the database cannot be reached: {type(error).__name__}") from error


def _count(connection: psycopg.Connection, table: str) -> int:
    count: int = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchall()[0][0]
    return count

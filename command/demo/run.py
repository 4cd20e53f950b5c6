"""The demo: rows of a hospital's database become FHIR, in a real server and in MongoDB, before your eyes."""

from __future__ import annotations

import os
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from command import compose, display
from command.api_client import Api, Batch
from command.batches.show import Running
from command.demo import live, show
from command.demo.database import NotOurs, check_patients, create_source
from command.demo.mapping import mapping_of
from command.demo.servers import Documents, Fhir, source_rows
from command.demo.site import Site
from command.demo.verify import Checked, check
from command.stack.places import USERS_STACK
from command.stack.ports import Ports
from command.stack.stack import Stack, set_up
from command.stack.trouble import Trouble

ASK_EVERY: Final = 0.5  # seconds
LOOK_AFTER: Final = 10.0  # seconds without any progress, after which the stack is looked at
STANDSTILL: Final = 180.0  # and after which the demo gives up
FIRST_PATIENT: Final = "http://mimic.mit.edu/fhir/mimic/identifier/patient|10000"


def demo(*, patients: int, console: Console) -> None:
    """Run the demo on this clone's stack, which is started where it does not run.

    Raises Trouble where anything fails, or where rows in are not resources out and dead letters together.
    """
    _check(patients)
    stack = Stack(USERS_STACK, Ports.from_environment(os.environ), {})
    with display.Setting(console) as setting:
        set_up(tell=setting.tell)
    with display.Starting(console) as starting:
        stack.start(watch=starting.watch)
    checked = run(Site.of(stack), patients=patients, console=console)
    console.print("\nLook around:")
    display.addresses(console, stack)
    console.print(".firth/venv/bin/python -m tests.utils.create_records_db writes more rows into this stack's source,")
    console.print("tests.utils.create_file_sftp drops a file on its SFTP server; ./firth binding list counts them.")
    console.print("[bold]./firth down[/bold] stops all of it; the data stays.")
    finish(checked)


def demo_on_compose(*, patients: int, console: Console) -> None:
    """The same on the services of docker-compose.yml, which are built and started. Raises Trouble."""
    _check(patients)
    site = compose.start()
    checked = run(site, patients=patients, console=console)
    console.print(f"\nLook around: api {site.api_url}, FHIR {site.fhir_url}/Patient?_count=5", soft_wrap=True)
    console.print("[bold]docker compose --profile demo down[/bold] stops all of it; the data stays.")
    finish(checked)


def _check(patients: int) -> None:
    try:
        check_patients(patients)
    except ValueError as error:
        raise Trouble(f"--{error}") from error


def run(site: Site, *, patients: int, console: Console) -> list[Checked]:
    """The demo on servers that run: a batch, its counts, an example, and new rows as they come. Raises Trouble."""
    _fill_source(site, patients, console)
    expected = source_rows(site)
    began = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    started = time.monotonic()
    with closing(Api(site.api_url, token=site.api_token)) as api:
        api.import_mapping(mapping_of(site))
        batch_id = api.start_batch(list(expected))
        with Running(console, expected) as running:
            batch = _watch(api, batch_id, running, site)
    seconds = time.monotonic() - started
    console.print(f"\nBatch {batch_id}: {batch.state} after {seconds:.0f} s.\n", soft_wrap=True)
    with closing(Documents(site.mongodb_url)) as documents:
        checked = _count(console, batch, source=expected, documents=documents, fhir=Fhir(site.fhir_url), began=began)
    live.show(site, console)
    return checked


def _count(
    console: Console, batch: Batch, *, source: dict[str, int], documents: Documents, fhir: Fhir, began: str
) -> list[Checked]:
    """Count again at the servers, and show the counts and an example."""
    checked = list(check(batch, source=source, fhir=fhir, documents=documents, began=began))
    show.counts(console, checked)
    changed = sum(one.changed for one in checked)
    console.print(f"In HAPI, {changed:,} resources are new or changed." if changed else "In HAPI nothing changed.")
    show.dead_letters(console, batch)
    _example(console, fhir, documents)
    return checked


def finish(checked: list[Checked]) -> None:
    """Say that rows in are resources out and dead letters together. Raises Trouble where they are not."""
    mistakes = [mistake for one in checked for mistake in one.mistakes]
    if mistakes:
        raise Trouble(f"in is not out + dead letters: {len(mistakes)} counts are wrong", log=mistakes)


def _fill_source(site: Site, patients: int, console: Console) -> None:
    columns = (TextColumn("source database"), BarColumn(), MofNCompleteColumn(), TextColumn("patients"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=patients)
        try:
            source = create_source(
                site.source_url,
                patients=patients,
                on_progress=lambda done: progress.update(task, completed=done),
            )
        except NotOurs as error:
            raise Trouble(str(error)) from error
        except psycopg.Error as error:
            raise Trouble(f"source: the database could not be filled: {type(error).__name__}: {error}") from error
    rows = sum(source.rows.values())
    what = "made" if source.made else "there already"
    console.print(f"\nSource database: {patients:,} patients, {rows:,} rows in {len(source.rows)} tables, {what}.")


def _watch(api: Api, batch_id: str, running: Running, site: Site) -> Batch:
    """Follow a batch until it is over. Raises Trouble where it cannot get there."""
    last, moved, looked = None, time.monotonic(), time.monotonic()
    while True:
        batch = api.batch(batch_id)
        running.show(batch)
        if batch.is_over:
            return batch
        now = time.monotonic()
        if batch != last:
            last, moved = batch, now
        elif now - max(moved, looked) > LOOK_AFTER:
            looked = now
            _look(batch_id, site, still=now - moved)
        time.sleep(ASK_EVERY)


def _look(batch_id: str, site: Site, *, still: float) -> None:
    """See why a batch stands still. Raises Trouble where it will not go on by itself."""
    ill = [(name, state) for name, state in site.states() if state != "ready"]
    for name, state in ill:
        if state in ("died", "stopped"):
            raise Trouble(
                f"batch {batch_id}: {name} {state}: the demo, run again, starts it; its log ends with",
                log=site.log(name),
            )
    if still > STANDSTILL:
        why = ", ".join(f"{name} {state}" for name, state in ill) or "all services are ready"
        raise Trouble(f"batch {batch_id}: nothing has moved for {still:.0f} s; {why}: the services' logs say more")


def _example(console: Console, fhir: Fhir, documents: Documents) -> None:
    """One patient, found as a user would find him."""
    console.print("\nOne patient, by search:")
    patients = show.search(console, fhir, f"Patient?identifier={FIRST_PATIENT}")
    if not patients:
        raise Trouble("FHIR server: the first patient is not found by his identifier: its log says more")
    identity = patients[0]["id"]
    encounters = show.search(console, fhir, f"Encounter?subject=Patient/{identity}")
    conditions = show.search(console, fhir, f"Condition?patient.identifier={FIRST_PATIENT}")
    found = documents.one("Patient", identity)
    if not encounters or not conditions or found is None:
        raise Trouble(f"Patient/{identity}: its encounter, conditions or document were not found")
    show.document(console, found)

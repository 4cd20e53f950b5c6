"""The demo: rows of a hospital's database become FHIR, in a real server and in MongoDB, before your eyes."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from command import display
from command.api_client import Api, Batch
from command.batches.show import Running
from command.demo import show
from command.demo.database import NotOurs, check_patients, create_source
from command.demo.servers import Documents, Fhir, source_rows, source_url
from command.demo.verify import Checked, check
from command.stack import postgres, processes, services
from command.stack.places import ROOT, USERS_STACK
from command.stack.ports import HOST, Ports
from command.stack.stack import Stack, set_up
from command.stack.trouble import Trouble

MAPPING: Final = ROOT / "transformer" / "mappings" / "mimic.json"
ASK_EVERY: Final = 0.5  # seconds
LOOK_AFTER: Final = 10.0  # seconds without any progress, after which the stack is looked at
STANDSTILL: Final = 180.0  # and after which the demo gives up
LOG_LINES: Final = 5
FIRST_PATIENT: Final = "http://mimic.mit.edu/fhir/mimic/identifier/patient|10000"


def demo(*, patients: int, console: Console) -> None:
    """Run the demo on this clone's stack, which is started where it does not run.

    Raises Trouble where anything fails, or where rows in are not resources out and dead letters together.
    """
    try:
        check_patients(patients)
    except ValueError as error:
        raise Trouble(f"--{error}") from error
    stack = Stack(USERS_STACK, Ports.from_environment(os.environ), {})
    with display.Setting(console) as setting:
        set_up(tell=setting.tell)
    with display.Starting(console) as starting:
        stack.start(watch=starting.watch)
    checked = run(stack, patients=patients, console=console)
    console.print("\nLook around:")
    display.addresses(console, stack)
    console.print("[bold]./firth down[/bold] stops all of it; the data stays.")
    finish(checked)


def run(stack: Stack, *, patients: int, console: Console) -> list[Checked]:
    """The demo on a stack that runs, up to the counts and the example. Raises Trouble."""
    _fill_source(stack, patients, console)
    expected = source_rows(stack)
    began = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    started = time.monotonic()
    with closing(Api(services.api_url(stack.ports), token=stack.place.secret("api-token"))) as api:
        api.import_mapping(mapping_of(stack))
        batch_id = api.start_batch(list(expected))
        with Running(console, expected) as running:
            batch = _watch(api, batch_id, running, stack)
    seconds = time.monotonic() - started
    console.print(f"\nBatch {batch_id}: {batch.state} after {seconds:.0f} s.\n", soft_wrap=True)
    with closing(Documents(stack)) as documents:
        return _count(console, batch, source=expected, documents=documents, fhir=Fhir.of(stack), began=began)


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


def mapping_of(stack: Stack) -> dict[str, Any]:
    """Our mapping, with the login of the role that may only read the source."""
    document: dict[str, Any] = json.loads(MAPPING.read_text())
    document["source"]["credential"] = {
        "model": "POSTGRES",
        "host": HOST,
        "port": stack.ports.postgres,
        "database": postgres.SOURCE,
        "login": postgres.SOURCE,
        "password": stack.place.secret(f"postgres-{postgres.SOURCE}"),
    }
    return document


def _fill_source(stack: Stack, patients: int, console: Console) -> None:
    columns = (TextColumn("source database"), BarColumn(), MofNCompleteColumn(), TextColumn("patients"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=patients)
        try:
            source = create_source(
                source_url(stack),
                patients=patients,
                on_progress=lambda done: progress.update(task, completed=done),
            )
        except NotOurs as error:
            raise Trouble(str(error)) from error
        except psycopg.Error as error:
            raise Trouble(f"postgres: the source could not be filled: {type(error).__name__}: {error}") from error
    rows = sum(source.rows.values())
    what = "made" if source.made else "there already"
    console.print(f"\nSource database: {patients:,} patients, {rows:,} rows in {len(source.rows)} tables, {what}.")


def _watch(api: Api, batch_id: str, running: Running, stack: Stack) -> Batch:
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
            _look(batch_id, stack, still=now - moved)
        time.sleep(ASK_EVERY)


def _look(batch_id: str, stack: Stack, *, still: float) -> None:
    """See why a batch stands still. Raises Trouble where it will not go on by itself."""
    ill = [(server.name, state) for server, state in stack.states() if state != "ready"]
    for name, state in ill:
        if state in ("died", "stopped"):
            log = processes.last_lines(processes.log_file(stack.place, name), LOG_LINES)
            raise Trouble(f"batch {batch_id}: {name} {state}: ./firth demo starts it again; its log ends with", log=log)
    if still > STANDSTILL:
        why = ", ".join(f"{name} {state}" for name, state in ill) or "all of the stack is ready"
        raise Trouble(f"batch {batch_id}: nothing has moved for {still:.0f} s; {why}: ./firth logs says more")


def _example(console: Console, fhir: Fhir, documents: Documents) -> None:
    """One patient, found as a user would find him."""
    console.print("\nOne patient, by search:")
    patients = show.search(console, fhir, f"Patient?identifier={FIRST_PATIENT}")
    if not patients:
        raise Trouble("FHIR server: the first patient is not found by his identifier: ./firth logs hapi")
    identity = patients[0]["id"]
    encounters = show.search(console, fhir, f"Encounter?subject=Patient/{identity}")
    conditions = show.search(console, fhir, f"Condition?patient.identifier={FIRST_PATIENT}")
    found = documents.one("Patient", identity)
    if not encounters or not conditions or found is None:
        raise Trouble(f"Patient/{identity}: its encounter, conditions or document were not found")
    show.document(console, found)

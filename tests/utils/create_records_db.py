"""Writes rows into the demo's source, for connectors to find: patients come, results are corrected, entries taken back.

    .firth/venv/bin/python -m tests.utils.create_records_db --rate 2 --seconds 60

The database is the local stack's, filled by `./firth demo`, unless --url names another one of that shape. Polled in
mode incrementing, it shows new rows only; Debezium shows all.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from random import Random
from typing import Annotated

import psycopg
import typer

from command.demo.changes import Changes
from command.stack import postgres
from command.stack.places import USERS_STACK
from command.stack.ports import Ports


def main(
    url: Annotated[str | None, typer.Option(help="Address of the source database, for a role that may write.")] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="Changes a second.")] = 1.0,
    seconds: Annotated[float, typer.Option(min=0, help="How long.")] = 30.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same changes of the same source.")] = 1,
    inserts: Annotated[int, typer.Option(min=0, help="How many of the changes are new patients or caregivers.")] = 6,
    updates: Annotated[int, typer.Option(min=0, help="How many are corrections.")] = 3,
    deletes: Annotated[int, typer.Option(min=0, help="How many are deletes.")] = 1,
) -> None:
    """Write rows at a rate, and say each."""
    address = url or postgres.url(USERS_STACK, Ports.from_environment(os.environ), database=postgres.SOURCE)
    chosen = Random(seed)
    with _connected(address) as connection:
        changes = Changes(connection, seed=seed)
        began, number = time.monotonic(), 0
        while (due := number / rate) < seconds:
            time.sleep(max(0.0, began + due - time.monotonic()))
            kind = chosen.choices(("insert", "update", "delete"), (inserts, updates, deletes))[0]
            said = one(changes, kind, chosen)
            typer.echo(f"{datetime.now():%H:%M:%S.%f}"[:-3] + f" {said}")
            number += 1


def _connected(address: str) -> psycopg.Connection:
    try:
        return psycopg.connect(address, autocommit=True)
    except psycopg.OperationalError as error:
        typer.echo(
            f"the source does not answer: {error}\n./firth demo starts the local stack's, and fills it", err=True
        )
        raise typer.Exit(1) from error


def one(changes: Changes, kind: str, chosen: Random) -> str:
    """Make one change of a kind; what it was."""
    if kind == "update":
        return f"update labevents {changes.correct()}"
    if kind == "delete":
        table, row_id = changes.remove()
        return f"delete {table} {row_id}"
    if chosen.random() < 0.5:
        return f"insert caregivers {changes.employ()}"
    return f"insert patients {changes.admit()} and all that he leaves"


if __name__ == "__main__":
    typer.run(main)

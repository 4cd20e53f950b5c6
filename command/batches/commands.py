"""`./firth batch`: start, list, show, watch, cancel, retry; and `./firth preview`."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from typing import Annotated, Final

import typer
from rich.console import Console

from command.api_client import Api, Batch
from command.batches import show
from command.stack.trouble import Trouble

ASK_EVERY: Final = 0.5  # seconds
LISTED: Final = 500  # batches among which one is looked for by the first characters of its id

app = typer.Typer(help="Start batches, follow them, end them, try again.", no_args_is_help=True)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)

BatchId = Annotated[
    str | None,
    typer.Argument(metavar="[BATCH]", help="Its id, or the first characters of it; the newest where none is named."),
]
Watched = Annotated[bool, typer.Option("--watch", "-w", help="Follow it until it is over.")]


@app.command()
def start(
    resources: Annotated[list[str] | None, typer.Argument(help="Ids of resources of imported mappings.")] = None,
    mapping: Annotated[
        str | None, typer.Option("--mapping", "-m", help="All resources of this mapping, by the id of its source.")
    ] = None,
    watched: Watched = False,
) -> None:
    """Start a batch of some resources."""
    with closing(Api.of(os.environ)) as api:
        wanted = list(resources or ())
        if mapping is not None:
            wanted += [one for one in api.resources_of(mapping) if one not in wanted]
        if not wanted:
            raise Trouble("batch start: name resources, or a mapping by --mapping")
        batch_id = api.start_batch(wanted)
        out.print(f"started batch {batch_id}")
        if watched:
            _follow(api, batch_id)


@app.command("list")
def list_batches(
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=500, help="How many, at most.")] = 20,
) -> None:
    """List batches, the newest first."""
    with closing(Api.of(os.environ)) as api:
        show.listed(out, api.batches(limit))


@app.command("show")
def show_batch(batch: BatchId = None) -> None:
    """Show how far a batch is, and what was refused. Exit code 1 where it failed."""
    with closing(Api.of(os.environ)) as api:
        _end(api.batch(_named(api, batch)))


@app.command()
def watch(batch: BatchId = None) -> None:
    """Follow a batch until it is over. Exit code 1 where it failed."""
    with closing(Api.of(os.environ)) as api:
        _follow(api, _named(api, batch))


@app.command()
def cancel(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="Its id, or the first characters of it.")],
    watched: Watched = False,
) -> None:
    """Cancel a batch: what is under way is finished or dropped, what is loaded stays."""
    with closing(Api.of(os.environ)) as api:
        batch_id = _named(api, batch)
        out.print(f"batch {batch_id} is {api.cancel_batch(batch_id)}")
        if watched:
            _follow(api, batch_id)


@app.command()
def retry(batch: BatchId = None, watched: Watched = False) -> None:
    """Send a batch's dead letters again, and only them."""
    with closing(Api.of(os.environ)) as api:
        batch_id = _named(api, batch)
        retried = api.retry_batch(batch_id)
        out.print(f"batch {batch_id}: {retried:,} dead letter{' is' if retried == 1 else 's are'} tried again")
        if watched and retried:
            _follow(api, batch_id)


def preview(
    resource: Annotated[str, typer.Argument(help="Id of a resource of an imported mapping.")],
    keys: Annotated[list[str], typer.Argument(help="Primary keys of the rows.")],
    validated: Annotated[bool, typer.Option("--validate", help="Have the FHIR server validate them, too.")] = False,
) -> None:
    """Show what some rows become, by the workers that a batch goes through, and load nothing. Exit code 1 where
    something is wrong with a row."""
    with closing(Api.of(os.environ)) as api:
        found = api.preview(resource, keys, validated=validated)
    show.preview(out, found)
    if any(issue["severity"] in ("error", "fatal") for issue in found.errors):
        raise typer.Exit(1)


def _named(api: Api, given: str | None) -> str:
    """The id of the batch that a person means. Raises Trouble."""
    ids = [batch.batch_id for batch in api.batches(1 if given is None else LISTED)]
    if given is None:
        if not ids:
            raise Trouble("there is no batch yet: ./firth batch start begins one")
        return ids[0]
    found = [batch_id for batch_id in ids if batch_id.startswith(given)]
    if len(found) > 1:
        raise Trouble(f"{len(found)} batches begin with {given}: give more of the id")
    return found[0] if found else given


def _follow(api: Api, batch_id: str) -> None:
    with show.Running(out) as running:
        while True:
            batch = api.batch(batch_id)
            running.show(batch)
            if batch.is_over:
                break
            time.sleep(ASK_EVERY)
    _end(batch)


def _end(batch: Batch) -> None:
    show.batch(out, batch)
    if batch.state == "failed":
        raise typer.Exit(1)

"""`./firth binding`: list, set, delete, retry."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from command.api_client import Api, Binding
from command.batches.show import SINKS

app = typer.Typer(help="Say which topics of live rows feed which resources.", no_args_is_help=True)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 160)

Topic = Annotated[str, typer.Argument(help="The topic that a source connector writes rows to.")]
Resource = Annotated[str, typer.Argument(help="Id of a resource of an imported mapping.")]


@app.command("list")
def list_bindings() -> None:
    """List bindings, and what became of their rows."""
    with closing(Api.of(os.environ)) as api:
        found = api.bindings()
    if not found:
        out.print("no bindings: [bold]./firth binding set TOPIC RESOURCE[/bold] makes one")
        return
    out.print(table(found))


@app.command("set")
def set_binding(
    topic: Topic,
    resource: Resource,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Field of a row with the resource's primary key, where it is called otherwise."),
    ] = None,
    on_delete: Annotated[
        Literal["ignore", "delete"], typer.Option("--on-delete", help="What becomes of the resource when its row goes.")
    ] = "ignore",
) -> None:
    """Have the rows of a topic feed a resource."""
    with closing(Api.of(os.environ)) as api:
        api.bind(topic, resource, key=key, on_delete=on_delete)
    out.print(f"rows of {topic} feed {escape(resource)}")


@app.command()
def delete(topic: Topic, resource: Resource) -> None:
    """Have the rows of a topic feed a resource no more. What is loaded stays."""
    with closing(Api.of(os.environ)) as api:
        api.unbind(topic, resource)
    out.print(f"rows of {topic} feed {escape(resource)} no more")


@app.command()
def retry(topic: Topic, resource: Resource) -> None:
    """Send a binding's dead letters again, and only them."""
    with closing(Api.of(os.environ)) as api:
        retried = api.retry_rows(topic, resource)
    out.print(f"{retried:,} dead letter{' is' if retried == 1 else 's are'} tried again")


def table(found: list[Binding]) -> Table:
    """Bindings with their counts, a line each."""
    sinks = list(found[0].loaded)
    shown = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("topic", "resource", "on delete"):
        shown.add_column(name, no_wrap=True)
    numbers = ("rows", "passed over", "transformed", *(SINKS.get(sink, sink) for sink in sinks), "dead letters", "last")
    for name in numbers:
        shown.add_column(name, justify="right", no_wrap=True)
    for one in found:
        rows = one.extracted + one.passed_over + one.failed.get("live", 0)
        counts = [rows, one.passed_over, one.transformed, *(one.loaded[sink] for sink in sinks)]
        last = one.last_at.astimezone().strftime("%H:%M:%S") if one.last_at else ""
        shown.add_row(
            one.topic,
            escape(one.resource_id) + (f" by {escape(one.key)}" if one.key else ""),
            one.on_delete,
            *(f"{count:,}" for count in counts),
            f"{sum(one.failed.values()):,}",
            last,
        )
    return shown

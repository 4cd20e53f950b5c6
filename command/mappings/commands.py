"""`./firth mapping`: validate, test, diff, import, export."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from command.api_client import Api
from command.definitions import definitions
from command.mappings.difference import changes
from command.mappings.examples import Examples, Outcome, files_of
from command.mappings.files import checked, parsed
from command.stack.places import ROOT
from command.stack.trouble import Trouble
from mapping import formats
from mapping.installed import BadPackage

OURS: Final = [ROOT / "transformer" / "mappings" / "mimic.json"]

app = typer.Typer(help="Check, try out, compare, import and export mappings.", no_args_is_help=True)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)

Files = Annotated[list[Path], typer.Argument(help="Mappings, in any format that docs/mappings.md names.")]


@app.command()
def validate(files: Files) -> None:
    """Find every mistake in mappings. Needs no stack. Exit code 1 where there is one."""
    known, wrong = definitions(out), 0
    for file in files:
        found = checked(file, known)
        wrong += len(found.mistakes)
        for mistake in found.mistakes:
            out.print(f"[red]✗[/red] {escape(str(mistake))}\n  [dim]{escape(mistake.path)}[/dim]", soft_wrap=True)
        for told in found.reading.told if found.reading else ():
            out.print(f"[yellow]·[/yellow] {escape(str(told))}\n  [dim]{escape(told.path)}[/dim]", soft_wrap=True)
        if not found.mistakes:
            resources = found.right().mapping.resources
            out.print(f"[green]✓[/green] {file}: {len(resources)} resources, no mistake", soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


@app.command("test")
def run_examples(
    files: Annotated[list[Path] | None, typer.Argument(help="Mappings; ours where none is named.")] = None,
) -> None:
    """Run mappings on the example rows beside them and compare with the resources expected. Needs no stack.
    Exit code 1 unless all are as expected."""
    known, zone = definitions(out), _zone()
    outcomes: list[Outcome] = []
    for file in files or OURS:
        try:
            examples = Examples(checked(file, known).right().mapping, definitions=known, zone=zone)
        except BadPackage as error:
            raise Trouble(str(error)) from None
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=out, transient=True) as progress:
            outcomes += [examples.run(each) for each in progress.track(files_of(file), description=file.name)]
    _show(outcomes)
    if any(outcome.told for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def diff(
    after: Annotated[Path, typer.Argument(help="The mapping that is new.")],
    before: Annotated[
        Path | None, typer.Argument(help="The one to compare with; the api's of the same source where none is named.")
    ] = None,
) -> None:
    """Show what a mapping changes: resources, elements, concept maps. Exit code 1 where there is anything."""
    known = definitions(out)
    new = checked(after, known).right().mapping
    if before is not None:
        old = checked(before, known).right().mapping
    else:
        old = formats.read(_imported(new.source.id), known).mapping
    found = list(changes(old, new))
    for change in found:
        out.print(f"[bold]{escape(change.where)}[/bold]  {escape(change.what)}", soft_wrap=True)
        if change.before is not None:
            out.print(f"  [red]- {escape(change.before)}[/red]", soft_wrap=True)
        if change.after is not None:
            out.print(f"  [green]+ {escape(change.after)}[/green]", soft_wrap=True)
    out.print(f"{len(found)} differences" if found else "no difference")
    if found:
        raise typer.Exit(1)


@app.command("import")
def import_(files: Files) -> None:
    """Import mappings into the api, which checks them: the local stack's, or that at API_URL with API_TOKEN."""
    with closing(Api.of(os.environ)) as api:
        for file in files:
            imported = api.import_mapping(parsed(file))
            for told in imported.told:
                out.print(f"[yellow]·[/yellow] {escape(told)}", soft_wrap=True)
            out.print(f"[green]✓[/green] {file}: imported as {escape(imported.source_id)}", soft_wrap=True)
            table = Table("resource id", "type", "label", box=None, pad_edge=False)
            for row in imported.resources:
                table.add_row(*map(escape, row))
            out.print(table)


@app.command()
def export(source: Annotated[str, typer.Argument(metavar="ID", help="The mapping's id: that of its source.")]) -> None:
    """Print a mapping that the api has, in our own format: to keep as a file, to edit, to import elsewhere."""
    typer.echo(json.dumps(_imported(source), ensure_ascii=False, indent=2))


def _zone() -> tzinfo:
    """The zone of the transformer's clocks, by its setting."""
    name = os.environ.get("TIME_ZONE") or "UTC"
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Trouble("TIME_ZONE is not a name of the time zone database: write it as Europe/Paris") from error


def _imported(source_id: str) -> dict[str, Any]:
    with closing(Api.of(os.environ)) as api:
        document = api.mapping(source_id)
    if document is None:
        raise Trouble(f"api: has no mapping of source {source_id}")
    return document


def _show(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        mark = "[red]✗[/red]" if outcome.told else "[green]✓[/green]"
        out.print(f"{mark} {escape(outcome.name)}  [dim]{escape(outcome.about)}[/dim]", soft_wrap=True)
        for sentence in outcome.told:
            out.print(f"    {escape(sentence)}", soft_wrap=True)
    wrong = sum(bool(outcome.told) for outcome in outcomes)
    out.print(f"{len(outcomes) - wrong} of {len(outcomes)} examples as expected")

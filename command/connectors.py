"""`./firth connectors`: the configurations in kafka_connect_connectors/ and the Connect cluster, kept the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from command.connect_client import ConnectCluster, ConnectorStatus
from command.stack import connect
from command.stack.places import ROOT, shown
from command.stack.ports import Ports
from command.stack.trouble import Trouble

FOLDER = ROOT / "kafka_connect_connectors"
KINDS = ("sources", "sinks")
STYLES = {"RUNNING": "green", "FAILED": "red", "PAUSED": "yellow", "STOPPED": "dim"}

Names = Annotated[list[str] | None, typer.Argument(help="Names of connectors; all where none is given.")]

Named = TypeVar("Named")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Keep Kafka Connect's connectors as kafka_connect_connectors/ says.",
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A connector as its file says."""

    name: str
    settings: Mapping[str, str]

    def changes_from(self, current: Mapping[str, str]) -> list[str]:
        """Which settings of `current` are not as they are here, by name alone: a value may be a secret."""
        wanted = {**self.settings, "name": self.name}
        return sorted(name for name in wanted.keys() | current.keys() if wanted.get(name) != current.get(name))


def configurations(folder: Path = FOLDER, *, kinds: Sequence[str] = KINDS) -> list[Configuration]:
    """All that `folder` holds, sources first. Raises Trouble where a file is not {"name": …, "config": {…}}."""
    files = [file for kind in kinds for file in sorted((folder / kind).glob("*.json"))]
    found = [_configuration(file) for file in files]
    names = [each.name for each in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Trouble(f"{shown(folder)}: two files are named {', '.join(sorted(twice))}: rename one")
    return found


def configuration(name: str) -> Configuration:
    """That of kafka_connect_connectors/ which has this name."""
    return {each.name: each for each in configurations()}[name]


def apply_all(cluster: ConnectCluster, wanted: Sequence[Configuration], out: Console) -> None:
    """Make and change connectors until they are as `wanted`, saying what is done; those that are stay untouched.

    All are checked before any is changed. Raises Trouble with every mistake.
    """
    current = cluster.configurations()
    changed = [each for each in wanted if each.name not in current or each.changes_from(current[each.name])]
    mistakes = [f"{each.name}: {mistake}" for each in changed for mistake in cluster.mistakes(each.name, each.settings)]
    if mistakes:
        raise Trouble("nothing was changed:", log=mistakes)
    for each in wanted:
        if each not in changed:
            out.print(f"{each.name}: is as its file says")
            continue
        cluster.put(each.name, each.settings)
        known = current.get(each.name)
        out.print(f"{each.name}: " + (f"changed {', '.join(each.changes_from(known))}" if known else "made"))


@app.command("apply")
def apply(names: Names = None) -> None:
    """Make the connectors of kafka_connect_connectors/, or change them to what the files say now."""
    wanted = _chosen({each.name: each for each in configurations()}, names, "file")
    with _cluster() as (cluster, out):
        apply_all(cluster, wanted, out)
        known = {each.name for each in configurations()}
        for name in sorted(cluster.configurations().keys() - known):
            out.print(f"{name}: has no file; ./firth connectors delete {name} ends it")


@app.command("status")
def status(names: Names = None) -> None:
    """Show how each connector and its tasks are. Exit code 1 where one failed."""
    with _cluster() as (cluster, out):
        found = _chosen({each.name: each for each in cluster.statuses()}, names, "connector")
        if not found:
            out.print("no connectors: [bold]./firth connectors apply[/bold] makes those of kafka_connect_connectors/")
        _show(out, found)
    if not all(each.is_well for each in found):
        raise typer.Exit(1)


@app.command("restart")
def restart(names: Names = None) -> None:
    """Start connectors and their tasks again, such as those that failed."""
    with _cluster() as (cluster, out):
        there = {each.name: each for each in cluster.statuses()}
        for each in _chosen(there, names, "connector"):
            cluster.restart(each.name)
            out.print(f"{each.name}: restarted")


@app.command("delete")
def delete(names: Annotated[list[str], typer.Argument(help="Names of connectors.")]) -> None:
    """End connectors. How far they were stays known to Connect."""
    with _cluster() as (cluster, out):
        current = cluster.configurations()
        for name in names:
            if name not in current:
                out.print(f"{name}: is not there")
                continue
            cluster.delete(name)
            out.print(f"{name}: deleted")


@contextmanager
def _cluster() -> Iterator[tuple[ConnectCluster, Console]]:
    url = connect.url(Ports.from_environment(os.environ))
    with closing(ConnectCluster(url)) as cluster:
        yield cluster, Console(highlight=False, soft_wrap=True)


def _chosen(there: Mapping[str, Named], names: Sequence[str] | None, what: str) -> list[Named]:
    for name in names or ():
        if name not in there:
            raise Trouble(f'there is no {what} "{name}" (there are: {", ".join(there) or "none"})')
    return [there[name] for name in names or there]


def _show(out: Console, found: Sequence[ConnectorStatus]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("", "kind", "connector", "tasks"):
        table.add_column(title)
    for each in found:
        tasks = Text(", ").join(_styled(state) for state in each.tasks) if each.tasks else Text("none", style="dim")
        table.add_row(each.name, each.kind, _styled(each.state), tasks)
    if found:
        out.print(table)
    for each in found:
        if each.fault:
            out.print(Text(f"{each.name}: {each.fault}", style="red"))


def _styled(state: str) -> Text:
    return Text(state.lower(), style=STYLES.get(state, ""))


def _configuration(file: Path) -> Configuration:
    try:
        content = orjson.loads(file.read_bytes())
        settings = {name: str(value) for name, value in content["config"].items()}
        return Configuration(content["name"], settings)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Trouble(f'{shown(file)}: is not {{"name": …, "config": {{…}}}}: {error}') from error

"""The command line behind `./firth`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from command import bindings, checks, connectors, display
from command.batches import commands as batches
from command.definitions import definitions
from command.demo.bad_rows import PATIENTS_NEEDED
from command.mappings import commands as mappings
from command.stack import processes
from command.stack.places import USERS_STACK
from command.stack.ports import Ports
from command.stack.stack import Stack, set_up
from command.stack.trouble import Trouble, of_os_error

HELP = (
    "Firth streams clinical rows through Kafka into FHIR, in a HAPI FHIR server and in MongoDB.\n\n"
    "New here? [bold]./firth demo[/bold] starts everything, fills a hospital's database and turns it into FHIR before "
    "your eyes; [bold]./firth down[/bold] ends it. Whatever a command needs, it fetches, or says how to get."
)
EPILOG = (
    "Data, logs and secrets lie under .firth/stack, downloads under .firth/cache; delete them to begin anew.\n\n"
    "Every port can be moved: KAFKA_PORT, REGISTRY_PORT, POSTGRES_PORT, FHIR_PORT, MONGODB_PORT, "
    "CONNECT_PORT, SFTP_PORT, API_PORT, HEALTH_PORT, or all at once: FIRTH_PORT_OFFSET=100 ./firth up\n\n"
    "batch, preview, mapping and binding ask the local stack's api, or another, such as that of docker-compose.yml: "
    "API_URL=http://127.0.0.1:3000 API_TOKEN=… ./firth batch list\n\n"
    "More: README.md, docs/local-stack.md, docs/deployment.md"
)

app = typer.Typer(help=HELP, epilog=EPILOG, rich_markup_mode="rich", no_args_is_help=True, add_completion=False)
app.add_typer(batches.app, name="batch")
app.add_typer(mappings.app, name="mapping")
app.add_typer(connectors.app, name="connectors")
app.add_typer(bindings.app, name="binding")
app.command()(batches.preview)
# A file or a pipe has no width, and its lines need no wrapping.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, highlight=False)

Workers = Annotated[
    list[str] | None,
    typer.Option(
        "--workers", metavar="STAGE=N", help="How many workers of a stage, such as transformer=2; repeatable."
    ),
]


def users_stack(workers: list[str] | None = None) -> Stack:
    """The stack of this clone, with its ports as the environment says. Raises Trouble for what cannot be."""
    return Stack(USERS_STACK, Ports.from_environment(os.environ), dict(map(_stage_count, workers or [])))


@app.command()
def up(workers: Workers = None) -> None:
    """Start the local stack, or what is missing of it. Its data is where it was."""
    stack = users_stack(workers)
    with display.Setting(out) as setting:
        set_up(tell=setting.tell)
    stack.stop_surplus()
    with display.Starting(out) as starting:
        stack.as_noted().start(watch=starting.watch)
    display.addresses(out, stack)


@app.command()
def down() -> None:
    """Stop the local stack and leave no process behind. Its data stays for the next [bold]up[/bold]."""
    stopped: list[str] = []
    with out.status("stopping"):
        users_stack().stop(watch=lambda name, _: stopped.append(name))
    out.print(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
def status() -> None:
    """Show every process of the stack: how it is, where it listens, what it holds. Exit code 1 unless all is well."""
    if not processes.noted(USERS_STACK):
        out.print("nothing is running: [bold]./firth up[/bold] starts it")
        raise typer.Exit(1)
    states = users_stack().states()
    display.status(out, USERS_STACK, states)
    if any(state != "ready" for _, state in states):
        raise typer.Exit(1)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="As in [bold]./firth status[/bold]: kafka, hapi, transformer-2 …")],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many of the last lines.")] = 50,
) -> None:
    """Print the last lines that a process of the stack wrote."""
    log = processes.log_file(USERS_STACK, name)
    if not log.exists():
        there = ", ".join(sorted(file.stem for file in USERS_STACK.logs.glob("*.log") if not file.stem.endswith(".1")))
        raise Trouble(f"{name}: has written no log ({f'there are: {there}' if there else 'nothing was started yet'})")
    if follow:
        os.execvp("tail", ["tail", "-n", str(lines), "-F", str(log)])
    for line in processes.last_lines(log, lines):
        print(line)


@app.command()
def demo(
    patients: Annotated[
        int, typer.Option(min=PATIENTS_NEEDED, help="How many patients the source hospital has.")
    ] = 1000,
    compose: Annotated[
        bool, typer.Option("--compose", help="On docker-compose.yml's services, by Docker, not on the local stack.")
    ] = False,
) -> None:
    """Start the stack, make a hospital's database, turn it into FHIR and show what became of every row."""
    from command.demo.run import demo as run_demo  # noqa: PLC0415
    from command.demo.run import demo_on_compose  # noqa: PLC0415

    (demo_on_compose if compose else run_demo)(patients=patients, console=out)


@app.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which to run, such as engine; all where none is named.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Measure as long as figures need that are to be quoted.")
    ] = False,
) -> None:
    """Measure every stage, each figure beside the limit of this machine in the same run."""
    from command.bench import UnknownBenchmark, run  # noqa: PLC0415

    try:
        run(names or (), full=full, console=out)
    except UnknownBenchmark as error:
        raise Trouble(str(error)) from error


@app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_tests(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Without the tests that start real servers.")] = False,
) -> None:
    """Check and test everything: ruff, mypy, import-linter, then pytest, which is given all other arguments."""
    if quick:
        definitions(out)  # without it, all tests of the engine would be skipped
    else:
        with display.Setting(out) as setting:
            set_up(tell=setting.tell)
    raise typer.Exit(checks.run_all(out, context.args, quick=quick))


@app.command()
def settings() -> None:
    """List every setting of every service with its default, as .env.example holds them."""
    from command.settings_list import example  # noqa: PLC0415

    print(example(), end="")


@app.command()
def lock(
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Take the newest versions, not those locked so far.")
    ] = False,
) -> None:
    """Lock requirements.txt and requirements-dev.txt as their .in files ask, with hashes and no addresses."""
    raise typer.Exit(checks.lock_requirements(upgrade=upgrade))


def _stage_count(text: str) -> tuple[str, int]:
    stage, _, count = text.partition("=")
    if not count.isdigit():
        raise Trouble(f'--workers: "{text}" is not of the form transformer=2')
    return stage, int(count)


def main() -> None:
    """Run the command line; trouble ends it with a sentence and exit code 1."""
    try:
        app(prog_name="./firth")
    except Trouble as trouble:
        display.trouble(err, trouble)
        sys.exit(1)
    except OSError as error:
        display.trouble(err, of_os_error(error, USERS_STACK.folder))
        sys.exit(1)


if __name__ == "__main__":
    main()

"""The command line: every subcommand reads a file or standard input, and writes for people or for pipes."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from enum import StrEnum
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.console import Console
from rich.markup import escape

from hl7v2 import (
    RULES,
    BatchReader,
    Finding,
    HL7Error,
    Level,
    Message,
    ParseError,
    Validator,
    acknowledge,
    differences,
    parse,
    parse_hl7v2_message,
    read_profile,
    write_batch,
)
from hl7v2.command import display

if TYPE_CHECKING:
    from hl7v2.generate import Faulty

HELP = (
    "HL7 v2 messages: make them, read them, judge them, answer them, cut files apart, compare.\n\n"
    "Try it: [bold]hl7v2 generate --type ADT_A01 | hl7v2 parse[/bold]"
)
EPILOG = (
    "A file may hold one message or many, in batch envelopes or not, framed or not; - is standard input.\n\n"
    "Where the output goes to a pipe or a file, it has no colours, and messages are written as they are."
)

app = typer.Typer(help=HELP, epilog=EPILOG, rich_markup_mode="rich", no_args_is_help=True, add_completion=False)
# A file or a pipe has no width, and its lines need no wrapping.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Source = Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A file of messages.")]
STDIN = "-"


class Answer(StrEnum):
    """Which of the two acknowledgments of enhanced mode is made."""

    ACCEPT = "accept"
    APPLICATION = "application"


def run() -> None:
    """Run the command; what is wrong with the input is a sentence and exit code 2."""
    try:
        app(prog_name="hl7v2")
    except (HL7Error, OSError) as error:
        trouble = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        err.print(f"[red]hl7v2:[/red] {escape(trouble)}")
        sys.exit(2)


@app.command()
def generate(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many messages.")] = 10,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", "-t", metavar="TYPE", help="Only messages of this type, as ADT_A01; repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed gives another hospital; the same one the same.")] = 0,
    error_rate: Annotated[
        float, typer.Option(min=0, max=1, help="The part of fields and segments that gets a fault.")
    ] = 0,
    batch: Annotated[bool, typer.Option("--batch", help="In the envelopes of a file and a batch, FHS to FTS.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead.")] = None,
) -> None:
    """Make messages of patients who come, are treated and go home, in the order of time.

    Which faults --error-rate put in is told on standard error, one a line: number of the message, kind, path.

    Example: hl7v2 generate -n 1000 --seed 7 --error-rate 0.01 -o feed.hl7
    """
    try:
        from hl7v2.generate import MESSAGE_TYPES, messages, with_error_rate  # noqa: PLC0415 (faker is slow to import)
    except ModuleNotFoundError as error:
        raise typer.BadParameter(
            "making messages needs faker: from a clone of Firth, pip install './hl7v2[generate]'"
        ) from error
    try:
        made: Iterable[bytes] = islice(messages(seed=seed, types=types or MESSAGE_TYPES), count)
    except ValueError as error:
        raise HL7Error(str(error)) from error
    if error_rate:
        made = _telling_faults(with_error_rate(made, error_rate, seed=seed))
    if output is None and not batch:
        _write(made)
        return
    with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
        if batch:
            write_batch(made, file)
        else:
            file.writelines(made)


@app.command("parse")
def parse_(
    source: Source = STDIN,  # type: ignore[assignment]
    paths: Annotated[
        list[str] | None,
        typer.Option("--path", "-p", metavar="PATH", help="Only the value there, as PID-5.1; repeatable."),
    ] = None,
    rows: Annotated[bool, typer.Option("--rows", help="A JSON object a message, of its table's columns.")] = False,
) -> None:
    """Show every value of every message, with its path and the standard's name for it.

    With --path: those values alone, a line a message, tabs between.

    With --rows: what hl7v2.parse_hl7v2_message makes, for jq or a data frame.

    Example: hl7v2 parse feed.hl7 --path MSH-9.2 --path PID-3.1
    """
    for message in _messages(source):
        if rows:
            sys.stdout.write(json.dumps(parse_hl7v2_message(message), ensure_ascii=False) + "\n")
        elif paths:
            sys.stdout.write("\t".join(message[path].replace("\t", " ") for path in paths) + "\n")
        else:
            out.print(display.value_table(message))
            for oddity in message.oddities:
                out.print(f"[yellow]odd:[/yellow] {oddity.sentence} [bright_black]{oddity.code}[/bright_black]")


@app.command()
def validate(
    source: Source = STDIN,  # type: ignore[assignment]
    profile: Annotated[Path | None, typer.Option(help="File that switches rules and adds own ones.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules, and end.")] = False,
) -> None:
    """Judge messages by the standard: structure, fields, data types, code tables.

    Exit code 1 where a message has an error. No value of a message is shown, so the output can be passed on.

    Example: hl7v2 generate -n 50 --error-rate 0.02 | hl7v2 validate
    """
    if rules:
        for name, rule in RULES.items():
            out.print(
                f"[cyan]{name:<20}[/cyan] [{display.COLOURS[rule.severity]}]{rule.severity:<12}[/] {rule.meaning}"
            )
        return
    validator = _validator(profile)
    invalid = 0
    for number, message in enumerate(_messages(source), 1):
        verdict = validator.validate(message)
        invalid += not verdict.valid
        mark = "[green]valid[/green]" if verdict.valid else "[red]invalid[/red]"
        out.print(f"message {number}, {verdict.structure or 'structure not known'}, version {verdict.version}: {mark}")
        for finding in verdict:
            out.print(display.finding_line(finding))
    if invalid:
        out.print(f"[red]{invalid} not valid[/red]")
        raise typer.Exit(1)


@app.command()
def ack(
    source: Source = STDIN,  # type: ignore[assignment]
    level: Annotated[Answer, typer.Option(help="In enhanced mode: taken in, or processed.")] = Answer.ACCEPT,
    judge: Annotated[bool, typer.Option("--validate", help="Refuse what is not valid, and say why in ERR.")] = False,
    profile: Annotated[Path | None, typer.Option(help="The same, by a file of rules.")] = None,
) -> None:
    """Answer each message with the acknowledgment that its sender asks for; none where it asks for none.

    Example: hl7v2 generate -n 1 --error-rate 0.1 | hl7v2 ack --validate
    """
    validator = _validator(profile)
    answers = (
        acknowledge(content, _findings(validator, content) if judge or profile else (), level=Level[level.name])
        for content in _or_nothing(BatchReader(source))  # what is no message at all is answered too
    )
    _write(bytes(answer) for answer in answers if answer is not None)


@app.command()
def split(
    source: Source = STDIN,  # type: ignore[assignment]
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where the files go.")] = Path(),
) -> None:
    """Write each message of a file to a file of its own, 000001.hl7 and so on, without the envelopes.

    What in the envelopes does not agree with the messages is told.

    Example: hl7v2 split feed.hl7 -d messages
    """
    directory.mkdir(parents=True, exist_ok=True)
    reader = BatchReader(source)
    for number, content in enumerate(reader, 1):
        (directory / f"{number:06d}.hl7").write_bytes(content)
    for oddity in reader.oddities:
        err.print(f"[yellow]odd:[/yellow] {oddity.sentence}")
    if reader.more_oddities:
        err.print(f"[yellow]odd:[/yellow] and {reader.more_oddities:,} more")
    out.print(f"{reader.messages:,} messages in {directory}")


@app.command()
def diff(
    first: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FIRST", help="A file of messages.")],
    second: Annotated[typer.FileBinaryRead, typer.Argument(metavar="SECOND", help="The file to compare with it.")],
) -> None:
    """Show where two messages differ, value by value; of two files, message by message in their order.

    Delimiters, escapes and line ends may differ without being told. Exit code 1 where something differs.

    Example: hl7v2 diff before.hl7 after.hl7
    """
    differ = False
    for number, (one, other) in enumerate(zip_longest(_messages(first), _messages(second)), 1):
        if one is None or other is None:
            out.print(f"message {number} is in the {'first' if other is None else 'second'} file only")
            differ = True
        elif found := list(differences(one, other)):
            out.print(f"message {number}: {len(found)} {'difference' if len(found) == 1 else 'differences'}")
            out.print(display.difference_table(found))
            differ = True
    if differ:
        raise typer.Exit(1)


def _messages(source: BinaryIO) -> Iterator[Message]:
    """The messages of a file; what is no batch at all may still be one message. Raises ParseError."""
    found = False
    for content in BatchReader(source):
        found = True
        yield parse(content)
    if not found:
        raise ParseError("no message is in the input: no line begins with MSH")


def _or_nothing(contents: Iterable[bytes]) -> Iterator[bytes]:
    found = False
    for content in contents:
        found = True
        yield content
    if not found:
        yield b""


def _validator(profile: Path | None) -> Validator:
    return Validator(read_profile(profile)) if profile else Validator()


def _findings(validator: Validator, content: bytes) -> Iterable[Finding]:
    try:
        return validator.validate(content)
    except ParseError:
        return ()


def _write(contents: Iterable[bytes]) -> None:
    """Messages as they are into a pipe, a segment a line and coloured into a terminal."""
    for content in contents:
        if out.is_terminal:
            for line in display.raw_lines(parse(content)):
                out.print(line, soft_wrap=True)
            out.print()
        else:
            sys.stdout.buffer.write(content)


def _telling_faults(spoilt: Iterable[Faulty]) -> Iterator[bytes]:
    counts: Counter[str] = Counter()
    for number, one in enumerate(spoilt, 1):
        for fault in one.faults:
            counts[fault.kind] += 1
            sys.stderr.write(f"{number}\t{fault.kind}\t{fault.path}\n")
        yield one.message
    err.print(
        f"{counts.total()} {'fault' if counts.total() == 1 else 'faults'}: "
        + ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    )

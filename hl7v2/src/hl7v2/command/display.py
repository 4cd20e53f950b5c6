"""How messages, findings and differences look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.markup import escape as literal
from rich.table import Table
from rich.text import Text

from hl7v2.cutting import HEADERS
from hl7v2.definitions import Definitions, FieldDefinition, definitions, nearest_version
from hl7v2.differences import Difference
from hl7v2.escapes import unescape
from hl7v2.findings import Finding, Severity
from hl7v2.message import Message
from hl7v2.segment import Segment

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFORMATION: "blue"}


def raw_lines(message: Message) -> Iterator[Text]:
    """A message as it stands, a line a segment: names and delimiters coloured."""
    delimiters = message.delimiters
    for segment in message:
        line = Text(segment.text)
        line.stylize("bold cyan", 0, len(segment.name))
        line.highlight_words([delimiters.field], "bright_black")
        marks = [mark for mark in delimiters[1:] if mark]
        line.highlight_words(marks, "magenta")
        yield line


def value_table(message: Message) -> Table:
    """Every value of a message with its path and the standard's name for it."""
    known = definitions(nearest_version(message.version))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="bright_black")
    table.add_column(overflow="fold")
    counts: dict[str, int] = {}
    for segment in message:
        counts[segment.name] = occurrence = counts.get(segment.name, 0) + 1
        place = segment.name if occurrence == 1 else f"{segment.name}({occurrence})"
        table.add_row(Text(place, "bold cyan"), "", "")
        for path, name, value in _values(message, segment, known):
            table.add_row(f"{place}-{path}", name, Text(value))
    return table


def finding_line(finding: Finding) -> Text:
    """A finding: where, how bad, what."""
    colour = COLOURS[finding.severity]
    return Text.assemble(
        ("  ", ""),
        (f"{finding.severity:<12}", colour),
        (f"{finding.path:<14} ", "cyan"),
        (finding.sentence, ""),
        (f"  {finding.rule}", "bright_black"),
    )


def difference_table(found: Iterable[Difference]) -> Table:
    """Differences: path, value before, value after."""
    table = Table(box=None, pad_edge=False, header_style="bright_black")
    table.add_column("path", style="cyan", no_wrap=True)
    table.add_column("before", style="red", overflow="fold")
    table.add_column("after", style="green", overflow="fold")
    for one in found:
        table.add_row(one.path, literal(one.before or ""), literal(one.after or ""))
    return table


def _values(message: Message, segment: Segment, known: Definitions) -> Iterator[tuple[str, str, str]]:
    definition = known.segments.get(segment.name)
    for number, field in enumerate(segment.fields[1:], 1):
        if not field:
            continue
        named = definition.fields[number - 1] if definition and number <= len(definition.fields) else None
        if segment.name in HEADERS and number <= 2:
            yield str(number), _words(named), field
            continue
        for repetition, text in enumerate(field.split(message.delimiters.repetition), 1):
            place = str(number) if repetition == 1 else f"{number}({repetition})"
            yield from _components(message, place, text, named, known)


def _components(
    message: Message, place: str, text: str, field: FieldDefinition | None, known: Definitions
) -> Iterator[tuple[str, str, str]]:
    components = text.split(message.delimiters.component)
    parts = known.datatypes.get(field.datatype, ()) if field else ()
    for number, component in enumerate(components, 1):
        if component:
            name = parts[number - 1].name.replace("_", " ") if len(parts) >= number and len(components) > 1 else ""
            leaves = component.split(message.delimiters.subcomponent)
            words = ", ".join(word for word in (_words(field), name) if word)
            for leaf_number, leaf in enumerate(leaves, 1):
                if leaf:
                    inside = _inside(components, leaves, number, leaf_number)
                    yield place + inside, words, unescape(leaf, message.delimiters, message.encoding)


def _inside(components: Sequence[str], leaves: Sequence[str], number: int, leaf: int) -> str:
    if len(leaves) > 1:
        return f".{number}.{leaf}"
    return f".{number}" if len(components) > 1 else ""


def _words(field: FieldDefinition | None) -> str:
    return field.name.replace("_", " ") if field else ""

"""Python source of a plan, generated once per mapping: as fast as what a person would write for it.

Two functions come of it. `values(row)` turns a row's raw values into those of the slots, one expression each;
`build(id, values)` puts them into the resource. Only names made here, numbers and literals of the element
names of R4 are written into the source; all else (scripts, constants, concept maps) is handed over by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from transformer.target import Fixed, Many, Node, Object, Slot, fixed, slots

Values: TypeAlias = Callable[[Sequence[Any]], tuple[Any, ...]]
Build: TypeAlias = Callable[[str, tuple[Any, ...]], dict[str, Any]]
# Called with the slot that was being made and what went wrong; gives what to raise.
Refuse: TypeAlias = Callable[[int, Exception], Exception]


@dataclass
class Names:
    """Python values under names for the generated source."""

    bound: dict[str, Any] = field(default_factory=dict)

    def of(self, value: Any) -> str:
        """A name for the value; the same object gets the same name."""
        for name, known in self.bound.items():
            if known is value:
                return name
        name = f"k{len(self.bound)}"
        self.bound[name] = value
        return name

    def call(self, function: Callable[..., Any], *arguments: str) -> str:
        """The expression that calls the function with these expressions."""
        return f"{self.of(function)}({', '.join(arguments)})"


def values_function(names: Names, expressions: Sequence[str], *, width: int, refuse: Refuse) -> Values:
    """`values`: the row's raw values are c0, c1, …; an expression may also use the slots before it, v0, v1, …

    Whatever an expression raises is handed to `refuse`.
    """
    lines = ["def values(row):"]
    if width:
        lines.append(f"    {_tuple('c', width)} = row")
    if expressions:
        lines.append("    try:")
    for number, expression in enumerate(expressions):
        lines.append(f"        at = {number}")
        lines.append(f"        v{number} = {expression}")
    if expressions:
        lines.append("    except Exception as error:")
        lines.append(f"        raise {names.of(refuse)}(at, error) from None")
    lines.append(f"    return {_tuple('v', len(expressions))}")
    function: Values = _define("values", lines, names.bound)
    return function


def build_function(names: Names, root: Object, resource_type: str, *, width: int) -> Build:
    """`build`: the resource of one row's values."""
    writer = _Writer(names)
    writer.line("def build(id, values):")
    if width:
        writer.line(f"    {_tuple('v', width)} = values")
    writer.depth = 1
    first = {"resourceType": repr(resource_type), "id": "id"}
    result = writer.object(root, known=frozenset(), first=first)
    writer.line(f"return {result}")
    function: Build = _define("build", writer.lines, names.bound)
    return function


def _tuple(letter: str, width: int) -> str:
    return "(" + "".join(f"{letter}{number}, " for number in range(width)) + ")"


def _define(name: str, lines: Sequence[str], bound: Mapping[str, Any]) -> Any:
    namespace = dict(bound)
    # Nothing of a mapping is in this source: see the module's docstring.
    exec(compile("\n".join(lines), f"<generated {name}>", "exec"), namespace)  # noqa: S102
    return namespace[name]


@dataclass
class _Writer:
    """Writes the statements that build a tree. `known` are slots of which it is certain that they are not None."""

    names: Names
    lines: list[str] = field(default_factory=list)
    depth: int = 0
    variables: int = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def variable(self) -> str:
        self.variables += 1
        return f"o{self.variables}"

    def object(self, node: Object, *, known: frozenset[int], first: Mapping[str, str] | None = None) -> str:
        """Statements that make an object; the expression for it. Members up to the first uncertain one go
        into the literal that it starts with."""
        members = list(node.members.items())
        literal = dict(first or {})
        while members and (expression := self.certain(members[0][1], known)) is not None:
            literal[members.pop(0)[0]] = expression
        made = self.variable()
        self.line(f"{made} = {{{', '.join(f'{name!r}: {value}' for name, value in literal.items())}}}")
        for name, member in members:
            self.member(f"{made}[{name!r}]", member, known)
        return made

    def certain(self, node: Node, known: frozenset[int]) -> str | None:
        """The expression for a node that needs no statement; None for any other."""
        if isinstance(node, Slot):
            return f"v{node.number}" if node.number in known else None
        if isinstance(node, Fixed) or not _slots(node):
            return self.names.of(fixed(node))
        return None

    def member(self, place: str, node: Node, known: frozenset[int]) -> None:
        """Statements that put a member into its place, if there is any of it."""
        expression = self.certain(node, known)
        if expression is not None:
            self.line(f"{place} = {expression}")
            return
        if isinstance(node, Many) and len(node.templates) > 1:
            self.list(place, node, known)
            return
        one = node.templates[0] if isinstance(node, Many) else node
        with self.given(one, known) as within:
            value = self.certain(one, within) or self.object(_as_object(one), known=within)
            self.line(f"{place} = [{value}]" if isinstance(node, Many) else f"{place} = {value}")

    def list(self, place: str, node: Many, known: frozenset[int]) -> None:
        """Statements for a list of several templates: what an earlier one made is not repeated."""
        made = self.variable()
        self.line(f"{made} = []")
        for template in node.templates:
            with self.given(template, known) as within:
                value = self.certain(template, within) or self.object(_as_object(template), known=within)
                self.line(f"if {value} not in {made}:")
                self.line(f"    {made}.append({value})")
        self.line(f"if {made}:")
        self.line(f"    {place} = {made}")

    @contextmanager
    def given(self, node: Node, known: frozenset[int]) -> Iterator[frozenset[int]]:
        """The `if` under which there is anything of a node, where that is uncertain; what is known in it."""
        inside = _slots(node)
        if not inside or known.intersection(inside) or (isinstance(node, Object) and node.keep):
            yield known
            return
        self.line(f"if {' or '.join(f'v{number} is not None' for number in inside)}:")
        self.depth += 1
        yield known.union(inside) if len(inside) == 1 else known
        self.depth -= 1


def _slots(node: Node) -> tuple[int, ...]:
    return node.slots if isinstance(node, Object) else tuple(slots(node))


def _as_object(node: Node) -> Object:
    assert isinstance(node, Object)
    return node

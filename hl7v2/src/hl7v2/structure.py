"""Message structures: where each segment of a message stands in the standard's tree of groups.

A message is matched to a structure in the way that costs least: what is missing, stands too often or stands
where it must not has a cost, and a message that is as it should be costs nothing. Segments are matched one
after the other; what is known after one of them depends on so little of what came before that it is kept as a
state with its successors. So a structure becomes an automaton as messages come, and a message of a kind seen
before costs one look-up a segment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hl7v2.definitions import Part

# What a mistake costs. A segment that would suppose two others to be missing is rather out of place itself; a
# second PID is one too many rather than out of place.
_MISSING: Final = 4
_TOO_OFTEN: Final = 6
_OUT_OF_PLACE: Final = 7
_GROUP_TOO_OFTEN: Final = 8
_HOPELESS: Final = 12  # a way this much dearer than the best is given up
_MOST_STATES: Final = 5_000  # far more than messages of one sender need; shuffled ones would make ever more

ANY_SEGMENT: Final = "ANYHL7SEGMENT"


class Fault(NamedTuple):
    """A departure from the structure: `kind` is the name of a rule, such as missing-segment.

    `part` names segment or group, `inside` the group that it belongs to ("" for the message itself), `at` is the
    index of the segment that it was found at, the number of segments for the end.
    """

    kind: str
    part: str
    inside: str
    at: int


@dataclass(frozen=True, slots=True)
class Match:
    """A message's segments matched.

    `placed` has the groups that each segment stands in, outermost first, as name and running number; None for
    a segment that is out of place.
    """

    placed: tuple[tuple[tuple[str, int], ...] | None, ...]
    faults: tuple[Fault, ...]


@dataclass(eq=False, slots=True)
class _Node:
    """A part within the tree. The top has depth 0, and the groups around a node are as many as its depth less one."""

    part: Part
    name: str
    parent: _Node | None
    index: int  # within its parent
    depth: int
    children: list[_Node] = field(default_factory=list)

    def required(self, first: int, end: int) -> list[_Node]:
        """The parts of this group, by index, that cannot be left out; of a choice, none."""
        return [] if self.part.choice else [child for child in self.children[first:end] if child.part.required]


class _Jump(NamedTuple):
    """The way from one segment's node to the next one's."""

    cost: int
    kept: int  # how many groups, from the outermost, go on
    faults: tuple[tuple[str, _Node], ...]


class _Step(NamedTuple):
    """What a segment does to a state: the state after it, its cost, and from where each node of that is reached."""

    state: _State
    cost: int
    origins: dict[_Node, tuple[_Node, _Node, _Jump | None]]  # last node: before, after; no jump: out of place


@dataclass(eq=False, slots=True)
class _State:
    """The nodes that the last segment may stand at, each with what it costs more than the best of them."""

    costs: dict[_Node, int]
    steps: dict[str, _Step] = field(default_factory=dict)


class Structure:
    """A message structure of the standard, ready to match. It learns as it matches, and may be shared by threads."""

    def __init__(self, part: Part) -> None:
        self.name = part.name
        self._top = _tree(part, part.name)
        self._places: dict[str, list[_Node]] = {}
        for node in _leaves(self._top):
            self._places.setdefault(node.part.name, []).append(node)
        self._jumps: dict[tuple[_Node, _Node], _Jump | None] = {}
        self._start = _State({self._top: 0})  # the top as a node stands for: before the first segment
        self._states: dict[tuple[tuple[_Node, int], ...], _State] = {}

    def __contains__(self, segment: str) -> bool:
        """Whether the structure has a place for a segment of that name."""
        return segment in self._places or ANY_SEGMENT in self._places

    def is_matched_by(self, names: Iterable[str]) -> bool:
        """Whether segments of these names, in this order, are what the structure asks for."""
        state = self._start
        for name in names:
            step = state.steps.get(name) or self._step(state, name)
            if step.cost:
                return False
            state = step.state
        return any(cost == 0 and not _finishing(node) for node, cost in state.costs.items())

    def match(self, names: Sequence[str]) -> Match:
        """Find the place of every segment, and what is wrong, in the way that supposes least to be wrong."""
        state, steps = self._start, []
        for name in names:
            steps.append(state.steps.get(name) or self._step(state, name))
            state = steps[-1].state
        last = node = min(state.costs, key=lambda node: state.costs[node] + _MISSING * len(_finishing(node)))
        ways: list[tuple[_Node, _Jump | None]] = []
        for step in reversed(steps):
            node, after, jump = step.origins[node]
            ways.append((after, jump))
        ways.reverse()
        faults = [fault for at, (_, jump) in enumerate(ways) for fault in self._faults(names[at], jump, at)]
        faults += [_fault("missing", missed, len(names)) for missed in _finishing(last)]
        return Match(tuple(_placed(ways)), tuple(_settled(faults)))

    def _step(self, state: _State, name: str) -> _Step:
        """Where a segment `name` may lead from `state`; all names without a place of their own lead to the same."""
        known = name if name in self._places else ANY_SEGMENT
        if known in state.steps:
            return state.steps[known]
        costs: dict[_Node, int] = {}
        origins: dict[_Node, tuple[_Node, _Node, _Jump | None]] = {}
        for origin, so_far in state.costs.items():
            for node, jump in self._onward(origin, known):
                cost = so_far + (jump.cost if jump else _OUT_OF_PLACE)
                if node not in costs or cost < costs[node]:
                    costs[node], origins[node] = cost, (origin, node, jump)
        best = min(costs.values())
        kept = tuple((node, cost - best) for node, cost in costs.items() if cost - best <= _HOPELESS)
        if len(self._states) >= _MOST_STATES:
            self._states.clear()
            self._start.steps.clear()
        after = self._states.setdefault(kept, _State(dict(kept)))
        step = state.steps[known] = _Step(after, best, origins)
        return step

    def _onward(self, origin: _Node, name: str) -> Iterator[tuple[_Node, _Jump | None]]:
        """The nodes that a segment `name` may stand at, and the last one's for a segment that is left out."""
        for node in {place: None for known in (name, ANY_SEGMENT) for place in self._places.get(known, ())}:
            if (origin, node) not in self._jumps:
                self._jumps[origin, node] = min(_jumps(origin, node), key=lambda jump: jump.cost, default=None)
            jump = self._jumps[origin, node]
            if jump is not None:
                yield node, jump
        yield origin, None

    def _faults(self, name: str, jump: _Jump | None, at: int) -> Iterator[Fault]:
        if jump is None:
            yield Fault("misplaced-segment" if name in self else "unexpected-segment", name, "", at)
        else:
            for kind, node in jump.faults:
                yield _fault(kind, node, at)


def _tree(part: Part, structure: str, parent: _Node | None = None, index: int = 0) -> _Node:
    depth = parent.depth + 1 if parent else 0
    node = _Node(part, part.name.removeprefix(f"{structure}_") if parent else "", parent, index, depth)
    node.children = [_tree(child, structure, node, at) for at, child in enumerate(part.parts)]
    return node


def _leaves(node: _Node) -> Iterator[_Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _leaves(child)


def _jumps(origin: _Node, node: _Node) -> Iterator[_Jump]:
    """The ways from one segment to the next: once more, onward, or into another repetition of a group around both."""
    if origin is node:
        too_often = () if node.part.repeats else (("repeated-segment", node),)
        yield _Jump(_TOO_OFTEN * len(too_often), node.depth - 1, too_often)
    around = _around(node)
    for group in _around(origin):
        if group not in around:
            continue
        child, missed = _leaving(origin, group)
        target = _child_towards(group, node)
        if child < target.index and not (group.part.choice and child >= 0):
            yield _jump(group.depth, [*missed, *group.required(child + 1, target.index), *_entering(target, node)])
        if group.parent is not None:
            missed = [*missed, *group.required(child + 1, len(group.children))]
            entered = [*group.required(0, target.index), *_entering(target, node)]
            yield _jump(group.depth - 1, [*missed, *entered], again=group)


def _jump(kept: int, missed: Sequence[_Node], again: _Node | None = None) -> _Jump:
    faults = [("missing", node) for node in missed]
    if again is None or again.part.repeats:
        return _Jump(_MISSING * len(missed), kept, tuple(faults))
    return _Jump(_MISSING * len(missed) + _GROUP_TOO_OFTEN, kept, (("repeated-group", again), *faults))


def _around(node: _Node) -> list[_Node]:
    """The groups around a node, innermost first; around the top, as before the first segment, the top itself."""
    groups = [node] if node.parent is None else []
    while node.parent is not None:
        node = node.parent
        groups.append(node)
    return groups


def _leaving(origin: _Node, group: _Node) -> tuple[int, list[_Node]]:
    """Which child of `group` the segment `origin` is in (-1 before the first), and what is missed by leaving that."""
    if origin is group:
        return -1, []
    missed: list[_Node] = []
    while origin.parent is not group:
        assert origin.parent is not None
        missed += origin.parent.required(origin.index + 1, len(origin.parent.children))
        origin = origin.parent
    return origin.index, missed


def _child_towards(group: _Node, node: _Node) -> _Node:
    while node.parent is not group:
        assert node.parent is not None
        node = node.parent
    return node


def _entering(target: _Node, node: _Node) -> list[_Node]:
    """What is missed by beginning the group `target` with the segment `node`."""
    missed: list[_Node] = []
    while node is not target:
        assert node.parent is not None
        missed = node.parent.required(0, node.index) + missed
        node = node.parent
    return missed


def _finishing(last: _Node) -> list[_Node]:
    """What is missed by a message that ends after `last`."""
    top = _around(last)[-1]
    child, missed = _leaving(last, top)
    return [*missed, *top.required(child + 1, len(top.children))]


def _fault(kind: str, node: _Node, at: int) -> Fault:
    if kind == "missing":
        kind = "missing-group" if node.children else "missing-segment"
    return Fault(kind, node.name, node.parent.name if node.parent else "", at)


def _settled(faults: Sequence[Fault]) -> Iterator[Fault]:
    """The faults, where a segment out of place stands for its being missing where it belongs."""
    misplaced = Counter(fault.part for fault in faults if fault.kind == "misplaced-segment")
    for fault in faults:
        if fault.kind == "missing-segment" and misplaced[fault.part]:
            misplaced[fault.part] -= 1
        else:
            yield fault


def _placed(ways: Sequence[tuple[_Node, _Jump | None]]) -> Iterator[tuple[tuple[str, int], ...] | None]:
    """The groups of each segment, numbered in the order in which they begin."""
    groups: list[tuple[str, int]] = []
    begun = 0
    for node, jump in ways:
        if jump is None:
            yield None
            continue
        del groups[jump.kept :]
        for group in reversed(_around(node)[: -1 - jump.kept]):
            begun += 1
            groups.append((group.name, begun))
        yield tuple(groups)

"""Which parts of two sequences stand for each other, in time about as their length; difflib needs its square."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import takewhile
from operator import eq
from typing import Final

Pair = tuple[int, int]  # a place in the one, and that of its like in the other

_ROUNDS: Final = 20  # how often what lies between pairs is looked through anew; hostile input would have no end of it


def aligned(old: Sequence[Hashable], new: Sequence[Hashable], rounds: int = _ROUNDS) -> Iterator[Pair]:
    """Places of `old` and of `new` that hold the same, both rising: about as many as there are.

    >>> list(aligned("abcabd", "axbcabd"))
    [(0, 0), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
    """
    start = _shared(old, new)
    end = min(_shared(old[::-1], new[::-1]), min(len(old), len(new)) - start)
    old_end, new_end = len(old) - end, len(new) - end
    yield from zip(range(start), range(start), strict=True)
    for one, other in _between(old[start:old_end], new[start:new_end], rounds):
        yield start + one, start + other
    yield from zip(range(old_end, len(old)), range(new_end, len(new)), strict=True)


def _shared(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """How long the beginning is that both have."""
    return sum(takewhile(bool, map(eq, old, new)))


def _between(old: Sequence[Hashable], new: Sequence[Hashable], rounds: int) -> Iterator[Pair]:
    """The pairs of what neither begins nor ends alike: some to begin with, and those that lie between them."""
    anchors = _anchors(old, new) if rounds else []
    old_from = new_from = 0
    for one, other in anchors:
        for inner, other_inner in aligned(old[old_from:one], new[new_from:other], rounds - 1):
            yield old_from + inner, new_from + other_inner
        yield one, other
        old_from, new_from = one + 1, other + 1
    if anchors:
        for inner, other_inner in aligned(old[old_from:], new[new_from:], rounds - 1):
            yield old_from + inner, new_from + other_inner


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Pairs of what stands once in each; where nothing does, the first of a kind with the first, and so on."""
    once = _once(old) & _once(new)
    if once:
        places = {one: at for at, one in enumerate(new) if one in once}
        return _rising([(at, places[one]) for at, one in enumerate(old) if one in once])
    numbered = {one: at for at, one in enumerate(_numbered(new))}
    return _rising([(at, numbered[one]) for at, one in enumerate(_numbered(old)) if one in numbered])


def _once(parts: Sequence[Hashable]) -> set[Hashable]:
    return {one for one, count in Counter(parts).items() if count == 1}


def _numbered(parts: Sequence[Hashable]) -> Iterator[tuple[Hashable, int]]:
    seen: Counter[Hashable] = Counter()
    for one in parts:
        seen[one] += 1
        yield one, seen[one]


def _rising(pairs: Sequence[Pair]) -> list[Pair]:
    """The most of `pairs`, which rise in their first places, that rise in their second ones too."""
    lowest: list[int] = []  # by its length, the second place that a run can end at
    ending: list[int] = []  # and the pair there
    before: list[int] = []  # the pair before each, in the longest run that ends with it
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(lowest, place)
        before.append(ending[length - 1] if length else -1)
        lowest[length : length + 1] = [place]
        ending[length : length + 1] = [number]
    run = []
    number = ending[-1] if ending else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]

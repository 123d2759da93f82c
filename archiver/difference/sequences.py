"""Where two sequences differ: the least that does where that is cheap to find, else nearly; always in bounds.

1. What both begin and end with is the same.
2. What is left is compared exactly (the longest common subsequence) where that takes at most `EXACT_CELLS` bits.
3. Otherwise what stands once in both, in the same order, is kept, and the gaps between are compared in the same way.
4. A gap that is too large and in which nothing stands once in both counts as replaced as a whole.

So memory is bounded, and time grows little faster than the length. After 3 and 4 the answer is right, but others may
have less in them: it is not `exact`.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Indel

#: items of the one times items of the other: 8 MB of bits
EXACT_CELLS = 1 << 26
_MAX_DEPTH = 8
_RUNS = (1, 3)  # a text of few words has runs that stand once where no word does


@dataclass(frozen=True, slots=True)
class Stretch:
    """Items `start` to `end` of the first sequence, in place of which the second has `start_2` to `end_2`."""

    start: int
    end: int
    start_2: int
    end_2: int


@dataclass(frozen=True)
class Difference:
    """The stretches that differ, in order; of sequences of so many items. `exact`: no others have less in them."""

    stretches: tuple[Stretch, ...]
    exact: bool
    length: int
    length_2: int

    @property
    def removed(self) -> int:
        return sum(each.end - each.start for each in self.stretches)

    @property
    def added(self) -> int:
        return sum(each.end_2 - each.start_2 for each in self.stretches)


def differ(first: Iterable[str], second: Iterable[str]) -> Difference:
    """Where two sequences differ. They are read once."""
    numbers: dict[str, int] = {}
    one = [numbers.setdefault(item, len(numbers)) for item in first]
    two = [numbers.setdefault(item, len(numbers)) for item in second]
    found: list[Stretch] = []
    exact = True
    waiting = [(Stretch(0, len(one), 0, len(two)), 0)]
    while waiting:
        whole, depth = waiting.pop()
        gap = _trimmed(one, two, whole)
        size, size_2 = gap.end - gap.start, gap.end_2 - gap.start_2
        if not size or not size_2:
            if size or size_2:
                found.append(gap)
        elif size * size_2 <= EXACT_CELLS:
            found += _exactly(one, two, gap)
        elif set(one[gap.start : gap.end]).isdisjoint(two[gap.start_2 : gap.end_2]):
            found.append(gap)
        else:
            exact = False
            kept = _anchors(one, two, gap) if depth < _MAX_DEPTH else []
            if kept:
                waiting += [(between, depth + 1) for between in _between(gap, kept)]
            else:
                found.append(gap)
    return Difference(tuple(_joined(found)), exact, len(one), len(two))


def _trimmed(one: list[int], two: list[int], gap: Stretch) -> Stretch:
    start, end, start_2, end_2 = gap.start, gap.end, gap.start_2, gap.end_2
    while start < end and start_2 < end_2 and one[start] == two[start_2]:
        start, start_2 = start + 1, start_2 + 1
    while start < end and start_2 < end_2 and one[end - 1] == two[end_2 - 1]:
        end, end_2 = end - 1, end_2 - 1
    return Stretch(start, end, start_2, end_2)


def _exactly(one: list[int], two: list[int], gap: Stretch) -> Iterator[Stretch]:
    for step in Indel.opcodes(one[gap.start : gap.end], two[gap.start_2 : gap.end_2]):
        if step.tag != "equal":
            yield Stretch(
                gap.start + step.src_start,
                gap.start + step.src_end,
                gap.start_2 + step.dest_start,
                gap.start_2 + step.dest_end,
            )


def _anchors(one: list[int], two: list[int], gap: Stretch) -> list[tuple[int, int]]:
    """The places of what stands once in both, as many as are in the same order ("patience")."""
    for run in _RUNS:
        places = _once(one, gap.start, gap.end, run)
        places_2 = _once(two, gap.start_2, gap.end_2, run)
        both = [(place, places_2[item]) for item, place in places.items() if item in places_2]
        if both:
            return _rising(both)
    return []


def _once(items: list[int], start: int, end: int, run: int) -> dict[Hashable, int]:
    """What stands once in a stretch, in order, with its place."""
    runs: list[Hashable] = list(items[start:end])
    if run > 1:
        runs = [tuple(items[at : at + run]) for at in range(start, end - run + 1)]
    counts = Counter(runs)
    return {item: start + at for at, item in enumerate(runs) if counts[item] == 1}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs, whose first numbers rise, in which the second ones do, too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect.bisect_left(ends, place)
        before.append(last[at - 1] if at else -1)
        if at == len(ends):
            ends.append(place)
            last.append(number)
        else:
            ends[at], last[at] = place, number
    found, number = [], last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _between(gap: Stretch, kept: list[tuple[int, int]]) -> Iterator[Stretch]:
    """The gaps between places that are the same. The item at such a place is trimmed off by who looks at the gap."""
    start, start_2 = gap.start, gap.start_2
    for place, place_2 in kept:
        yield Stretch(start, place, start_2, place_2)
        start, start_2 = place, place_2
    yield Stretch(start, gap.end, start_2, gap.end_2)


def _joined(found: list[Stretch]) -> Iterator[Stretch]:
    """Stretches in order, those that touch made one."""
    last: Stretch | None = None
    for each in sorted(found, key=lambda stretch: (stretch.start, stretch.start_2)):
        if last is not None and (each.start, each.start_2) == (last.end, last.end_2):
            last = Stretch(last.start, each.end, last.start_2, each.end_2)
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last

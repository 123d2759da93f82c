"""Where two sequences differ: right for any two, least where that is cheap, bounded for all."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from archiver.difference import sequences
from archiver.difference.sequences import Difference, Stretch, differ

ITEMS = st.lists(st.sampled_from("abcdefg"), max_size=60)


def applied(found: Difference, first: list[str], second: list[str]) -> list[str]:
    """The first sequence with what the difference says of it: its own items, and only what was added of the second."""
    made: list[str] = []
    at = 0
    for each in found.stretches:
        made += first[at : each.start] + second[each.start_2 : each.end_2]
        at = each.end
    return made + first[at:]


def common(first: list[str], second: list[str]) -> int:
    """The length of the longest common subsequence, by the book."""
    row = [0] * (len(second) + 1)
    for one in first:
        before = row
        row = [0]
        for at, two in enumerate(second):
            row.append(before[at] + 1 if one == two else max(before[at + 1], row[at]))
    return row[-1]


@given(ITEMS, ITEMS)
def test_what_it_finds_makes_the_second_of_the_first_and_is_the_least(first: list[str], second: list[str]) -> None:
    found = differ(first, second)
    assert applied(found, first, second) == second
    assert found.exact
    assert (found.removed, found.added) == (len(first) - common(first, second), len(second) - common(first, second))


@given(ITEMS, ITEMS)
def test_with_few_cells_it_is_still_right(first: list[str], second: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequences, "EXACT_CELLS", 12)
        found = differ(first, second)
    assert applied(found, first, second) == second
    assert found.removed >= len(first) - common(first, second)
    if found.exact:
        assert found.removed == len(first) - common(first, second)


@given(ITEMS, ITEMS)
def test_its_stretches_are_in_order_and_do_not_touch(first: list[str], second: list[str]) -> None:
    stretches = differ(first, second).stretches
    for one, two in pairwise(stretches):
        assert one.end < two.start
        assert one.end_2 < two.start_2


def test_sequences_that_are_the_same_have_no_stretch() -> None:
    assert differ("abc", "abc") == Difference((), True, 3, 3)
    assert differ("", "") == Difference((), True, 0, 0)
    assert differ("", "ab").stretches == (Stretch(0, 0, 0, 2),)


def test_what_has_nothing_in_common_is_replaced_as_a_whole_and_that_is_the_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sequences, "EXACT_CELLS", 12)
    assert differ("a" * 30, "b" * 40) == Difference((Stretch(0, 30, 0, 40),), True, 30, 40)
    assert not differ("abab" * 30, "baab" * 40).exact


def test_no_more_cells_are_compared_at_once_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def opcodes(one: list[int], two: list[int]) -> object:
        asked.append(len(one) * len(two))
        return Indel.opcodes(one, two)

    monkeypatch.setattr("archiver.difference.sequences.Indel", SimpleNamespace(opcodes=opcodes))
    monkeypatch.setattr(sequences, "EXACT_CELLS", 1000)
    chance = random.Random(1)
    first = [f"w{chance.randrange(3000)}" for _ in range(4000)]
    differ(first, chance.sample(first, len(first)))
    assert asked
    assert max(asked) <= 1000


def test_long_texts_are_held_together_by_what_stands_once_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "EXACT_CELLS", 400)
    first = [f"w{number}" for number in range(1000)]
    second = [word for word in first if word not in ("w10", "w500")] + ["new"]
    second[700:700] = ["put", "in"]
    found = differ(first, second)
    assert (found.removed, found.added) == (2, 3)


def test_fifty_thousand_words_take_less_than_two_seconds() -> None:
    chance = random.Random(1)
    vocabulary = [f"w{number}" for number in range(5000)]
    first = chance.choices(vocabulary, [1 / (rank + 1) for rank in range(5000)], k=50_000)
    edited = [chance.choice(vocabulary) if chance.random() < 0.05 else word for word in first]
    few = chance.choices("ab", k=50_000), chance.choices("ab", k=50_000)
    pairs = [(first, edited), (first, first[::-1]), (first, chance.sample(first, len(first))), few]
    for one, two in pairs:
        began = time.process_time()
        found = differ(one, two)
        assert time.process_time() - began < 2
        assert applied(found, list(one), list(two)) == list(two)
    assert 2000 < differ(first, edited).added < 3000

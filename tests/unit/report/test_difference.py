"""Two texts word by word: nothing is lost, and what is marked is what differs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.report.difference import runs


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("", "", []),
        ("same words", "same words", [(True, "same words", "same words")]),
        ("of 42 crews", "of 36 crews", [(True, "of ", "of "), (False, "42", "36"), (True, " crews", " crews")]),
        ("all of it", "none left", [(False, "all of it", "none left")]),
        ("a b", "a b c", [(True, "a b", "a b"), (False, "", " c")]),
        ("", "new", [(False, "", "new")]),
        ("他说四十二", "他说三十二", [(True, "他说", "他说"), (False, "四", "三"), (True, "十二", "十二")]),
    ],
)
def test_runs(first: str, second: str, found: list[tuple[bool, str, str]]) -> None:
    joined = list[tuple[bool, str, str]]()
    for same, before, after in runs(first, second):
        if joined and joined[-1][0] == same:
            joined[-1] = (same, joined[-1][1] + before, joined[-1][2] + after)
        else:
            joined.append((same, before, after))
    assert joined == found


@given(st.text(st.sampled_from("ab c.é漢"), max_size=60), st.text(st.sampled_from("ab c.é漢"), max_size=60))
def test_nothing_is_lost_and_what_is_the_same_is(first: str, second: str) -> None:
    found = list(runs(first, second))
    assert "".join(before for _, before, _ in found) == first
    assert "".join(after for _, _, after in found) == second
    assert all(before == after for same, before, after in found if same)


@given(st.text(max_size=300), st.text(max_size=300))
def test_texts_of_any_kind(first: str, second: str) -> None:
    found = list(runs(first, second))
    assert ("".join(run[1] for run in found), "".join(run[2] for run in found)) == (first, second)


def test_the_longest_texts_take_no_time_that_anybody_notices() -> None:
    began = time.monotonic()
    for first, second in (("a b " * 175, "b a " * 175), ("." * 700, "," * 700)):
        assert list(runs(first, second))
    assert time.monotonic() - began < 2

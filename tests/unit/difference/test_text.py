"""Texts compared word by word, and shown as a unified diff."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.difference.text import Hunk, compare_texts, hunks, lines_of, plain

LINES = st.lists(
    st.lists(st.sampled_from(["one", "two", "three", "four", "«five»", "六七"]), max_size=5).map(" ".join), max_size=25
)
TEXT = st.lists(st.text(), max_size=6)


def patched(lines: Sequence[str], found: Sequence[Hunk]) -> list[str]:
    """Lines with hunks applied, as `patch` does it: what they take away and stand in must be there."""
    made: list[str] = []
    at = 0
    for hunk in found:
        made += lines[at : hunk.start]
        at = hunk.start
        assert len(made) == hunk.start_2
        for line in hunk.lines:
            if line.sign != "+":
                assert lines[at] == line.text
                at += 1
            if line.sign != "-":
                made.append(line.text)
    return made + list(lines[at:])


@given(LINES, LINES)
def test_the_hunks_applied_to_the_one_text_give_the_other(before: list[str], after: list[str]) -> None:
    assert patched(before, hunks(before, after)) == after


@given(TEXT, TEXT)
def test_any_text_can_be_compared_and_shown(before: list[str], after: list[str]) -> None:
    old, new = lines_of(before), lines_of(after)
    found = hunks(old, new)
    assert patched(old, found) == new
    change = compare_texts(before, after, "page")
    assert change.after - change.before == change.added - change.removed
    if not found:
        assert change.same


@given(TEXT)
def test_a_text_is_the_same_as_itself_however_it_is_spaced(paragraphs: list[str]) -> None:
    spaced = [f"  {paragraph}\n\t" for paragraph in paragraphs]
    assert compare_texts(paragraphs, spaced, "article").same
    assert compare_texts(paragraphs, ["".join(f"{each}\n" for each in paragraphs)], "article").same


@given(LINES, LINES)
def test_what_is_not_marked_is_the_same_on_both_sides(before: list[str], after: list[str]) -> None:
    for hunk in hunks(before, after):
        kept: dict[str, list[str]] = {"-": [], "+": []}
        replaced = {line.sign for line in hunk.lines} >= {"-", "+"}
        for line in hunk.lines:
            for start, end in line.marked:
                assert 0 <= start < end <= len(line.text)
            if line.sign != " ":
                kept[line.sign].append("".join(c for at, c in enumerate(line.text) if not _in(at, line.marked)))
        if replaced and len(hunk.lines) == 2:
            assert "".join(kept["-"]).split() == "".join(kept["+"]).split()


def _in(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


@pytest.mark.parametrize(
    ("before", "after", "added", "removed"),
    [
        ("He is not guilty.", "He is guilty.", 0, 1),
        ("He is guilty.", "He is guilty?", 1, 1),
        ("He is guilty", "He is Guilty", 1, 1),
        ("1,000 were hurt", "10,000 were hurt", 1, 1),
        ("他有罪", "他无罪", 1, 1),
        ("a\u00adb c", "ab c", 0, 0),
        ("Ame\u0301lie", "Amélie", 0, 0),
        ("نمی\u200cشود", "نمیشود", 1, 1),
        ("a  b\u00a0c", "a b c", 0, 0),
        ("", "two words", 2, 0),
    ],
)
def test_a_word_counts_with_its_case_and_punctuation(before: str, after: str, added: int, removed: int) -> None:
    change = compare_texts([before], [after], "article")
    assert (change.added, change.removed) == (added, removed)


def test_a_text_is_shown_a_sentence_a_line() -> None:
    shown = lines_of(["He came. “She left.” And\nthen?", "  ", "3.5 percent. 他来了。她走了。"])
    assert shown == ["He came.", "“She left.”", "And then?", "", "3.5 percent.", "他来了。", "她走了。"]


def test_hunks_have_context_and_heads_that_patch_reads_and_words_marked() -> None:
    before = [f"line {number}." for number in range(30)]
    after = [*before[:5], "line five.", *before[6:15], *before[16:], "the end."]
    first, second, third = hunks(before, after)
    assert (first.head, second.head, third.head) == ("@@ -4,5 +4,5 @@", "@@ -14,5 +14,4 @@", "@@ -29,2 +28,3 @@")
    assert [line.sign + line.text for line in first.lines] == [
        " line 3.", " line 4.", "-line 5.", "+line five.", " line 6.", " line 7.",
    ]  # fmt: skip
    old, new = first.lines[2:4]
    assert [old.text[start:end] for start, end in old.marked] == ["5."]
    assert [new.text[start:end] for start, end in new.marked] == ["five."]


def test_in_each_line_the_words_that_differ_are_marked_together() -> None:
    (hunk,) = hunks(["He said so on Monday.", "Then he left."], ["On Friday, he said, he said so.", "Then he fled."])
    shown = [(line.sign, [line.text[start:end] for start, end in line.marked]) for line in hunk.lines]
    assert shown == [
        ("-", ["He", "so on Monday."]),
        ("-", ["left."]),
        ("+", ["On Friday, he said, he", "so."]),
        ("+", ["fled."]),
    ]


def test_a_hunk_of_an_empty_text_begins_at_line_0() -> None:
    (hunk,) = hunks([], ["all new"])
    assert hunk.head == "@@ -0,0 +1,1 @@"


def test_what_is_no_character_costs_nothing() -> None:
    assert plain("a\udc80b") == "a?b"
    assert compare_texts(["\ud800"], ["?"], "page").same

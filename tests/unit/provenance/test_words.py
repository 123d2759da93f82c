"""Words are the same, however they are written, and each has its place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.provenance.article import of_text
from archiver.provenance.words import quotations, shingle_size, words


def found(text: str) -> list[str]:
    return [word.text for word in words(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don’t say “Yes”!", 'DON\'T say "yes"'),
        ("a\u00a0b \t\n c", "a b c"),
        ("ﬁrst Ｗｏｒｄ", "first word"),
        ("exam\u00adple zero\u200bwidth", "example zerowidth"),
        ("cafe\u0301 Straße", "café STRASSE"),
        ("the end—and on", "the end - and on"),
        ("हिन्दी में", "हिन्दी, में!"),
    ],
)
def test_a_word_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert found(one) == found(other)


def test_scripts_without_spaces_are_taken_character_by_character() -> None:
    assert found("北京 says 東京タワー") == ["北", "京", "says", "東", "京", "タ", "ワ", "ー"]
    assert len(found("ภาษาไทย")) == 7
    assert found("หนึ่ง")[1] == "นึ่", "a mark is no character of its own"


def test_a_shingle_of_an_unspaced_script_has_more_of_them() -> None:
    assert shingle_size(list(words("一二三四五 six")), of_short=False) == 8
    assert shingle_size(list(words("one two three 四")), of_short=False) == 5


@given(st.text())
def test_every_word_stands_where_it_says_and_in_order(text: str) -> None:
    at = 0
    for word in words(text):
        assert at <= word.start < word.end <= len(text)
        assert found(text[word.start : word.end]) == [word.text]
        at = word.end


@given(st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "Z", "P"))))
def test_composed_and_decomposed_letters_give_the_same_words(text: str) -> None:
    latin = "".join(c for c in text if ord(c) < 0x250 or c.isspace())
    assert found(unicodedata.normalize("NFD", latin)) == found(unicodedata.normalize("NFC", latin))


LONG = " ".join(f"word{number}" for number in range(12))
SHORT = " ".join(f"word{number}" for number in range(11))


@pytest.mark.parametrize("marks", ["“”", '""', "„“", "«»", "「」", "»«"])
def test_a_quotation_of_twelve_words_is_left_out_and_a_shorter_one_is_not(marks: str) -> None:
    opening, closing = marks[0], marks[1]
    article = of_text(f"He said: {opening}{LONG}{closing} and left.")
    assert [word.text for word in article.words] == ["he", "said", "and", "left"]
    assert len(of_text(f"He said: {opening}{SHORT}{closing} and left.").words) == 15


def test_a_quotation_that_goes_on_in_the_next_paragraph_is_left_out_in_both() -> None:
    article = of_text(f"“{LONG}\n“{LONG}” she said.")
    assert [word.text for word in article.words] == ["she", "said"]


def test_a_mark_of_inches_or_one_that_is_never_closed_leaves_the_text_as_it_is() -> None:
    assert quotations(f'A 12" pipe, {LONG}, and a 14" pipe', 0, 200) == []
    assert quotations(f"He said “{LONG} and more", 0, 200) == []


def test_what_the_caller_leaves_out_is_not_compared() -> None:
    text = "One two. This first appeared elsewhere. Three four.\nFive six."
    start = text.index("This")
    article = of_text(text, [(start, start + len("This first appeared elsewhere."))])
    assert [word.text for word in article.words] == ["one", "two", "three", "four", "five", "six"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_stretches_that_overlap_are_left_out_once_and_nothing_else(spans: list[tuple[int, int]]) -> None:
    text = "\n".join("alpha beta gamma delta" for _ in range(3))
    left_out = [(min(span), max(span)) for span in spans]
    told = of_text(text, left_out).told
    kept = {at for start, end in told for at in range(start, end)}
    gone = {at for start, end in left_out for at in range(start, end)}
    assert kept == {at for at, c in enumerate(text) if c != "\n"} - gone
    assert sum(end - start for start, end in told) == len(kept)

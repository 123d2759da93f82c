"""Words of others: what they hide is shown, what is a script's own stays, and no text is longer than it may be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.report.foreign import address, digest, exact, words
from tests.unit.report.samples import Outline

# Whatever turns round, breaks, or does not show: of Unicode's own lists (Bidi_Control, Default_Ignorable, Cc, Cs).
_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def read(data: str) -> str:
    return "".join(Outline(data.encode()).texts)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\u202eb", "aU+202Eb"),
        ("a\x00\x1b[31mb", "aU+0000U+001B[31mb"),
        ("a\u200b\u200b\u200bb", "aU+200B × 3b"),
        ("\ud800", "U+D800"),
        ("\U000e0041", "U+E0041"),
        ("\u3164", "U+3164"),
        ("\U0010ffff", "U+10FFFF"),
        ("line\r\n\t  break", "line break"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_what_is_hidden_is_shown_by_its_number(text: str, told: str) -> None:
    assert read(words(text).html) == read(address(text).html) == read(exact(text).html) == told


@pytest.mark.parametrize(
    "text", ["می‌خواهم", "क्‍ष", "👨‍👩‍👧 and more", "Ver\u00adfas\u00adsung", "é ü ñ", "שָׁלוֹם", "ทั้งที่", "Ậ̂"]
)
def test_what_a_script_needs_is_left_alone_in_words(text: str) -> None:
    assert read(words(text).html) == text


@pytest.mark.parametrize("text", ["https://a.test/\u00ad", "https://می‌خواهم.test/", "https://a.test/\u200d"])
def test_nothing_is_hidden_in_an_address(text: str) -> None:
    assert "U+" in read(address(text).html)


def test_a_joiner_beside_a_latin_letter_is_shown() -> None:
    assert read(words("pay\u200dpal").html) == "payU+200Dpal"


def test_marks_that_pile_up_are_counted() -> None:
    assert read(words("a" + "\u0300" * 300 + "b").html) == "a" + "\u0300" * 4 + "296 marksb"


def test_a_long_text_says_how_much_was_left_off() -> None:
    assert read(words("x" * 1_000_001, 1000).html) == "x" * 1000 + " … (999,001 more characters)"
    assert read(words("xy", 1).html) == "x … (1 more character)"
    assert read(words("xy", 2).html) == "xy"


def test_a_digest_may_be_broken_after_eight_digits() -> None:
    assert digest("0123456789abcdef").html == '<code class="digest" translate="no">01234567<wbr>89abcdef</code>'


@pytest.mark.parametrize("text", ["", "ABCDEF0123", "0123456\u202e", "0" * 200, "<b>"])
def test_what_is_no_digest_is_treated_as_any_words(text: str) -> None:
    assert digest(text).html == exact(text).html


@given(st.text(st.characters(), max_size=200), st.sampled_from([words, address, exact]))
def test_nothing_hidden_gets_through(text: str, as_: object) -> None:
    assert callable(as_)
    made = as_(text).html
    assert not _HIDDEN.search(made)
    assert made.encode("utf-8")
    Outline(made.encode())


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=200))
def test_plain_words_are_not_touched(text: str) -> None:
    plain = re.sub(r"[\u115f\u1160\u3164\uffa0\u2800]", "", text)
    assert read(words(plain).html) == plain

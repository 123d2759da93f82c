"""Marks upon letters are bounded, and nothing else is altered."""

from __future__ import annotations

import time
import unicodedata

import pytest

from archiver import marks
from archiver.difference.text import plain
from archiver.provenance.words import words


@pytest.mark.parametrize("text", ["", "plain", "Café", "e\u0301" * 500, "ครั้งที่หนึ่ง", "नमस्ते" * 50, "가각" * 40])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert marks.bounded(text) == text


def test_of_a_long_run_thirty_are_kept() -> None:
    assert marks.bounded("e" + "\u0301" * 100 + "f") == "e" + "\u0301" * 30 + "f"


def test_a_million_marks_are_normalized_in_no_time() -> None:
    hostile = "e" + "\u0301\u0316" * 500_000
    began = time.process_time()
    assert len(unicodedata.normalize("NFKC", marks.bounded(hostile))) < 100
    assert len(plain(hostile)) < 100
    assert len(list(words(hostile))) <= 1
    assert time.process_time() - began < 10, "sorting the marks would take minutes"

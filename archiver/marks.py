"""Marks that are set upon a letter, bounded: a page may set any number on one."""

from __future__ import annotations

import unicodedata

_MAX_MARKS = 30


def bounded(text: str) -> str:
    """A text with at most 30 marks in a row, as Unicode's stream-safe format has it (UAX #15, section 13).

    To normalize a text sorts each run of marks, which takes the square of their number.
    """
    if text.isascii() or len(text) <= _MAX_MARKS:
        return text
    found, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MAX_MARKS:
            found.append(character)
    return "".join(found)

"""Words of a text as they are compared: the same for every way of writing them, each with its place.

A word is what lies between spaces and punctuation, in Unicode's compatible form (NFKC), without case, apostrophes and
characters that nobody sees. Where a script writes without spaces (Chinese, Japanese, Thai, …), each character is one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archiver import marks

Span = tuple[int, int]

#: quotations of so many words are left out: texts that have nothing else in common quote the same post
MIN_QUOTED_WORDS = 12
_SHORT_WORDS = 300
# A Chinese word has some two characters, so more of them make what five words say elsewhere.
_SIZES = {False: (5, 4), True: (8, 6)}

_UNSEEN = "\u00ad\u200b-\u200d\u2060\ufeff"
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0981-\u0983\u09bc-\u09d7\u0a01-\u0a03\u0a3c-\u0a51\u0a81-\u0a83"
    "\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0bbe-\u0bcd\u0c3e-\u0c56\u0cbc-\u0cd6\u0d3b-\u0d4d\u0dca-\u0ddf"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\uff9e\uff9f\ufe20-\ufe2f"
)
_UNSPACED = (
    "\u0e00-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e80-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u1000-\u102a\u103f\u1780-\u17b3"
    "\u3005-\u3007\u3040-\u3098\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
    "\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(
    rf"[{_UNSPACED}][{_MARKS}{_UNSEEN}]*"
    rf"|{_LETTER}(?:{_LETTER}|[{_MARKS}{_UNSEEN}]|['’ʼ＇](?={_LETTER}))*"
)
_PIECE = re.compile(rf"[{_UNSPACED}][{_MARKS}{_UNSEEN}]*|[^\s{_UNSPACED}]+")
_DROPPED = re.compile(rf"[{_UNSEEN}'’ʼ＇]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")

_CLOSING = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "‹": "›", "»": "«"}
_QUOTE = re.compile('[“”„«»「」『』‹›"＂]')


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared, and where it stands."""

    text: str
    start: int
    end: int


def words(text: str, start: int = 0, end: int | None = None) -> Iterator[Word]:
    """The words of a stretch of a text, in order."""
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        if plain := _plain(match[0]):
            yield Word(plain, match.start(), match.end())


def pieces(text: str) -> Iterator[Span]:
    """The words of a text as they are shown, with case and punctuation: what stands between spaces, in order."""
    return (match.span() for match in _PIECE.finditer(text))


def _plain(word: str) -> str:
    if word.isascii():
        return word.replace("'", "").lower()
    # Twice: to fold a character can leave what has a shorter form again.
    folded = unicodedata.normalize("NFKC", _DROPPED.sub("", marks.bounded(word))).casefold()
    return unicodedata.normalize("NFKC", folded)


def quotations(text: str, start: int, end: int) -> list[Span]:
    """Where a paragraph quotes `MIN_QUOTED_WORDS` words or more, marks included.

    A quotation that is not closed is one if the paragraph begins with it: speech that goes on in the next one.
    """
    found: list[Span] = []
    opened: tuple[int, str] | None = None
    for match in _QUOTE.finditer(text, start, end):
        mark, at = match[0], match.start()
        if opened is None:
            closing = _closing(text, mark, at, start)
            opened = (at, closing) if closing else None
        elif mark in opened[1] and not (mark in '"＂' and _opens(text, at, start)):
            found.append((opened[0], match.end()))
            opened = None
    if opened is not None and not text[start : opened[0]].strip():
        found.append((opened[0], end))
    return [(a, b) for a, b in found if _has_words(text, a, b, MIN_QUOTED_WORDS)]


def _closing(text: str, mark: str, at: int, start: int) -> str:
    """The marks that end what a mark begins; none where it begins nothing."""
    if mark in '"＂':
        return '"＂' if _opens(text, at, start) else ""
    if mark == "»" and not _opens(text, at, start):
        return ""
    return _CLOSING.get(mark, "")


def _opens(text: str, at: int, start: int) -> bool:
    return at == start or text[at - 1].isspace() or text[at - 1] in "([{—–-/"


def _has_words(text: str, start: int, end: int, count: int) -> bool:
    return any(number >= count for number, _ in enumerate(words(text, start, end), 1))


def is_unspaced(found: Sequence[Word]) -> bool:
    """Whether most of these words are characters of a script without spaces."""
    return 2 * sum(bool(_IS_UNSPACED.match(word.text)) for word in found) > len(found)


def shingle_size(found: Sequence[Word], *, of_short: bool) -> int:
    """How many words make a shingle: five, of short texts four; of unspaced scripts more."""
    return _SIZES[is_unspaced(found)][of_short]


def is_short(found: Sequence[Word]) -> bool:
    return len(found) < _SHORT_WORDS


def shingles(found: Sequence[Word], size: int) -> list[str]:
    """Each run of `size` words, in order, with repetitions."""
    texts = [word.text for word in found]
    return [" ".join(texts[at : at + size]) for at in range(len(texts) - size + 1)]

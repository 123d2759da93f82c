"""Two texts of a page compared word by word, and shown line by line with the words that differ.

A word is what stands between spaces, with its case and punctuation: "guilty." and "guilty?" differ. Where a script is
written without spaces, each character is one. White space and characters that nobody sees do not count, nor which of
Unicode's canonical forms (NFC) a character is written in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from archiver import marks
from archiver.difference.sequences import Stretch, differ
from archiver.provenance.words import Span, pieces

Compared = Literal["article", "page"]

_CONTEXT = 2  # lines that are shown before and after what differs
# Those that join letters (U+200C, U+200D) are left: they alter how Persian, Hindi or an emoji looks.
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SENTENCE_END = re.compile(r"[.!?\u2026\u0964][\"\u201d\u2019»)\]]*\s|[\u3002\uff01\uff1f][\u300d\u300f\u201d]?")


@dataclass(frozen=True)
class TextChange:
    """How many words were added and removed, and how many there were and are.

    `compared` says of what: of the `article`, or of all visible text of the `page`. Where it is not `exact`, the texts
    are long and have so little in common that fewer words may have been added and removed.
    """

    compared: Compared
    added: int
    removed: int
    before: int
    after: int
    exact: bool = True

    @property
    def same(self) -> bool:
        return not self.added and not self.removed


@dataclass(frozen=True)
class Line:
    """A line as a unified diff has it: `-`, `+` or a space, and its text; `marked` are the stretches that differ."""

    sign: str
    text: str
    marked: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Hunk:
    """Lines that differ, with some round them; they begin at these lines of the texts, counted from 0."""

    start: int
    start_2: int
    lines: tuple[Line, ...]

    @property
    def head(self) -> str:
        """`@@ -3,4 +3,5 @@`, as `patch` reads it."""
        sizes = [sum(line.sign != sign for line in self.lines) for sign in "+-"]
        # A side without lines is named by the line before it.
        first, second = (at + (size > 0) for at, size in zip((self.start, self.start_2), sizes, strict=True))
        return f"@@ -{first},{sizes[0]} +{second},{sizes[1]} @@"


def plain(text: str) -> str:
    """A text as it is compared: in NFC, without what nobody sees, and without characters that are none."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", _UNSEEN.sub("", marks.bounded(whole)))


def compare_texts(before: Iterable[str], after: Iterable[str], compared: Compared) -> TextChange:
    """The words that were added and removed between two texts, given by paragraphs."""
    found = differ(_words(before), _words(after))
    return TextChange(compared, found.added, found.removed, found.length, found.length_2, found.exact)


def _words(paragraphs: Iterable[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        text = plain(paragraph)
        for start, end in pieces(text):
            yield text[start:end]


def lines_of(paragraphs: Iterable[str]) -> list[str]:
    """A text as it is shown: a sentence a line, paragraphs parted by an empty one."""
    found: list[str] = []
    for paragraph in paragraphs:
        text = " ".join(plain(paragraph).split())
        if not text:
            continue
        if found:
            found.append("")
        start = 0
        for match in _SENTENCE_END.finditer(text):
            found.append(text[start : match.end()].rstrip())
            start = match.end()
        if text[start:]:
            found.append(text[start:])
    return found


def hunks(before: Sequence[str], after: Sequence[str]) -> list[Hunk]:
    """What differs between two texts, given by lines, as a unified diff has it; nothing where they are the same."""
    found: list[Hunk] = []
    group: list[Stretch] = []
    for stretch in differ(before, after).stretches:
        if group and stretch.start - group[-1].end > 2 * _CONTEXT:
            found.append(_hunk(before, after, group))
            group = []
        group.append(stretch)
    if group:
        found.append(_hunk(before, after, group))
    return found


def _hunk(before: Sequence[str], after: Sequence[str], group: Sequence[Stretch]) -> Hunk:
    lead = min(_CONTEXT, group[0].start)
    start, start_2 = group[0].start - lead, group[0].start_2 - lead
    found: list[Line] = []
    at = start
    for stretch in group:
        found += (Line(" ", line) for line in before[at : stretch.start])
        found += _replaced(before[stretch.start : stretch.end], after[stretch.start_2 : stretch.end_2])
        at = stretch.end
    found += (Line(" ", line) for line in before[at : at + _CONTEXT])
    return Hunk(start, start_2, tuple(found))


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """The lines of a stretch. Where there are old and new ones, the words that differ are marked."""
    if not old or not new:
        yield from (Line("-", line) for line in old)
        yield from (Line("+", line) for line in new)
        return
    places, places_2 = _placed(old), _placed(new)
    found = differ(
        (old[line][start:end] for line, (start, end) in places),
        (new[line][start:end] for line, (start, end) in places_2),
    )
    spans = [(each.start, each.end) for each in found.stretches]
    spans_2 = [(each.start_2, each.end_2) for each in found.stretches]
    yield from _marked("-", old, places, spans)
    yield from _marked("+", new, places_2, spans_2)


def _placed(lines: Sequence[str]) -> list[tuple[int, Span]]:
    return [(number, span) for number, line in enumerate(lines) for span in pieces(line)]


def _marked(sign: str, lines: Sequence[str], places: Sequence[tuple[int, Span]], spans: Iterable[Span]) -> list[Line]:
    """The lines, with words that follow each other marked as one stretch."""
    marks: list[list[Span]] = [[] for _ in lines]
    for first, last in spans:
        previous = -1
        for number, (start, end) in places[first:last]:
            of_line = marks[number]
            if number == previous:
                of_line[-1] = (of_line[-1][0], end)
            else:
                of_line.append((start, end))
            previous = number
    return [Line(sign, line, tuple(of_line)) for line, of_line in zip(lines, marks, strict=True)]

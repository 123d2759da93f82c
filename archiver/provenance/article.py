"""The text of an article as it is compared: the paragraphs of a page's main text, without what others wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from archiver.provenance.claim import Claim, Relation
from archiver.provenance.page import Page
from archiver.provenance.words import Span, Word, quotations, words

_COMPARED = ("body", "header")
_OF_OTHERS = (Relation.QUOTES, Relation.ILLUSTRATES)


@dataclass(frozen=True)
class Article:
    """A text and the stretches of it, in order, that are its paragraphs. Every place is an offset in `text`.

    Of them `left_out` is not compared, nor are long quotations: what many quote says nothing of who copied whom.
    """

    text: str
    paragraphs: tuple[Span, ...]
    left_out: tuple[Span, ...] = ()

    @cached_property
    def told(self) -> tuple[Span, ...]:
        """The paragraphs without what is left out, in order; no stretch crosses the end of a paragraph."""
        return tuple(self._without(quoted=True))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words that are compared, in order."""
        return tuple(word for start, end in self._without(quoted=False) for word in words(self.text, start, end))

    def _without(self, *, quoted: bool) -> Iterator[Span]:
        apart = sorted(self.left_out)
        first = 0
        for start, end in self.paragraphs:
            while first < len(apart) and apart[first][1] <= start:
                first += 1
            last = first
            while last < len(apart) and apart[last][0] < end:
                last += 1
            at = start
            gaps = [*apart[first:last], *(() if quoted else quotations(self.text, start, end))]
            for gap_start, gap_end in sorted(gaps):
                if gap_start > at:
                    yield at, gap_start
                at = max(at, gap_end)
            if at < end:
                yield at, end


def of_text(text: str, left_out: Iterable[Span] = ()) -> Article:
    """An article of plain text, a paragraph a line."""
    spans, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((start, start + len(line)))
        start += len(line) + 1
    return Article(text, tuple(spans), tuple(left_out))


def of_page(page: Page, left_out: Iterable[Span] = ()) -> Article:
    """The article of a page: its main text without captions, block quotations and embedded posts.

    `left_out` are further stretches of `Page.text`, such as its `attributions`.
    """
    found = (block for block in page.main if block.region in _COMPARED)
    return Article(page.text, tuple((b.start, b.start + len(b.text)) for b in found), tuple(left_out))


def attributions(claims: Iterable[Claim]) -> list[Span]:
    """Where a page says what its text comes from: no part of the text, and not in the original."""
    places = (claim.place for claim in claims if claim.relation not in _OF_OTHERS)
    return [(place.start, place.end) for place in places if place.start < place.end]

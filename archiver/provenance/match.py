"""Two articles compared: how much of each stands in the other, and what was added, removed and changed.

What is compared are shingles, runs of a few words. Containment is the share of one text's shingles that the other has:
it is told both ways, since a copy may be cut, or stand in a longer text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archiver.provenance.align import Passage, align
from archiver.provenance.article import Article
from archiver.provenance.words import is_short, shingle_size, shingles

#: a copy: so much of one text is in the other, and so many shingles at least
COPY = 0.70
MIN_SHARED = 60
#: below this nothing is said: 6 of 133 pairs of independent texts reached it, none reached `COPY`
PARTIAL = 0.30


class Verdict(StrEnum):
    """What comparing says."""

    COPY = "copy"
    PARTIAL = "partial"
    NONE = "none"  # each a text of its own, as far as words tell
    UNKNOWN = "unknown"  # much of one is in the other, but it is too little to be sure
    TOO_SHORT = "too short"  # one of them has too few words to be told from chance


@dataclass(frozen=True)
class Side:
    """One of the two texts: its compared words, its shingles, and which share of them the other text has."""

    words: int
    shingles: int
    contained: float

    def to_json(self) -> dict[str, Any]:
        # Without fractions, which no statement may have.
        return {
            "words": self.words,
            "shingles": self.shingles,
            "contained_per_mille": int(1000 * self.contained),
        }


@dataclass(frozen=True)
class Match:
    """What comparing two articles showed. `passages` lead from the first to the second; empty where nothing is said."""

    verdict: Verdict
    shared: int
    shingle_words: int
    first: Side
    second: Side
    passages: tuple[Passage, ...] = ()

    @property
    def containment(self) -> float:
        """The larger of both."""
        return max(self.first.contained, self.second.contained)

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": str(self.verdict),
            "shared_shingles": self.shared,
            "shingle_words": self.shingle_words,
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "passages": [passage.to_json() for passage in self.passages],
        }


def compare(first: Article, second: Article, *, aligned: bool = True) -> Match:
    """Compare two articles; takes time in proportion to their length. Never raises.

    Passages are told where there is a copy, whole or partial, and they are `aligned`.
    """
    shorter = min(first.words, second.words, key=len)
    size = shingle_size(shorter, of_short=is_short(shorter))
    ours, others = set(shingles(first.words, size)), set(shingles(second.words, size))
    shared = len(ours & others)
    sides = [
        Side(len(article.words), len(found), shared / len(found) if found else 0.0)
        for article, found in ((first, ours), (second, others))
    ]
    verdict = _verdict(min(len(ours), len(others)), shared, max(side.contained for side in sides))
    told = aligned and verdict in (Verdict.COPY, Verdict.PARTIAL)
    return Match(verdict, shared, size, sides[0], sides[1], align(first, second) if told else ())


def _verdict(fewest: int, shared: int, containment: float) -> Verdict:
    if fewest < MIN_SHARED:
        return Verdict.TOO_SHORT
    if containment >= COPY:
        return Verdict.COPY if shared >= MIN_SHARED else Verdict.UNKNOWN
    return Verdict.PARTIAL if containment >= PARTIAL else Verdict.NONE

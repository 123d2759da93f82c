"""Two texts aligned, sentence by sentence: what the second has that the first has not, what it lacks, what it changed.

1. Sentences that are the same, word for word, are kept, wherever they stand; so is one all of whose words stand in the
   other text as they do here: it was only cut or joined at another place.
2. Of the rest, each is held against those few that share a rare run of three words with it, and then against those
   in the same gap. Where half of the words are the same, the sentence was changed.
3. What is left was removed, or added.

The work grows with the length of the texts, not with its square: no sentence is held against more than a few.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import Indel

from archiver.provenance.article import Article
from archiver.provenance.words import Span, Word, words

_END = re.compile(r"[.!?…।][\"”’»)\]]*\s+|[。！？][」』”]?")
_MAX_SENTENCE_WORDS = 80  # a longer one is cut: time for a pair grows with the square
_RUN = 3  # words
_MIN_MOVED_WORDS = 6  # of fewer the runs may stand anywhere
_COMMON = 8  # a run in more sentences than that says nothing
_CANDIDATES = 4
_MAX_GAP = 20  # sentences of a gap, each held against each
_SIMILAR = 0.5
MAX_PASSAGES = 1000
_MAX_TEXT_CHARS = 1000


class Change(StrEnum):
    """What became of a passage on the way from the first text to the second."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Place:
    """A passage in one of the texts: offsets, and its words there, cut where it is very long."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Passage:
    """A passage that differs: where it stands in the first text, and where in the second."""

    change: Change
    first: Place | None
    second: Place | None

    def to_json(self) -> dict[str, Any]:
        places = {"first": self.first, "second": self.second}
        return {
            "change": str(self.change),
            **{
                name: {"start": place.start, "end": place.end, "text": place.text}
                for name, place in places.items()
                if place is not None
            },
        }


@dataclass(frozen=True, eq=False)
class _Sentence:
    number: int
    paragraph: int
    words: tuple[str, ...]
    start: int
    end: int

    @property
    def runs(self) -> Iterator[tuple[str, ...]]:
        return _runs(self.words)


@dataclass
class _Text:
    """One text while it is aligned; `partner` is, of each sentence that has one, its number in the other text."""

    article: Article
    sentences: list[_Sentence]
    runs: set[tuple[str, ...]]
    partner: dict[int, int] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)

    @property
    def left(self) -> list[_Sentence]:
        return [each for each in self.sentences if each.number not in self.partner and each.number not in self.kept]


def align(first: Article, second: Article) -> tuple[Passage, ...]:
    """What was removed and changed, in the order of the first text, then what was added, in that of the second.

    Sentences that lie together in one paragraph make one passage. At most `MAX_PASSAGES` are told. Quotations count
    here, whatever their length: leaving one out changes a story.
    """
    ours, others = _read(first), _read(second)
    _pair_same(ours, others)
    _keep_moved(ours, others)
    _keep_moved(others, ours)
    _pair(ours, others, _sharing(ours.left, others.left))
    _pair(ours, others, _of_gaps(ours, others))
    removed = [Passage(Change.REMOVED, place, None) for place in _places(ours)]
    changed = list(_changed(ours, others))
    added = [Passage(Change.ADDED, None, place) for place in _places(others)]
    of_first = sorted(removed + changed, key=lambda passage: passage.first.start if passage.first else 0)
    return tuple((of_first + added)[:MAX_PASSAGES])


def _read(article: Article) -> _Text:
    sentences = list(_sentences(article))
    stream = [word for sentence in sentences for word in sentence.words]
    return _Text(article, sentences, set(_runs(stream)))


def _runs(stream: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(stream[at:] for at in range(_RUN)), strict=False)


def _sentences(article: Article) -> Iterator[_Sentence]:
    number = 0
    for paragraph, (start, end) in enumerate(article.told):
        for at, until in _split(article.text, start, end):
            found = list(words(article.text, at, until))
            for first in range(0, len(found), _MAX_SENTENCE_WORDS):
                part = found[first : first + _MAX_SENTENCE_WORDS]
                yield _sentence(number, paragraph, part)
                number += 1


def _sentence(number: int, paragraph: int, found: list[Word]) -> _Sentence:
    return _Sentence(number, paragraph, tuple(word.text for word in found), found[0].start, found[-1].end)


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    for match in _END.finditer(text, start, end):
        yield start, match.end()
        start = match.end()
    if start < end:
        yield start, end


def _pair_same(ours: _Text, others: _Text) -> None:
    waiting: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for other in reversed(others.sentences):
        waiting[other.words].append(other.number)
    for sentence in ours.sentences:
        if found := waiting.get(sentence.words):
            ours.partner[sentence.number] = number = found.pop()
            others.partner[number] = sentence.number


def _keep_moved(ours: _Text, others: _Text) -> None:
    for sentence in ours.left:
        if len(sentence.words) >= _MIN_MOVED_WORDS and others.runs.issuperset(sentence.runs):
            ours.kept.add(sentence.number)


def _sharing(ours: list[_Sentence], others: list[_Sentence]) -> Iterator[tuple[_Sentence, _Sentence]]:
    """Pairs that share runs of words, of each sentence those that share most."""
    places: dict[tuple[str, ...], list[_Sentence]] = defaultdict(list)
    for other in others:
        for run in set(other.runs):
            places[run].append(other)
    for sentence in ours:
        counts: Counter[_Sentence] = Counter()
        for run in set(sentence.runs):
            if len(found := places.get(run, ())) <= _COMMON:
                counts.update(found)
        yield from ((sentence, other) for other, _ in counts.most_common(_CANDIDATES))


def _of_gaps(ours: _Text, others: _Text) -> Iterator[tuple[_Sentence, _Sentence]]:
    """Pairs between the same two sentences that both texts have."""
    gaps: dict[int, list[_Sentence]] = defaultdict(list)
    for before, other in _after_paired(others):
        gaps[before].append(other)
    ours_of: dict[int, list[_Sentence]] = defaultdict(list)
    for before, sentence in _after_paired(ours):
        ours_of[ours.partner.get(before, -1)].append(sentence)
    for before, found in ours_of.items():
        if len(found) <= _MAX_GAP and len(gaps[before]) <= _MAX_GAP:
            yield from ((sentence, other) for sentence in found for other in gaps[before])


def _after_paired(text: _Text) -> Iterator[tuple[int, _Sentence]]:
    """Each sentence without a partner, with the number of the last one before it that has one, or -1."""
    before = -1
    for sentence in text.sentences:
        if sentence.number in text.partner:
            before = sentence.number
        elif sentence.number not in text.kept:
            yield before, sentence


def _pair(ours: _Text, others: _Text, candidates: Iterable[tuple[_Sentence, _Sentence]]) -> None:
    """Pair what is similar, the most similar first; each sentence once."""
    scored = []
    for sentence, other in candidates:
        score = Indel.normalized_similarity(sentence.words, other.words, score_cutoff=_SIMILAR)
        if score >= _SIMILAR:
            scored.append((-score, sentence.number, other.number))
    for _, number, other_number in sorted(scored):
        if number not in ours.partner and other_number not in others.partner:
            ours.partner[number], others.partner[other_number] = other_number, number


def _changed(ours: _Text, others: _Text) -> Iterator[Passage]:
    for number, other_number in ours.partner.items():
        sentence, other = ours.sentences[number], others.sentences[other_number]
        if sentence.words != other.words:
            yield Passage(
                Change.CHANGED,
                _place(ours.article, sentence.start, sentence.end),
                _place(others.article, other.start, other.end),
            )


def _places(text: _Text) -> Iterator[Place]:
    """The places of what has neither partner nor was kept."""
    run: list[_Sentence] = []
    for sentence in text.left:
        if run and (sentence.number, sentence.paragraph) != (run[-1].number + 1, run[-1].paragraph):
            yield _place(text.article, run[0].start, run[-1].end)
            run = []
        run.append(sentence)
    if run:
        yield _place(text.article, run[0].start, run[-1].end)


def _place(article: Article, start: int, end: int) -> Place:
    return Place(start, end, article.text[start : min(end, start + _MAX_TEXT_CHARS)])

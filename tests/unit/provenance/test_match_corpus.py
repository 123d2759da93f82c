"""Real articles and copies made of them: every copy is found, and no text of its own is taken for one."""

from __future__ import annotations

import random
from itertools import combinations, islice, pairwise

import pytest

from archiver.provenance.article import Article
from archiver.provenance.match import Verdict, compare
from tests.support.compared import CORPUS, LONG_ENOUGH, copies, of_sentences, plain, quoting, real

_PAGES = 24

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CORPUS / "reposts.tsv").is_file(), reason=f"there is no corpus of real pages in {CORPUS}"),
]


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [article for _, article in islice(real(CORPUS), _PAGES) if len(article.words) >= LONG_ENOUGH]


def test_copies_of_real_articles_are_found_verbatim_cut_within_longer_pages_and_edited_lightly(
    articles: list[Article],
) -> None:
    chance = random.Random(11)
    for one, other in pairwise(map(plain, articles)):
        for kind, copy in copies(one, other, chance):
            if kind == "paraphrased":
                continue
            match = compare(of_sentences(one), of_sentences(copy))
            assert match.verdict is Verdict.COPY, kind
            assert bool(match.passages) == (kind != "verbatim"), kind


def test_real_articles_of_their_own_are_no_copies_of_each_other(articles: list[Article]) -> None:
    for one, other in combinations(articles, 2):
        assert compare(one, other).verdict is not Verdict.COPY


def test_nor_are_they_when_the_same_long_quotations_stand_in_them(articles: list[Article]) -> None:
    for one, other in pairwise(map(plain, articles)):
        words = sum(len(each.split()) for each in one)
        match = compare(of_sentences(quoting(one, words)), of_sentences(quoting(other, words)))
        assert match.containment < 0.1

"""Pairs of articles to be compared: copies made in several ways, and texts of their own that quote the same."""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections.abc import Iterator
from pathlib import Path

from archiver.provenance.article import Article, attributions, of_page, of_text
from archiver.provenance.claims import find_claims
from archiver.provenance.page import read_page
from scripts.bench.reposts import decoded
from tests.unit.provenance.texts import quotation

#: where the corpus of real pages lies, if there is one
CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "reposts"
#: words of an article of which a cut copy has as many shingles as a copy must have
LONG_ENOUGH = 150
_SENTENCE_END = re.compile(r"(?<=[.!?。])\s*(?=\S)|\n")

Sentences = list[str]


def real(corpus: Path) -> Iterator[tuple[str, Article]]:
    """The articles of the corpus, by their addresses."""
    for name in ("reposts.tsv", "not-reposts.tsv"):
        with (corpus / name).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                url = row["page_url"] or "http://unknown.invalid/page"
                html = decoded(gzip.decompress((corpus / row["page"]).read_bytes()))
                page = read_page([{"html": html, "url": url}], url)
                yield row["page"], of_page(page, attributions(find_claims(page).claims))


def plain(article: Article) -> Sentences:
    """The sentences of an article."""
    told = "\n".join(article.text[start:end] for start, end in article.told)
    return [each for each in _SENTENCE_END.split(told) if each.strip()]


def of_sentences(found: Sentences) -> Article:
    return of_text("\n".join(found))


def edited(found: Sentences, chance: random.Random, share: float) -> Sentences:
    def word(each: str) -> str:
        return each if chance.random() > share else "edited"

    return [" ".join(word(each) for each in one.split()) for one in found]


def cut(found: Sentences, chance: random.Random) -> Sentences:
    """Without a stretch of 30 % of the words somewhere."""
    total = sum(map(len, found))
    first = chance.randrange(1 + len(found) // 2)
    kept, gone = list(found[:first]), 0
    for each in found[first:]:
        if gone < 0.27 * total:
            gone += len(each)
        else:
            kept.append(each)
    return kept


def copies(found: Sentences, other: Sentences, chance: random.Random) -> Iterator[tuple[str, Sentences]]:
    around = [*other, *other] if sum(map(len, other)) < sum(map(len, found)) else other
    yield "verbatim", found
    yield "cut", cut(found, chance)
    yield "in a longer page", [*around[: len(around) // 2], *found, *around[len(around) // 2 :]]
    yield "edited lightly", edited(found, chance, 1 / 40)
    yield "paraphrased", edited(found, chance, 1 / 4)


def quoting(found: Sentences, words: int) -> Sentences:
    """The text with quotations of as many words as it has itself."""
    quoted = [quotation(seed, 70) for seed in range(max(1, words // 70))]
    step = max(1, len(found) // len(quoted))
    return [
        each
        for at in range(0, len(found), step)
        for each in (*found[at : at + step], *quoted[at // step : at // step + 1])
    ]

#!/usr/bin/env python3
"""Whether copies are told from texts of their own, on made-up articles and on the corpus' real ones.

    .venv/bin/python scripts/bench/match.py [../shared/corpus/reposts]

From each article copies are made: verbatim, cut by 30 %, within a text three times as long, edited lightly (one word in
40) and paraphrased (one word in 4). Against them stand independent texts: each article with the next one, and both with
the same long quotations put in. Asked for: no false copy, each verbatim and each cut copy found. Prints the shares of
verdicts, and what comparing takes.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archiver.provenance.article import Article, of_text
from archiver.provenance.match import Verdict, compare
from tests.support.compared import CORPUS, LONG_ENOUGH, copies, of_sentences, plain, quoting, real
from tests.unit.provenance.texts import sentences, text

_COPIES = ("verbatim", "cut", "in a longer page", "edited lightly")


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")


class Counts:
    """Verdicts by kind of pair, and the seconds they took."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Counter[Verdict]] = {}
        self.contained: dict[str, list[float]] = {}
        self.seconds: list[float] = []

    def add(self, kind: str, one: Article, other: Article) -> None:
        began = time.process_time()
        match = compare(one, other)
        self.seconds.append(time.process_time() - began)
        self.verdicts.setdefault(kind, Counter())[match.verdict] += 1
        self.contained.setdefault(kind, []).append(match.containment)

    def show(self) -> int:
        """The table; how many verdicts are not as asked for."""
        say("| pair | copy | partial | none | unknown | too short | containment: least | most |")
        say("|---|---|---|---|---|---|---|---|")
        wrong = 0
        for kind, found in self.verdicts.items():
            order = (Verdict.COPY, Verdict.PARTIAL, Verdict.NONE, Verdict.UNKNOWN, Verdict.TOO_SHORT)
            cells = " | ".join(str(found[each]) for each in order)
            least, most = min(self.contained[kind]), max(self.contained[kind])
            say(f"| {kind} | {cells} | {least:.2f} | {most:.2f} |")
            if kind in ("verbatim", "cut"):
                wrong += found.total() - found[Verdict.COPY]
            elif kind not in _COPIES and kind != "paraphrased":
                wrong += found[Verdict.COPY]
        seconds = self.seconds
        middle, most = 1000 * statistics.median(seconds), 1000 * max(seconds)
        say(f"\ncomparing: processor time {middle:.1f} ms in the median, {most:.0f} at most")
        return wrong


def run(name: str, articles: list[Article]) -> int:
    say(f"\n{name}: {len(articles)} articles\n")
    chance, counts = random.Random(11), Counts()  # noqa: S311  # which words, nothing secret
    found = [plain(article) for article in articles]
    for one, other in pairwise([*found, found[0]]):
        for kind, copy in copies(one, other, chance):
            counts.add(kind, of_sentences(one), of_sentences(copy))
    for at, article in enumerate(articles):
        for another in articles[at + 1 : at + 11]:
            counts.add("independent", article, another)
    for one, other in pairwise(found):
        words = sum(len(each.split()) for each in one)
        counts.add(
            "independent, same quotations", of_sentences(quoting(one, words)), of_sentences(quoting(other, words))
        )
    return counts.show()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=CORPUS)
    wanted = parser.parse_args()
    wrong = run("made up", [of_text(text(sentences(seed, 12 + seed % 50))) for seed in range(100)])
    if not (wanted.corpus / "reposts.tsv").is_file():
        say(f"\nskipped: there is no corpus of real pages in {wanted.corpus}")
        return int(wrong > 0)
    pages = list(dict(real(wanted.corpus)).values())
    long = [article for article in pages if len(article.words) >= LONG_ENOUGH]
    say(f"\n{len(pages)} pages, {len(pages) - len(long)} of them with fewer than {LONG_ENOUGH} words")
    wrong += run("real", long)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

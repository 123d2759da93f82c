"""A sketch: few of the shingles of a text, the same ones of every copy (FracMinHash).

A shingle is kept when its hash lies below a threshold. So whether one is kept depends on itself alone, and of a part of
a text the sketch holds that part of the whole's sketch: shared hashes estimate containment, whatever the lengths.
MinHash proper would estimate the Jaccard index, which is small where a text stands in a much longer one.

Described for genomes by Irber et al. (2022), doi 10.1101/2022.01.11.475838.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from archiver.model import TEXT_SKETCH, Sketch
from archiver.provenance.article import Article, of_page
from archiver.provenance.page import read_page
from archiver.provenance.words import shingle_size, shingles

#: one shingle in so many is kept: some 30 of an article of 400 words
SCALE = 12
#: of longer texts every second, fourth, … of these is kept, so that a statement stays small
MAX_HASHES = 1000
_HASH_BYTES = 8


def to_json(sketch: Sketch) -> dict[str, Any]:
    """As the statement of a snapshot has it: `text_sketch`."""
    return {
        "method": TEXT_SKETCH,
        "words": sketch.words,
        "scale": sketch.scale,
        "hashes": [f"{each:016x}" for each in sketch.hashes],
    }


def hash_of(shingle: str) -> int:
    """64 bits, the same on every machine and for ever."""
    return int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=_HASH_BYTES).digest(), "big")


def of_article(article: Article) -> Sketch:
    """The sketch of an article. Shingles have one length, whatever the text's: a cut copy must have the same ones."""
    size = shingle_size(article.words, of_short=False)
    return of_hashes(len(article.words), map(hash_of, shingles(article.words, size)))


def of_hashes(words: int, hashes: Iterable[int]) -> Sketch:
    """The sketch of all these hashes of a text's shingles."""
    scale = SCALE
    kept = sorted({each for each in hashes if each < (1 << 64) // scale})
    while len(kept) > MAX_HASHES:
        scale *= 2
        limit = (1 << 64) // scale
        kept = [each for each in kept if each < limit]
    return Sketch(words, scale, tuple(kept))


def of_frames(frames: list[dict[str, Any]], url: str) -> Sketch:
    """The sketch of a page's main text, from the DOM of its frames as `urn:dom:` has it."""
    return of_article(of_page(read_page(frames, url)))

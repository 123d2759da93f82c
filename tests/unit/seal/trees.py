"""Trees for the tests of this folder: a naive recursive RFC 6962, section 2.1, over a list of leaf hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

_VECTORS = Path(__file__).resolve().parents[3].parent / "shared" / "vectors"


def vectors(name: str) -> Path:
    folder = _VECTORS / name
    if not folder.is_dir():
        pytest.skip(f"the vectors of {name} are not beside the project: {folder.name} is missing")
    return folder


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def flipped(value: bytes, bit: int) -> bytes:
    """The bytes with one bit turned round."""
    number = int.from_bytes(value, "big") ^ 1 << bit
    return number.to_bytes(len(value), "big")


def one_flipped(hashes: Sequence[bytes], at: int, bit: int) -> list[bytes]:
    return [*hashes[:at], flipped(hashes[at], bit), *hashes[at + 1 :]]


@cache
def leaf(index: int) -> bytes:
    return sha256(b"\0" + b"entry %d" % index)


class Naive:
    """MTH, PATH and SUBPROOF as the RFC writes them, over the leaves `leaf(begin)` to before `leaf(end)`."""

    def __init__(self) -> None:
        self._roots: dict[tuple[int, int], bytes] = {}

    def root(self, begin: int, end: int) -> bytes:
        known = self._roots.get((begin, end))
        if known is None:
            known = self._roots[begin, end] = self._root(begin, end)
        return known

    def _root(self, begin: int, end: int) -> bytes:
        if begin == end:
            return sha256(b"")
        if end - begin == 1:
            return leaf(begin)
        k = split(end - begin)
        return sha256(b"\1" + self.root(begin, begin + k) + self.root(begin + k, end))

    def path(self, m: int, begin: int, end: int) -> list[bytes]:
        if end - begin == 1:
            return []
        k = split(end - begin)
        if m < k:
            return [*self.path(m, begin, begin + k), self.root(begin + k, end)]
        return [*self.path(m - k, begin + k, end), self.root(begin, begin + k)]

    def subproof(self, m: int, begin: int, end: int, whole: bool = True) -> list[bytes]:
        if m == end - begin:
            return [] if whole else [self.root(begin, end)]
        k = split(end - begin)
        if m <= k:
            return [*self.subproof(m, begin, begin + k, whole), self.root(begin + k, end)]
        return [*self.subproof(m - k, begin + k, end, False), self.root(begin, begin + k)]

    def tiles(self, size: int) -> Iterator[tuple[str, bytes]]:
        """C2SP tlog-tiles: level, number and width as text, and the hashes, of trees below 256,000 leaves."""
        for level in range(8):
            span = 256**level
            hashes = [self.root(i * span, (i + 1) * span) for i in range(size // span)]
            for n in range(0, len(hashes), 256):
                tile = hashes[n : n + 256]
                partial = "" if len(tile) == 256 else f".p/{len(tile)}"
                yield f"tile/{level}/{n // 256:03}{partial}", b"".join(tile)


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k

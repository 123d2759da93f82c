"""Merkle trees of a log: their hashes, their right edge, and proofs of inclusion and consistency.

RFC 9162 section 2.1, which has the trees of RFC 6962 and says how to check proofs. A hash is SHA-256, 32 bytes.
A subtree is called (level, n): it is complete, has 2**level leaves, and begins at leaf n * 2**level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()  # 2.1.1


class ProofError(ValueError):
    """A proof does not prove what it is for, or none can exist."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf, 2.1.1."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node, 2.1.1."""
    return hashlib.sha256(b"\1" + left + right).digest()


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with the hash `leaf` is number `index` of the tree with this size and root, 2.1.3.2.

    Raises `ProofError` otherwise.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    _refuse_other_than_hashes((leaf, root, *proof))
    computed = leaf
    for sibling, on_the_left in _climb(index, size - 1, proof):
        computed = node_hash(sibling, computed) if on_the_left else node_hash(computed, sibling)
    if computed != root:
        raise ProofError(f"the proof that leaf {index} is in the tree of {size} leaves leads to another root")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `size2` leaves begins with all of the tree of `size1` leaves, 2.1.4.2.

    Raises `ProofError` otherwise. An empty tree is the beginning of every tree, which proves nothing of it: that is an
    error, too.
    """
    if not 0 < size1 <= size2:
        raise ProofError(f"no proof leads from a tree of {size1} leaves to one of {size2}")
    if size1 == size2:
        if proof or root1 != root2:
            raise ProofError(
                f"two trees of {size1} leaves are said to be the same, and have different roots or a proof"
            )
        return
    _refuse_other_than_hashes((root1, root2, *proof))
    path = [root1, *proof] if size1.bit_count() == 1 else list(proof)
    if not path:
        raise ProofError("the consistency proof is empty")
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    computed1 = computed2 = path[0]
    for sibling, on_the_left in _climb(node, last, path[1:]):
        if on_the_left:
            computed1, computed2 = node_hash(sibling, computed1), node_hash(sibling, computed2)
        else:
            computed2 = node_hash(computed2, sibling)
    if (computed1, computed2) != (root1, root2):
        raise ProofError(f"the proof from the tree of {size1} leaves to that of {size2} leads to other roots")


def _climb(node: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The siblings on the way to the root, each with whether it is on the left: the loop of 2.1.3.2 and 2.1.4.2.

    `node` and `last`, the last node of its level, are numbered within the level. Raises `ProofError` when the proof
    does not end at the root.
    """
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof goes on after the root")
        on_the_left = bool(node & 1) or node == last
        if on_the_left:
            while node and not node & 1:  # a last node without a sibling is its own parent
                node, last = node >> 1, last >> 1
        yield sibling, on_the_left
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the proof ends before the root")


def _refuse_other_than_hashes(hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise ProofError(f"a hash has {len(value)} bytes instead of {HASH_BYTES}")


class Edge:
    """The right edge of a tree: the roots of its maximal complete subtrees. It is all that appending needs."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """`hashes` begin with the root of the largest subtree. Raises `ValueError` when they cannot be of this size."""
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError(f"the right edge of a tree of {size} leaves does not have {len(hashes)} hashes")
        _refuse_other_than_hashes(hashes)
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """One hash for each binary one of the size, the largest subtree's first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash: one more hash is computed on average, and never more than the tree is high."""
        _refuse_other_than_hashes((leaf,))
        grown = leaf
        full = self._size
        while full & 1:
            grown = node_hash(self._hashes.pop(), grown)
            full >>= 1
        self._hashes.append(grown)
        self._size += 1

    def root(self) -> bytes:
        return _combined(self._hashes) if self._hashes else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Callable[[int, int], bytes]) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves, 2.1.3.1.

    `subtree(level, n)` gives the hash of a complete subtree; it is asked for those in the proof only, and for the parts
    of the one that is incomplete. Raises `ProofError` when there is no such leaf, and what `subtree` raises.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    begin, end = 0, size
    path = []
    while end - begin > 1:
        middle = _middle(begin, end)
        if index < middle:
            path.append(_root_of(middle, end, subtree))
            end = middle
        else:
            path.append(_root_of(begin, middle, subtree))
            begin = middle
    return path[::-1]


def consistency_proof(size1: int, size2: int, subtree: Callable[[int, int], bytes]) -> list[bytes]:
    """The proof that the tree of `size2` leaves begins with that of `size1`, 2.1.4.1. `subtree` as above.

    Raises `ProofError` when `size1` is 0 or larger than `size2`, and what `subtree` raises.
    """
    if not 0 < size1 <= size2:
        raise ProofError(f"no proof leads from a tree of {size1} leaves to one of {size2}")
    begin, end = 0, size2
    path = []
    while end != size1:
        middle = _middle(begin, end)
        if size1 <= middle:
            path.append(_root_of(middle, end, subtree))
            end = middle
        else:
            path.append(_root_of(begin, middle, subtree))
            begin = middle
    if begin:  # otherwise the verifier has this hash: it is the first tree's root
        path.append(_root_of(begin, end, subtree))
    return path[::-1]


def edge_subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The maximal complete subtrees (level, n) of the leaves from `begin` to before `end`, largest first.

    `begin` must be a multiple of the largest one's leaves, as it is in every range that section 2.1 speaks of.
    """
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def _middle(begin: int, end: int) -> int:
    """Where 2.1.1 splits a range: after the largest power of two that is smaller than its length."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _root_of(begin: int, end: int, subtree: Callable[[int, int], bytes]) -> bytes:
    return _combined([subtree(level, n) for level, n in edge_subtrees(begin, end)])


def _combined(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees that become smaller to the right; there is at least one."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root

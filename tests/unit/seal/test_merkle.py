"""Merkle trees: the public vectors, and agreement with a naive RFC 6962."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal.merkle import (
    EMPTY_ROOT,
    Edge,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.seal.trees import Naive, flipped, leaf, one_flipped, sha256, vectors

_NAIVE = Naive()
_MANY = 2000
_bits = st.integers(0, 255)
_sizes = st.integers(1, _MANY)


def counted(asked: list[tuple[int, int]]) -> Callable[[int, int], bytes]:
    def subtree(level: int, n: int) -> bytes:
        asked.append((level, n))
        return _NAIVE.root(n << level, n + 1 << level)

    return subtree


@st.composite
def inclusions(draw: st.DrawFn, smallest: int = 1) -> tuple[int, int, list[bytes]]:
    size = draw(st.integers(smallest, _MANY))
    index = draw(st.integers(0, size - 1))
    return index, size, _NAIVE.path(index, 0, size)


@st.composite
def consistencies(draw: st.DrawFn) -> tuple[int, int, list[bytes]]:
    """Of two trees of different sizes."""
    size2 = draw(st.integers(2, _MANY))
    size1 = draw(st.integers(1, size2 - 1))
    return size1, size2, _NAIVE.subproof(size1, 0, size2)


def included(index: int, size: int, proof: list[bytes]) -> None:
    verify_inclusion(index, size, leaf(index), proof, _NAIVE.root(0, size))


def consistent(size1: int, size2: int, proof: list[bytes]) -> None:
    verify_consistency(size1, size2, _NAIVE.root(0, size1), _NAIVE.root(0, size2), proof)


def _decoded(values: list[str] | None) -> list[bytes]:
    return [base64.b64decode(value) for value in values or ()]


def _vector_outcome(kind: str, case: dict[str, Any]) -> str:
    proof = _decoded(case["proof"])
    try:
        if kind == "inclusion":
            (root, hashed) = _decoded([case["root"] or "", case["leafHash"] or ""])
            verify_inclusion(case["leafIdx"], case["treeSize"], hashed, proof, root)
        else:
            (root1, root2) = _decoded([case["root1"] or "", case["root2"] or ""])
            verify_consistency(case["size1"], case["size2"], root1, root2, proof)
    except ProofError:
        return "refused"
    return "accepted"


def test_every_public_vector_is_accepted_or_refused_as_it_says() -> None:
    paths = sorted(vectors("merkle").rglob("*.json"))
    wrong = []
    for path in paths:
        case = json.loads(path.read_text())
        expected = "refused" if case["wantErr"] else "accepted"
        if _vector_outcome(path.relative_to(vectors("merkle")).parts[0], case) != expected:
            wrong.append(f"{path}: {case['desc']}")
    assert wrong == []
    assert len(paths) == 196


def test_leaves_and_nodes_are_told_apart_by_a_first_byte() -> None:
    assert leaf_hash(b"x") == sha256(b"\0x")
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\1" + b"l" * 32 + b"r" * 32)


def test_the_edge_has_the_right_root_at_every_size() -> None:
    edge = Edge()
    assert edge.root() == EMPTY_ROOT == sha256(b"")
    for index in range(_MANY):
        edge.append(leaf(index))
        assert edge.size == index + 1
        assert len(edge.hashes) == edge.size.bit_count()
        assert edge.root() == _NAIVE.root(0, index + 1)


@given(_sizes, st.integers(0, 300))
def test_an_edge_goes_on_from_its_size_and_hashes(size: int, more: int) -> None:
    edge = Edge()
    for index in range(size):
        edge.append(leaf(index))
    again = Edge(edge.size, edge.hashes)
    for index in range(size, size + more):
        again.append(leaf(index))
    assert again.root() == _NAIVE.root(0, size + more)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (3, 1), (4, 2), (-1, 1)])
def test_an_edge_with_a_wrong_number_of_hashes_is_refused(size: int, count: int) -> None:
    with pytest.raises(ValueError, match="right edge"):
        Edge(size, [leaf(0)] * count)


def test_an_edge_takes_hashes_only() -> None:
    with pytest.raises(ValueError, match="33 bytes"):
        Edge(1, [bytes(33)])
    edge = Edge()
    with pytest.raises(ValueError, match="5 bytes"):
        edge.append(b"entry")
    assert (edge.size, edge.hashes) == (0, ())


@given(inclusions())
def test_inclusion_proofs_are_those_of_the_rfc_and_verify(case: tuple[int, int, list[bytes]]) -> None:
    index, size, expected = case
    asked: list[tuple[int, int]] = []
    assert inclusion_proof(index, size, counted(asked)) == expected
    assert len(asked) == len(set(asked)) <= 2 * size.bit_length()
    included(index, size, expected)


@given(consistencies())
def test_consistency_proofs_are_those_of_the_rfc_and_verify(case: tuple[int, int, list[bytes]]) -> None:
    size1, size2, expected = case
    asked: list[tuple[int, int]] = []
    assert consistency_proof(size1, size2, counted(asked)) == expected
    assert len(asked) == len(set(asked)) <= 2 * size2.bit_length()
    consistent(size1, size2, expected)


def test_all_proofs_of_small_trees_are_those_of_the_rfc_and_verify() -> None:
    for size in range(1, 40):
        for index in range(size):
            proof = inclusion_proof(index, size, counted([]))
            assert proof == _NAIVE.path(index, 0, size)
            included(index, size, proof)
        for size1 in range(1, size + 1):
            proof = consistency_proof(size1, size, counted([]))
            assert proof == _NAIVE.subproof(size1, 0, size)
            consistent(size1, size, proof)


@given(inclusions(2), st.data())
def test_an_inclusion_proof_with_a_bit_flipped_never_verifies(
    case: tuple[int, int, list[bytes]], data: st.DataObject
) -> None:
    index, size, proof = case
    forged = one_flipped(proof, data.draw(st.integers(0, len(proof) - 1)), data.draw(_bits))
    with pytest.raises(ProofError):
        included(index, size, forged)


@given(inclusions(), _bits)
def test_a_proof_says_nothing_of_another_leaf_or_root(case: tuple[int, int, list[bytes]], bit: int) -> None:
    index, size, proof = case
    root = _NAIVE.root(0, size)
    with pytest.raises(ProofError, match="another root"):
        verify_inclusion(index, size, flipped(leaf(index), bit), proof, root)
    with pytest.raises(ProofError, match="another root"):
        verify_inclusion(index, size, leaf(index), proof, flipped(root, bit))


@given(inclusions(), st.integers(-1, _MANY))
def test_an_inclusion_proof_is_for_one_index_only(case: tuple[int, int, list[bytes]], other: int) -> None:
    index, size, proof = case
    if other != index:
        with pytest.raises(ProofError):
            verify_inclusion(other, size, leaf(index), proof, _NAIVE.root(0, size))


@given(consistencies(), st.data())
def test_a_consistency_proof_with_a_bit_flipped_never_verifies(
    case: tuple[int, int, list[bytes]], data: st.DataObject
) -> None:
    size1, size2, proof = case
    forged = one_flipped(proof, data.draw(st.integers(0, len(proof) - 1)), data.draw(_bits))
    with pytest.raises(ProofError):
        consistent(size1, size2, forged)


@given(consistencies(), _bits)
def test_a_consistency_proof_is_for_its_two_roots_only(case: tuple[int, int, list[bytes]], bit: int) -> None:
    size1, size2, proof = case
    root1, root2 = _NAIVE.root(0, size1), _NAIVE.root(0, size2)
    with pytest.raises(ProofError, match="other roots"):
        verify_consistency(size1, size2, flipped(root1, bit), root2, proof)
    with pytest.raises(ProofError, match="other roots"):
        verify_consistency(size1, size2, root1, flipped(root2, bit), proof)


def test_no_hash_of_a_proof_may_be_added_dropped_or_swapped() -> None:
    for size in range(2, 34):
        for index in range(size):
            for forged in rearranged(_NAIVE.path(index, 0, size)):
                with pytest.raises(ProofError):
                    included(index, size, forged)
        for size1 in range(1, size):
            for forged in rearranged(_NAIVE.subproof(size1, 0, size)):
                with pytest.raises(ProofError):
                    consistent(size1, size, forged)


def rearranged(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with one hash added anywhere, one dropped, and two neighbours swapped."""
    forged = [[*proof[:at], added, *proof[at:]] for at in range(len(proof) + 1) for added in (leaf(0), bytes(32))]
    forged += [[*proof[:at], *proof[at + 1 :]] for at in range(len(proof))]
    forged += [[*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]] for at in range(len(proof) - 1)]
    return [other for other in forged if other != proof]


def test_a_proof_ends_at_the_root() -> None:
    inclusion, consistency = _NAIVE.path(3, 0, 7), _NAIVE.subproof(3, 0, 7)
    for check, proof in ((included, inclusion), (consistent, consistency)):
        with pytest.raises(ProofError, match="goes on after the root"):
            check(3, 7, [*proof, leaf(0)])
        with pytest.raises(ProofError, match="ends before the root"):
            check(3, 7, proof[:-1])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused_wherever_it_stands(length: int) -> None:
    odd = bytes(length)
    with pytest.raises(ProofError, match="bytes"):
        verify_inclusion(0, 1, odd, [], odd)
    with pytest.raises(ProofError, match="bytes"):
        verify_inclusion(0, 2, leaf(0), [odd], _NAIVE.root(0, 2))
    with pytest.raises(ProofError, match="bytes"):
        verify_consistency(1, 2, odd, odd, [leaf(1)])
    with pytest.raises(ProofError, match="bytes"):
        verify_consistency(1, 2, leaf(0), _NAIVE.root(0, 2), [odd])


@pytest.mark.parametrize(("size1", "size2"), [(0, 0), (0, 1), (-1, 1), (2, 1)])
def test_from_an_empty_or_a_larger_tree_nothing_can_be_proven(size1: int, size2: int) -> None:
    with pytest.raises(ProofError, match="no proof leads"):
        verify_consistency(size1, size2, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(ProofError, match="no proof leads"):
        consistency_proof(size1, size2, counted([]))


def test_trees_of_one_size_have_one_root_and_no_proof() -> None:
    verify_consistency(2, 2, leaf(0), leaf(0), [])
    for root2, proof in ((leaf(1), []), (leaf(0), [leaf(1)])):
        with pytest.raises(ProofError, match="the same"):
            verify_consistency(2, 2, leaf(0), root2, proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (2, 1)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ProofError, match="has no leaf"):
        verify_inclusion(index, size, leaf(0), [], leaf(0))
    with pytest.raises(ProofError, match="has no leaf"):
        inclusion_proof(index, size, counted([]))

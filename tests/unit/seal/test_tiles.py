"""Tiles and entry bundles: which there are, what is in them, and how few are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.seal.merkle import ProofError, leaf_hash, node_hash, verify_consistency, verify_inclusion
from archiver.seal.tiles import (
    Tile,
    TileTree,
    entries_path,
    new_bundles,
    new_tiles,
    pack_bundle,
    parse_bundle,
    tile_for,
    tiles_of,
)
from tests.unit.seal.trees import Naive, leaf

_NAIVE = Naive()
_MANY = 2000
_sizes = st.integers(0, _MANY)
_entries = st.lists(st.binary(max_size=300), max_size=40)


def tree_of(size: int, read: list[Tile] | None = None) -> TileTree:
    """Over the tiles of the naive tree, and only those."""
    tiles = dict(_NAIVE.tiles(size))

    def reader(tile: Tile) -> bytes:
        if read is not None:
            read.append(tile)
        return tiles[tile.path]

    return TileTree(size, reader)


def all_alike(read: list[Tile]) -> Callable[[Tile], bytes]:
    """The tiles of a tree of any size with the same leaf everywhere."""
    levels = [leaf(0)]
    for _ in range(63):
        levels.append(node_hash(levels[-1], levels[-1]))

    def reader(tile: Tile) -> bytes:
        read.append(tile)
        return levels[8 * tile.level] * tile.width

    return reader


@pytest.mark.parametrize(
    ("n", "path"),
    [
        (0, "000"),
        (67, "067"),
        (999, "999"),
        (1000, "x001/000"),
        (1234067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_a_number_is_written_in_groups_of_three_digits(n: int, path: str) -> None:
    assert Tile(0, n).path == f"tile/0/{path}"
    assert Tile(12, n, 5).path == f"tile/12/{path}.p/5"
    assert entries_path(n) == f"tile/entries/{path}"
    assert entries_path(n, 255) == f"tile/entries/{path}.p/255"


@pytest.mark.parametrize(("level", "n", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_there_is_no_such_tile(level: int, n: int, width: int) -> None:
    with pytest.raises(ValueError, match="there is no tile"):
        Tile(level, n, width)


@pytest.mark.parametrize(("n", "width"), [(-1, 1), (0, 0), (0, 257)])
def test_there_is_no_such_bundle(n: int, width: int) -> None:
    with pytest.raises(ValueError, match="there is no entry bundle"):
        entries_path(n, width)


def test_a_tree_of_70000_leaves_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    full = [tile for tile in tiles if tile.width == 256]
    assert [sum(tile.level == level for tile in full) for level in range(3)] == [273, 1, 0]
    assert [tile for tile in tiles if tile not in full] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@given(_sizes)
def test_a_tree_has_the_tiles_of_the_naive_one(size: int) -> None:
    assert [tile.path for tile in tiles_of(size)] == [path for path, _ in _NAIVE.tiles(size)]


@given(st.integers(0, 200_000), st.integers(0, 140_000))
def test_what_was_there_and_what_is_new_are_all_tiles_of_the_larger_tree(old: int, more: int) -> None:
    new = list(new_tiles(old, old + more))
    there = set(tiles_of(old))
    assert set(tiles_of(old + more)) <= there | set(new)
    assert not there & set(new)
    assert set(new) <= set(tiles_of(old + more))
    assert [tile.level for tile in new] == sorted(tile.level for tile in new)


@given(_sizes, _sizes)
def test_bundles_are_new_where_tiles_of_leaves_are(old: int, more: int) -> None:
    leaves = [(tile.n, tile.width) for tile in new_tiles(old, old + more) if tile.level == 0]
    assert list(new_bundles(old, old + more)) == leaves


def test_full_tiles_that_were_passed_over_are_new_and_other_partial_ones_are_not() -> None:
    assert list(new_tiles(200, 600)) == [Tile(0, 0), Tile(0, 1), Tile(0, 2, 88), Tile(1, 0, 2)]
    assert list(new_bundles(200, 600)) == [(0, 256), (1, 256), (2, 88)]
    assert list(new_tiles(600, 601)) == [Tile(0, 2, 89)]
    assert list(new_tiles(65_535, 65_536)) == [Tile(0, 255), Tile(1, 0), Tile(2, 0, 1)]


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1)])
def test_a_tree_does_not_shrink(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not grow"):
        new_tiles(old, new)
    with pytest.raises(ValueError, match="does not grow"):
        new_bundles(old, new)


@given(_entries)
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert parse_bundle(pack_bundle(entries), len(entries)) == entries


def test_a_bundle_is_entries_after_their_lengths() -> None:
    assert pack_bundle([b"ab", b"", bytes(258)]) == b"\0\2ab" + b"\0\0" + b"\1\2" + bytes(258)
    assert parse_bundle(pack_bundle([bytes(65535)]), 1) == [bytes(65535)]


def test_an_entry_above_65535_bytes_has_no_place_in_a_bundle() -> None:
    with pytest.raises(ValueError, match="65536 bytes"):
        pack_bundle([b"", bytes(65536)])


@pytest.mark.parametrize(
    ("data", "count", "message"),
    [
        (b"", 1, "fewer than 1"),
        (b"\0\1a", 2, "fewer than 2"),
        (b"\0\1a\0\0", 1, "more than 1"),
        (b"\0\1a", 0, "more than 0"),
        (b"\0\1a\0", 2, "within the length"),
        (b"\0\1a\0\2b", 2, "within an entry"),
    ],
)
def test_a_bundle_with_more_or_less_than_its_entries_is_refused(data: bytes, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_bundle(data, count)


@given(st.binary(max_size=600), st.integers(0, 256))
def test_any_bytes_are_a_bundle_or_a_value_error(data: bytes, count: int) -> None:
    try:
        entries = parse_bundle(data, count)
    except ValueError:
        return
    assert pack_bundle(entries) == data
    assert len(entries) == count


@given(st.integers(1, _MANY), st.data())
def test_a_subtree_is_computed_of_the_slots_of_one_tile(size: int, data: st.DataObject) -> None:
    level = data.draw(st.integers(0, size.bit_length() - 1))
    n = data.draw(st.integers(0, (size >> level) - 1))
    tile, slots = tile_for(level, n, size)
    assert tile in set(tiles_of(size))
    assert slots.stop <= tile.width
    span = 256**tile.level
    first = tile.n * 256 + slots.start
    assert (first * span, len(slots) * span) == (n << level, 1 << level)
    assert tree_of(size).subtree(level, n) == _NAIVE.root(n << level, n + 1 << level)


@pytest.mark.parametrize(("level", "n", "size"), [(0, 0, 0), (0, 7, 7), (3, 0, 7), (8, 1, 511), (-1, 0, 7), (0, -1, 7)])
def test_a_subtree_that_is_not_complete_is_in_no_tile(level: int, n: int, size: int) -> None:
    with pytest.raises(ValueError, match="no complete subtree"):
        tile_for(level, n, size)


@given(_sizes)
def test_roots_and_edges_of_tiles_are_those_of_the_naive_tree(size: int) -> None:
    tree = tree_of(size)
    assert tree.root() == _NAIVE.root(0, size)
    edge = tree.edge()
    edge.append(leaf(size))
    assert (edge.size, edge.root()) == (size + 1, _NAIVE.root(0, size + 1))


@given(st.integers(1, _MANY), st.data())
def test_proofs_of_tiles_are_those_of_the_naive_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old_size = data.draw(st.integers(1, size))
    assert tree_of(size).inclusion_proof(index) == _NAIVE.path(index, 0, size)
    assert tree_of(size).consistency_proof(old_size) == _NAIVE.subproof(old_size, 0, size)


def test_proofs_that_cannot_be_are_refused() -> None:
    with pytest.raises(ProofError, match="no leaf 5"):
        tree_of(5).inclusion_proof(5)
    for old_size in (0, 6):
        with pytest.raises(ProofError, match="no proof leads"):
            tree_of(5).consistency_proof(old_size)


@given(st.integers(1, _MANY))
def test_each_tile_is_read_once_and_only_the_edge_is_for_a_root(size: int) -> None:
    read: list[Tile] = []
    tree = tree_of(size, read)
    tree.root()
    assert len(read) <= 2  # the last tile of each level, at most
    for index in {0, size // 2, size - 1}:
        tree.inclusion_proof(index)
        tree.consistency_proof(index + 1)
    assert len(read) == len(set(read))


@pytest.mark.parametrize("size", [1_000_000, 1 << 20, (1 << 20) - 1, (1 << 20) + 1])
def test_of_a_million_leaves_no_more_than_two_tiles_a_level_are_read(size: int) -> None:
    root = TileTree(size, all_alike([])).root()
    for index in (0, 255, 65_535, 524_288, 777_777, size - 1):
        read: list[Tile] = []
        verify_inclusion(index, size, leaf(0), TileTree(size, all_alike(read)).inclusion_proof(index), root)
        assert len(read) <= 2 * 3
        read.clear()
        old_root = TileTree(index + 1, all_alike([])).root()
        proof = TileTree(size, all_alike(read)).consistency_proof(index + 1)
        verify_consistency(index + 1, size, old_root, root, proof)
        assert len(read) <= 2 * 3
    read = []
    TileTree(size, all_alike(read)).edge()
    assert len(read) <= 3


@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_a_tile_of_another_length_is_refused(change: int) -> None:
    tree = TileTree(5, lambda tile: bytes(tile.size_bytes + change))
    with pytest.raises(ValueError, match=r"tile/0/000\.p/5 has \d+ bytes instead of 160"):
        tree.root()


def test_leaves_of_a_bundle_are_the_hashes_of_a_tile() -> None:
    entries = [b"entry %d" % index for index in range(256)]
    assert b"".join(map(leaf_hash, parse_bundle(pack_bundle(entries), 256))) == dict(_NAIVE.tiles(300))["tile/0/000"]

"""A log's tree in tiles of 256 hashes, and its entries in bundles of 256: which there are, and what is read of them.

C2SP tlog-tiles. Tile level L has the hashes of tree level 8 * L. Paths are relative to the log's prefix.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archiver.seal import merkle
from archiver.seal.merkle import HASH_BYTES, Edge, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
_MAX_LEVEL = 63
_MAX_ENTRY_BYTES = 0xFFFF
_LENGTH = struct.Struct(">H")


@dataclass(frozen=True)
class Tile:
    """`width` hashes of the tree: all 256 of the place, or of a partial tile the first so many."""

    level: int
    n: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= _MAX_LEVEL or self.n < 0 or not 1 <= self.width <= WIDTH:
            raise ValueError(f"there is no tile of level {self.level}, number {self.n} and width {self.width}")

    @property
    def path(self) -> str:
        return f"tile/{self.level}/{_number(self.n)}{_partial(self.width)}"

    @property
    def size_bytes(self) -> int:
        return self.width * HASH_BYTES


def entries_path(n: int, width: int = WIDTH) -> str:
    """The path of an entry bundle. Raises `ValueError` when there is none of that number and width."""
    if n < 0 or not 1 <= width <= WIDTH:
        raise ValueError(f"there is no entry bundle of number {n} and width {width}")
    return f"tile/entries/{_number(n)}{_partial(width)}"


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree with that many leaves, lower levels first."""
    return new_tiles(0, size)


def new_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles that a tree of `new_size` has and its beginning of `old_size` leaves had not, lower levels first.

    Of sizes between the two only full tiles are among them. Raises `ValueError` when the tree would shrink.
    """
    _refuse_shrinking(old_size, new_size)
    return _new_tiles(old_size, new_size)


def _new_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    level = 0
    while new_size:
        for n, width in _new(old_size, new_size):
            yield Tile(level, n, width)
        level, old_size, new_size = level + 1, old_size >> HEIGHT, new_size >> HEIGHT


def new_bundles(old_size: int, new_size: int) -> Iterator[tuple[int, int]]:
    """Number and width of the entry bundles that are new, as `new_tiles`."""
    _refuse_shrinking(old_size, new_size)
    return _new(old_size, new_size)


def pack_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle: each entry after its length in two bytes. Raises `ValueError` on one too long."""
    for entry in entries:
        if len(entry) > _MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has {len(entry)} bytes, more than the {_MAX_ENTRY_BYTES} a bundle takes")
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def parse_bundle(data: bytes, count: int) -> list[bytes]:
    """The entries of a bundle. Raises `ValueError` unless there are `count` of them and nothing else."""
    entries = []
    offset = 0
    while offset < len(data):
        begin = offset + _LENGTH.size
        if begin > len(data):
            raise ValueError("an entry bundle ends within the length of an entry")
        offset = begin + _LENGTH.unpack_from(data, begin - _LENGTH.size)[0]
        if offset > len(data):
            raise ValueError("an entry bundle ends within an entry")
        entries.append(data[begin:offset])
        if len(entries) > count:
            break  # it may have very many that are empty
    if len(entries) != count:
        raise ValueError(f"an entry bundle has {'more' if len(entries) > count else 'fewer'} than {count} entries")
    return entries


def tile_for(level: int, n: int, size: int) -> tuple[Tile, range]:
    """The tile, as a tree of this size has it, and the hashes in it that the subtree (level, n) is computed of.

    Raises `ValueError` when that subtree is not complete in such a tree.
    """
    if level < 0 or n < 0 or (n + 1) << level > size:
        raise ValueError(f"a tree of {size} leaves has no complete subtree {n} of level {level}")
    tile_level, inside = divmod(level, HEIGHT)
    number, slot = divmod(n << inside, WIDTH)
    hashes = size >> HEIGHT * tile_level
    return Tile(tile_level, number, min(WIDTH, hashes - number * WIDTH)), range(slot, slot + (1 << inside))


class TileTree:
    """The tree of `size` leaves, as tiles that `read` gives; each is read once, and only when it is needed.

    Nothing here shows that the tiles are the log's: compare `root()` with a checkpoint, or verify the proofs. Every
    method raises `ValueError` when a tile has not the length it must have, and what `read` raises.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        self._size = size
        self._read = read
        self._tiles: dict[Tile, bytes] = {}

    def subtree(self, level: int, n: int) -> bytes:
        """The hash of the complete subtree (level, n). Raises `ValueError` when it is not in the tree."""
        tile, slots = tile_for(level, n, self._size)
        data = self._tile(tile)
        hashes = [data[slot * HASH_BYTES : (slot + 1) * HASH_BYTES] for slot in slots]
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    def root(self) -> bytes:
        return self.edge().root()

    def edge(self) -> Edge:
        """What is needed to append to this tree."""
        return Edge(self._size, [self.subtree(level, n) for level, n in merkle.edge_subtrees(0, self._size)])

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The proof for leaf `index`. Raises `ProofError` when there is none."""
        return merkle.inclusion_proof(index, self._size, self.subtree)

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """The proof that this tree begins with that of `old_size`. Raises `ProofError` when it is 0 or larger."""
        return merkle.consistency_proof(old_size, self._size, self.subtree)

    def _tile(self, tile: Tile) -> bytes:
        data = self._tiles.get(tile)
        if data is None:
            data = self._read(tile)
            if len(data) != tile.size_bytes:
                raise ValueError(f"{tile.path} has {len(data)} bytes instead of {tile.size_bytes}")
            self._tiles[tile] = data
        return data


def _new(old_count: int, new_count: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles of a level when its hashes become more."""
    if new_count > old_count:
        for n in range(old_count // WIDTH, new_count // WIDTH):
            yield n, WIDTH
        if new_count % WIDTH:
            yield new_count // WIDTH, new_count % WIDTH


def _refuse_shrinking(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree does not grow from {old_size} leaves to {new_size}")


def _number(n: int) -> str:
    """In groups of three digits, with an x before all but the last: 1234067 is x001/x234/067."""
    path = f"{n % 1000:03}"
    while n >= 1000:
        n //= 1000
        path = f"x{n % 1000:03}/{path}"
    return path


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"

"""Publishing a log: tiles, entry bundles and the signed checkpoint of the slots filled since the last one.

Texts and tiles are what the slots make them, whoever publishes, in whatever order: each is created, and where it is
there already it must be the same, or something is wrong. The work is that of the new entries and of the right edge of
the tree, which the last signed checkpoint vouches for, so it grows with the logarithm of the log's length.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from archiver.errors import AlteredError, ExistsError, NotFoundError, StorageError
from archiver.seal import published
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.keys import Signer
from archiver.seal.merkle import EMPTY_ROOT, HASH_BYTES, Edge, ProofError, leaf_hash, node_hash, verify_consistency
from archiver.seal.note import VerifierKey
from archiver.seal.published import KeysFor, NotCountingError, Signed
from archiver.seal.tiles import HEIGHT, WIDTH, Tile, TileTree, entries_path, pack_bundle, tiles_of
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore, read


@dataclass(frozen=True)
class Published:
    """The newest checkpoint after publishing; `added` is how many entries it has more than the one before."""

    signed: Signed
    added: int


def publish(
    store: ObjectStore,
    signer: Signer,
    keys: KeysFor,
    known: Checkpoint | None = None,
    on_signing: Callable[[Signed], None] | None = None,
    whole: bool = False,
    ever: Collection[VerifierKey] = (),
) -> Published:
    """Bring tiles, bundles and the checkpoint to the end of the log.

    `known` is the checkpoint that this machine signed or saw last: the log must go on from there. `on_signing` is told
    of the new checkpoint before it is published, to remember it. With `whole` it is seen to that all tiles and bundles
    are there; those that are missing are made again of the slots. `ever` are the keys that counted once: what only
    they signed is signed again.

    Raises `AlteredError` when the log, or what is published of it, is not what was signed or seen before; then nothing
    is signed. Raises `StorageError`.
    """
    base = _base(store, signer.name, keys, known, ever)
    growth = _Growth(store, base, whole and _is_incomplete(store, base.size))
    for leaf in log.leaves(store, base.size):
        growth.append(leaf)
    growth.finish()
    checkpoint = growth.checkpoint(signer.name)
    _create(store, layout.checkpoint(checkpoint.size), checkpoint.text.encode())
    signature = signer.sign(checkpoint.text)
    if on_signing:
        on_signing(Signed(checkpoint, (signature,)))
    _create(store, layout.signature(checkpoint.size, signature.key_id), signature.line.encode())
    signed = published.at(store, signer.name, checkpoint.size, keys)
    if signed is None:
        raise StorageError(f"{store.where(layout.checkpoint(checkpoint.size))} was published and is not there")
    _put_newest(store, signed, keys, ever)
    return Published(signed, checkpoint.size - base.size)


def check_follows(old: Checkpoint, new: Checkpoint, tree: TileTree) -> None:
    """Raise `AlteredError` unless the log of checkpoint `new`, with this tree, begins with that of `old`."""
    if old.size > new.size:
        raise AlteredError(f"the log had {old.size} entries and now has {new.size}: it was rolled back")
    if old.size == 0:
        return
    try:
        proof = tree.consistency_proof(old.size)
        verify_consistency(old.size, new.size, old.root, new.root, proof)
    except (ProofError, ValueError) as error:
        raise AlteredError(
            f"the log of {new.size} entries does not begin with the {old.size} that were signed or seen before: {error}"
        ) from None


def _base(
    store: ObjectStore, origin: str, keys: KeysFor, known: Checkpoint | None, ever: Collection[VerifierKey]
) -> Checkpoint:
    """The checkpoint to go on from: the newest one, or of what this machine knows when that is more."""
    signed = published.newest(store, origin, keys, ever)
    newest = Checkpoint(origin, 0, EMPTY_ROOT) if signed is None else signed.checkpoint
    if known is None:
        return newest
    if known.size > newest.size:
        return known  # signed and then not published; that the slots say the same is seen when its tiles are read
    check_follows(known, newest, published.tree(store, newest.size))
    return newest


class _Growth:
    """A tree that grows: at each level the hashes of the tile at its right edge, and the entries of the last bundle."""

    def __init__(self, store: ObjectStore, base: Checkpoint, anew: bool = False) -> None:
        self._store = store
        said = f"the tiles of {store.location} do not lead to the hashes"
        try:
            self._edge, self._levels = self._again(base) if anew else _edge_of(store, base)
        except NotFoundError:
            # Tiles can be lost without harm: the slots have everything.
            self._edge, self._levels = self._again(base)
            said = f"the log of {store.location} does not begin with the entries"
        if self._edge.root() != base.root:
            raise AlteredError(f"{said} that were signed at a size of {base.size}; nothing was signed")
        self._entries = self._last_entries()
        self._refuse_cut_log()

    def append(self, leaf: bytes) -> None:
        self._entries.append(leaf)
        if len(self._entries) == WIDTH:
            _create_full(self._store, entries_path(self._edge.size // WIDTH), pack_bundle(self._entries))
            self._entries = []
        self._add(leaf)

    def _add(self, leaf: bytes) -> None:
        value = leaf_hash(leaf)
        self._edge.append(value)
        size = self._edge.size
        for level in range(len(self._levels) + 1):
            if level == len(self._levels):
                self._levels.append([])
            hashes = self._levels[level]
            hashes.append(value)
            if len(hashes) < WIDTH:
                return
            tile = Tile(level, (size >> HEIGHT * (level + 1)) - 1)
            _create_full(self._store, tile.path, b"".join(hashes))
            value = _root(hashes)
            hashes.clear()

    def finish(self) -> None:
        """Publish what is at the right edge."""
        size = self._edge.size
        if self._entries:
            path = entries_path(size // WIDTH, len(self._entries))
            _create(self._store, layout.published(path), pack_bundle(self._entries))
        for level, hashes in enumerate(self._levels):
            if hashes:
                tile = Tile(level, (size >> HEIGHT * level) // WIDTH, len(hashes))
                _create(self._store, layout.published(tile.path), b"".join(hashes))

    def checkpoint(self, origin: str) -> Checkpoint:
        return Checkpoint(origin, self._edge.size, self._edge.root())

    def _again(self, base: Checkpoint) -> tuple[Edge, list[list[bytes]]]:
        self._edge, self._levels, self._entries = Edge(), list[list[bytes]](), list[bytes]()
        for index, leaf in enumerate(log.leaves(self._store, 0)):
            if index == base.size:
                break
            self.append(leaf)
        if self._edge.size < base.size:
            raise AlteredError(
                f"the log had {base.size} entries, which were signed, and now has {self._edge.size}: it was rolled back"
            )
        return self._edge, self._levels

    def _last_entries(self) -> list[bytes]:
        """The entries of the bundle at the right edge, which are those that the last tile has the hashes of."""
        hashes = self._levels[0] if self._levels else []
        if not hashes:
            return []
        first = self._edge.size - len(hashes)
        with contextlib.suppress(StorageError, NotFoundError):
            entries = published.read_bundle(self._store, first // WIDTH, len(hashes))
            if [leaf_hash(entry) for entry in entries] == hashes:
                return entries
        entries = [b"".join(self._store.get(layout.slot(first + n), 0, log.MAX_LEAF_BYTES)) for n in range(len(hashes))]
        for index, (entry, value) in enumerate(zip(entries, hashes, strict=True), first):
            if leaf_hash(entry) != value:
                raise AlteredError(f"{self._store.where(layout.slot(index))} is not the entry that was signed there")
        return entries

    def _refuse_cut_log(self) -> None:
        """Entries that were signed must still be there: in their place others would be entered."""
        last = self._edge.size - 1
        if last < 0:
            return
        slot = layout.slot(last)
        try:
            leaf = b"".join(self._store.get(slot, 0, log.MAX_LEAF_BYTES))
        except NotFoundError:
            raise AlteredError(
                f"the log had {last + 1} entries, which were signed, and {self._store.where(slot)} is missing: it was "
                "rolled back; nothing was signed"
            ) from None
        hashes = self._levels[0] or [published.tree(self._store, last + 1).subtree(0, last)]
        if leaf_hash(leaf) != hashes[-1]:
            raise AlteredError(f"{self._store.where(slot)} is not the entry that was signed there")


def _is_incomplete(store: ObjectStore, size: int) -> bool:
    """Whether a full tile or bundle of the first `size` entries is missing."""
    there = set(store.list(layout.TILES))
    paths = [tile.path for tile in tiles_of(size) if tile.width == WIDTH]
    paths += [entries_path(n) for n in range(size // WIDTH)]
    return any(layout.published(path) not in there for path in paths)


def _edge_of(store: ObjectStore, base: Checkpoint) -> tuple[Edge, list[list[bytes]]]:
    """Right edge and last tiles of a published tree; together they are what its root is made of."""
    tiles: dict[Tile, bytes] = {}

    def read_once(tile: Tile) -> bytes:
        if tile not in tiles:
            tiles[tile] = published.read_tile(store, tile)
        return tiles[tile]

    try:
        edge = TileTree(base.size, read_once).edge()
    except ValueError as error:
        raise AlteredError(f"a tile of {store.location} is damaged: {error}") from None
    levels, count = list[list[bytes]](), base.size
    while count:
        n, width = divmod(count, WIDTH)
        data = read_once(Tile(len(levels), n, width)) if width else b""
        levels.append([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])
        count = n
    return edge, levels


def _root(hashes: list[bytes]) -> bytes:
    """The root of a full tile."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def _create_full(store: ObjectStore, path: str, data: bytes) -> None:
    """Publish a full tile or bundle, and take away the partial ones, which it has all of."""
    key = layout.published(path)
    _create(store, key, data)
    with contextlib.suppress(StorageError):  # they do no harm where they stay
        for partial in list(store.list(f"{key}.p/")):
            store.delete(partial)


def _create(store: ObjectStore, key: str, data: bytes) -> None:
    try:
        store.put_new(key, data)
    except ExistsError:
        if b"".join(store.get(key, 0, len(data) + 1)) != data:
            raise AlteredError(
                f"{store.where(key)} is not what the log's entries make it; nothing was signed. Keep a copy of the "
                "archive as it is, and verify it: archiver verify --all"
            ) from None


def _put_newest(store: ObjectStore, signed: Signed, keys: KeysFor, ever: Collection[VerifierKey]) -> None:
    """Whoever asks for the newest one finds it at once; a larger one that came in meanwhile stays."""
    with contextlib.suppress(NotFoundError, NotCountingError):
        data, where = read(store, layout.CHECKPOINT, 1 << 20), store.where(layout.CHECKPOINT)
        there = published.parse(data, signed.checkpoint.origin, keys, where, ever)
        if there.checkpoint.size > signed.checkpoint.size or there == signed:
            return
    store.replace(layout.CHECKPOINT, signed.note)

"""What is published of a log beside its slots, read: checkpoints with their signatures, tiles, entry bundles.

All of it can be made again of the slots, and nothing of it is believed before a signed checkpoint says the same.
C2SP tlog-tiles, with two differences: entries are in `log/slot/` as well, which is where their order is decided, and
besides the newest checkpoint, `log/checkpoint`, every earlier one stays, text and signatures as objects of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from archiver.errors import AlteredError, NotFoundError, StorageError
from archiver.seal import note
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.merkle import HASH_BYTES
from archiver.seal.note import NoteError, Signature, VerifierKey
from archiver.seal.tiles import WIDTH, Tile, TileTree, entries_path, parse_bundle
from archiver.storage import layout, log
from archiver.storage.base import ObjectStore, read

#: the keys whose signature counts under a checkpoint of this size
KeysFor = Callable[[int], Collection[VerifierKey]]

_MAX_BUNDLE_BYTES = WIDTH * (2 + log.MAX_LEAF_BYTES)
_MAX_LINE_BYTES = 4096


class NotCountingError(AlteredError):
    """A checkpoint is signed, but only by keys that do not count at its size any more."""


@dataclass(frozen=True)
class Signed:
    """A checkpoint and the signatures of known keys under it."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    @property
    def note(self) -> bytes:
        return note.render(self.checkpoint.text, self.signatures)


def newest(store: ObjectStore, origin: str, keys: KeysFor, ever: Collection[VerifierKey] = ()) -> Signed | None:
    """The largest checkpoint that one of the keys has signed; None where none is published.

    What only keys signed that counted once, which `ever` has, is passed over: they are said to be compromised since.
    Raises `AlteredError` when `log/checkpoint` is not a checkpoint of this log signed by one of them, `StorageError`.
    """
    found = None
    with contextlib.suppress(NotFoundError, NotCountingError):
        data = read(store, layout.CHECKPOINT, note.MAX_NOTE_BYTES)
        found = parse(data, origin, keys, store.where(layout.CHECKPOINT), ever)
    # A writer that died may have signed a larger one and not have put it there.
    after = layout.checkpoint(found.checkpoint.size) if found else ""
    for key in reversed(list(store.list(layout.CHECKPOINTS, after))):
        size = layout.checkpoint_size(key)
        with contextlib.suppress(NotCountingError):
            larger = None if size is None else at(store, origin, size, keys, ever)
            if larger is not None:
                return larger
    return found


def at(store: ObjectStore, origin: str, size: int, keys: KeysFor, ever: Collection[VerifierKey] = ()) -> Signed | None:
    """The checkpoint of this size; None where none is published that one of the keys has signed.

    Raises `AlteredError` when what is there is no checkpoint of this log and size, `StorageError`.
    """
    key = layout.checkpoint(size)
    try:
        text = read(store, key, _MAX_LINE_BYTES)
    except NotFoundError:
        return None
    lines = []
    for name in store.list(layout.signatures(size)):
        lines.append(read(store, name, _MAX_LINE_BYTES))
        if len(lines) == note.MAX_SIGNATURES:
            break
    if not lines:
        return None
    found = parse(text + b"\n" + b"".join(lines), origin, keys, store.where(key), ever)
    if found.checkpoint.size != size:
        raise AlteredError(f"{store.where(key)} is the checkpoint of {found.checkpoint.size} entries")
    return found


def parse(data: bytes, origin: str, keys: KeysFor, where: str, ever: Collection[VerifierKey] = ()) -> Signed:
    """The checkpoint in a note, with the signatures of known keys.

    Raises `AlteredError`; `NotCountingError` where one of the keys that counted `ever` signed it, and none that does.
    """
    try:
        signed = note.parse(data)
        checkpoint = Checkpoint.parse(signed.text)
        known = signed.verified_by(keys(checkpoint.size))
    except NoteError as error:
        raise AlteredError(f"{where} is no signed checkpoint: {error}") from None
    if checkpoint.origin != origin:
        raise AlteredError(f"{where} is a checkpoint of the log {checkpoint.origin!r}, not of {origin!r}")
    ids = {key.key_id for key in known if key.name == origin}
    if not ids:
        with contextlib.suppress(NoteError):
            if any(key.name == origin for key in signed.verified_by(ever)):
                raise NotCountingError(f"{where} is signed by keys only that do not count at its size any more")
        raise AlteredError(f"{where} is signed by no key of the log {origin!r} that counts at its size")
    return Signed(checkpoint, tuple(s for s in signed.signatures if s.name == origin and s.key_id in ids))


def tree(store: ObjectStore, size: int) -> TileTree:
    """The tree of the first `size` entries, of published tiles. What they say is to be compared with a checkpoint."""
    return TileTree(size, lambda tile: read_tile(store, tile))


def read_tile(store: ObjectStore, tile: Tile) -> bytes:
    """The hashes of a tile; of a partial one that is not there any more, from the full one that took its place.

    Raises `NotFoundError`, and `StorageError`.
    """
    try:
        return read(store, layout.published(tile.path), WIDTH * HASH_BYTES)
    except NotFoundError:
        if tile.width == WIDTH:
            raise
        return read(store, layout.published(Tile(tile.level, tile.n).path), WIDTH * HASH_BYTES)[: tile.size_bytes]


def read_bundle(store: ObjectStore, n: int, width: int = WIDTH) -> list[bytes]:
    """The entries of a bundle, as `read_tile` the hashes of a tile. Raises `StorageError`, also when it is none."""
    path, count = entries_path(n, width), width
    try:
        data = read(store, layout.published(path), _MAX_BUNDLE_BYTES)
    except NotFoundError:
        if width == WIDTH:
            raise
        path, count = entries_path(n), WIDTH
        data = read(store, layout.published(path), _MAX_BUNDLE_BYTES)
    try:
        return parse_bundle(data, count)[:width]
    except ValueError as error:
        raise StorageError(f"{store.where(layout.published(path))} is damaged: {error}") from None

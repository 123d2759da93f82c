"""Proofs that entries are in a signed log, made of its published tiles."""

from __future__ import annotations

from archiver.archive import Archive
from archiver.errors import AlteredError, NotFoundError
from archiver.index.queries import Capture
from archiver.seal import published
from archiver.seal.checkpoint import Proof
from archiver.seal.merkle import ProofError
from archiver.seal.note import NoteError
from archiver.seal.published import Signed
from archiver.storage import layout, log


def newest(archive: Archive) -> Signed:
    """The newest checkpoint. Raises `NotFoundError` where none is signed, `AlteredError` for one that is not right."""
    found = archive.newest_checkpoint()
    if found is None:
        raise NotFoundError(f"the log of {archive.location} is not signed yet; `archiver log checkpoint` signs it")
    return found


def prove(archive: Archive, capture: Capture) -> Proof:
    """The proof for a capture's result, or for its intent where there is no result. Raises as `newest`."""
    said = capture.result or capture.intent
    if said is None:
        raise NotFoundError(f"the log has no entry of {capture.id}")
    return prove_entry(archive, newest(archive), said.index)


def prove_entry(archive: Archive, signed: Signed, index: int) -> Proof:
    """The proof that entry `index` is in the log of that checkpoint; it has been verified.

    Raises `NotFoundError` when the entry is later, and `AlteredError` when tiles or slot do not lead to its root.
    """
    checkpoint, store = signed.checkpoint, archive.store
    if index >= checkpoint.size:
        raise NotFoundError(
            f"entry {index} came after the newest checkpoint, of {checkpoint.size} entries; `archiver log checkpoint` "
            "signs what came since"
        )
    entry = b"".join(store.get(layout.slot(index), 0, log.MAX_LEAF_BYTES))
    try:
        hashes = published.tree(store, checkpoint.size).inclusion_proof(index)
        proof = Proof(index, tuple(hashes), signed.note)
        proof.verify(entry, checkpoint.origin, archive.keyring().valid_at(max(checkpoint.size - 1, 0)))
    except (ProofError, NoteError, ValueError) as error:
        raise AlteredError(
            f"entry {index} of {store.location} is not the one that was signed, or the published tiles are not: {error}"
        ) from None
    return proof

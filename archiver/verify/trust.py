"""What a verifier knows from elsewhere than the archive: keys, and checkpoints of its log.

Whoever can alter an archive can alter all that lies in it. So a signature is worth as much as the way the key came by,
and that nothing was dropped shows only in the hands of somebody who saw the log before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archiver.errors import StorageError, UsageError
from archiver.seal import note
from archiver.seal.checkpoint import Checkpoint, Proof
from archiver.seal.keyring import KeyEvent, Keyring, Problem
from archiver.seal.note import Note, NoteError, VerifierKey
from archiver.verify.package import open_package
from archiver.verify.timestamps import Pin

#: where a bundle has the proof of its snapshot
PROOF = "evidence/snapshot.tlog-proof"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Known:
    """A checkpoint from elsewhere. `signed` is None for one that this machine itself remembers."""

    checkpoint: Checkpoint
    source: str
    signed: Note | None = None


@dataclass(frozen=True)
class Trust:
    """The keys to believe, and the checkpoints to hold the log against.

    `later` is for keys of this machine's own, none of which began the log: they vouch for what they signed, and that
    they have not signed it means nothing. `authorities` are those whose time stamps are believed.
    """

    keys: tuple[VerifierKey, ...] = ()
    known: tuple[Known, ...] = ()
    later: bool = False
    authorities: tuple[Pin, ...] = ()


def keyring(
    origin: str,
    declared: tuple[VerifierKey, ...],
    trust: Trust,
    events: Sequence[KeyEvent | Problem],
    checkpoints: Iterable[tuple[Note, int]],
) -> tuple[Keyring, bool]:
    """The keyring of the log `origin`, and whether somebody else than its archive vouches for it.

    Its roots are the keys that the archive declares, where one of them is trusted, and also where a trusted key that
    counts there has signed one of the `checkpoints`, given with their sizes: whoever signs a checkpoint vouches for the
    log up to it, and so for the keys it began with. Otherwise they are the trusted keys.
    """
    ring = Keyring(declared, events, origin=origin)
    if set(trust.keys) & set(declared):
        return ring, True
    for signed, size in checkpoints:
        valid = [key for key in ring.valid_at(max(size - 1, 0)) if key in trust.keys]
        with contextlib.suppress(NoteError):
            if signed.verified_by(valid):
                return ring, True
    if trust.later or not trust.keys:
        return ring, False
    return Keyring(trust.keys, events, origin=origin), True


def read_keys(path: Path) -> tuple[VerifierKey, ...]:
    """Verifier keys, one a line; empty lines and those that begin with # are passed over. Raises `UsageError`."""
    found = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            found.append(VerifierKey.parse(text))
        except NoteError as error:
            raise UsageError(f"{path}, line {number}: {error}") from None
    if not found:
        raise UsageError(f"{path} names no key; it should have verifier keys, one a line, as `archiver init` prints it")
    return tuple(found)


def read_checkpoint(path: Path) -> Known:
    """The checkpoint in a file: a note, a proof of C2SP's tlog-proof, or a bundle with one. Raises `UsageError`."""
    data = _in_bundle(path) or _text(path).encode()
    try:
        if data.startswith(b"c2sp.org/tlog-proof"):
            data = Proof.parse(data).checkpoint
        signed = note.parse(data)
        return Known(Checkpoint.parse(signed.text), str(path), signed)
    except NoteError as error:
        raise UsageError(f"{path} is neither a checkpoint nor a proof nor a bundle: {error}") from None


def _in_bundle(path: Path) -> bytes | None:
    """The proof in an evidence bundle; None for another file."""
    try:
        with path.open("rb") as stream:
            if stream.read(2) != b"PK":
                return None
            return open_package(stream).read(PROOF, _MAX_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except StorageError as error:
        raise UsageError(f"{path} is no evidence bundle: {error}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than such a file can be")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text") from None

"""The checkpoint of each log that this machine signed or saw last, in the user's state.

It is what shows a log that was rolled back or forked: whoever can alter an archive cannot alter what others remember.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import platformdirs

from archiver.errors import SigningError
from archiver.seal import note
from archiver.seal.checkpoint import Checkpoint
from archiver.seal.note import NoteError

_MAX_BYTES = 1 << 16


def path_of(origin: str) -> Path:
    """Where the checkpoint of this log is remembered, whether or not there is one."""
    name = hashlib.sha256(origin.encode()).hexdigest()[:32]
    return platformdirs.user_state_path("archiver", appauthor=False) / "checkpoints" / name


def load(origin: str) -> Checkpoint | None:
    """The last checkpoint; None where there is none. Raises `SigningError` when the file cannot be used."""
    path = path_of(origin)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES)
        checkpoint = Checkpoint.parse(note.parse(data).text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SigningError(f"{path} cannot be read: {error.strerror or error}") from None
    except NoteError as error:
        raise SigningError(
            f"{path} should hold the last checkpoint of {origin} and is damaged: {error}; it is what shows a log that "
            "was rolled back, so put it back from a backup, or delete it if there is none"
        ) from None
    if checkpoint.origin != origin:
        raise SigningError(f"{path} holds a checkpoint of another log, {checkpoint.origin!r}; delete it")
    return checkpoint


def save(origin: str, signed: bytes) -> None:
    """Remember a checkpoint, a note of this log, in the place of a smaller one. Raises `SigningError`."""
    path = path_of(origin)
    there = load(origin)
    if there is not None and there.size >= Checkpoint.parse(note.parse(signed).text).size:
        return
    try:
        put(path, signed)
    except OSError as error:
        raise SigningError(f"{path} could not be written: {error.strerror or error}; nothing was signed") from None


def put(path: Path, signed: bytes) -> None:
    """Write what is remembered, on disk when this returns: a reader has the old one or the new. Raises `OSError`."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with temporary.open("xb") as stream:
            stream.write(signed)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

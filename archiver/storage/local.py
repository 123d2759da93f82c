"""An archive in a directory: objects are files that appear whole or not at all, and are never overwritten."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from archiver.errors import NotFoundError, StorageError

_UNFINISHED = ".new-"


class LocalStore:
    """Keys are relative paths below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        return self.root / key

    def put_new(self, key: str, source: bytes | Path) -> None:
        """Create an object. It is there completely, on disk, when this returns; an existing one is never replaced.

        Raises `StorageError` when the key exists or the directory cannot be written.
        """
        target = self.path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            name = target.parent / f"{_UNFINISHED}{secrets.token_hex(8)}"
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)  # less the umask
            try:
                with os.fdopen(handle, "wb") as stream:
                    _copy(source, stream)
                    stream.flush()
                    os.fsync(stream.fileno())
                # A link fails where a rename would replace.
                os.link(name, target)
            finally:
                os.unlink(name)
            _sync_directory(target.parent)
        except FileExistsError as error:
            if target.exists():
                raise StorageError(f"{target} exists already; it was left as it is") from None
            raise StorageError(f"{target} could not be written: a file stands where a folder should") from error
        except OSError as error:
            raise StorageError(f"{target} could not be written: {error.strerror or error}") from None

    def get(self, key: str) -> bytes:
        """A whole (small) object. Raises `NotFoundError`, `StorageError`."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"the archive {self.root} has no {key}") from None
        except OSError as error:
            raise StorageError(f"{self.path(key)} could not be read: {error.strerror}") from None

    def has_foreign_files(self) -> bool:
        """Whether the root holds anything before an archive was made in it; files still being written do not count."""
        return self.root.is_dir() and any(
            not e.name.startswith((_UNFINISHED, "archive.json")) for e in self.root.iterdir()
        )

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def snapshots(self) -> list[str]:
        """The names below `snapshots/`, sorted: oldest first."""
        try:
            return sorted(entry.name for entry in os.scandir(self.root / "snapshots") if entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"the archive {self.root} could not be read: {error.strerror}") from None


def _copy(source: bytes | Path, stream: BinaryIO) -> None:
    if isinstance(source, bytes):
        stream.write(source)
        return
    with source.open("rb") as original:
        shutil.copyfileobj(original, stream, 1 << 20)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_location(location: str) -> LocalStore:
    """The store a location names: a directory or a file:// URL. Raises `StorageError`."""
    if location.startswith("file://"):
        parts = urlsplit(location)
        if parts.netloc not in ("", "localhost"):
            raise StorageError(f"{location}: a file URL of another machine; write file:///path")
        return LocalStore(Path(unquote(parts.path)))
    if "://" in location:
        raise StorageError(f"{location}: this version keeps archives in a directory; give a path or a file:// URL")
    return LocalStore(Path(location))

"""An archive in a directory: objects are files that appear whole or not at all, and are never overwritten.

What is being written has a locked file in `.unfinished/`. When its lock is free, its writer was killed, and whoever
writes next clears it away. Nothing in such a file is believed, since an archive may come from elsewhere: of a snapshot
that was being written it has only the id, in its name, and one with a statement is never touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from archiver import interrupts
from archiver.errors import NotFoundError, StorageError
from archiver.storage import layout

_UNFINISHED = ".unfinished"
_GROUP = "group-"
_TRIES, _PAUSE_S = 200, 0.01


class LocalStore:
    """Keys are relative paths below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make_root(self) -> None:
        """Make the directory if there is none, for its owner alone: a WARC may hold what others must not see.

        Raises `StorageError`.
        """
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.root.mkdir(mode=0o700)
        except OSError as error:
            raise StorageError(f"{self.root} could not be made: {error.strerror or error}") from None

    def path(self, key: str) -> Path:
        return self.root / key

    def put_new(self, key: str, source: bytes | Path) -> None:
        """Create an object. It is there completely, on disk, when this returns; an existing one is never replaced.

        Raises `StorageError` when the key exists or the directory cannot be written.
        """
        target = self.path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._unfinished(f"object-{secrets.token_hex(8)}") as (name, handle):
                with os.fdopen(os.dup(handle), "wb") as stream:
                    _copy(source, stream)
                    stream.flush()
                    os.fsync(stream.fileno())
                # A link fails where a rename would replace.
                os.link(name, target)
            _sync_directory(target.parent)
        except FileExistsError as error:
            if target.exists():
                raise StorageError(f"{target} exists already; it was left as it is") from None
            raise StorageError(f"{target} could not be written: a file stands where a folder should") from error
        except OSError as error:
            raise StorageError(f"{target} could not be written: {error.strerror or error}") from None

    @contextlib.contextmanager
    def group(self, snapshot: str) -> Iterator[None]:
        """The objects of a snapshot are written one after the other in here, its statement last.

        When that is not there in the end, or the writer is killed, the others are removed. Raises `StorageError`.
        """
        try:
            with self._unfinished(f"{_GROUP}{snapshot}"):
                try:
                    yield
                finally:
                    with interrupts.held_off():
                        self._remove_unless_whole(snapshot)
        except OSError as error:
            raise StorageError(f"{self.root} could not be written: {error.strerror or error}") from None

    def clear_unfinished(self) -> None:
        """Remove what killed writers left half done; what is still being written stays."""
        with contextlib.suppress(OSError):
            for path in sorted((self.root / _UNFINISHED).iterdir()):
                with contextlib.suppress(OSError), _opened(path) as handle:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if path.name.startswith(_GROUP):
                        self._remove_unless_whole(path.name.removeprefix(_GROUP))
                    path.unlink()

    def _remove_unless_whole(self, snapshot: str) -> None:
        if not layout.is_id(snapshot) or self.exists(layout.statement(snapshot)):
            return
        place = self.path(layout.prefix(snapshot))
        if place.resolve() == self.root.resolve() / layout.prefix(snapshot):  # no link leads elsewhere
            shutil.rmtree(place, ignore_errors=True)

    @contextlib.contextmanager
    def _unfinished(self, name: str) -> Iterator[tuple[Path, int]]:
        """A new file, locked for as long as it is being written, and gone afterwards."""
        path = self.root / _UNFINISHED / name
        tries = itertools.count()
        while True:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)  # less the umask
            except FileExistsError:
                if next(tries) == _TRIES:
                    raise
                time.sleep(_PAUSE_S)  # whoever took it for abandoned is about to remove it
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.exists():
                    break
            except BlockingIOError:
                pass
            os.close(handle)  # somebody took it for abandoned before it was locked
        try:
            yield path, handle
        finally:
            os.close(handle)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

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
        try:
            known = (_UNFINISHED, layout.ARCHIVE)
            return self.root.is_dir() and any(entry.name not in known for entry in self.root.iterdir())
        except OSError as error:
            raise StorageError(f"{self.root} could not be read: {error.strerror}") from None

    def exists(self, key: str) -> bool:
        """Raises `StorageError` when that cannot be told."""
        try:
            return self.path(key).is_file()
        except OSError as error:
            raise StorageError(f"{self.path(key)} could not be read: {error.strerror}") from None

    def snapshots(self) -> list[str]:
        """The names below `snapshots/`, sorted: oldest first."""
        try:
            return sorted(entry.name for entry in os.scandir(self.root / "snapshots") if entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"the archive {self.root} could not be read: {error.strerror}") from None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A plain file opened to be locked; a link or a FIFO somebody put there is not followed or waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


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

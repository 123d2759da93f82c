"""An archive in a directory: objects are files that appear whole or not at all, and are never overwritten.

What is being written has a locked file in `.unfinished/`. When its lock is free, its writer was killed, and `sweep`
clears it away. Nothing in such a file is believed, since an archive may come from elsewhere: of a snapshot that was
being written it has only the id, in its name, and one that is whole is never touched.

For the same reason nothing below the root is reached through a symbolic link, and only plain files are read: every
part of a path is opened on its own, and never waited for.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import itertools
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from archiver import interrupts
from archiver.errors import ExistsError, NotFoundError, StorageError
from archiver.storage import layout
from archiver.storage.base import Stat, check_key, is_key

_UNFINISHED = ".unfinished"
_GROUP = "group-"
_TRIES, _PAUSE_S = 200, 0.01
_PIECE_BYTES = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class LocalStore:
    """Keys are relative paths below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def location(self) -> str:
        return str(self.root)

    def where(self, key: str) -> str:
        return str(self.path(key))

    def path(self, key: str) -> Path:
        return self.root / key

    def make_root(self) -> None:
        """Make the directory if there is none, for its owner alone: a WARC may hold what others must not see.

        Raises `StorageError`.
        """
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.root.mkdir(mode=0o700)
                _sync(self.root.parent)
        except OSError as error:
            raise StorageError(f"{self.root} could not be made: {error.strerror or error}") from None

    def put_new(self, key: str, source: bytes | Path) -> Stat:
        """As `ObjectStore.put_new`. What is there is on disk, with its name, when this returns."""
        *folders, name = check_key(key).split("/")
        self.make_root()
        try:
            with (
                self._folder(*folders, make=True) as folder,
                self._unfinished(f"object-{secrets.token_hex(8)}") as (unfinished, temporary, handle),
            ):
                size_bytes = _fill(handle, source)
                try:
                    # A link fails where a rename would replace.
                    os.link(temporary, name, src_dir_fd=unfinished, dst_dir_fd=folder)
                except FileExistsError:
                    # NFS may say so of a link it has just made, when its answer got lost (Linux, open(2), O_EXCL).
                    if os.fstat(handle).st_nlink < 2:
                        raise
                os.fsync(folder)
        except FileExistsError:
            found = self._kind(key)
            if found == "a file":
                raise ExistsError(f"{self.path(key)} exists already; it was left as it is") from None
            raise StorageError(f"{self.path(key)} could not be written: {found or 'something'} stands there") from None
        except OSError as error:
            raise self._failed("written", key, error) from None
        return Stat(size_bytes)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As `ObjectStore.get`."""
        with self._opened(key) as handle:
            try:
                size_bytes = os.fstat(handle).st_size
                left = max(size_bytes - offset, 0) if length is None else max(min(size_bytes - offset, length), 0)
                while left:
                    data = os.pread(handle, min(left, _PIECE_BYTES), offset)
                    if not data:
                        raise StorageError(f"{self.path(key)} ended {left} bytes early: it was cut while being read")
                    left -= len(data)
                    offset += len(data)
                    yield data
            except OSError as error:
                raise self._failed("read", key, error) from None

    def stat(self, key: str) -> Stat:
        """As `ObjectStore.stat`."""
        with self._opened(key) as handle:
            return Stat(os.fstat(handle).st_size)

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """As `ObjectStore.list`. One folder at a time is read; of its names those are kept that may be asked for.

        Raises `StorageError` for a link, a FIFO or a device under the name of a key: what it hides cannot be told.
        """
        check_key(f"{prefix}x")
        yield from self._keys(tuple(prefix.split("/")[:-1]), prefix, after)

    def _keys(self, folders: tuple[str, ...], prefix: str, after: str) -> Iterator[str]:
        above = "".join(f"{folder}/" for folder in folders)
        names = []
        try:
            with self._folder(*folders) as folder, os.scandir(folder) as found:
                for entry in found:
                    if not is_key(f"{above}{entry.name}"):
                        continue
                    # With its slash a folder sorts as the keys in it do.
                    key = f"{above}{entry.name}/" if entry.is_dir(follow_symlinks=False) else f"{above}{entry.name}"
                    if not key.startswith(prefix) or not (key > after or after.startswith(key)):
                        continue
                    if not key.endswith("/") and not entry.is_file(follow_symlinks=False):
                        raise StorageError(f"{self.path(key)} is {self._kind(key)}; an archive has only plain files")
                    names.append(key)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno == errno.ENOTDIR and folders and self._link_or_odd(*folders) is None:
                return  # a plain file has no keys below it
            raise self._failed("listed", above, error) from None
        for key in sorted(names):
            if key.endswith("/"):
                yield from self._keys(tuple(key[:-1].split("/")), prefix, after)
            elif key > after:
                yield key

    def replace(self, key: str, data: bytes) -> None:
        """As `ObjectStore.replace`."""
        *folders, name = check_key(key).split("/")
        self.make_root()
        try:
            with (
                self._folder(*folders, make=True) as folder,
                self._unfinished(f"object-{secrets.token_hex(8)}") as (unfinished, temporary, handle),
            ):
                _fill(handle, data)
                os.rename(temporary, name, src_dir_fd=unfinished, dst_dir_fd=folder)
                os.fsync(folder)
        except OSError as error:
            raise self._failed("written", key, error) from None

    def delete(self, key: str) -> None:
        """As `ObjectStore.delete`. Its folder stays."""
        *folders, name = check_key(key).split("/")
        try:
            with self._folder(*folders) as folder:
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failed("deleted", key, error) from None

    @contextlib.contextmanager
    def group(self, snapshot: str, is_whole: Callable[[], bool]) -> Iterator[None]:
        """As `ObjectStore.group`. When the writer is killed, the next `sweep` does what this would have done."""
        self.make_root()
        try:
            with self._unfinished(f"{_GROUP}{snapshot}"):
                try:
                    yield
                except BaseException as error:
                    with interrupts.held_off():
                        try:
                            self._remove_unless(is_whole, snapshot)
                        except StorageError as doubt:  # whether it is whole cannot be told: it stays
                            error.add_note(str(doubt))
                    raise
                with interrupts.held_off():
                    self._remove_unless(is_whole, snapshot)
        except OSError as error:
            raise StorageError(f"{self.root} could not be written: {error.strerror or error}") from None

    def sweep(self, is_whole: Callable[[str], bool]) -> None:
        """As `ObjectStore.sweep`."""
        with contextlib.suppress(OSError), self._folder(_UNFINISHED) as folder:
            for name in sorted(os.listdir(folder)):
                with contextlib.suppress(OSError), _closing(os.open(name, _FILE, dir_fd=folder)) as handle:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if name.startswith(_GROUP):
                        snapshot = name.removeprefix(_GROUP)
                        self._remove_unless(functools.partial(is_whole, snapshot), snapshot)
                    os.unlink(name, dir_fd=folder)

    def _remove_unless(self, is_whole: Callable[[], bool], snapshot: str) -> None:
        if not layout.is_id(snapshot) or is_whole():
            return
        *folders, name = layout.prefix(snapshot).rstrip("/").split("/")
        with contextlib.suppress(OSError), self._folder(*folders) as folder:
            shutil.rmtree(name, ignore_errors=True, dir_fd=folder)  # it does not follow links either

    def has_foreign_files(self) -> bool:
        """Whether the root holds anything before an archive was made in it; files still being written do not count."""
        try:
            known = (_UNFINISHED, layout.ARCHIVE)
            return self.root.is_dir() and any(entry.name not in known for entry in self.root.iterdir())
        except OSError as error:
            raise StorageError(f"{self.root} could not be read: {error.strerror}") from None

    # opening things, no link ever followed

    @contextlib.contextmanager
    def _folder(self, *parts: str, make: bool = False) -> Iterator[int]:
        """A folder below the root, opened. Raises `OSError`, and `StorageError` when the root is no folder."""
        try:
            handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except NotADirectoryError:
            raise StorageError(f"{self.root} is no folder; give another --archive") from None
        try:
            for part in parts:
                try:
                    inner = os.open(part, _FOLDER, dir_fd=handle)
                except FileNotFoundError:
                    if not make:
                        raise
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=handle)
                        os.fsync(handle)
                    inner = os.open(part, _FOLDER, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        """The file of an object, opened. Raises `NotFoundError`, `StorageError`."""
        *folders, name = check_key(key).split("/")
        try:
            with self._folder(*folders) as folder:
                handle = os.open(name, _FILE, dir_fd=folder)
        except FileNotFoundError:
            raise NotFoundError(f"the archive {self.root} has no {key}") from None
        except OSError as error:
            if error.errno == errno.ENOTDIR and folders and self._link_or_odd(*folders) is None:
                raise NotFoundError(f"the archive {self.root} has no {key}") from None  # a plain file has nothing below
            raise self._failed("read", key, error) from None
        with _closing(handle):
            kind = _KINDS.get(stat.S_IFMT(os.fstat(handle).st_mode))
            if kind != "a file":
                raise StorageError(f"{self.path(key)} could not be read: it is {kind}, no plain file")
            yield handle

    @contextlib.contextmanager
    def _unfinished(self, name: str) -> Iterator[tuple[int, str, int]]:
        """A new file: its folder, name and handle. It is locked while it is being written, and gone afterwards."""
        tries = itertools.count()
        with self._folder(_UNFINISHED, make=True) as folder:
            while True:
                try:
                    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                    handle = os.open(name, flags, 0o666, dir_fd=folder)  # less the umask
                except FileExistsError:
                    if next(tries) == _TRIES:
                        raise OSError(errno.EBUSY, f"{name} is being written by another") from None
                    time.sleep(_PAUSE_S)  # whoever took it for abandoned is about to remove it
                    continue
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if os.fstat(handle).st_nlink:
                        break
                except BlockingIOError:
                    pass
                os.close(handle)  # somebody took it for abandoned before it was locked
            with _closing(handle):
                try:
                    yield folder, name, handle
                finally:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=folder)

    # saying what is wrong

    def _kind(self, key: str) -> str | None:
        """What stands at a path, in words; None when nothing does or it cannot be told."""
        try:
            return _KINDS.get(stat.S_IFMT(os.lstat(self.path(key)).st_mode), "something odd")
        except OSError:
            return None

    def _link_or_odd(self, *folders: str) -> str | None:
        """The first of these folders that is neither a folder nor a plain file, in words."""
        for count in range(1, len(folders) + 1):
            path = "/".join(folders[:count])
            kind = self._kind(path)
            if kind not in ("a folder", "a file", None):
                return f"{self.path(path)} is {kind}, which is not followed"
        return None

    def _failed(self, verb: str, key: str, error: OSError) -> StorageError:
        parts = key.rstrip("/").split("/")
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            reason = self._link_or_odd(*parts) or self._link_or_odd(_UNFINISHED) or reason
        if error.errno == errno.ENOTDIR and "a file" in [self._kind("/".join(parts[:n])) for n in range(1, len(parts))]:
            reason = "a file stands where a folder should"
        if verb == "written" and error.errno in (errno.EPERM, errno.EOPNOTSUPP):
            reason = f"{reason}; the file system must know hard links"
        return StorageError(f"{self.path(key)} could not be {verb}: {reason}")


@contextlib.contextmanager
def _closing(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)


def _fill(handle: int, source: bytes | Path) -> int:
    """Write all of it to the disk; how many bytes that was. Raises `OSError`."""
    with os.fdopen(os.dup(handle), "wb") as stream:
        _copy(source, stream)
        stream.flush()
        os.fsync(stream.fileno())
        return stream.tell()


def _copy(source: bytes | Path, stream: BinaryIO) -> None:
    if isinstance(source, bytes):
        stream.write(source)
        return
    with source.open("rb") as original:
        shutil.copyfileobj(original, stream, _PIECE_BYTES)


def _sync(path: Path) -> None:
    with _closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY)) as handle:
        os.fsync(handle)

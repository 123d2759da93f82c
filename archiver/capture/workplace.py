"""The private directory a capture works in, and the clearing away of what a killed capture left.

The directory's owner holds a lock on a file in it; a directory whose lock is free belongs to nobody any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from archiver import interrupts
from archiver.capture import processes
from archiver.errors import ArchiverError, StorageError

_PREFIX = "archiver-capture-"
_LOCK = "lock"


@contextlib.contextmanager
def working_directory() -> Iterator[Path]:
    """A directory for one capture, removed afterwards with all that is in it, its browser ended before.

    What others find in it is only what they know the name of (mode 0711): the browser, which may run as another user,
    gets folders of its own. Raises `StorageError` when it cannot be made, or what is done in it fails for want of room.
    """
    clear_abandoned()
    try:
        path, lock = _make()
        # Chromium is started by way of a script in it.
        noexec = os.statvfs(path).f_flag & os.ST_NOEXEC
    except OSError as error:
        raise StorageError(
            f"no working directory could be made in {_folder()}: {error.strerror}; set TMPDIR to a folder with room "
            "for what a page sends"
        ) from None
    try:
        if noexec:
            raise StorageError(
                f"{_folder()} is mounted noexec, so no browser can be started there; set TMPDIR to another"
            )
        yield path
    except OSError as error:
        raise _explained(error) from error
    finally:
        with interrupts.held_off():
            _remove(path)
            os.close(lock)


def clear_abandoned() -> int:
    """End the browsers and remove the directories of captures that were killed; returns how many there were."""
    count = 0
    for path in _folder().glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            lock = _try_lock(path)
            if lock is not None:
                _remove(path)
                os.close(lock)
                count += 1
    return count


def _folder() -> Path:
    """Where temporary files go. Unlike Python's, one that is asked for and cannot be used is not passed over."""
    return Path(os.path.abspath(os.environ.get("TMPDIR") or tempfile.gettempdir()))


def _explained(error: OSError) -> ArchiverError:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return ArchiverError(f"too many open files; allow more than {limit} with 'ulimit -n 1024'")
    what = error.filename or f"a file in {_folder()}"
    return StorageError(f"{what}: {error.strerror or error}; set TMPDIR to a folder with room for what a page sends")


def _make() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_folder()))
        with contextlib.suppress(FileNotFoundError):
            path.chmod(0o711)
        lock = _try_lock(path)
        if lock is not None and path.is_dir() and (path / _LOCK).exists():
            return path, lock
        # Another capture took it for abandoned between the two lines: it is gone, and we take a new one.
        if lock is not None:
            os.close(lock)


def _try_lock(path: Path) -> int | None:
    """The open lock file, locked; None when somebody else holds the lock or the directory is going."""
    try:
        handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _remove(path: Path) -> None:
    processes.end_browser(path)
    shutil.rmtree(path, ignore_errors=True)

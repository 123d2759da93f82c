"""Opening the index of an archive: made when there is none, made again when it is of an older version."""

from __future__ import annotations

import hashlib
from pathlib import Path

from archiver.index import schema
from archiver.index.database import Database, connect, create, is_there, read_own_head
from archiver.index.follow import OnProgress
from archiver.index.rebuild import rebuild
from archiver.storage import layout
from archiver.storage.base import ObjectStore, read

_MAX_ARCHIVE_BYTES = 1 << 16


def identity(store: ObjectStore) -> str:
    """Which archive a store holds: the SHA-256 of its `archive.json`, which never changes.

    Raises `NotFoundError` where there is no archive, and `StorageError`.
    """
    return hashlib.sha256(read(store, layout.ARCHIVE, _MAX_ARCHIVE_BYTES)).hexdigest()


def open_index(location: str | Path, store: ObjectStore, on_progress: OnProgress | None = None) -> Database:
    """The index of an archive, for `follow` and `queries`; the caller closes it.

    An index of an older version is made again first, which takes its time: `on_progress` is told how many entries are
    done. Raises `StorageError` when it is another archive's, of a newer version, damaged, or cannot be reached.
    """
    archive = identity(store)
    database = connect(location)
    try:
        if not is_there(database):
            create(database, archive)
        head = read_own_head(database, archive)
        if head.version < schema.VERSION:
            rebuild(database, store, archive, on_progress)
    except BaseException:
        database.close()
        raise
    return database


def rebuild_index(location: str | Path, store: ObjectStore, on_progress: OnProgress | None = None) -> int:
    """Make the index of an archive again, whatever became of the old one; how many slots of the log went in.

    Raises `StorageError`, as `rebuild` does.
    """
    database = connect(location)
    try:
        return rebuild(database, store, identity(store), on_progress)
    finally:
        database.close()

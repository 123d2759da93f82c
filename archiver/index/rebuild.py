"""Making the index again from the store, beside the old one, which serves until the new one takes its place."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.schema import DropSchema

from archiver.errors import StorageError
from archiver.index import follow, schema, sketches
from archiver.index.database import (
    BUSY_TIMEOUT_S,
    DEFERRED,
    POSTGRES_SCHEMA,
    DamagedError,
    Database,
    connect,
    connect_scratch,
    create,
    create_file,
    is_there,
    locked,
    read_own_head,
    sqlite_files,
)
from archiver.index.follow import OnProgress
from archiver.index.readings import batches, readings
from archiver.storage.base import ObjectStore

_NEW_SCHEMA = f"{POSTGRES_SCHEMA}_new"
_REBUILD_LOCK = schema.APPLICATION_ID + 1
_OTHER = "another process is making it again; wait for its end"


def rebuild(database: Database, store: ObjectStore, archive: str, on_progress: OnProgress | None = None) -> int:
    """Make the index again and put it in the place of the old one; how many slots of the log went in.

    Other processes go on with the old one meanwhile, and with the new one afterwards, without noticing. When anything
    fails, the old one stays. A damaged one is replaced. Raises `StorageError`, also for another archive's index and
    for one of a newer version.
    """
    is_damaged = False
    if is_there(database):
        try:
            read_own_head(database, archive)
        except DamagedError:
            is_damaged = True
    if database.path is None:
        return _rebuild_postgres(database, store, archive, on_progress)
    reached = _rebuild_sqlite(database.path, store, archive, on_progress, is_damaged=is_damaged)
    # What is connected may be connected to a file that is no more.
    database.engine.dispose()
    return reached


def fill(database: Database, store: ObjectStore, stop: int | None, on_progress: OnProgress | None) -> int:
    """Put the log, up to `stop`, into an empty index that nobody else knows; where it then stands."""
    reached = 0
    for batch in batches(readings(store, 0, stop)):
        with database.writing() as connection:
            reached = follow.advance(connection, batch)
        if on_progress:
            on_progress(reached)
    sketches.complete(database)
    return reached


def _rebuild_sqlite(
    path: Path, store: ObjectStore, archive: str, on_progress: OnProgress | None, *, is_damaged: bool
) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path), tempfile.TemporaryDirectory(prefix=".index-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            create_file(new, archive)
            fresh = connect_scratch(new)
            try:
                reached = fill(fresh, store, None, on_progress)
            finally:
                fresh.close()
            if is_damaged or not path.exists() or not _copy_over(new, path):
                _put_in_place(new, path)
    except OSError as error:
        raise StorageError(f"the index {path} could not be made: {error.strerror or error}") from None
    return reached


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One rebuild at a time; a killed one's lock is free by itself."""
    try:
        lock = contextlib.ExitStack()
        lock.enter_context(locked(path, wait=False))
    except BlockingIOError:
        raise StorageError(f"the index {path}: {_OTHER}") from None
    with lock:
        yield


def _copy_over(new: Path, path: Path) -> bool:
    """Overwrite the pages of the database in one transaction: whoever has it open sees all of it or nothing.

    Renaming the new file into its place would leave others with the old one, and the new one with the old one's WAL:
    https://www.sqlite.org/howtocorrupt.html section 2. False when the old one is too damaged to be written into.
    """
    with (
        connect(path).errors(),
        contextlib.closing(sqlite3.connect(new)) as source,
        contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as target,
    ):
        try:
            source.backup(target)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                return False
            raise
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def _put_in_place(new: Path, path: Path) -> None:
    """For a database nobody can use any more: the file itself is exchanged."""
    handle = os.open(new, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    for file in sqlite_files(path):
        file.unlink(missing_ok=True)
    os.replace(new, path)


def _rebuild_postgres(database: Database, store: ObjectStore, archive: str, on_progress: OnProgress | None) -> int:
    engine = database.engine.execution_options(schema_translate_map={None: _NEW_SCHEMA}, **DEFERRED)
    fresh = Database(engine, database.shown, None)
    # The lock is the session's: it lasts as long as this connection, and no longer when this process is killed.
    with database.errors(), database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        if not guard.scalar(sa.select(sa.func.pg_try_advisory_lock(_REBUILD_LOCK))):
            raise StorageError(f"the index {database.shown}: {_OTHER}")
        try:
            guard.execute(DropSchema(_NEW_SCHEMA, cascade=True, if_exists=True))
            create(fresh, archive)
            reached = fill(fresh, store, None, on_progress)
            _swap_schemas(database)
            return reached
        finally:
            guard.execute(DropSchema(_NEW_SCHEMA, cascade=True, if_exists=True))
            guard.execute(sa.select(sa.func.pg_advisory_unlock(_REBUILD_LOCK)))


def _swap_schemas(database: Database) -> None:
    """The new tables take the old ones' name. Waits for whoever uses the old ones, for a while."""
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S}s'"))
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.APPLICATION_ID})
        there = [
            name
            for table in schema.TABLES
            if connection.scalar(
                sa.text("SELECT to_regclass(:name) IS NOT NULL"), {"name": (name := f"{POSTGRES_SCHEMA}.{table.name}")}
            )
        ]
        if there:
            # In the order in which all others take them, or two could wait for each other.
            connection.execute(sa.text(f"LOCK TABLE {', '.join(there)} IN ACCESS EXCLUSIVE MODE"))
        connection.execute(DropSchema(POSTGRES_SCHEMA, cascade=True, if_exists=True))
        connection.execute(sa.text(f"ALTER SCHEMA {_NEW_SCHEMA} RENAME TO {POSTGRES_SCHEMA}"))

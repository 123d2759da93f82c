"""The database of the queue: a SQLite file for one machine, a PostgreSQL database for many.

The engine keeps its own tables beside ours in it, so that a job and what the engine knows of it change together.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateSchema

from archiver import clock
from archiver.errors import ConfigurationError, StorageError
from archiver.index.database import postgres_url, shown_url, without_secrets
from archiver.jobs import schema
from archiver.jobs.schema import APPLICATION_ID, POSTGRES_SCHEMA
from archiver.moments import to_ms

_BUSY_S = 30.0
_CONNECTIONS = 20
_CHECK = "check ARCHIVER_DATABASE_URL and the server"


class QueueError(StorageError):
    """The database of the queue could not be read or written."""


class Database:
    """An opened queue. Safe to share between threads; a child process opens its own.

    With SQLite one transaction runs at a time: every one begins as a writing one, since a lock that is taken late
    cannot be waited for, and only one thread of a process waits for that lock, since those that wait are not served
    in turn.
    """

    def __init__(self, engine: Engine, shown: str, path: Path | None) -> None:
        self.engine = engine
        self.shown = shown
        self.path = path
        self._turn = threading.RLock() if path is not None else contextlib.nullcontext()

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; what is done within is kept when it is left, and as if never done when that raises.

        Raises `QueueError` for what the database raises.
        """
        with self.errors(), self._turn, self.engine.begin() as connection:
            yield connection

    def now_ms(self, connection: Connection) -> int:
        """The moment, by the clock that all workers share: the server's, or with SQLite this machine's."""
        if self.path is not None:
            return to_ms(clock.now())
        value = connection.scalar(sa.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"))
        return int(value or 0)

    def locked(self, statement: sa.Select[Any], *, skip: bool = False) -> sa.Select[Any]:
        """A question whose rows nobody else changes before this transaction ends; with `skip`, without those that
        others hold.
        """
        return statement if self.path is not None else statement.with_for_update(skip_locked=skip)

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Raises what a database raises as `QueueError`."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise QueueError(f"the queue {self.shown}: {self._explain(error)}") from None

    def _explain(self, error: Exception) -> str:
        cause = (error.orig if isinstance(error, DBAPIError) else None) or error
        name = getattr(cause, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return "other processes held it for too long; try again"
        if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
            return "its file or folder cannot be written; name another place with ARCHIVER_DATABASE_URL"
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            return "its disk is full or gave an error; make room"
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return "it is damaged; move it away: schedules come back from the log, jobs that waited do not"
        if getattr(cause, "sqlstate", None) == "42501":  # insufficient_privilege
            return "its user may not do that; grant it CREATE on the database"
        line = without_secrets(" ".join(str(cause).split())[:300] or type(cause).__name__, self.engine.url)
        if self.path is None and getattr(cause, "sqlstate", None) is None:
            return f"the server cannot be reached ({line}); {_CHECK}"
        return line


def connect(location: str | Path) -> Database:
    """The queue at a location, a path or a `postgresql://` URL. Opens nothing yet. Raises `ConfigurationError`."""
    if isinstance(location, str) and location.startswith(("postgresql://", "postgres://")):
        url = postgres_url(location)
        engine = sa.create_engine(url, pool_pre_ping=True, pool_size=_CONNECTIONS)
        return Database(
            engine.execution_options(schema_translate_map={None: POSTGRES_SCHEMA}), f"in {shown_url(url)}", None
        )
    if isinstance(location, str) and "://" in location.removeprefix("sqlite:///"):
        raise ConfigurationError(
            "database_url, for the index and the queue, begins with neither postgresql:// nor sqlite:///; correct "
            "ARCHIVER_DATABASE_URL"
        )
    path = Path(str(location).removeprefix("sqlite:///")).absolute()

    def create() -> sqlite3.Connection:
        uri = f"file:{quote(str(path))}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)

    engine = sa.create_engine(
        f"sqlite:///{path}", creator=create, poolclass=sa.QueuePool, pool_size=_CONNECTIONS, max_overflow=-1
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return Database(engine, str(path), path)


def _set_up(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute(f"PRAGMA busy_timeout={int(_BUSY_S * 1000)}")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def ensure(database: Database, archive: str) -> None:
    """Make the tables where there are none. `archive` is the one whose captures wait in it.

    Raises `QueueError` when they are another archive's, or of a newer program.
    """
    if database.path is not None:
        _ensure_file(database.path)
    with database.transaction() as connection:
        if database.path is None:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPLICATION_ID})
            if connection.scalar(sa.text("SELECT to_regnamespace(:name) IS NULL"), {"name": POSTGRES_SCHEMA}):
                connection.execute(CreateSchema(POSTGRES_SCHEMA))
        # What others made is looked at before anything is altered.
        namespace = POSTGRES_SCHEMA if database.path is None else None
        if sa.inspect(connection).has_table(schema.head.name, namespace):
            row = connection.execute(sa.select(schema.head.c.version, schema.head.c.archive)).one_or_none()
            if row is not None:
                _check(database, row.version, row.archive, archive)
                return
        schema.metadata.create_all(connection)
        connection.execute(
            schema.head.insert().values(one=1, version=schema.VERSION, archive=archive, followed=schema.NEVER)
        )


def _check(database: Database, version: int, found: str, archive: str) -> None:
    if version > schema.VERSION:
        raise QueueError(
            f"the queue {database.shown} is of a newer archiver (version {version} of its tables, this one knows "
            f"{schema.VERSION}); use that one"
        )
    if found != archive:
        raise QueueError(f"the queue {database.shown} is another archive's; correct --archive or ARCHIVER_DATABASE_URL")


def _ensure_file(path: Path) -> None:
    """An empty database in a new file, for its owner alone: it names what is to be captured."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if path.stat().st_size:
                return
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_S)) as raw:
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    except OSError as error:
        raise QueueError(
            f"the queue {path} could not be made: {error.strerror or error}; name another place with "
            "ARCHIVER_DATABASE_URL"
        ) from None
    except sqlite3.Error as error:
        raise QueueError(f"the queue {path} is no database that can be used ({error}); move it away") from None

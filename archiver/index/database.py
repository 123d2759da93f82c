"""The database of an index: a SQLite file, or a PostgreSQL database that several machines share.

Whatever goes wrong below is raised as `StorageError`, one line that names the index without its password and says what
to do. The index can always be made again, so nothing here tries to save a damaged one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateSchema

from archiver.errors import ConfigurationError, StorageError
from archiver.index import schema

#: the PostgreSQL schema that holds the tables, and the one a new index grows in
POSTGRES_SCHEMA = "archiver_index"
BUSY_TIMEOUT_S = 30
#: an option of the engine of an index that grows: the hashes of texts are put in last, by `sketches.complete`
DEFERRED = {"archiver_deferred": True}
_CONNECT_TIMEOUT_S = 10
_ELSEWHERE = "name another place for it with ARCHIVER_DATABASE_URL"
_AGAIN = "`archiver index rebuild` makes it again from the store"
_SQLITE_MAGIC = b"SQLite format 3\0"

# What SQLite's error codes mean to a user; the longest beginning counts. https://www.sqlite.org/rescode.html
_SQLITE_ADVICE = {
    "SQLITE_BUSY": "other processes held it for too long; try again",
    "SQLITE_LOCKED": "other processes held it for too long; try again",
    "SQLITE_CORRUPT": f"it is damaged; {_AGAIN}",
    "SQLITE_NOTADB": f"it is damaged; {_AGAIN}",
    "SQLITE_READONLY": f"it cannot be written: its file, folder or disk is read-only; {_ELSEWHERE}",
    "SQLITE_PERM": f"it cannot be written: its file, folder or disk is read-only; {_ELSEWHERE}",
    "SQLITE_CANTOPEN": f"its file or folder cannot be opened for writing; {_ELSEWHERE}",
    "SQLITE_FULL": f"its disk is full; make room, or {_ELSEWHERE}",
    "SQLITE_IOERR": f"its disk is full or gave an error; make room, or {_ELSEWHERE}",
}


_UNWRITABLE = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR")


class DamagedError(StorageError):
    """The database of the index cannot be used any more, and has to be made again."""


class UnwritableError(StorageError):
    """Where the index lies nothing can be written: read-only, full, or an ailing disk. Elsewhere it may do."""


class Database:
    """One opened index. Safe to share between threads; a child process opens its own."""

    def __init__(self, engine: Engine, shown: str, path: Path | None) -> None:
        self.engine = engine
        self.shown = shown  # its place in words, without a password
        self.path = path  # of the SQLite file; None for PostgreSQL
        # Without a transaction around them, short questions take half as many round trips to a server.
        self._quick = engine if path is not None else engine.execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for short questions. With SQLite all that is read within is of one state of the index."""
        with self.errors(), self._quick.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def streaming(self) -> Iterator[Connection]:
        """A connection for answers that are read as they are taken."""
        with self.errors(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the head of the index, so that only one process at a time moves it on."""
        with self.errors(), self.engine.connect() as connection:
            if self.path is not None:
                connection.info[_BEGIN] = "BEGIN IMMEDIATE"
            with connection.begin():
                if self.path is None:
                    connection.execute(sa.select(schema.head.c.one).with_for_update())
                yield connection

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Raises what a database raises as `StorageError`."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _kind(error)(f"the index {self.shown}: {_explain(error, self.engine)}") from None


_BEGIN = "archiver_begin"


def connect(location: str | Path, namespace: str = POSTGRES_SCHEMA) -> Database:
    """The index at a location: a path, `sqlite:///path` or `postgresql://…`. Opens nothing yet.

    Raises `ConfigurationError` for a URL that is no such thing; its message repeats nothing of it.
    """
    text = str(location)
    if isinstance(location, Path) or "://" not in text:
        return _sqlite(Path(location))
    if text.startswith("sqlite:///"):
        return _sqlite(Path(text.removeprefix("sqlite:///")))
    if text.startswith(("postgresql://", "postgres://")):
        return _postgres(text, namespace)
    raise ConfigurationError(
        "database_url, for the index and the queue, begins with neither postgresql:// nor sqlite:///; correct "
        "ARCHIVER_DATABASE_URL"
    )


def connect_scratch(path: Path) -> Database:
    """A SQLite file that is worth nothing until it is whole: nothing written is waited for."""
    database = _sqlite(path)
    event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return Database(database.engine.execution_options(**DEFERRED), database.shown, path)


def _sqlite(path: Path) -> Database:
    def create() -> sqlite3.Connection:
        # mode=rw: a file that is gone is an error, not a new empty one. Begin and commit are ours, see below.
        uri = f"file:{quote(str(path.absolute()))}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)

    engine = sa.create_engine("sqlite://", creator=create, poolclass=sa.QueuePool)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, str(path), path)


def _set_up_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # After a power failure the last transactions may be gone, never half of one: the log has them again.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    # What a row no longer says, as when its capture was withdrawn, is not to stay in free space of the file.
    connection.execute("PRAGMA secure_delete=ON")


def _begin_sqlite(connection: Connection) -> None:
    # Python's driver would begin only before the first change, and a lock taken so late cannot be waited for.
    connection.exec_driver_sql(connection.info.pop(_BEGIN, "BEGIN"))


def postgres_url(text: str) -> URL:
    """A `postgresql://` URL with our driver and defaults. Raises `ConfigurationError`, whose message has none of it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "database_url, for the index and the queue, is not a postgresql:// URL; percent-encode the password, "
            "correct ARCHIVER_DATABASE_URL"
        ) from None
    url = url.set(drivername="postgresql+psycopg")
    defaults = {"connect_timeout": str(_CONNECT_TIMEOUT_S), "application_name": "archiver"}
    return url.update_query_dict({name: value for name, value in defaults.items() if name not in url.query})


def _postgres(text: str, namespace: str) -> Database:
    url = postgres_url(text)
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)
    except ImportError:
        raise ConfigurationError("psycopg, the driver for PostgreSQL, cannot be loaded; install psycopg") from None
    engine = engine.execution_options(schema_translate_map={None: namespace})
    return Database(engine, shown_url(url), None)


def shown_url(url: URL) -> str:
    """A URL without user, password and options, any of which may be a secret."""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or ''}{port}/{url.database or ''}"


def without_secrets(line: str, url: URL) -> str:
    """A message of a server without what may be secret in the URL it was reached by."""
    for secret in (url.password, *map(str, url.query.values())):
        if secret and len(str(secret)) > 2:
            line = line.replace(str(secret), "***")
    return line


def _is_damage(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlstate", None) in ("42P01", "42703"):  # undefined_table, undefined_column
        return True
    name = getattr(cause, "sqlite_errorname", "")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or (
        name == "SQLITE_ERROR" and "no such" in str(cause)  # a table or column that every index has
    )


def _kind(error: Exception) -> type[StorageError]:
    if _is_damage(error):
        return DamagedError
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "")
    return UnwritableError if name.startswith(_UNWRITABLE) else StorageError


def _explain(error: Exception, engine: Engine) -> str:
    cause = (error.orig if isinstance(error, DBAPIError) else None) or error
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        for known, advice in _SQLITE_ADVICE.items():
            if name.startswith(known):
                return advice
    line = " ".join(str(cause).split())[:300] or type(cause).__name__
    line = without_secrets(line, engine.url)
    state = getattr(cause, "sqlstate", None)
    if state is None and engine.dialect.name == "postgresql":
        return f"the server cannot be reached ({line}); check ARCHIVER_DATABASE_URL"
    if _is_damage(error):
        return f"its tables are not those of an index ({line}); {_AGAIN}"
    if state == "42501":  # insufficient_privilege
        return f"its user may not do that ({line}); grant it CREATE on the database"
    return line


def is_there(database: Database) -> bool:
    """Whether the index exists. Raises `StorageError`, also for a file that is no index."""
    if database.path is not None:
        return _is_index(database.path)
    with database.reading() as connection:
        namespace = _namespace(database)
        return bool(connection.scalar(sa.text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f"{namespace}.head"}))


def _is_index(path: Path) -> bool:
    """Whether an index lies there; false when nothing does. Raises `StorageError` for another file."""
    try:
        with path.open("rb") as stream:
            begin = stream.read(72)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"the index {path} could not be read: {error.strerror}; {_ELSEWHERE}") from None
    # https://www.sqlite.org/fileformat.html section 1.3: the application id is at offset 68.
    if begin[:16] != _SQLITE_MAGIC or begin[68:] != schema.APPLICATION_ID.to_bytes(4, "big"):
        raise StorageError(
            f"{path} is not an index of archiver, or its beginning is damaged; move it away, then {_AGAIN}"
        )
    return True


def _namespace(database: Database) -> str:
    return str(database.engine.get_execution_options()["schema_translate_map"][None])


def create(database: Database, archive: str) -> None:
    """Make an empty index, or leave the one that somebody else has just made. Raises `StorageError`."""
    if database.path is None:
        with database.errors(), database.engine.begin() as connection:
            # One of several processes makes it, the others wait; it is free again when the transaction ends.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": schema.APPLICATION_ID})
            # IF NOT EXISTS would ask for the right to make it even where an administrator has made it for us.
            if connection.scalar(sa.text("SELECT to_regnamespace(:name) IS NULL"), {"name": _namespace(database)}):
                connection.execute(CreateSchema(_namespace(database)))
            schema.metadata.create_all(connection)
            if connection.scalar(sa.select(schema.head.c.one)) is None:
                connection.execute(schema.head.insert().values(_first_head(archive)))
        return
    path = database.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".index-", dir=path.parent) as folder:
            new = Path(folder) / path.name
            create_file(new, archive)
            with locked(path):
                if not path.exists():
                    # A write-ahead log that is left of an index somebody took away would be read into the new one:
                    # https://www.sqlite.org/howtocorrupt.html section 1.4
                    for file in sqlite_files(path):
                        file.unlink(missing_ok=True)
                    os.link(new, path)  # so that it appears whole
    except OSError as error:
        raise UnwritableError(f"the index {path} could not be made: {error.strerror or error}; {_ELSEWHERE}") from None


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """While inside, nobody else makes this index or makes it again. A killed process's lock is free by itself.

    Raises `BlockingIOError` when another holds the lock and is not waited for.
    """
    handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def create_file(path: Path, archive: str) -> None:
    """Make an empty index in a new file, for its owner alone: it names every page that was captured."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    database = _sqlite(path)
    try:
        with database.errors():
            with contextlib.closing(sqlite3.connect(path)) as raw:
                raw.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
                raw.execute("PRAGMA journal_mode=WAL")
            with database.engine.begin() as connection:
                schema.metadata.create_all(connection)
                connection.execute(schema.head.insert().values(_first_head(archive)))
    finally:
        database.close()


def _first_head(archive: str) -> dict[str, object]:
    return {"one": 1, "version": schema.VERSION, "archive": archive, "next_index": 0}


@dataclass(frozen=True)
class Head:
    """Version of the tables, which archive they are of, and the slot to go on with."""

    version: int
    archive: str
    next_index: int


def read_head(connection: Connection) -> Head:
    """Where an index stands. Raises `DamagedError` when it does not say."""
    row = connection.execute(
        sa.select(schema.head.c.version, schema.head.c.archive, schema.head.c.next_index)
    ).one_or_none()
    if row is None:
        raise DamagedError(f"the index says nothing of itself; {_AGAIN}")
    return Head(*row)


def read_own_head(database: Database, archive: str) -> Head:
    """Where the index of this archive stands.

    Raises `StorageError` when it is another archive's, or of a newer version; such an index is left as it is.
    """
    with database.reading() as connection:
        head = read_head(connection)
    if head.version > schema.VERSION:
        raise StorageError(
            f"the index {database.shown} is of version {head.version}, and this program knows {schema.VERSION}; "
            "use the newer program, or give it another place with ARCHIVER_DATABASE_URL"
        )
    if head.archive != archive:
        raise StorageError(
            f"the index {database.shown} belongs to another archive; correct --archive or ARCHIVER_DATABASE_URL, or "
            "move the index away"
        )
    return head


def sqlite_files(path: Path) -> tuple[Path, ...]:
    """The files that belong to a SQLite database besides itself."""
    return tuple(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))

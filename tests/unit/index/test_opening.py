"""An index is opened, refused, or made again; what goes wrong is one line without a password."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from archiver.errors import ConfigurationError, NotFoundError, StorageError
from archiver.index import database as databases
from archiver.index import follow, queries, schema
from archiver.index import rebuild as rebuilding
from archiver.index.database import POSTGRES_SCHEMA, DamagedError, Database, connect
from archiver.index.opening import identity, open_index, rebuild_index
from archiver.index.queries import Filter
from archiver.index.readings import readings
from archiver.storage import layout
from tests.support.logs import Log, at, withdrawn
from tests.support.memory_store import MemoryStore
from tests.support.postgres import Postgres
from tests.unit.index.conftest import Opener


def listed(database: Database) -> list[str]:
    return [capture.id for capture in queries.listing(database, Filter())]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def full(log: Log) -> list[str]:
    """A log with some captures; their ids, newest first."""
    return list(reversed([log.capture(f"https://example.com/{second}", at(second)) for second in range(200)]))


def test_an_archive_without_its_document_has_no_identity() -> None:
    with pytest.raises(NotFoundError):
        identity(MemoryStore())


def test_an_index_that_is_there_is_gone_on_with(location: str, opened: Opener, log: Log, full: list[str]) -> None:
    follow.catch_up(opened(location, log.store), log.store)
    assert listed(opened(location, log.store)) == full


def test_another_archives_index_is_refused_and_left_as_it_is(
    location: str, opened: Opener, log: Log, full: list[str]
) -> None:
    mine = opened(location, log.store)
    follow.catch_up(mine, log.store)
    other = Log(name="two")
    with pytest.raises(StorageError, match="belongs to another archive"):
        open_index(location, other.store)
    with pytest.raises(StorageError, match="belongs to another archive"):
        rebuild_index(location, other.store)
    assert listed(mine) == full


def test_a_newer_versions_index_is_refused_and_left_as_it_is(
    location: str, opened: Opener, log: Log, full: list[str]
) -> None:
    mine = opened(location, log.store)
    follow.catch_up(mine, log.store)
    with mine.writing() as connection:
        connection.execute(sa.update(schema.head).values(version=schema.VERSION + 1))
    for act in (open_index, rebuild_index):
        theirs, ours = schema.VERSION + 1, schema.VERSION
        with pytest.raises(StorageError, match=f"version {theirs}, and this program knows {ours}; use the newer"):
            act(location, log.store)
    assert listed(mine) == full


def test_an_older_versions_index_is_made_again(location: str, opened: Opener, log: Log, full: list[str]) -> None:
    with opened(location, log.store).writing() as connection:
        connection.execute(sa.update(schema.head).values(version=schema.VERSION - 1))
    assert listed(opened(location, log.store)) == full


def test_an_index_of_before_there_were_withdrawals_is_made_again(
    location: str, opened: Opener, log: Log, full: list[str]
) -> None:
    with opened(location, log.store).writing() as connection:
        connection.execute(sa.update(schema.head).values(version=1))
        schema.statements.drop(connection)
        namespace = "" if connection.dialect.name == "sqlite" else f"{POSTGRES_SCHEMA}."
        for column in schema.captures.c:
            if column.name.startswith("withdrawn_"):
                connection.execute(sa.text(f"ALTER TABLE {namespace}captures DROP COLUMN {column.name}"))
    log.add(withdrawn(full[0]))
    again = opened(location, log.store)
    assert follow.catch_up(again, log.store) == queries.next_index(again)
    capture = queries.by_id(again, full[0])
    assert capture is not None
    assert capture.state is schema.State.WITHDRAWN
    assert sorted(listed(again)) == sorted(full)


def test_a_rebuilt_index_is_seen_by_those_who_have_the_old_one_open(
    location: str, opened: Opener, log: Log, full: list[str]
) -> None:
    mine = opened(location, log.store)
    follow.catch_up(mine, log.store)
    with mine.writing() as connection:
        connection.execute(sa.delete(schema.captures).where(schema.captures.c.id != full[0]))
    assert listed(mine) == full[:1]
    told: list[int] = []
    assert rebuild_index(location, log.store, told.append) == 400
    assert told == [400]
    assert listed(mine) == full
    new = log.capture(began=at(999))
    assert follow.catch_up(mine, log.store) == 402
    assert listed(opened(location, log.store)) == [new, *full]


def test_a_rebuild_that_fails_leaves_the_old_index(location: str, opened: Opener, log: Log) -> None:
    for _ in range(700):
        log.capture()
    mine = opened(location, log.store)
    follow.catch_up(mine, log.store)
    before = listed(mine)
    log.memory.unreadable.add(layout.slot(1200))
    with pytest.raises(StorageError, match="gave an error"):
        rebuild_index(location, log.store)
    assert listed(mine) == before
    log.memory.unreadable.clear()
    assert rebuild_index(location, log.store) == 1400


def test_a_rebuild_makes_an_index_where_there_was_none(
    location: str, opened: Opener, log: Log, full: list[str]
) -> None:
    assert rebuild_index(location, log.store) == 400
    assert listed(opened(location, log.store)) == full


def test_one_rebuild_at_a_time(
    location: str, opened: Opener, log: Log, full: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(location, log.store)
    filling, go_on = threading.Event(), threading.Event()
    fill = rebuilding.fill

    def slow(*arguments: object) -> int:
        filling.set()
        assert go_on.wait(30)
        return fill(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rebuilding, "fill", slow)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(rebuild_index(location, log.store)))
    thread.start()
    assert filling.wait(30)
    try:
        with pytest.raises(StorageError, match="another process is making it again"):
            rebuild_index(location, log.store)
    finally:
        go_on.set()
        thread.join()
    assert results == [400]


def test_following_goes_on_after_the_index_was_made_anew_behind_ones_back(
    location: str, opened: Opener, log: Log, full: list[str]
) -> None:
    mine = opened(location, log.store)
    follow.catch_up(mine, log.store)
    slots = list(readings(log.store, 300))
    with mine.writing() as connection:  # as a rebuild that has read less would leave it
        connection.execute(sa.update(schema.head).values(next_index=100))
        for table in (schema.tags, schema.duplicates, schema.problems):
            connection.execute(sa.delete(table))
        later = schema.captures.c.id.in_(full[:150])
        connection.execute(sa.delete(schema.captures).where(later))
    with mine.writing() as connection:
        assert follow.advance(connection, slots) == 100
    assert follow.catch_up(mine, log.store) == 400
    assert listed(mine) == full


def test_a_tag_without_its_capture_is_refused(location: str, opened: Opener, log: Log) -> None:
    index = opened(location, log.store)
    with pytest.raises(StorageError, match=r"(?i)foreign key"), index.writing() as connection:
        connection.execute(sa.insert(schema.tags).values(id="nobody", tag="a"))


# SQLite


def test_several_may_make_the_index_at_once(location: str, log: Log) -> None:
    together = threading.Barrier(8)
    errors: list[BaseException] = []

    def run() -> None:
        together.wait()
        try:
            open_index(location, log.store).close()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    open_index(location, log.store).close()


def test_a_rebuilt_file_is_for_its_owner_alone(path: Path, log: Log, full: list[str]) -> None:
    rebuild_index(path, log.store)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {each.name for each in path.parent.iterdir()} == {"index.sqlite", "index.sqlite.lock"}


def _overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


@pytest.mark.parametrize("offset", [100, 5000, 40000])
def test_a_damaged_index_is_named_and_can_be_made_again(path: Path, log: Log, full: list[str], offset: int) -> None:
    with closing(open_index(path, log.store)) as database:
        follow.catch_up(database, log.store)
    _overwrite(path, offset, b"\xff" * (path.stat().st_size - offset))
    with pytest.raises(DamagedError, match="it is damaged; `archiver index rebuild`") as caught:
        _use(path, log)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    rebuild_index(path, log.store)
    with closing(open_index(path, log.store)) as database:
        assert listed(database) == full


def test_a_cut_index_is_named_and_can_be_made_again(path: Path, log: Log, full: list[str]) -> None:
    with closing(open_index(path, log.store)) as database:
        follow.catch_up(database, log.store)
    os.truncate(path, 9000)
    with pytest.raises(DamagedError, match="it is damaged"):
        _use(path, log)
    rebuild_index(path, log.store)
    with closing(open_index(path, log.store)) as database:
        assert listed(database) == full


def test_nothing_of_a_damaged_index_is_left_beside_the_new_one(path: Path, log: Log, full: list[str]) -> None:
    open_index(path, log.store).close()
    _overwrite(path, 100, b"\xff" * 4000)
    path.with_name("index.sqlite-wal").write_bytes(b"of the old one")
    path.with_name("index.sqlite-shm").write_bytes(b"of the old one")
    rebuild_index(path, log.store)
    assert {each.name for each in path.parent.iterdir()} == {"index.sqlite", "index.sqlite.lock"}


def test_a_database_that_cannot_be_written_over_says_so(path: Path, tmp_path: Path, log: Log) -> None:
    open_index(path, log.store).close()
    new = tmp_path / "new.sqlite"
    shutil.copy(path, new)
    assert rebuilding._copy_over(new, path)
    os.truncate(path, 9000)
    assert not rebuilding._copy_over(new, path)


def _use(path: Path, log: Log) -> None:
    with closing(open_index(path, log.store)) as database:
        list(queries.every(database))
        log.capture()
        follow.catch_up(database, log.store)


@pytest.mark.parametrize("content", [b"", b"a thesis", b"SQLite format 3\0" + bytes(200)])
def test_a_file_that_is_no_index_is_never_written_to(path: Path, log: Log, content: bytes) -> None:
    path.write_bytes(content)
    for act in (open_index, rebuild_index):
        with pytest.raises(StorageError, match=r"is not an index of archiver.*move it away"):
            act(path, log.store)
    assert path.read_bytes() == content


def test_somebody_elses_database_is_never_written_to(path: Path, log: Log) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE head (x)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="is not an index of archiver"):
        rebuild_index(path, log.store)
    assert path.read_bytes() == before


def test_an_index_without_its_tables_is_damaged(path: Path, log: Log, full: list[str]) -> None:
    open_index(path, log.store).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE head")
        connection.commit()
    with pytest.raises(DamagedError, match="index rebuild"):
        open_index(path, log.store)
    rebuild_index(path, log.store)
    with closing(open_index(path, log.store)) as database:
        assert listed(database) == full


def test_an_index_that_says_nothing_of_itself_is_damaged(path: Path, log: Log) -> None:
    with closing(open_index(path, log.store)) as database, database.writing() as connection:
        connection.execute(sa.delete(schema.head))
    with pytest.raises(DamagedError, match="says nothing of itself"):
        open_index(path, log.store)


def test_a_folder_in_the_place_of_the_index_is_named(path: Path, log: Log) -> None:
    path.mkdir()
    with pytest.raises(StorageError, match=r"index\.sqlite could not be read: Is a directory"):
        open_index(path, log.store)


def test_a_file_in_the_place_of_the_folder_is_named(path: Path, log: Log) -> None:
    path.write_bytes(b"")
    with pytest.raises(StorageError, match="ARCHIVER_DATABASE_URL"):
        open_index(path / "index.sqlite", log.store)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SQLITE_READONLY_DIRECTORY", "cannot be written.*ARCHIVER_DATABASE_URL"),
        ("SQLITE_READONLY", "cannot be written.*ARCHIVER_DATABASE_URL"),
        ("SQLITE_CANTOPEN", "cannot be opened for writing; name another place"),
        ("SQLITE_FULL", "its disk is full"),
        ("SQLITE_IOERR_WRITE", "its disk is full or gave an error; make room"),
        ("SQLITE_BUSY", "held it for too long; try again"),
        ("SQLITE_CORRUPT_INDEX", "damaged"),
    ],
)
def test_each_error_of_sqlite_says_what_to_do(path: Path, code: str, words: str) -> None:
    error = sqlite3.OperationalError("of SQLite")
    error.sqlite_errorname = code
    with pytest.raises(StorageError, match=words), connect(path).errors():
        raise error


def test_a_read_only_index_is_named_with_what_to_do(path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    open_index(path, log.store).close()
    real = sqlite3.connect

    def read_only(target: str, **options: object) -> sqlite3.Connection:
        # As on a read-only disk, also for root.
        return real(target.replace("mode=rw", "mode=ro"), **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(sqlite3, "connect", read_only)
    log.capture()
    with closing(open_index(path, log.store)) as database, pytest.raises(StorageError, match="it cannot be written"):
        follow.catch_up(database, log.store)


def test_an_index_that_vanished_is_an_error_and_no_new_empty_one(path: Path, log: Log) -> None:
    with closing(open_index(path, log.store)) as database:
        database.engine.dispose()
        path.unlink()
        with pytest.raises(StorageError, match="cannot be opened"):
            queries.latest(database)
    assert not path.exists()


def test_who_waits_too_long_for_another_is_told_so(path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "BUSY_TIMEOUT_S", 0)
    with closing(open_index(path, log.store)) as one, closing(open_index(path, log.store)) as other:
        log.capture()
        with one.writing(), pytest.raises(StorageError, match="other processes held it"):
            follow.catch_up(other, log.store)
        assert follow.catch_up(other, log.store) == 2


# PostgreSQL


@pytest.fixture
def url(server: Postgres) -> Iterator[str]:
    with server.database() as made:
        yield made


def test_a_wrong_password_is_one_line_that_does_not_hold_it(url: str, server: Postgres, log: Log) -> None:
    wrong = url.replace(server.password, "hunter2hunter2")
    with pytest.raises(StorageError, match=r"the index postgresql://127\.0\.0\.1:\d+/d\w+: the server cannot be") as e:
        open_index(wrong, log.store)
    message = str(e.value)
    assert "hunter2" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "bad",
    [
        "postgresql://u:hunter2hunter2@127.0.0.1:1/d",
        "postgresql://127.0.0.1:1/d?user=u&password=hunter2hunter2",
        "postgresql://u:hunter2hunter2@127.0.0.1:1/d?hunter2hunter2=1",
        "postgresql://u:hunter2hunter2@host:port/d",
        "mysql://u:hunter2hunter2@127.0.0.1/d",
    ],
)
def test_no_password_is_in_any_message(bad: str, log: Log) -> None:
    with pytest.raises((StorageError, ConfigurationError)) as caught:
        open_index(bad, log.store)
    message = str(caught.value)
    assert "hunter2" not in message
    assert "\n" not in message
    assert "ARCHIVER_DATABASE_URL" in message


def test_both_spellings_of_the_scheme_are_taken(url: str, log: Log) -> None:
    open_index(url.replace("postgresql://", "postgres://"), log.store).close()


def test_a_user_without_the_right_to_make_it_is_told_which_right(url: str, server: Postgres, log: Log) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS weak")
        connection.execute("CREATE ROLE weak LOGIN PASSWORD 'weakweak'")
    weak = url.replace(f"test:{server.password}", "weak:weakweak")
    with pytest.raises(StorageError, match="grant it CREATE on the database"):
        open_index(weak, log.store)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {POSTGRES_SCHEMA} AUTHORIZATION weak")
    open_index(weak, log.store).close()


def test_keys_sort_by_code_point_whatever_the_language_of_the_server(url: str, log: Log) -> None:
    open_index(url, log.store).close()
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = %s AND collation_name = 'C' ORDER BY 1, 2",
            (POSTGRES_SCHEMA,),
        ).fetchall()
    assert found == [
        *(("captures", "host"), ("captures", "id"), ("duplicates", "id")),
        *(("region_reads", "id"), ("regions", "id")),
        *(("sketches", "id"), ("statements", "id"), ("tags", "id"), ("tags", "tag")),
    ]


def test_what_a_killed_rebuild_left_is_cleared_away(url: str, log: Log, full: list[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {POSTGRES_SCHEMA}_new")
        connection.execute(f"CREATE TABLE {POSTGRES_SCHEMA}_new.head (x int)")
    assert rebuild_index(url, log.store) == 400
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'archiver%'").fetchall()
    assert names == [(POSTGRES_SCHEMA,)]


def test_a_dropped_table_is_damage_that_a_rebuild_mends(url: str, log: Log, full: list[str]) -> None:
    with closing(open_index(url, log.store)) as database:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP TABLE {POSTGRES_SCHEMA}.captures CASCADE")
        with pytest.raises(DamagedError, match="index rebuild"):
            queries.latest(database)
        rebuild_index(url, log.store)
        assert listed(database) == full


def test_following_and_reading_go_on_while_the_index_is_made_again(location: str, opened: Opener, log: Log) -> None:
    for second in range(300):
        log.capture(began=at(second))
    database = opened(location, log.store)
    follow.catch_up(database, log.store)
    done = threading.Event()
    errors: list[BaseException] = []

    def use() -> None:
        try:
            while not done.is_set():
                assert len(listed(database)) == 300
                follow.catch_up(database, log.store)
        except BaseException as error:
            errors.append(error)
            raise

    thread = threading.Thread(target=use)
    thread.start()
    for _ in range(5):
        rebuild_index(location, log.store)
    done.set()
    thread.join()
    assert errors == []


# what is imported


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import archiver.cli.main", ("sqlalchemy", "psycopg", "archiver.index")),
        ("import archiver.index.opening as o; o.connect('x')", ("psycopg",)),
    ],
)
def test_databases_are_loaded_late(code: str, absent: tuple[str, ...]) -> None:
    script = f"{code}\nimport sys\nprint([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

"""Whose a queue is, which program it is of, and who may work at it."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from archiver.archive import Archive
from archiver.config import JobsSettings, Settings
from archiver.errors import UsageError
from archiver.jobs import database, opening, schema
from archiver.jobs.database import Database, QueueError
from archiver.jobs.job import Options
from archiver.jobs.schema import jobs, workers
from archiver.jobs.worker import Worker
from archiver.moments import to_ms
from tests.support.queues import ARCHIVE, LEASE_S, Clock, Desk


def test_a_queue_is_made_once_and_found_again(location: str) -> None:
    for _ in range(2):
        base = database.connect(location)
        database.ensure(base, ARCHIVE)
        with base.transaction() as connection:
            assert connection.execute(sa.select(schema.head)).one() == (1, schema.VERSION, ARCHIVE, schema.NEVER)
        base.close()


def test_a_queue_of_a_newer_program_is_left_as_it_is(base: Database, location: str) -> None:
    with base.transaction() as connection:
        connection.execute(schema.head.update().values(version=schema.VERSION + 1))
        schema.outbox.drop(connection)
    with pytest.raises(QueueError) as caught:
        database.ensure(base, ARCHIVE)
    assert "is of a newer archiver (version 2 of its tables, this one knows 1); use that one" in str(caught.value)
    with base.transaction() as connection:
        namespace = None if base.path else schema.POSTGRES_SCHEMA
        assert not sa.inspect(connection).has_table("outbox", namespace)


def test_a_queue_of_another_archive_is_refused(base: Database) -> None:
    with pytest.raises(QueueError, match="is another archive's; correct --archive or ARCHIVER_DATABASE_URL"):
        database.ensure(base, "b" * 32)


def test_no_message_has_the_password_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    base = database.connect("postgresql://user:hidden@127.0.0.1:1/name")
    with pytest.raises(QueueError) as caught:
        database.ensure(base, ARCHIVE)
    assert "hidden" not in str(caught.value)
    assert "cannot be reached" in str(caught.value)
    assert "\n" not in str(caught.value)
    base.close()


def test_the_file_of_a_queue_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "jobs.sqlite"
    base = database.connect(path)
    database.ensure(base, ARCHIVE)
    base.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_what_is_no_database_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "jobs.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    base = database.connect(path)
    with pytest.raises(QueueError) as caught:
        database.ensure(base, ARCHIVE)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    base.close()


def test_an_error_within_a_transaction_undoes_all_of_it(base: Database, watch: Clock) -> None:
    desk = Desk(base, watch)

    def change() -> None:
        with base.transaction() as connection:
            connection.execute(schema.head.update().values(followed=7))
            connection.execute(sa.text("SELECT nothing FROM nowhere"))

    with pytest.raises(QueueError):
        change()
    assert desk.rows(schema.head)[0].followed == schema.NEVER


def test_a_job_without_a_host_cannot_be(base: Database, watch: Clock) -> None:
    desk = Desk(base, watch)
    job = desk.put()
    for host in ("", None):
        with pytest.raises(IntegrityError), base.engine.begin() as connection:
            connection.execute(jobs.update().where(jobs.c.id == job).values(host=host))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ('{"trace":true,"from_the_future":{"a":1}}', Options(trace=True)),
        ("{}", Options()),
        ('{"tag":["a","b"],"old":null}', Options(tag=("a", "b"))),
    ],
)
def test_a_job_of_another_program_is_run_with_what_is_known_of_its_options(
    base: Database, watch: Clock, options: str, expected: Options
) -> None:
    desk = Desk(base, watch)
    job = desk.put()
    with base.transaction() as connection:
        connection.execute(jobs.update().values(options=options))
    assert desk.begin(job).job.options == expected
    assert desk.end(job) == "done"


# where it lies


def _settings(**given: Any) -> Settings:
    return Settings(archive="archive", **given)


def test_a_queue_lies_beside_its_archive_or_where_settings_say(location: str, tmp_path: Path) -> None:
    settings = _settings()
    with Archive(settings) as archive:
        assert opening.place_of(archive, settings) == Path("archive/jobs.sqlite")
        with opening.opened(archive, settings) as found:
            assert list(found.scheduling.listing()) == []
        assert Path("archive/jobs.sqlite").exists()
    if location.startswith("postgresql"):
        settings = _settings(database_url=SecretStr(location))
        with Archive(settings) as archive, opening.opened(archive, settings) as found:
            assert found.database.path is None
            assert list(found.scheduling.listing()) == []


# workers


def _worker(name: str) -> Worker:
    return Worker(_settings(jobs=JobsSettings(lease_s=LEASE_S)), name)


def test_the_name_of_a_living_worker_is_taken_and_that_of_a_dead_one_is_not(base: Database, watch: Clock) -> None:
    _worker("w")._register(base)
    with pytest.raises(UsageError, match="a worker 'w' is at work already; give each a name of its own"):
        _worker("w")._register(base)
    _worker("v")._register(base)
    watch.on(LEASE_S + 1)
    _worker("w")._register(base)
    desk = Desk(base, watch)
    (row,) = [row for row in desk.rows(workers) if row.id == "w"]
    assert row.beat_ms == row.started_ms == to_ms(watch.now)


def test_a_worker_that_ends_gives_its_name_back(base: Database, watch: Clock) -> None:
    first = _worker("w")
    first._register(base)
    first._unregister(base)
    _worker("w")._register(base)

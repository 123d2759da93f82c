"""The queue of an archive, opened: where it lies, and what belongs to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from archiver import clock
from archiver.archive import Archive
from archiver.config import Settings
from archiver.jobs.database import Database, connect, ensure
from archiver.jobs.planner import Planner
from archiver.jobs.politeness import Politeness
from archiver.jobs.queue import Handing, Queue
from archiver.jobs.scheduling import Scheduling
from archiver.storage import layout
from archiver.storage.local import LocalStore

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Opened:
    """The queue of an archive and its schedules."""

    database: Database
    queue: Queue
    planner: Planner
    scheduling: Scheduling


@contextmanager
def opened(archive: Archive, settings: Settings, handing: Handing | None = None) -> Iterator[Opened]:
    """The queue of an archive, both made where there are none. Without `handing`, what is queued waits for a worker.

    Raises `QueueError`, `ConfigurationError`, and as `Archive.ensure`.
    """
    archive.ensure()
    database = connect(place_of(archive, settings))
    try:
        described = archive.describe()
        assert described is not None
        ensure(database, described.id)
        yield assemble(archive, settings, database, handing)
    finally:
        database.close()


def assemble(archive: Archive, settings: Settings, database: Database, handing: Handing | None) -> Opened:
    """The parts of a queue whose tables are there."""
    given = settings.jobs
    queue = Queue(database, handing, Politeness(given), given.attempts, int(given.lease_s * 1000))
    planner = Planner(database, queue)
    return Opened(database, queue, planner, Scheduling(archive, database, queue, planner))


def place_of(archive: Archive, settings: Settings) -> str | Path:
    """Where the queue lies: in the database that settings name, else a file beside the archive or of this user.

    A SQLite file that settings name is the index, which may be made again at any time; the queue lies beside it.
    """
    if settings.database_url is not None:
        named = settings.database_url.get_secret_value()
        if not named.startswith(_SQLITE):
            return named
        index = Path(named.removeprefix(_SQLITE))
        return index.with_name(f"{index.stem}-jobs.sqlite")
    store = archive.place
    if isinstance(store, LocalStore):
        return store.root / "jobs.sqlite"
    described = archive.describe()
    assert described is not None
    name = hashlib.sha256(f"{described.id} {store.location}".encode()).hexdigest()[:32]
    return platformdirs.user_state_path("archiver", appauthor=False) / f"jobs-{name}.sqlite"


def new_id() -> str:
    """An id for a job that is for no schedule."""
    return layout.new_id(clock.now())

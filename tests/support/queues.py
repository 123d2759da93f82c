"""A queue whose clock the test sets, and an engine that only notes what it is handed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from archiver import clock
from archiver.config import JobsSettings
from archiver.jobs import database, schema
from archiver.jobs.database import Database
from archiver.jobs.job import Ended, Job
from archiver.jobs.politeness import Politeness
from archiver.jobs.queue import Begun, New, Queue
from archiver.jobs.schema import JobState, hosts, jobs, lanes, metadata, workers
from archiver.moments import from_ms, to_ms

ARCHIVE = "a" * 32
START = datetime(2026, 3, 1, tzinfo=UTC)
LEASE_S = 30.0
REST_S = 5.0
PAGE = "https://a.test/news"


class Clock:
    """The clock of the program and of its database alike."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = START
        patch.setattr(clock, "now", lambda: self.now)
        patch.setattr(Database, "now_ms", lambda *_: to_ms(self.now))

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Handed:
    workflow: str
    job: str
    priority: int
    at_ms: int


class Notes:
    """What was handed over, in order."""

    def __init__(self, watch: Clock) -> None:
        self._clock = watch
        self.all: list[Handed] = []

    def hand_over(self, connection: Connection, workflow: str, job: str, priority: int, delay_s: float) -> None:
        assert connection.in_transaction()
        assert delay_s >= 0
        at = to_ms(self._clock.now) + round(delay_s * 1000)
        self.all.append(Handed(workflow, job, priority, at))

    def of(self, job: str) -> list[str]:
        return [each.workflow for each in self.all if each.job == job]


class Desk:
    """A queue to play with. Workers are told to be alive, and fall silent when the clock goes on without them."""

    def __init__(self, base: Database, watch: Clock, **settings: Any) -> None:
        given = JobsSettings(**{"delay_s": REST_S, "attempts": 3, "lease_s": LEASE_S, **settings})
        self.clock = watch
        self.database = base
        self.notes = Notes(watch)
        self.queue = Queue(base, self.notes, Politeness(given), given.attempts, int(given.lease_s * 1000))
        self._made = 0

    def submit(self, url: str = PAGE, key: str | None = None, **given: Any) -> str | None:
        """The id of the new job; None when it was refused."""
        self._made += 1
        id_ = key or f"job{self._made}"
        with self.database.transaction() as connection:
            return id_ if self.queue.submit(connection, New(url, key=key, **given), id_) else None

    def put(self, url: str = PAGE, **given: Any) -> str:
        id_ = self.submit(url, **given)
        assert id_ is not None
        return id_

    def alive(self, worker: str = "w1", *, anew: bool = False) -> str:
        """Have a worker be heard now; with `anew` it is another of that name."""
        now = to_ms(self.clock.now)
        with self.database.transaction() as connection:
            found = connection.scalar(sa.select(workers.c.started_ms).where(workers.c.id == worker))
            connection.execute(workers.delete().where(workers.c.id == worker))
            connection.execute(
                workers.insert().values(
                    id=worker,
                    beat_ms=now,
                    started_ms=now if anew or found is None else found,
                    machine="m",
                    pid=1,
                    concurrency=1,
                    software="test",
                )
            )
        return worker

    def workflow(self, job: str) -> str:
        """What a job was last handed over as."""
        return self.notes.of(job)[-1]

    def try_begin(self, job: str, worker: str = "w1") -> Begun | None:
        return self.queue.begin(self.workflow(job), self.alive(worker))

    def begin(self, job: str, worker: str = "w1") -> Begun:
        """Begin it, after the rest of its lane where that is not over, or a worker died in it."""
        begun = self.try_begin(job, worker)
        if begun is None:
            self.clock.on(REST_S)
            begun = self.try_begin(job, worker)
        assert begun is not None
        return begun

    def end(self, job: str, ended: Ended | None = None, worker: str = "w1") -> JobState | None:
        return self.queue.end(self.workflow(job), worker, ended or Ended(snapshot="s", outcome="complete"))

    def run(self, job: str, ended: Ended | None = None, worker: str = "w1") -> JobState | None:
        self.begin(job, worker)
        return self.end(job, ended, worker)

    def job(self, job: str) -> Job:
        return self.queue.find(job)

    def state(self, job: str) -> str:
        return str(self.job(job).state)

    def rows(self, table: sa.Table) -> list[Any]:
        with self.database.transaction() as connection:
            return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))

    def held(self, host: str = "a.test") -> list[str]:
        """The jobs that hold a lane of a host."""
        return [row.workflow.partition("/")[0] for row in self.rows(lanes) if row.workflow and row.host == host]

    def until(self, host: str = "a.test") -> datetime:
        """Until when a host is left alone."""
        return from_ms(next(row.until_ms for row in self.rows(hosts) if row.host == host))

    def outbox(self, kind: str) -> list[dict[str, Any]]:
        import orjson

        return [orjson.loads(row.body) for row in self.rows(schema.outbox) if row.kind == kind]

    def check(self) -> None:
        """What always holds."""
        with self.database.transaction() as connection:
            found = {row.id: row for row in connection.execute(sa.select(jobs))}
            holding = [row for row in connection.execute(sa.select(lanes)) if row.workflow is not None]
        by_workflow = {row.workflow: row for row in found.values() if row.workflow is not None}
        names = [row.workflow for row in holding]
        assert len(set(names)) == len(names), "a job holds two lanes"
        assert set(names) == set(by_workflow), "a lane is held by nobody, or a job was handed over without a lane"
        for row in holding:
            assert by_workflow[row.workflow].host == row.host
            assert by_workflow[row.workflow].state not in schema.ENDED
        for row in found.values():
            assert (row.state == JobState.RUNNING) <= (row.workflow is not None)
            assert row.attempts >= 0
        waiting = [row.dedup for row in found.values() if row.state in schema.WAITING and row.dedup]
        assert len(set(waiting)) == len(waiting)


@contextmanager
def made(location: str, archive: str = ARCHIVE) -> Iterator[Database]:
    """A queue's database at a location, with its tables."""
    base = database.connect(location)
    try:
        database.ensure(base, archive)
        yield base
    finally:
        base.close()


def clear(base: Database) -> None:
    with base.transaction() as connection:
        for table in metadata.tables.values():
            if table is not schema.head:
                connection.execute(table.delete())
        connection.execute(schema.head.update().values(followed=schema.NEVER))

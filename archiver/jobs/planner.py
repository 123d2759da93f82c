"""The planner: makes jobs of the times that schedules were due, each once, whoever plans.

A schedule's row says up to when it is planned. It is locked, its jobs are put in and that moment is moved on in one
transaction, so planners may be killed anywhere and any number may run.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from archiver.jobs.database import Database, QueueError
from archiver.jobs.job import Due, Options
from archiver.jobs.politeness import host_of
from archiver.jobs.queue import STATEMENT, New, Queue
from archiver.jobs.schema import WAITING, JobState, jobs, schedules
from archiver.moments import from_ms, to_ms
from archiver.schedules.definition import Definition, Missed, from_document
from archiver.schedules.due import due_times, next_due, not_before

_AT_ONCE = 1000  # schedules of one tick
_LATEST_AT_ONCE = 10_000  # times that are looked through for the newest
_ALL_AT_ONCE = 200  # times that become jobs in one transaction
_FEEDS_FIRST = 200  # more than any two schedules differ
_NOT_PLANNED = "no worker ran when it was due"
_OVERTAKEN = "the next one was due before its turn came"


logger = logging.getLogger("archiver.jobs")


class UnreadableError(QueueError):
    """A schedule in the queue cannot be understood by this program."""


class Planner:
    """Plans the schedules of one archive."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    def tick(self, now: datetime | None = None) -> int:
        """Plan what is due, at most `_AT_ONCE` schedules; how many were. `now` takes the place of the database's clock.

        Raises `QueueError`; what was planned before stays so.
        """
        done = 0
        unreadable = list[str]()
        while done < _AT_ONCE:
            with self._database.transaction() as connection:
                now_ms = self._database.now_ms(connection) if now is None else to_ms(now)
                wanted = sa.select(schedules).where(schedules.c.next_ms <= now_ms, schedules.c.paused.is_(False))
                if unreadable:
                    wanted = wanted.where(schedules.c.id.not_in(unreadable))
                row = connection.execute(
                    self._database.locked(wanted.order_by(schedules.c.next_ms).limit(1), skip=True)
                ).one_or_none()
                if row is None:
                    break
                try:
                    self.plan(connection, row, from_ms(now_ms))
                except UnreadableError as error:
                    # Another machine has a time zone, or a newer program a key, that this one does not know.
                    unreadable.append(row.id)
                    logger.warning("a schedule is left to others", extra={"schedule": row.name, "error": str(error)})
                    continue
            done += 1
        return done

    def catch_up(self, schedule: str) -> None:
        """Plan a schedule up to now, a stretch in each transaction."""
        is_behind = True
        while is_behind:
            with self._database.transaction() as connection:
                now = from_ms(self._database.now_ms(connection))
                wanted = sa.select(schedules).where(schedules.c.id == schedule, schedules.c.paused.is_(False))
                row = connection.execute(self._database.locked(wanted)).one_or_none()
                is_behind = row is not None and self.plan(connection, row, now)

    def plan(self, connection: Connection, row: Row[Any], until: datetime, *, whole: bool = False) -> bool:
        """Plan a schedule, whose row is locked, up to a moment: a stretch of it, or with `whole` all of it.

        Whether there is more. Raises `UnreadableError`.
        """
        definition = definition_of(row)
        self.hold_hosts(connection, row, definition)
        high, seq = from_ms(row.high_ms), row.next_seq
        while True:
            high, seq, is_done = self._stretch(connection, row, definition, high, seq, until)
            if is_done or not whole:
                break
        upcoming = next_due(definition, high)
        connection.execute(
            schedules.update()
            .where(schedules.c.id == row.id)
            .values(high_ms=to_ms(high), next_seq=seq, next_ms=None if upcoming is None else to_ms(upcoming))
        )
        return not is_done

    def hold_hosts(self, connection: Connection, row: Row[Any], definition: Definition) -> None:
        """Hold every host that planning a schedule, or ending it, may have to do with."""
        urls = definition.urls if definition.feed is None else (definition.feed,)
        waiting = sa.select(jobs.c.host).where(jobs.c.schedule == row.id, jobs.c.state.in_(WAITING)).distinct()
        self._queue.hold(connection, {*map(host_of, urls), *connection.scalars(waiting)})

    def _stretch(
        self, connection: Connection, row: Row[Any], definition: Definition, high: datetime, seq: int, until: datetime
    ) -> tuple[datetime, int, bool]:
        """Plan the next times of a schedule; up to where it is planned then, the next number, and whether that is all.

        Of a feed only the newest time counts: what it brings, it brings then, too.
        """
        every_one = definition.missed is Missed.ALL and definition.feed is None
        limit = _ALL_AT_ONCE if every_one else _LATEST_AT_ONCE
        times = list(islice(due_times(definition, high, until), limit + 1))
        is_done = len(times) <= limit  # else the one that is over is for the next stretch
        times = times[:limit]
        if not times:
            return max(high, until), seq, True
        if definition.feed is not None:
            if is_done:
                self.read_feed(connection, row, definition, times[-1])
            return times[-1], seq, is_done
        if every_one:
            for number, moment in enumerate(times, seq):
                self._put(connection, row, definition, number, moment)
            return times[-1], seq + len(times), is_done
        newest = seq + len(times) - 1
        last_missed = newest - 1 if is_done else newest
        if last_missed >= seq:
            self._miss(connection, row, seq, last_missed, _NOT_PLANNED)
        if is_done:
            self._overtake(connection, row, definition)
            self._put(connection, row, definition, newest, times[-1])
        return times[-1], newest + 1, is_done

    def _put(self, connection: Connection, row: Row[Any], definition: Definition, seq: int, moment: datetime) -> None:
        for url in definition.urls:
            self.put_one(connection, row, definition, seq, moment, url, held=True)

    def put_one(
        self,
        connection: Connection,
        row: Row[Any],
        definition: Definition,
        seq: int,
        moment: datetime,
        url: str,
        *,
        held: bool = False,
    ) -> bool:
        """Queue the capture of one page for one time; false when it was queued before."""
        key = job_key(row.id, row.name, seq, url)
        new = New(
            url,
            options_of(definition),
            key,
            priority=definition.priority,
            due=Due(row.id, row.name, seq, moment),
            not_before_ms=to_ms(not_before(definition, key, moment)),
        )
        return self._queue.submit(connection, new, key, held=held)

    def read_feed(self, connection: Connection, row: Row[Any], definition: Definition, moment: datetime) -> str:
        """Queue the reading of a schedule's feed; the id of the job. One that waits or runs already does for it."""
        assert definition.feed is not None
        going = sa.select(jobs.c.id).where(
            jobs.c.schedule == row.id,
            jobs.c.kind == "feed",
            jobs.c.state.in_(_NOT_ENDED),
            jobs.c.url == definition.feed,
        )
        there = connection.scalar(going.limit(1))
        if there is not None:
            return str(there)
        due = Due(row.id, row.name, 0, moment)
        key = f"{row.name}.feed.{row.id[-8:]}.{to_ms(moment)}"
        # Before the articles that wait for the same host: there may be hours of them, and a feed forgets.
        first = definition.priority + _FEEDS_FIRST
        new = New(definition.feed, Options(), key, kind="feed", priority=first, due=due)
        self._queue.submit(connection, new, key)
        return key

    def _overtake(self, connection: Connection, row: Row[Any], definition: Definition) -> None:
        """Take out what waits for an earlier time: where captures come slower than they are due, the newest count.

        What was late already when somebody asked for it, to fill a gap, waits on.
        """
        waiting = connection.execute(
            sa.select(jobs.c.id, jobs.c.due_ms, jobs.c.queued_ms)
            .where(jobs.c.schedule == row.id, jobs.c.kind == "capture", jobs.c.state.in_(WAITING))
            .order_by(jobs.c.host, jobs.c.id)
        ).all()
        for job in waiting:
            later = next_due(definition, from_ms(job.due_ms))
            if later is None or to_ms(later) > job.queued_ms:
                self._queue.drop(connection, job.id, _OVERTAKEN)

    def _miss(self, connection: Connection, row: Row[Any], first: int, last: int, reason: str) -> None:
        missed = {"first_seq": first, "last_seq": last, "reason": reason}
        self._queue.put_out(connection, STATEMENT, {"schedule": row.id, "name": row.name, "missed": missed})


_NOT_ENDED = (*WAITING, JobState.RUNNING)


def job_key(schedule: str, name: str, seq: int, url: str) -> str:
    """The id of the job for one page at one time of a schedule: never another's."""
    return f"{name}.{seq}.{hashlib.sha256(f'{schedule} {url}'.encode()).hexdigest()[:12]}"


def definition_of(row: Row[Any]) -> Definition:
    """What the row of a schedule says. Raises `UnreadableError`."""
    try:
        return from_document(orjson.loads(row.definition))
    except ValueError as error:
        raise UnreadableError(
            f"the schedule {row.name!r} cannot be read here: {error}; bring archiver and time zones up to date"
        ) from None


def article_key(url: str) -> str:
    """By what the articles of a feed are known that were queued already."""
    return hashlib.sha256(url.encode()).hexdigest()


def options_of(definition: Definition) -> Options:
    """How the captures of a schedule are made."""
    return Options(
        trace=definition.trace,
        profile=definition.profile,
        tag=definition.tag,
        case=definition.case,
        operator=definition.operator,
        reason=definition.reason,
    )

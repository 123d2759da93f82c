"""Schedules of an archive: added, changed, paused, resumed, removed. What the log says holds; the queue follows it.

A statement goes into the log first. So a schedule that somebody has added is never forgotten, and one whose queue was
lost is planned again from the log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from archiver import clock
from archiver.archive import Archive
from archiver.errors import NotFoundError, StorageError, UsageError
from archiver.jobs.database import Database
from archiver.jobs.job import Job
from archiver.jobs.planner import Planner, options_of
from archiver.jobs.politeness import host_of
from archiver.jobs.queue import STATEMENT, New, Queue
from archiver.jobs.schema import WAITING, articles, head, jobs, schedules
from archiver.moments import from_ms, to_ms
from archiver.schedules.definition import Definition, define, from_document
from archiver.schedules.due import INSTANT, next_due
from archiver.schedules.history import Action, Event, Timeline, parse, timelines
from archiver.seal import statement as statements
from archiver.seal.keyring import Keyring
from archiver.storage import layout, log

_MAX_BACKFILL = 10_000


@dataclass(frozen=True)
class Listed:
    """A schedule as `schedule list` shows it. `last` is its newest job."""

    id: str
    name: str
    definition: Definition
    paused: bool
    next_at: datetime | None
    next_seq: int
    feed: dict[str, Any] | None
    last: Job | None

    @property
    def state(self) -> str:
        if self.paused:
            return "paused"
        return "active" if self.next_at is not None else "ended"


class Scheduling:
    """The schedules of one archive."""

    def __init__(self, archive: Archive, database: Database, queue: Queue, planner: Planner) -> None:
        self._archive = archive
        self._database = database
        self._queue = queue
        self._planner = planner

    # what people do

    def add(self, name: str, definition: Definition, operator: str | None = None) -> str:
        """Add a schedule; its id. Raises `UsageError` where there is one of that name."""
        self.follow()
        if self._row_named(name) is not None:
            raise UsageError(f"there is a schedule {name!r} already; choose another name, or remove that one first")
        id_ = layout.new_id(clock.now())
        self._state(id_, Action.ADD, id_, name, clock.now(), operator, definition=definition.document())
        self.follow()
        return id_

    def change(self, name: str, definition: Definition, operator: str | None = None) -> None:
        """Have another definition count from now on. Raises `NotFoundError`."""
        self._alter(name, Action.CHANGE, operator, definition=definition)

    def pause(self, name: str, operator: str | None = None) -> None:
        """Nothing is due until it is resumed. Raises `NotFoundError`, and `UsageError` where it is paused already."""
        self._alter(name, Action.PAUSE, operator, paused=False)

    def resume(self, name: str, operator: str | None = None) -> None:
        """Go on, with the next time it is due. Raises `NotFoundError`, and `UsageError` where it is not paused."""
        self._alter(name, Action.RESUME, operator, paused=True)

    def remove(self, name: str, operator: str | None = None) -> None:
        """Nothing is due any more, and what waits for it is taken out. Its captures stay. Raises `NotFoundError`."""
        self._alter(name, Action.REMOVE, operator)

    def _alter(
        self,
        name: str,
        action: Action,
        operator: str | None,
        *,
        paused: bool | None = None,
        definition: Definition | None = None,
    ) -> None:
        """State what counts from now on, and follow it."""
        self._archive.signer()  # nothing is held when it cannot be stated
        row, moment = self._hold(name, paused)
        said = {}
        if definition is not None:
            said["definition"] = definition.model_copy(update={"start": moment}).document()
        try:
            self._state(layout.new_id(moment), action, row.id, name, moment, operator, **said)
        except BaseException:
            self.heal()
            raise
        self.follow()

    def take_over(self, given: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        """Add the schedules of a configuration file, and change those that it has otherwise; what was done, in words.

        Raises `UsageError` for one that is none; those before it are taken over.
        """
        for name, values in given.items():
            definition = define(name, values, clock.now())
            row = self._row_named(name)
            if row is None:
                self.add(name, definition)
                yield f"the schedule {name} was added"
            elif not from_document(orjson.loads(row.definition)).same_as(definition):
                self.change(name, definition)
                yield f"the schedule {name} was changed"

    def trigger(self, name: str) -> list[str]:
        """Capture its pages once more now, beside what is due; the ids of the jobs. Of a feed, read it now.

        Also where it is paused. Raises `NotFoundError`.
        """
        self.follow()
        row = self._known(name)
        with self._database.transaction() as connection:
            locked = sa.select(schedules).where(schedules.c.id == row.id)
            row = connection.execute(self._database.locked(locked)).one()
            definition = from_document(orjson.loads(row.definition))
            if definition.feed is not None:
                now = from_ms(self._database.now_ms(connection))
                return [self._planner.read_feed(connection, row, definition, now)]
            made = []
            for url in sorted(definition.urls, key=host_of):
                id_ = layout.new_id(clock.now())
                if self._queue.submit(connection, New(url, options_of(definition), priority=definition.priority), id_):
                    made.append(id_)
            return made

    def backfill(self, name: str, since: datetime, until: datetime) -> tuple[int, int]:
        """Queue what was due between two moments and has no capture: how many jobs, and how many were there already.

        The captures are of the pages as they are now, and late by what the log says. Raises `UsageError` for a feed.
        """
        self.follow()
        row = self._known(name)
        timeline = timelines(self._events_of(row.id)).get(row.id)
        if timeline is None or timeline.definition is None or timeline.definition.feed is not None:
            raise UsageError(f"the schedule {name!r} watches a feed; what it had at some other time is not known")
        now = clock.now()
        made = there = 0
        for due in timeline.due(min(until, now)):
            if due.at < since:
                continue
            for url in due.urls:
                with self._database.transaction() as connection:
                    if self._planner.put_one(connection, row, timeline.definition, due.seq, due.at, url):
                        made += 1
                    else:
                        there += 1
            if made + there >= _MAX_BACKFILL:
                raise UsageError(f"that is more than {_MAX_BACKFILL} captures; {made} were queued, name a shorter time")
        return made, there

    def is_known(self, name: str) -> bool:
        """Whether there is a schedule of that name."""
        self.follow()
        return self._row_named(name) is not None

    def listing(self) -> Iterator[Listed]:
        """The schedules by name."""
        self.follow()
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(schedules).order_by(schedules.c.name)).all()
        last = self._queue.newest_by_schedule()
        for row in rows:
            yield Listed(
                row.id,
                row.name,
                from_document(orjson.loads(row.definition)),
                bool(row.paused),
                None if row.next_ms is None else from_ms(row.next_ms),
                row.next_seq,
                None if row.feed is None else orjson.loads(row.feed),
                last.get(row.id),
            )

    # the log

    def missed(self, schedule: str, name: str, said: dict[str, Any]) -> None:
        """State why something that was due has no capture."""
        moment = clock.now()
        self._state(layout.new_id(moment), Action.MISSED, schedule, name, moment, None, missed=said)

    def _state(
        self,
        id_: str,
        action: Action,
        schedule: str,
        name: str,
        moment: datetime,
        operator: str | None,
        **said: dict[str, Any],
    ) -> None:
        self._archive.ensure()
        statement = statements.schedule(id_, action, schedule, name, moment, operator=operator, **said)
        self._archive.enter(statement)

    def follow(self) -> None:
        """Take over what the log says that is new. Nothing where there is no archive yet."""
        if self._archive.describe() is None:
            return
        with self._database.transaction() as connection:
            followed = connection.scalar(sa.select(head.c.followed))
        assert followed is not None
        entries = [entry for entry in self._archive.entries_of("schedule") if entry.index > followed]
        if not entries:
            return
        ring = self._archive.keyring()
        if followed < 0 and len(entries) > 1:
            self._follow_all(entries, ring)
            return
        for entry in entries:
            self._follow_one(entry, ring)

    def heal(self) -> None:
        """Have schedules be due again that somebody held, to pause or change them, and then died."""
        with self._database.transaction() as connection:
            held = connection.execute(
                self._database.locked(
                    sa.select(schedules).where(schedules.c.next_ms.is_(None), schedules.c.paused.is_(False))
                )
            ).all()
            for row in held:
                self._move(connection, row.id, from_document(orjson.loads(row.definition)), from_ms(row.high_ms))

    def _event(self, entry: log.Entry, ring: Keyring) -> Event | None:
        """What an entry says of a schedule; None for one that nobody with a key of the archive has signed, or that
        cannot be read: `archiver verify` says what is wrong with it.
        """
        with contextlib.suppress(NotFoundError, StorageError, ValueError):
            return parse(entry.index, self._archive.signed_statement(entry, ring))
        return None

    def _events_of(self, id_: str) -> list[Event]:
        ring = self._archive.keyring()
        events = [self._event(entry, ring) for entry in self._archive.entries_of("schedule")]
        return [event for event in events if event is not None and event.schedule == id_]

    def _turn(self, connection: Connection, entry: log.Entry) -> bool:
        """Whether it is for this transaction to take an entry over: each is taken once, in log order."""
        followed = connection.scalar(self._database.locked(sa.select(head.c.followed)))
        if followed is None or followed >= entry.index:
            return False
        connection.execute(head.update().values(followed=entry.index))
        return True

    def _follow_all(self, entries: list[log.Entry], ring: Keyring) -> None:
        """Fill a queue that knows nothing of the schedules in the log: it is new here, or the old one was lost."""
        found = timelines(event for event in (self._event(entry, ring) for entry in entries) if event is not None)
        with self._database.transaction() as connection:
            if not self._turn(connection, entries[-1]):
                return
            now = from_ms(self._database.now_ms(connection))
            for timeline in found.values():
                if timeline.definition is not None and not timeline.removed:
                    self._insert(connection, timeline, now)

    def _insert(self, connection: Connection, timeline: Timeline, now: datetime) -> None:
        """The row of a schedule as its statements leave it. What lies behind is not captured once more."""
        assert timeline.definition is not None
        definition, last = timeline.definition, 0
        for due in timeline.due(now):
            last = due.seq
        high = now if last else definition.start - INSTANT
        if self._insert_row(connection, timeline.id, timeline.name, definition, high, last + 1) and last:
            # Where there are captures, they count.
            missed = {"first_seq": 1, "last_seq": last, "reason": "its queue was lost, or no worker ran"}
            said = {"schedule": timeline.id, "name": timeline.name, "missed": missed}
            self._queue.put_out(connection, STATEMENT, said)
        if timeline.paused:
            connection.execute(
                schedules.update().where(schedules.c.id == timeline.id).values(paused=True, next_ms=None)
            )

    def _insert_row(
        self, connection: Connection, id_: str, name: str, definition: Definition, high: datetime, seq: int
    ) -> bool:
        """False where one of that name is there: two machines have added it at a time, and the first counts."""
        if connection.scalar(sa.select(schedules.c.id).where(schedules.c.name == name)) is not None:
            return False
        connection.execute(
            schedules.insert().values(id=id_, name=name, definition="", paused=False, high_ms=to_ms(high), next_seq=seq)
        )
        self._move(connection, id_, definition, high)
        return True

    def _move(self, connection: Connection, id_: str, definition: Definition, high: datetime) -> None:
        """Have a definition count, planned up to `high`."""
        upcoming = next_due(definition, high)
        connection.execute(
            schedules.update()
            .where(schedules.c.id == id_)
            .values(
                definition=orjson.dumps(definition.document()).decode(),
                high_ms=to_ms(high),
                next_ms=None if upcoming is None else to_ms(upcoming),
            )
        )

    def _follow_one(self, entry: log.Entry, ring: Keyring) -> None:
        event = self._event(entry, ring)
        with self._database.transaction() as connection:
            if not self._turn(connection, entry) or event is None or event.action is Action.MISSED:
                return
            if event.action is Action.ADD:
                assert event.definition is not None
                self._insert_row(
                    connection, event.schedule, event.name, event.definition, event.definition.start - INSTANT, 1
                )
                return
            row = connection.execute(
                self._database.locked(sa.select(schedules).where(schedules.c.id == event.schedule))
            ).one_or_none()
            if row is not None:
                self._apply(connection, row, event)

    def _apply(self, connection: Connection, row: Row[Any], event: Event) -> None:
        moment = max(from_ms(row.high_ms), event.made_at)
        if not row.paused:
            self._planner.plan(connection, row, moment, whole=True)
        definition = event.definition or from_document(orjson.loads(row.definition))
        if event.action is Action.REMOVE:
            self._drop_row(connection, row)
        elif event.action is Action.PAUSE or (event.action is Action.CHANGE and row.paused):
            self._move(connection, row.id, definition, moment)
            connection.execute(schedules.update().where(schedules.c.id == row.id).values(paused=True, next_ms=None))
        else:
            self._move(connection, row.id, definition, moment)
            connection.execute(schedules.update().where(schedules.c.id == row.id).values(paused=False))

    def _drop_row(self, connection: Connection, row: Row[Any]) -> None:
        waiting = connection.scalars(
            sa.select(jobs.c.id)
            .where(jobs.c.schedule == row.id, jobs.c.state.in_(WAITING))
            .order_by(jobs.c.host, jobs.c.id)
        ).all()
        for id_ in waiting:
            self._queue.drop(connection, id_, "its schedule was removed before its turn came")
        connection.execute(articles.delete().where(articles.c.schedule == row.id))
        connection.execute(schedules.delete().where(schedules.c.id == row.id))

    def _hold(self, name: str, paused: bool | None = None) -> tuple[Row[Any], datetime]:
        """Plan a schedule up to now and no further; its row, and that moment. What follows is to be stated."""
        self.follow()
        row = self._known(name)
        if paused is not None and bool(row.paused) is not paused:
            raise UsageError(f"the schedule {name!r} is {'paused already' if row.paused else 'not paused'}")
        with self._database.transaction() as connection:
            locked = sa.select(schedules).where(schedules.c.id == row.id)
            row = connection.execute(self._database.locked(locked)).one()
            now = max(from_ms(self._database.now_ms(connection)), from_ms(row.high_ms))
            if not row.paused:
                self._planner.plan(connection, row, now, whole=True)
            connection.execute(
                schedules.update().where(schedules.c.id == row.id).values(high_ms=to_ms(now), next_ms=None)
            )
        return row, now

    def _row_named(self, name: str) -> Row[Any] | None:
        with self._database.transaction() as connection:
            return connection.execute(sa.select(schedules).where(schedules.c.name == name)).one_or_none()

    def _known(self, name: str) -> Row[Any]:
        row = self._row_named(name)
        if row is None:
            raise NotFoundError(f"there is no schedule {name!r}; `archiver schedule list` shows what there is")
        return row

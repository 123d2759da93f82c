"""Schedules of an archive: added, changed, paused, resumed, removed. What the log says holds; the queue follows it.

A statement goes into the log first. So a schedule that somebody has added is never forgotten, and one whose queue was
lost is planned again from the log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from archiver import clock
from archiver.archive import Archive
from archiver.errors import ArchiverError, NotFoundError, StorageError, UsageError
from archiver.index.queries import Filter
from archiver.jobs.database import Database
from archiver.jobs.job import Job
from archiver.jobs.planner import Planner, article_key, definition_of, options_of
from archiver.jobs.politeness import host_of
from archiver.jobs.queue import STATEMENT, New, Queue
from archiver.jobs.schema import NEVER, WAITING, articles, head, jobs, schedules
from archiver.moments import from_ms, parse_rfc3339, to_ms
from archiver.schedules.definition import Definition, define
from archiver.schedules.due import INSTANT, next_due
from archiver.schedules.history import Action, Event, Timeline, parse, timelines
from archiver.seal import statement as statements
from archiver.seal.keyring import Keyring
from archiver.storage import layout, log

_MAX_BACKFILL = 10_000
_HELD_MS = 300_000
_MILLISECOND = timedelta(milliseconds=1)


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


@dataclass
class _Brought:
    """What a feed has brought: the highest number given, and the pages that were captured."""

    last: int = 0
    urls: set[str] = field(default_factory=set)


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
            raise UsageError(
                f"there is a schedule {name!r} already; choose another name, or `archiver schedule change` that one"
            )
        if next_due(definition, definition.start - INSTANT) is None:
            raise UsageError(f"the schedule {name!r} would never be due; it ends before its first time")
        id_ = layout.new_id(clock.now())
        self._state(id_, Action.ADD, id_, name, clock.now(), operator, definition=definition.document())
        self.follow()
        row = self._row_named(name)
        if row is not None and row.id != id_:
            self._take_out(id_, name, operator)
            raise UsageError(f"somebody else has just added a schedule {name!r}; choose another name")
        return id_

    def _take_out(self, id_: str, name: str, operator: str | None) -> None:
        """State the end of a schedule whose name another one has, and that nothing comes of what it was due until."""
        moment = clock.now()
        self._state(layout.new_id(moment), Action.REMOVE, id_, name, moment, operator)
        timeline = timelines(self._events_of(id_)).get(id_)
        last = 0 if timeline is None else sum(1 for _ in timeline.due(moment))
        if last:
            self.missed(id_, name, {"first_seq": 1, "last_seq": last, "reason": "another schedule has its name"})

    def change(self, name: str, definition: Definition, operator: str | None = None) -> None:
        """Have another definition count from now on. Raises `NotFoundError`, and `UsageError` where only one of the two
        is of a feed: what that brings is numbered as it comes.
        """
        self.follow()
        if (definition_of(self._known(name)).feed is None) is not (definition.feed is None):
            raise UsageError(
                f"the schedule {name!r} cannot turn from pages to a feed, or back; remove it, and add another"
            )
        self._alter(name, Action.CHANGE, operator, definition=definition)

    def definition(self, name: str) -> Definition:
        """What a schedule is now. Raises `NotFoundError`."""
        self.follow()
        return definition_of(self._known(name))

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
            with contextlib.suppress(ArchiverError):
                self.follow()  # it may be in the log all the same
                self._let_go(row.id, moment)
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
            elif not definition_of(row).same_as(definition):
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
            definition = definition_of(row)
            if definition.feed is not None:
                now = from_ms(self._database.now_ms(connection))
                return [self._planner.read_feed(connection, row, definition, now)]
            self._planner.hold_hosts(connection, row, definition)
            made = []
            for url in sorted(definition.urls, key=host_of):
                id_ = layout.new_id(clock.now())
                if self._queue.submit(connection, New(url, options_of(definition), priority=definition.priority), id_):
                    made.append(id_)
            return made

    def backfill(self, name: str, since: datetime, until: datetime) -> tuple[int, int]:
        """Queue what was due between two moments and has no job: how many jobs, and how many were there already.

        The captures are of the pages as they are now, and late by what the log says. Raises `UsageError` for a feed,
        and for more than can be meant; then nothing is queued.
        """
        self.follow()
        row = self._known(name)
        timeline = timelines(self._events_of(row.id)).get(row.id)
        if timeline is None or timeline.definition is None or timeline.definition.feed is not None:
            raise UsageError(f"the schedule {name!r} watches a feed; what it had at some other time is not known")
        every = ((due, url) for due in timeline.due(min(until, clock.now())) if due.at >= since for url in due.urls)
        wanted = list(islice(every, _MAX_BACKFILL + 1))
        if len(wanted) > _MAX_BACKFILL:
            raise UsageError(f"that is more than {_MAX_BACKFILL} captures; name a shorter time")
        made = 0
        for due, url in wanted:
            with self._database.transaction() as connection:
                made += self._planner.put_one(connection, row, due.definition, due.seq, due.at, url)
        return made, len(wanted) - made

    def is_known(self, name: str) -> bool:
        """Whether there is a schedule of that name."""
        self.follow()
        return self._row_named(name) is not None

    def listing(self) -> Iterator[Listed]:
        """The schedules by name."""
        self.follow()
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(schedules).order_by(schedules.c.name)).all()
        newest = self._queue.newest_of_schedules()
        for row in rows:
            yield Listed(
                row.id,
                row.name,
                definition_of(row),
                bool(row.paused),
                None if row.next_ms is None else from_ms(row.next_ms),
                row.next_seq,
                None if row.feed is None else orjson.loads(row.feed),
                newest.get(row.id),
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
        if followed == NEVER:
            self._follow_all(entries)
        elif entries:
            ring = self._archive.keyring()
            for entry in entries:
                self._follow_one(entry, ring)

    def _event(self, entry: log.Entry, ring: Keyring) -> Event | None:
        """What an entry says of a schedule; None for one that nobody with a key of the archive has signed, or that
        cannot be read: `archiver verify` says what is wrong with it.

        Raises `StorageError` where that may be for the store: an entry is taken over once, or never.
        """
        with contextlib.suppress(NotFoundError, StorageError, ValueError):
            return parse(entry.index, self._archive.signed_statement(entry, ring))
        if self._archive.describe() is None:
            raise StorageError(f"{self._archive.location} has no archive.json any more")
        with contextlib.suppress(NotFoundError, StorageError, ValueError):
            return parse(entry.index, self._archive.signed_statement(entry, ring))
        return None

    def _events_of(self, id_: str) -> list[Event]:
        ring = self._archive.keyring()
        events = [self._event(entry, ring) for entry in self._archive.entries_of("schedule")]
        return [event for event in events if event is not None and event.schedule == id_]

    def _turn(self, connection: Connection, index: int) -> bool:
        """Whether it is for this transaction to take an entry over: each is taken once, in log order."""
        followed = connection.scalar(self._database.locked(sa.select(head.c.followed)))
        if followed is None or followed >= index:
            return False
        connection.execute(head.update().values(followed=index))
        return True

    def _follow_all(self, entries: list[log.Entry]) -> None:
        """Fill a queue that knows nothing of the schedules in the log: it is new here, or the old one was lost."""
        found = dict[str, Timeline]()
        if entries:
            ring = self._archive.keyring()
            found = timelines(event for event in (self._event(entry, ring) for entry in entries) if event is not None)
        brought = self._brought([timeline for timeline in found.values() if timeline.has_feed and not timeline.removed])
        with self._database.transaction() as connection:
            if not self._turn(connection, entries[-1].index if entries else NEVER + 1):
                return
            now = from_ms(self._database.now_ms(connection))
            for timeline in found.values():
                if timeline.definition is not None and not timeline.removed:
                    self._insert(connection, timeline, now, brought.get(timeline.id, _Brought()))

    def _brought(self, feeds: list[Timeline]) -> dict[str, _Brought]:
        """What feeds have brought up to now, as the log has it, by the ids of their schedules."""
        found = {timeline.id: _Brought(max((each.last for each in timeline.missed), default=0)) for timeline in feeds}
        starts = [timeline.definition.start for timeline in feeds if timeline.definition is not None]
        if not starts:
            return found
        for capture in self._archive.snapshots(Filter(since=min(starts))):
            with contextlib.suppress(NotFoundError, StorageError, ValueError):
                statement = self._archive.statement(capture)
                planned = statements.planned_of(statement)
                if planned is None or planned.schedule not in found:
                    continue
                brought = found[planned.schedule]
                brought.last = max(brought.last, planned.seq)
                if isinstance(statement.get("requested_url"), str):
                    brought.urls.add(statement["requested_url"])
        return found

    def _insert(self, connection: Connection, timeline: Timeline, now: datetime, brought: _Brought) -> None:
        """The row of a schedule as its statements leave it. What lies behind is not captured once more."""
        assert timeline.definition is not None
        assert timeline.changed_at is not None
        high = max(now, timeline.counts_after)
        last = 0
        for due in timeline.due(high):
            last = due.seq
        seq = max(last, brought.last) + 1
        if not self._insert_row(
            connection, timeline.id, timeline.name, timeline.definition, high, seq, timeline.changed_at
        ):
            return
        if brought.urls:
            known = [{"schedule": timeline.id, "url_sha256": article_key(url)} for url in brought.urls]
            connection.execute(articles.insert(), known)
        if last:
            # Where there are captures, they count.
            missed = {"first_seq": 1, "last_seq": last, "reason": "its queue was lost, or no worker ran"}
            said = {"schedule": timeline.id, "name": timeline.name, "missed": missed}
            self._queue.put_out(connection, STATEMENT, said)
        if timeline.paused:
            connection.execute(
                schedules.update().where(schedules.c.id == timeline.id).values(paused=True, next_ms=None)
            )

    def _insert_row(
        self,
        connection: Connection,
        id_: str,
        name: str,
        definition: Definition,
        high: datetime,
        seq: int,
        made_at: datetime,
    ) -> bool:
        """False where one of that name is there: two machines have added it at a time, and the first counts."""
        there = sa.select(schedules.c.id).where((schedules.c.name == name) | (schedules.c.id == id_))
        if connection.scalar(there.limit(1)) is not None:
            return False
        connection.execute(
            schedules.insert().values(
                id=id_,
                name=name,
                definition="",
                paused=False,
                changed_at=clock.rfc3339(made_at),
                high_ms=to_ms(high),
                next_seq=seq,
            )
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
        is_again = event is not None and event.action is Action.ADD and self._was_added(event, ring)
        with self._database.transaction() as connection:
            if not self._turn(connection, entry.index) or event is None or event.action is Action.MISSED or is_again:
                return
            if event.action is Action.ADD:
                definition = event.definition
                assert definition is not None
                high = definition.start - INSTANT
                self._insert_row(connection, event.schedule, event.name, definition, high, 1, event.made_at)
                return
            row = connection.execute(
                self._database.locked(sa.select(schedules).where(schedules.c.id == event.schedule))
            ).one_or_none()
            if row is not None and _counts(row, event):
                self._apply(connection, row, event)

    def _was_added(self, event: Event, ring: Keyring) -> bool:
        """Whether the log has the beginning of a schedule before: it may have been removed since."""
        before = [entry for entry in self._archive.entries_of("schedule", event.schedule) if entry.index < event.index]
        return any(found is not None and found.action is Action.ADD for found in (self._event(e, ring) for e in before))

    def _apply(self, connection: Connection, row: Row[Any], event: Event) -> None:
        moment = max(from_ms(row.high_ms), event.made_at)
        definition = event.definition or definition_of(row)
        self._planner.hold_hosts(connection, row, definition_of(row))
        if not row.paused:
            self._planner.plan(connection, row, moment, whole=True)
        if event.action is Action.REMOVE:
            self._drop_row(connection, row)
            return
        paused = event.action is Action.PAUSE or (event.action is Action.CHANGE and row.paused)
        self._move(connection, row.id, definition, moment)
        values: dict[str, Any] = {"paused": paused, "changed_at": clock.rfc3339(event.made_at)}
        if paused:
            values["next_ms"] = None
        connection.execute(schedules.update().where(schedules.c.id == row.id).values(values))

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
        self._planner.catch_up(row.id)
        with self._database.transaction() as connection:
            locked = sa.select(schedules).where(schedules.c.id == row.id)
            found = connection.execute(self._database.locked(locked)).one_or_none()
            if found is None:
                raise NotFoundError(f"somebody has just removed the schedule {name!r}")
            now = max(from_ms(self._database.now_ms(connection)), from_ms(found.high_ms))
            now = max(now, parse_rfc3339(found.changed_at))
            now = from_ms(-(-(now - from_ms(0)) // _MILLISECOND))
            if not found.paused:
                self._planner.plan(connection, found, now, whole=True)
            # Whoever holds it and dies holds it so long.
            values: dict[str, Any] = {"high_ms": to_ms(now)}
            if not found.paused:
                values["next_ms"] = to_ms(now) + _HELD_MS
            connection.execute(schedules.update().where(schedules.c.id == row.id).values(values))
        return found, now

    def _let_go(self, id_: str, moment: datetime) -> None:
        """Have a schedule be due again that was held, and is held still."""
        with self._database.transaction() as connection:
            held = sa.select(schedules).where(
                schedules.c.id == id_,
                schedules.c.paused.is_(False),
                schedules.c.high_ms == to_ms(moment),
                schedules.c.next_ms == to_ms(moment) + _HELD_MS,
            )
            row = connection.execute(self._database.locked(held)).one_or_none()
            if row is not None:
                self._move(connection, id_, definition_of(row), moment)

    def _row_named(self, name: str) -> Row[Any] | None:
        with self._database.transaction() as connection:
            return connection.execute(sa.select(schedules).where(schedules.c.name == name)).one_or_none()

    def _known(self, name: str) -> Row[Any]:
        row = self._row_named(name)
        if row is None:
            raise NotFoundError(f"there is no schedule {name!r}; `archiver schedule list` shows what there is")
        return row


def _counts(row: Row[Any], event: Event) -> bool:
    """Whether a statement has an effect, by the rules of `schedules.history`: numbers must come out as it says."""
    if event.name != row.name or clock.rfc3339(event.made_at) < row.changed_at:
        return False
    if event.action is Action.PAUSE:
        return not row.paused
    return bool(row.paused) if event.action is Action.RESUME else True

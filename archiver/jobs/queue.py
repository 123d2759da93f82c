"""The queue: jobs wait by host, and each host has so many lanes; what holds a lane is handed to the engine.

So a host is never visited more often at a time than it has lanes, and a lane rests between two visits, whatever the
number of workers. Every change of a job goes with the change of its lane in one transaction, the engine's part in it
included: a process that dies at any point leaves a state that another goes on from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from archiver.errors import NotFoundError, UsageError
from archiver.jobs.database import Database
from archiver.jobs.job import Due, Ended, Job, Options
from archiver.jobs.politeness import Politeness, backoff_s, host_of, pause_s
from archiver.jobs.schema import ENDED, WAITING, JobState, hosts, jobs, lanes, outbox, schedules, workers
from archiver.manners import Manners
from archiver.moments import from_ms, to_ms

STATEMENT, EVENT = "statement", "event"
_LOST = "the worker that captured it died"
_MAX_ERROR_CHARACTERS = 2000
_DEATHS = 3  # how many workers a job may take with it
_AT_ONCE = 500  # hosts in one question


class Handing(Protocol):
    """Where jobs are handed to, to be run by some worker."""

    def hand_over(self, connection: Connection, workflow: str, job: str, priority: int, delay_s: float) -> None:
        """Have `job` run under the name `workflow`, no sooner than in `delay_s`, as a part of the transaction."""


@dataclass(frozen=True)
class New:
    """A job to be. `key` is its id; where it is none, one is made, and no second job of that URL waits beside it."""

    url: str
    options: Options = field(default_factory=Options)
    key: str | None = None
    kind: str = "capture"
    priority: int = 0
    due: Due | None = None
    not_before_ms: int = 0


@dataclass(frozen=True)
class Begun:
    """An attempt that may go on: the job, and the number of the attempt."""

    job: Job
    attempt: int


class Queue:
    """The jobs of one archive. `lease_ms` is the silence after which a worker counts as dead."""

    def __init__(
        self, database: Database, handing: Handing | None, politeness: Politeness, attempts: int, lease_ms: int
    ) -> None:
        self.database = database
        self._handing = handing
        self._politeness = politeness
        self._attempts = attempts
        self._lease_ms = lease_ms

    # putting in

    def submit(self, connection: Connection, new: New, id_: str, *, held: bool = False, pump: bool = True) -> bool:
        """Put a job in, its id being its key or else `id_`; false when it is there already, or one like it waits.

        With `held` its host is held already. Without `pump` whoever puts in many of one host calls that afterwards.
        """
        host = host_of(new.url)
        now = self.database.now_ms(connection)
        due = new.due
        values = {
            "id": new.key or id_,
            "kind": new.kind,
            "url": new.url,
            "host": host,
            "dedup": None if new.key else hashlib.sha256(f"{new.url}\n{new.options.text()}".encode()).hexdigest(),
            "priority": new.priority,
            "schedule": None if due is None else due.schedule,
            "name": None if due is None else due.name,
            "seq": None if due is None else due.seq,
            "due_ms": None if due is None else to_ms(due.at),
            "options": new.options.text(),
            "state": JobState.QUEUED,
            "attempts": 0,
            "runs": 0,
            "not_before_ms": max(new.not_before_ms, now),
            "queued_ms": now,
            "cancel": False,
        }
        if not held:
            self.hold(connection, [host])
        if not _insert(connection, jobs, values):
            return False
        if pump:
            self.pump(connection, host)
        return True

    def hold(self, connection: Connection, names: Iterable[str]) -> None:
        """Have hosts be nobody else's until the transaction ends. Who needs several takes them all at once, first."""
        wanted = sorted(set(names))
        for at in range(0, len(wanted), _AT_ONCE):
            some = wanted[at : at + _AT_ONCE]
            fresh = [{"host": host, "until_ms": 0, "failures": 0} for host in some]
            connection.execute(_inserting(connection, hosts), fresh)
            if self.database.path is None:
                held = sa.select(hosts.c.host).where(hosts.c.host.in_(some)).order_by(hosts.c.host)
                connection.execute(self.database.locked(held)).all()

    def pump(self, connection: Connection, host: str) -> None:
        """Hand over the jobs whose turn it is, as far as the host has free lanes; without an engine, leave them."""
        if self._handing is None:
            return
        until = self._until(connection, host)
        now = self.database.now_ms(connection)
        manners = self._politeness.of(host)
        for lane, next_ms in self._free_lanes(connection, host, manners):
            ready = connection.execute(
                sa.select(jobs.c.id, jobs.c.runs, jobs.c.priority)
                .where(
                    jobs.c.host == host,
                    jobs.c.state.in_(WAITING),
                    jobs.c.workflow.is_(None),
                    jobs.c.not_before_ms <= now,
                )
                .order_by(jobs.c.priority.desc(), jobs.c.queued_ms, jobs.c.id)
                .limit(1)
            ).one_or_none()
            if ready is None:
                return
            workflow = f"{ready.id}/{ready.runs + 1}"
            delay_ms = max(next_ms, until, now) - now
            self._handing.hand_over(connection, workflow, ready.id, ready.priority, delay_ms / 1000)
            connection.execute(
                jobs.update().where(jobs.c.id == ready.id).values(workflow=workflow, runs=ready.runs + 1)
            )
            connection.execute(
                lanes.update().where(lanes.c.host == host, lanes.c.lane == lane).values(workflow=workflow)
            )

    def _free_lanes(self, connection: Connection, host: str, manners: Manners) -> list[tuple[int, int]]:
        """The free lanes, each with when its next visit may begin; made where there are none yet."""
        there = {row.lane: row for row in connection.execute(sa.select(lanes).where(lanes.c.host == host))}
        # Settings may have given it more lanes before, in which visits go on.
        left = manners.lanes - sum(row.workflow is not None for row in there.values())
        free = []
        for lane in range(manners.lanes):
            if lane not in there:
                connection.execute(lanes.insert().values(host=host, lane=lane, next_ms=0))
                free.append((0, lane))
            elif there[lane].workflow is None:
                free.append((there[lane].next_ms, lane))
        return [(lane, next_ms) for next_ms, lane in sorted(free)[: max(left, 0)]]

    def pump_ready(self) -> None:
        """Hand over what has become ready by waiting: retries, and what was to be captured later."""
        with self.database.transaction() as connection:
            now = self.database.now_ms(connection)
            holding = sa.select(lanes.c.host, sa.func.count()).where(lanes.c.workflow.is_not(None))
            held = _counted(connection, holding.group_by(lanes.c.host))
            ready = connection.scalars(
                sa.select(jobs.c.host)
                .where(jobs.c.state.in_(WAITING), jobs.c.workflow.is_(None), jobs.c.not_before_ms <= now)
                .distinct()
            ).all()
        for host in sorted(ready):
            if held.get(host, 0) >= self._politeness.of(host).lanes:
                continue
            with self.database.transaction() as connection:
                self.pump(connection, host)

    # running

    def begin(self, workflow: str, worker: str) -> Begun | None:
        """Begin an attempt, if this workflow still holds its job; None when there is nothing to be done."""
        with self.database.transaction() as connection:
            row = self._held(connection, workflow)
            if row is None or row.state in ENDED:
                return None
            if self._is_at_work(connection, row):
                return None
            now = self.database.now_ms(connection)
            died = row.state == JobState.RUNNING
            if row.cancel:
                self._settle(connection, row, Ended(error="it was cancelled"))
                return None
            if died and row.attempts >= max(self._attempts, _DEATHS):
                self._settle(connection, row, Ended(error=_LOST, strain=True))
                return None
            next_ms = connection.scalar(sa.select(lanes.c.next_ms).where(lanes.c.workflow == workflow)) or 0
            if died or max(next_ms, self._until(connection, row.host)) > now:
                # A dead worker's visit was one, and its lane rests. Else another lane was told meanwhile that the host
                # wants to be left alone, or a clock is wrong.
                self._take_back(connection, row, now)
                return None
            attempt = row.attempts + 1
            connection.execute(
                jobs.update()
                .where(jobs.c.id == row.id)
                .values(
                    state=JobState.RUNNING,
                    attempts=attempt,
                    worker=worker,
                    started_ms=now,
                )
            )
            return Begun(_job(row), attempt)

    def is_cancelled(self, id_: str) -> bool:
        """Whether a job that runs was asked to end."""
        with self.database.transaction() as connection:
            return bool(connection.scalar(sa.select(jobs.c.cancel).where(jobs.c.id == id_)))

    def end(self, workflow: str, worker: str, ended: Ended) -> JobState | None:
        """Settle an attempt; None when the job was taken from this worker meanwhile, as after a long silence.

        What that one has made is in the log all the same; it does not count a second time.
        """
        with self.database.transaction() as connection:
            row = self._held(connection, workflow)
            if row is None or row.worker != worker or row.state != JobState.RUNNING:
                return None
            return self._settle(connection, row, ended)

    def release(self, workflow: str, worker: str = "") -> None:
        """Have the job of a workflow handed over again, which the engine has ended or lost without us.

        Not one that another worker runs, who lives: it was taken up twice, and the second has found nothing to do.
        """
        with self.database.transaction() as connection:
            row = self._held(connection, workflow)
            if row is None:
                connection.execute(lanes.update().where(lanes.c.workflow == workflow).values(workflow=None))
                return
            if row.worker == worker or not self._is_at_work(connection, row):
                self._take_back(connection, row, self.database.now_ms(connection))

    def handed_over(self) -> list[str]:
        """The workflows that hold a lane."""
        with self.database.transaction() as connection:
            return list(connection.scalars(sa.select(lanes.c.workflow).where(lanes.c.workflow.is_not(None))))

    def _held(self, connection: Connection, workflow: str) -> Row[Any] | None:
        """The job that a workflow holds. It and its host are nobody else's until the transaction ends."""
        id_ = workflow.rpartition("/")[0]
        host = connection.scalar(sa.select(jobs.c.host).where(jobs.c.id == id_))
        if host is None:
            return None
        self._until(connection, host)
        wanted = sa.select(jobs).where(jobs.c.id == id_, jobs.c.workflow == workflow)
        return connection.execute(self.database.locked(wanted)).one_or_none()

    def _until(self, connection: Connection, host: str) -> int:
        """Until when a host is to be left alone. It is nobody else's until the transaction ends.

        A host comes before its jobs in every transaction, so that two never wait for each other.
        """
        wanted = sa.select(hosts.c.until_ms).where(hosts.c.host == host)
        return connection.scalar(self.database.locked(wanted)) or 0

    def _take_back(self, connection: Connection, row: Row[Any], now: int) -> None:
        """Take a job back from the engine, and hand over whose turn it is then. What a dead worker began was a visit,
        and its lane rests.
        """
        if row.state == JobState.RUNNING:
            self._let_go(connection, row, now)
            connection.execute(
                jobs.update()
                .where(jobs.c.id == row.id)
                .values(state=JobState.QUEUED, workflow=None, error=_LOST, dedup=self._dedup(connection, row))
            )
        else:
            self._leave(connection, row)
        self.pump(connection, row.host)

    def _let_go(self, connection: Connection, row: Row[Any], now: int) -> None:
        """Free a job's lane, which rests after the visit."""
        rest_ms = int(1000 * self._politeness.of(row.host).delay_s)
        connection.execute(
            lanes.update()
            .where(lanes.c.host == row.host, lanes.c.workflow == row.workflow)
            .values(workflow=None, next_ms=now + rest_ms)
        )

    def _dedup(self, connection: Connection, row: Row[Any]) -> str | None:
        """What keeps others from waiting beside a job that ran and waits again: nothing, if one does already."""
        beside = sa.select(jobs.c.id).where(jobs.c.dedup == row.dedup, jobs.c.state.in_(WAITING), jobs.c.id != row.id)
        dedup: str | None = row.dedup
        return None if dedup is None or connection.scalar(beside.limit(1)) is not None else dedup

    def _leave(self, connection: Connection, row: Row[Any]) -> None:
        """Take a job back from the engine; its lane need not rest for that."""
        if row.workflow is None:
            return
        connection.execute(jobs.update().where(jobs.c.id == row.id).values(workflow=None))
        connection.execute(
            lanes.update().where(lanes.c.host == row.host, lanes.c.workflow == row.workflow).values(workflow=None)
        )

    def _lose(self, connection: Connection, row: Row[Any]) -> None:
        """Take a job back from a worker that died with it: that was an attempt, and a visit."""
        if row.cancel:
            self._settle(connection, row, Ended(error=_LOST))
            return
        now = self.database.now_ms(connection)
        rest_ms = int(1000 * self._politeness.of(row.host).delay_s)
        connection.execute(lanes.update().where(lanes.c.workflow == row.workflow).values(next_ms=now + rest_ms))
        self._leave(connection, row)
        connection.execute(
            jobs.update()
            .where(jobs.c.id == row.id)
            .values(state=JobState.RETRYING, error=_LOST, not_before_ms=now, **self._beside(connection, row))
        )

    def _beside(self, connection: Connection, row: Row[Any]) -> dict[str, Any]:
        """What a job has to give up that waits again: another one like it may have been queued while it ran."""
        if row.dedup is None:
            return {}
        like = sa.select(jobs.c.id).where(jobs.c.dedup == row.dedup, jobs.c.state.in_(WAITING), jobs.c.id != row.id)
        return {} if connection.execute(like.limit(1)).first() is None else {"dedup": None}

    def _settle(self, connection: Connection, row: Row[Any], ended: Ended) -> JobState:
        now = self.database.now_ms(connection)
        counted = row.attempts if ended.counts else row.attempts - 1
        values: dict[str, Any] = {"ended_ms": now, "workflow": None, "attempts": counted}
        values["error"] = None if ended.error is None else ended.error[:_MAX_ERROR_CHARACTERS]
        if ended.error is None:
            state = JobState.DONE
            change = None if ended.change is None else orjson.dumps(ended.change).decode()
            values |= {"snapshot": ended.snapshot, "outcome": ended.outcome, "change": change}
        elif row.cancel:
            state = JobState.CANCELLED
        elif ended.again_s is not None and (not ended.counts or counted < self._attempts):
            state = JobState.RETRYING
            values["dedup"] = self._dedup(connection, row)
            values["not_before_ms"] = now + int(1000 * max(ended.again_s, pause_s(ended.pause_s)))
            values |= self._beside(connection, row)
        else:
            state = JobState.FAILED
        connection.execute(jobs.update().where(jobs.c.id == row.id).values(state=state, **values))
        self._free(connection, row, now, ended)
        if state in ENDED:
            self._tell(connection, row.id, state, ended)
        self.pump(connection, row.host)
        return state

    def _free(self, connection: Connection, row: Row[Any], now: int, ended: Ended) -> None:
        """Let go of the lane, and of the host for as long as it wants to be left alone.

        What was given back, or cancelled, says nothing of how the host fares.
        """
        found = connection.execute(sa.select(hosts).where(hosts.c.host == row.host)).one()
        failures = found.failures + 1 if ended.strain else 0
        if not ended.strain and (not ended.counts or (row.cancel and ended.error is not None)):
            failures = found.failures
        alone_s = max(backoff_s(failures) if ended.strain else 0.0, pause_s(ended.pause_s))
        connection.execute(
            hosts.update()
            .where(hosts.c.host == row.host)
            .values(failures=failures, until_ms=max(found.until_ms, now + int(1000 * alone_s)))
        )
        self._let_go(connection, row, now)

    def _tell(self, connection: Connection, id_: str, state: JobState, ended: Ended) -> None:
        """What is to be said outside once this is certain: to whoever wants to know, and, of a job for a schedule that
        leaves no trace in the log, to the log.
        """
        job = _job(connection.execute(sa.select(jobs).where(jobs.c.id == id_)).one())
        if job.due is not None and job.kind == "capture" and state is not JobState.DONE and not ended.logged:
            missed = {
                "first_seq": job.due.seq,
                "last_seq": job.due.seq,
                "reason": (ended.error or "it failed")[:_MAX_ERROR_CHARACTERS],
                "url": job.url,
            }
            self.put_out(connection, STATEMENT, {"schedule": job.due.schedule, "name": job.due.name, "missed": missed})
        if job.kind == "capture":
            self.put_out(connection, EVENT, {"event": event_of(job, state), "job": job.document()})

    def put_out(self, connection: Connection, kind: str, body: dict[str, Any]) -> None:
        """Have something said outside of the database, once this transaction is kept."""
        connection.execute(
            outbox.insert().values(
                kind=kind, body=orjson.dumps(body).decode(), attempts=0, next_ms=self.database.now_ms(connection)
            )
        )

    def _is_at_work(self, connection: Connection, row: Row[Any]) -> bool:
        """Whether a worker is at a job: one that lives, and lived when it began. A later one may have the same name."""
        if row.state != JobState.RUNNING:
            return False
        found = connection.execute(sa.select(workers).where(workers.c.id == (row.worker or ""))).one_or_none()
        if found is None or found.started_ms > row.started_ms:
            return False
        return bool(found.beat_ms > self.database.now_ms(connection) - self._lease_ms)

    # for people

    def find(self, ref: str) -> Job:
        """The job with an id, or the one whose id begins so. Raises `NotFoundError`, `UsageError`."""
        with self.database.transaction() as connection:
            found = connection.execute(
                sa.select(jobs).where(jobs.c.id.startswith(ref, autoescape=True)).order_by(jobs.c.id).limit(3)
            ).all()
        exact = [row for row in found if row.id == ref]
        if not found:
            raise NotFoundError(f"there is no job {ref!r}; `archiver jobs` lists them")
        if not exact and len(found) > 1:
            raise UsageError(f"{ref!r} begins several jobs: {', '.join(row.id for row in found)}")
        return _job(exact[0] if exact else found[0])

    def listing(
        self, states: Sequence[JobState] = (), schedule: str | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        """Jobs, newest first."""
        wanted = sa.select(jobs).order_by(jobs.c.queued_ms.desc(), jobs.c.id.desc())
        if states:
            wanted = wanted.where(jobs.c.state.in_(states))
        if schedule is not None:
            wanted = wanted.where(jobs.c.name == schedule)
        if limit is not None:
            wanted = wanted.limit(limit)
        with self.database.transaction() as connection:
            found = connection.execute(wanted).all()
        yield from map(_job, found)

    def newest_of_schedules(self) -> dict[str, Job]:
        """The job of each schedule for the newest time that it was due."""
        of_one = sa.select(jobs.c.id).where(jobs.c.schedule == schedules.c.id).order_by(jobs.c.seq.desc()).limit(1)
        wanted = sa.select(jobs).join(schedules, jobs.c.id == of_one.correlate(schedules).scalar_subquery())
        with self.database.transaction() as connection:
            return {row.schedule: _job(row) for row in connection.execute(wanted)}

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self.database.transaction() as connection:
            return _counted(connection, sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state))

    def cancel(self, id_: str) -> JobState:
        """Take a job that waits out of the queue, or have one that runs end; the state it is in then.

        Raises `UsageError` for one that has ended.
        """
        with self.database.transaction() as connection:
            row = self._row(connection, id_)
            if row.state in ENDED:
                raise UsageError(f"the job {id_} has ended already: {row.state}")
            connection.execute(jobs.update().where(jobs.c.id == id_).values(cancel=True))
            if row.state == JobState.RUNNING:
                return JobState.RUNNING
            self.drop(connection, id_, "it was cancelled before it was captured")
            return JobState.CANCELLED

    def drop(self, connection: Connection, id_: str, reason: str, *, told: bool = True) -> None:
        """End a job that waits, if it still does; with `told` the log is, too, where it was for a schedule."""
        row = self._row(connection, id_)
        if row.state not in WAITING:
            return
        now = self.database.now_ms(connection)
        # What was handed over finds that there is nothing to be done.
        self._leave(connection, row)
        connection.execute(
            jobs.update()
            .where(jobs.c.id == id_)
            .values(state=JobState.CANCELLED, cancel=True, ended_ms=now, error=reason)
        )
        if told:
            self._tell(connection, id_, JobState.CANCELLED, Ended(error=reason))
        self.pump(connection, row.host)

    def retry(self, id_: str) -> None:
        """Queue a job that failed or was cancelled once more, with all its attempts. Raises `UsageError` for others."""
        with self.database.transaction() as connection:
            row = self._row(connection, id_)
            if row.state not in (JobState.FAILED, JobState.CANCELLED):
                raise UsageError(f"the job {id_} is {row.state}; only failed and cancelled ones can be retried")
            if row.dedup is not None and connection.scalar(
                sa.select(jobs.c.id).where(jobs.c.dedup == row.dedup, jobs.c.state.in_(WAITING))
            ):
                raise UsageError(f"another job for {row.url} waits already; it takes the place of a retry")
            now = self.database.now_ms(connection)
            connection.execute(
                jobs.update()
                .where(jobs.c.id == id_)
                .values(
                    state=JobState.QUEUED,
                    attempts=0,
                    cancel=False,
                    not_before_ms=now,
                    ended_ms=None,
                    workflow=None,
                    error=None,
                )
            )
            self.pump(connection, row.host)

    def _row(self, connection: Connection, id_: str) -> Row[Any]:
        host = connection.scalar(sa.select(jobs.c.host).where(jobs.c.id == id_))
        self._until(connection, host or "")
        row = connection.execute(self.database.locked(sa.select(jobs).where(jobs.c.id == id_))).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no job {id_!r}; `archiver jobs` lists them")
        return row


def event_of(job: Job, state: JobState) -> str:
    """What happened, in one word: captured, changed, failed or cancelled."""
    if state is JobState.DONE:
        return "changed" if job.change is not None and job.change.get("kind") == "changed" else "captured"
    return str(state)


def _counted(connection: Connection, question: sa.Select[Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in connection.execute(question)}


def _inserting(connection: Connection, table: sa.Table) -> sa.Insert:
    """Inserts rows but where one with their keys is there."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _insert(connection: Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert a row; false when one with its key is there."""
    put = _inserting(connection, table).returning(*table.primary_key.columns)
    return connection.execute(put, values).first() is not None  # not every driver counts rows


def _job(row: Row[Any]) -> Job:
    due = None
    if row.schedule is not None and row.seq is not None:
        due = Due(row.schedule, row.name, row.seq, from_ms(row.due_ms))
    return Job(
        id=row.id,
        kind=row.kind,
        url=row.url,
        host=row.host,
        state=JobState(row.state),
        priority=row.priority,
        attempts=row.attempts,
        due=due,
        options=Options.parse(row.options),
        queued_at=from_ms(row.queued_ms),
        not_before=from_ms(row.not_before_ms),
        started_at=None if row.started_ms is None else from_ms(row.started_ms),
        ended_at=None if row.ended_ms is None else from_ms(row.ended_ms),
        worker=row.worker,
        cancel=bool(row.cancel),
        snapshot=row.snapshot,
        outcome=row.outcome,
        error=row.error,
        change=None if row.change is None else orjson.loads(row.change),
    )

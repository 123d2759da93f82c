"""The worker: planner, queue, captures and reaper in one process. Any number may run, on any number of machines.

Each tells the database that it lives. One that has been silent for the length of a lease counts as dead: its jobs go to
others. Its own captures have ended by then, since they end when they do not hear of their worker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue as queues
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa

from archiver import clock
from archiver.archive import Archive
from archiver.capture import workplace
from archiver.capture.capture import check
from archiver.config import Settings
from archiver.errors import ArchiverError, UsageError
from archiver.jobs.database import Database, QueueError, connect, ensure
from archiver.jobs.engine import Engine
from archiver.jobs.job import Ended
from archiver.jobs.metrics import Metrics
from archiver.jobs.opening import Opened, assemble, place_of
from archiver.jobs.outbox import Outbox
from archiver.jobs.politeness import retry_s
from archiver.jobs.queue import Begun
from archiver.jobs.runner import CAPTURES, Runner, Task, limit_s
from archiver.jobs.schema import ENDED, JobState, hosts, jobs, outbox, schedules, workers
from archiver.jobs.sealer import Sealer
from archiver.jobs.troubles import Troubles
from archiver.jobs.watching import Watcher
from archiver.seal.statement import Job as Stated
from archiver.seal.statement import Planned
from archiver.version import __version__

_TICK_S = 1.0
_FOLLOW_S = 10.0
_COUNT_S = 10.0  # all jobs that are kept are gone through for that
_SWEEP_S = 600.0
_KEPT_BY_ENGINE = timedelta(hours=1)
_SILENCE = 0.8  # of a lease: when captures end that hear nothing of their worker
_CANCEL_POLL_S = 1.0
_AGAIN_S = 2.0
_ENGINE_S = 10.0  # what the engine may take to end when none of its workflows does anything
_LAST_S = 45.0  # what ending a capture and giving its job back may take

T = TypeVar("T")

logger = logging.getLogger("archiver.jobs")


@dataclass
class _Round:
    """Something that is done again and again."""

    trouble: str
    every_s: float
    work: Callable[[], object]
    next_at: float = 0.0


class Worker:
    """One worker of an archive's queue. `run` returns when `stop` was called, by a signal handler for example."""

    def __init__(self, settings: Settings, name: str | None = None) -> None:
        self.id = name or f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._settings = settings
        self._given = settings.jobs
        self._stopping = threading.Event()
        self._abandoning = threading.Event()
        self._over = threading.Event()
        self._ready: queues.SimpleQueue[Runner] = queues.SimpleQueue()
        self._runners: list[Runner] = []
        self._running: set[str] = set()
        self._registered_ms = 0
        self._replaced: UsageError | None = None
        self._troubles = Troubles()
        self._beaten = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._steady_since = self._beaten
        self.metrics = Metrics(self.id)
        #: after `run`: whether threads of the engine wait for a database that is away, and would keep the process
        self.is_stuck = False

    def stop(self) -> None:
        """Have `run` take up nothing more, wait for what runs as long as settings say, and return."""
        self._stopping.set()

    def run(self, *, once: bool = False) -> None:
        """Work until told to stop, or, `once`, until nothing is left to be done now.

        Raises `UsageError` when a worker of that name is at work, `QueueError`, and what the archive raises when it
        cannot be opened.
        """
        check(self._settings.capture)
        with Archive(self._settings) as archive:
            archive.ensure()
            described = archive.describe()
            assert described is not None
            database = connect(place_of(archive, self._settings))
            try:
                ensure(database, described.id)
                self._register(database)
                try:
                    with self._heard_of(database):
                        engine = Engine(database)
                        opened = assemble(archive, self._settings, database, engine)
                        self._work(archive, opened, engine, once=once)
                finally:
                    with contextlib.suppress(ArchiverError):
                        self._unregister(database)
            finally:
                database.close()
        if self._replaced is not None:
            raise self._replaced

    def _work(self, archive: Archive, opened: Opened, engine: Engine, *, once: bool) -> None:
        outbox = Outbox(self._settings, opened.database, opened.scheduling, self.metrics)
        watcher = Watcher(self._settings, opened.database, opened.queue, self._stopping)
        threads = [
            threading.Thread(target=self._tick_on, args=(opened, engine), name="tick"),
            threading.Thread(target=outbox.run, args=(self._over,), name="outbox"),
            threading.Thread(target=Sealer(self._settings, self.metrics).run, args=(self._over,), name="seal"),
        ]
        with self.metrics.served(self._given.metrics), self._ended_at_last(threads):
            self._refill()
            opened.scheduling.follow()
            for said in opened.scheduling.take_over(self._settings.schedules):
                logger.info(said)
            engine.launch(self.id, self._given.concurrency, lambda wf: self._run_job(opened, watcher, wf))
            for thread in threads:
                thread.start()
            logger.info("ready", extra={"worker": self.id, "archive": archive.location, "queue": opened.database.shown})
            # Processes end with the thread that made them, so this one, which lives longest, makes them.
            while not self._stopping.wait(0.5):
                self._refill()
                if once and self._is_idle(opened):
                    break
            self._stopping.set()
            self._wind_up(engine)

    @contextlib.contextmanager
    def _heard_of(self, database: Database) -> Iterator[None]:
        """While inside, the database and the captures hear that this worker lives."""
        beating = threading.Thread(target=self._beat_on, args=(database,), name="beat")
        beating.start()
        try:
            yield
        finally:
            self._over.set()
            beating.join()

    @contextlib.contextmanager
    def _ended_at_last(self, threads: Sequence[threading.Thread]) -> Iterator[None]:
        """When this is left none of these threads goes on, and no capturing process is there."""
        try:
            yield
        finally:
            self._stopping.set()
            self._over.set()
            for thread in threads:
                if thread.is_alive():
                    thread.join()
            for runner in self._runners:
                runner.tell_to_stop()
            for runner in self._runners:
                runner.stop()

    def _is_idle(self, opened: Opened) -> bool:
        """Whether nothing is to be done now: what waits for a later moment does not count."""
        with contextlib.suppress(QueueError), opened.database.transaction() as connection:
            now = opened.database.now_ms(connection)
            for waiting in (
                sa.select(jobs.c.id).where(jobs.c.state == JobState.RUNNING),
                # A host that is to be left alone may be so for an hour.
                sa.select(jobs.c.id)
                .join(hosts, hosts.c.host == jobs.c.host)
                .where(jobs.c.state.not_in(ENDED), jobs.c.not_before_ms <= now, hosts.c.until_ms <= now),
                sa.select(schedules.c.id).where(schedules.c.next_ms <= now, schedules.c.paused.is_(False)),
                sa.select(outbox.c.number).where(outbox.c.attempts == 0),
            ):
                if connection.execute(waiting.limit(1)).first() is not None:
                    return False
            return True
        return False

    def _wind_up(self, engine: Engine) -> None:
        logger.info("stopping", extra={"worker": self.id, "grace_s": self._given.grace_s})
        timer = threading.Timer(self._given.grace_s, self._abandoning.set)
        timer.daemon = True
        timer.start()
        ending = threading.Thread(target=engine.stop, args=(self._given.grace_s + _LAST_S,), daemon=True)
        ending.start()
        busy_at = time.monotonic()
        while ending.is_alive() and time.monotonic() - busy_at < _ENGINE_S:
            ending.join(0.2)
            if self._running:
                busy_at = time.monotonic()
        self.is_stuck = ending.is_alive()
        timer.cancel()

    # the workers' table

    def _register(self, database: Database) -> None:
        with database.transaction() as connection:
            now = database.now_ms(connection)
            beat = connection.scalar(database.locked(sa.select(workers.c.beat_ms).where(workers.c.id == self.id)))
            if beat is not None and beat > now - self._lease_ms:
                raise UsageError(
                    f"a worker {self.id!r} is at work already; give each a name of its own, or leave --name out"
                )
            connection.execute(workers.delete().where(workers.c.id == self.id))
            self._registered_ms = now
            connection.execute(
                workers.insert().values(
                    id=self.id,
                    beat_ms=now,
                    started_ms=now,
                    machine=socket.gethostname(),
                    pid=os.getpid(),
                    concurrency=self._given.concurrency,
                    software=f"archiver/{__version__}",
                )
            )

    def _unregister(self, database: Database) -> None:
        with database.transaction() as connection:
            connection.execute(workers.delete().where(*self._own_row))

    @property
    def _own_row(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Processes on two machines may have the same number."""
        return workers.c.id == self.id, workers.c.pid == os.getpid(), workers.c.started_ms == self._registered_ms

    @property
    def _lease_ms(self) -> int:
        return int(self._given.lease_s * 1000)

    # one job

    def _run_job(self, opened: Opened, watcher: Watcher, workflow: str) -> None:
        """Run what a workflow holds, in a thread of the engine's."""
        self._running.add(workflow)
        try:
            self._run_held(opened, watcher, workflow)
        finally:
            self._running.discard(workflow)

    def _run_held(self, opened: Opened, watcher: Watcher, workflow: str) -> None:
        begun = self._until_it_works(lambda: opened.queue.begin(workflow, self.id))
        if begun is None:
            return
        began = time.monotonic()
        if self._abandoning.is_set():
            ended = _GIVEN_BACK
        elif begun.job.kind == "feed":
            ended = watcher.read(begun.job, begun.attempt)
        else:
            ended = self._capture(opened, begun)
        took_s = time.monotonic() - began
        state = self._until_it_works(lambda: opened.queue.end(workflow, self.id, ended))
        if state is None:
            logger.warning("its job was taken over meanwhile", extra={"job": begun.job.id, "snapshot": ended.snapshot})
            return
        self.metrics.ended(begun.job.kind, str(state), took_s)
        logger.info(
            str(state),
            extra={
                "job": begun.job.id,
                "url": begun.job.url,
                "attempt": begun.attempt,
                "snapshot": ended.snapshot,
                "outcome": ended.outcome,
                "error": ended.error,
                "note": ended.note,
                "took_s": round(took_s, 1),
            },
        )

    def _until_it_works(self, what: Callable[[], T]) -> T:
        """Do it, again and again while the database is away: what was captured is to be said.

        Raises `QueueError` when this worker has to end meanwhile.
        """
        while True:
            try:
                done = what()
            except QueueError as error:
                self._troubles.came("the queue cannot be reached", error)
                if self._abandoning.wait(_AGAIN_S) or self._over.is_set():
                    raise
            else:
                self._troubles.went("the queue cannot be reached")
                return done

    def _capture(self, opened: Opened, begun: Begun) -> Ended:
        job = begun.job
        planned, retry = None, retry_s(self._given.retry_s, begun.attempt)
        if job.due is not None:
            planned = Planned(job.due.schedule, job.due.name, job.due.seq, job.due.at)
        task = Task(
            job.url, job.options, Stated(job.id, begun.attempt, planned), last=begun.attempt >= self._given.attempts
        )
        runner = self._free_runner()
        if runner is None:
            return _GIVEN_BACK
        runner.ask(task)
        until = time.monotonic() + limit_s(self._settings, task)
        try:
            while True:
                ended = runner.answer(_CANCEL_POLL_S)
                if ended is not None:
                    if runner.captures < CAPTURES:
                        self._ready.put(runner)
                    else:
                        runner.stop()
                    return ended
                if self._abandoning.is_set():
                    return runner.stop() or _GIVEN_BACK
                with contextlib.suppress(ArchiverError):
                    if opened.queue.is_cancelled(job.id):
                        return runner.stop() or Ended(error="it was cancelled while it was captured", logged=True)
                if time.monotonic() > until:
                    return runner.stop() or Ended(error=f"{job.url}: its capture came to no end", again_s=retry)
        except EOFError:
            if runner.has_ended_in_order:
                return _GIVEN_BACK
            workplace.clear_abandoned()
            return Ended(error=f"{job.url}: the process of this capture ended early; try again", again_s=retry)

    def _free_runner(self) -> Runner | None:
        """A capturing process that has nothing to do; None when none comes any more."""
        while not self._abandoning.is_set():
            with contextlib.suppress(queues.Empty):
                runner = self._ready.get(timeout=_CANCEL_POLL_S)
                if runner.is_alive:
                    return runner
        return None

    def _refill(self) -> None:
        """Have as many capturing processes as there are captures at a time, while the database is heard of.

        Others would end themselves before there is anything to do for them.
        """
        self._runners = [runner for runner in self._runners if runner.is_alive]
        if time.clock_gettime(time.CLOCK_BOOTTIME) - self._beaten > self._given.lease_s / 2:
            return
        while len(self._runners) < self._given.concurrency and not self._stopping.is_set():
            runner = Runner(self._settings, self._given.lease_s * _SILENCE)
            self._runners.append(runner)
            self._ready.put(runner)

    # what goes on beside

    def _beat_on(self, database: Database) -> None:
        """Have it known that this worker lives. What else there is to do may take longer than its lease."""
        while not self._over.wait(_TICK_S):
            try:
                self._beat(database)
            except UsageError as error:
                self._replaced = error
                self._abandoning.set()
                self._stopping.set()
                return
            except ArchiverError as error:
                self._troubles.came("the queue cannot be reached", error)
            except Exception:
                logger.exception("this worker could not say that it lives")
            else:
                self._troubles.went("the queue cannot be reached")

    def _tick_on(self, opened: Opened, engine: Engine) -> None:
        rounds = (
            _Round("schedules cannot be followed", _FOLLOW_S, opened.scheduling.follow),
            _Round("nothing can be planned", 0.0, lambda: self._plan(opened)),
            _Round(
                "the jobs of dead workers cannot be looked for",
                self._given.lease_s / 3,
                lambda: self._reap(opened, engine),
            ),
            _Round("the jobs cannot be counted", _COUNT_S, lambda: self.metrics.counted(opened.queue.counts())),
            _Round("the queue cannot be cleaned up", _SWEEP_S, lambda: self._sweep(opened, engine)),
        )
        while not self._over.wait(_TICK_S):
            for each in rounds:
                if self._stopping.is_set():
                    break
                self._go_round(each)

    def _go_round(self, each: _Round) -> None:
        """Do it if it is time for it. What fails is done again later, and keeps nothing else from being done."""
        if time.monotonic() < each.next_at:
            return
        try:
            each.work()
        except Exception as error:  # noqa: BLE001  # the edge of a thread
            self._troubles.came(each.trouble, error)
        else:
            self._troubles.went(each.trouble)
        each.next_at = time.monotonic() + each.every_s

    def _plan(self, opened: Opened) -> None:
        with self.metrics.planning():
            opened.planner.tick()
        opened.queue.pump_ready()

    def _beat(self, database: Database) -> None:
        """Tell the database, and then the captures, that this worker lives."""
        with database.transaction() as connection:
            now = database.now_ms(connection)
            found = connection.execute(workers.update().where(*self._own_row).values(beat_ms=now))
            gone = not found.rowcount
        if gone:
            self._register(database)  # others took it for dead, and swept it out
        beaten = time.clock_gettime(time.CLOCK_BOOTTIME)
        if beaten - self._beaten > self._given.lease_s / 2:
            self._steady_since = beaten
        self._beaten = beaten
        for runner in self._runners:
            runner.beat()

    def _reap(self, opened: Opened, engine: Engine) -> None:
        """Have the jobs of dead workers run again, and the lanes freed that the engine does nothing in.

        Not before this worker has itself been heard for a lease: after the database was away all look dead.
        """
        if time.clock_gettime(time.CLOCK_BOOTTIME) - self._steady_since < self._given.lease_s:
            return
        with opened.database.transaction() as connection:
            now = opened.database.now_ms(connection)
            alive = set(connection.scalars(sa.select(workers.c.id).where(workers.c.beat_ms > now - self._lease_ms)))
        dead = [handed for handed in engine.running() if handed.worker not in alive]
        for handed in dead:
            logger.warning("a worker died", extra={"worker": handed.worker, "workflow": handed.workflow})
        engine.resume(handed.workflow for handed in dead)
        for workflow in engine.ended(opened.queue.handed_over()):
            if workflow not in self._running:
                opened.queue.release(workflow, self.id)

    def _sweep(self, opened: Opened, engine: Engine) -> None:
        """Forget what has long ended."""
        while engine.forget(clock.now() - _KEPT_BY_ENGINE):
            pass
        with opened.database.transaction() as connection:
            now = opened.database.now_ms(connection)
            old = now - int(self._given.keep_s * 1000)
            connection.execute(jobs.delete().where(jobs.c.state.in_(ENDED), jobs.c.ended_ms < old))
            connection.execute(workers.delete().where(workers.c.beat_ms < now - 86_400_000))


_GIVEN_BACK = Ended(error="its worker was stopped; it goes on elsewhere", again_s=0.0, counts=False, logged=True)

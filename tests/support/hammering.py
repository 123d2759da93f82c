"""A process that puts jobs into a queue, runs, cancels and drops them as fast as it can, beside others.

    python -m tests.support.hammering LOCATION FOLDER NAME SEED JOBS

Whoever visits a host holds one of its files in FOLDER, of which there are as many as it has lanes.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from archiver import clock
from archiver.config import JobsSettings
from archiver.errors import UsageError
from archiver.jobs.database import Database, connect
from archiver.jobs.job import Ended, Options
from archiver.jobs.politeness import Politeness
from archiver.jobs.queue import New, Queue
from archiver.jobs.schema import ENDED, jobs, workers
from archiver.moments import to_ms

LANES = {"one.test": 1, "two.test": 2, "three.test": 1}
_THREADS = 3
_LIMIT_S = 60.0

_metadata = sa.MetaData()
handed = sa.Table("handed", _metadata, sa.Column("workflow", sa.Text, primary_key=True))


class Table:
    """An engine that is a table: what was handed over, as part of the transaction."""

    def hand_over(self, connection: Connection, workflow: str, job: str, priority: int, delay_s: float) -> None:
        connection.execute(handed.insert().values(workflow=workflow))


def queue_of(base: Database) -> Queue:
    settings = JobsSettings(delay_s=0, host=("two.test=0/2",), attempts=2)
    return Queue(base, Table(), Politeness(settings), settings.attempts, 600_000)


def prepare(base: Database) -> None:
    with base.transaction() as connection:
        _metadata.create_all(connection)


@contextlib.contextmanager
def visiting(folder: Path, host: str) -> Iterator[None]:
    """Raises when the host has as many visits as lanes already."""
    for lane in range(LANES[host]):
        path = folder / f"{host}.{lane}"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        try:
            yield
        finally:
            path.unlink()
        return
    raise AssertionError(f"{host} has more visits than lanes")


class Hammer:
    """One of the threads."""

    def __init__(self, queue: Queue, folder: Path, name: str, seed: int, count: int) -> None:
        self.queue, self.folder, self.name, self.left = queue, folder, name, count
        self.random = random.Random(seed)
        self.made = 0
        self.trouble: BaseException | None = None

    def run(self) -> None:
        try:
            deadline = time.monotonic() + _LIMIT_S
            while not self._turn():
                assert time.monotonic() < deadline, "it does not end"
        except BaseException as error:  # noqa: BLE001  # told by the thread that waits
            self.trouble = error

    def _turn(self) -> bool:
        dice = self.random.random()
        if self.left and dice < 0.5:
            self._submit()
        elif dice < 0.6:
            self._meddle()
        elif dice < 0.65:
            self.queue.pump_ready()
        workflow = self._any()
        if workflow is not None:
            self._visit(workflow)
            return False
        return not self.left and self._nothing_is_left()

    def _submit(self) -> None:
        """Several at once, as a schedule of several pages does."""
        count = min(self.left, self.random.randint(1, 4))
        self.left -= count
        hosts = [self.random.choice(list(LANES)) for _ in range(count)]
        with self.queue.database.transaction() as connection:
            self.queue.hold(connection, hosts)
            for host in hosts:
                self.made += 1
                number = self.random.randint(0, 5)
                new = New(f"https://{host}/{number}", Options(), priority=self.random.randint(0, 2))
                self.queue.submit(connection, new, f"{self.name}-{self.made}")

    def _meddle(self) -> None:
        with self.queue.database.transaction() as connection:
            ids = list(connection.scalars(sa.select(jobs.c.id).where(jobs.c.state.not_in(ENDED)).limit(20)))
        if ids:
            with contextlib.suppress(UsageError):
                self.queue.cancel(self.random.choice(ids))
            with contextlib.suppress(UsageError):
                self.queue.retry(self.random.choice(ids))

    def _any(self) -> str | None:
        """One of the newest that were handed over, whoever may have taken it already."""
        with self.queue.database.transaction() as connection:
            names = list(connection.scalars(sa.select(handed.c.workflow)))
        held = set(self.queue.handed_over())
        names = [name for name in names if name in held]
        return self.random.choice(names) if names else None

    def _visit(self, workflow: str) -> None:
        begun = self.queue.begin(workflow, self.name)
        if begun is None:
            return
        with visiting(self.folder, begun.job.host):
            time.sleep(self.random.random() * 0.003)
        ended = self.random.choice(
            [Ended(snapshot="s", outcome="complete"), Ended(error="again", again_s=0.01), Ended(error="never")]
        )
        assert self.queue.end(workflow, self.name, ended) is not None

    def _nothing_is_left(self) -> bool:
        with self.queue.database.transaction() as connection:
            return connection.scalar(sa.select(jobs.c.id).where(jobs.c.state.not_in(ENDED)).limit(1)) is None


def main(location: str, folder: str, name: str, seed: str, count: str) -> int:
    base = connect(location)
    queue = queue_of(base)
    with base.transaction() as connection:
        now = to_ms(clock.now())
        connection.execute(
            workers.insert().values(
                id=name, beat_ms=now + 600_000, started_ms=0, machine="m", pid=1, concurrency=1, software="t"
            )
        )
    hammers = [Hammer(queue, Path(folder), name, int(seed) + n, int(count)) for n in range(_THREADS)]
    for n, hammer in enumerate(hammers):
        hammer.made = n * 10_000
    threads = [threading.Thread(target=hammer.run) for hammer in hammers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    base.close()
    for hammer in hammers:
        if hammer.trouble is not None:
            raise hammer.trouble
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

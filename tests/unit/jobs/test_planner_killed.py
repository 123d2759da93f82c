"""Planners that are killed in the middle of it, again and again, leave no gap and nothing twice."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import orjson
import sqlalchemy as sa

from archiver.jobs.database import Database
from archiver.jobs.queue import STATEMENT
from archiver.jobs.schema import jobs, outbox
from archiver.moments import to_ms
from archiver.schedules.definition import define
from tests.support.queues import START, Clock
from tests.support.scheduling import Office

_REPOSITORY = Path(__file__).resolve().parents[3]
_KILLS = 30
_TIMES = 960


def test_killed_planners_leave_no_gap_and_nothing_twice(base: Database, location: str, watch: Clock) -> None:
    office = Office(base)
    for name, policy in (("each", "all"), ("newest", "latest")):
        given = {"urls": (f"https://{name}.test/",), "every": "1s", "missed": policy}
        office.scheduling.add(name, define(name, given, START))
    until = START + timedelta(seconds=_TIMES - 1)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.planning", location, *map(str, (to_ms(START), to_ms(until), _KILLS, 7))],
        cwd=_REPOSITORY,
        capture_output=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr.decode()
    with base.transaction() as connection:
        made = sorted(connection.execute(sa.select(jobs.c.name, jobs.c.seq, jobs.c.due_ms)).all())
        bodies = list(connection.scalars(sa.select(outbox.c.body).where(outbox.c.kind == STATEMENT)))
    each = [(seq, due) for name, seq, due in made if name == "each"]
    assert each == [(n + 1, to_ms(START) + 1000 * n) for n in range(_TIMES)]
    # Of the other one each generation of planners captures the newest of its time, at most.
    newest = [(seq, due) for name, seq, due in made if name == "newest"]
    assert newest[-1] == (_TIMES, to_ms(until))
    assert len(newest) <= _KILLS + 2
    missed = [(found["first_seq"], found["last_seq"]) for found in (orjson.loads(b)["missed"] for b in bodies)]
    numbers = [seq for first, last in missed for seq in range(first, last + 1)] + [seq for seq, _ in newest]
    assert sorted(numbers) == list(range(1, _TIMES + 1))

"""Several processes at one queue: nobody waits for ever, no job is lost, no lane has two visits."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from archiver.jobs.database import Database
from archiver.jobs.queue import EVENT
from archiver.jobs.schema import ENDED, jobs, lanes
from tests.support import hammering
from tests.support.queues import Clock, Desk

_REPOSITORY = Path(__file__).resolve().parents[3]


def test_processes_that_hammer_a_queue_lose_nothing_and_never_meet_in_a_lane(
    base: Database, location: str, tmp_path: Path, watch: Clock
) -> None:
    hammering.prepare(base)
    arguments = [sys.executable, "-m", "tests.support.hammering", location, str(tmp_path)]
    children = [
        subprocess.Popen([*arguments, f"p{n}", str(100 * n), "12"], cwd=_REPOSITORY, stderr=subprocess.PIPE)
        for n in range(2)
    ]
    for child in children:
        _, said = child.communicate(timeout=100)
        assert child.returncode == 0, said.decode()
    desk = Desk(base, watch)
    desk.check()
    found = desk.rows(jobs)
    assert len(found) > 20
    assert {row.state for row in found} <= set(ENDED)
    assert {"done", "failed", "cancelled"} == {row.state for row in found}
    assert [row.workflow for row in desk.rows(lanes) if row.workflow] == []
    ends = Counter(each["job"]["id"] for each in desk.outbox(EVENT))
    assert set(ends) == {row.id for row in found}

"""What we rely on of the engine underneath, tried with the real one: a newer version of it has to do the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from archiver.jobs.database import Database

_REPOSITORY = Path(__file__).resolve().parents[3]


def _start(location: str, task: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.support.engines", location, task],
        cwd=_REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _end(child: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any]]:
    out, said = child.communicate(timeout=100)
    assert child.returncode <= 0, said.decode()
    return child.returncode, orjson.loads(out or b"{}")


def test_the_engine_runs_what_it_is_handed_in_order_and_forgets_it(base: Database, location: str) -> None:
    _, said = _end(_start(location, "ordinary"))
    assert said["unknown"] == ["rolled/1"]
    assert said["alive"] == []
    assert said["order"][:2] == ["high/1", "usual/1"]
    assert sorted(said["order"]) == ["bad/1", "high/1", "late/1", "low/1", "usual/1"]
    assert said["late_s"] >= 3.0
    assert said["most"] == 1
    assert said["running"] == 0
    assert said["many"] == 40_000
    assert (said["forgotten_too_early"], said["forgotten"], said["left"]) == (0, 5, 0)


def test_what_a_dead_worker_had_taken_up_runs_when_it_is_resumed_and_not_before(base: Database, location: str) -> None:
    code, _ = _end(_start(location, "die"))
    assert code == -9
    _, said = _end(_start(location, "go_on"))
    assert said == {"left": [["deadly/1", "dead"]], "before": [], "after": ["deadly/1"], "again": ["deadly/1"]}


def test_two_workers_can_make_a_new_queue_at_the_same_time(location: str) -> None:
    program = (
        "import sys; from archiver.jobs.database import connect, ensure; from archiver.jobs.engine import Engine;"
        "base = connect(sys.argv[1]); ensure(base, 'a' * 32); engine = Engine(base); assert engine.running() == []"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program, location], cwd=_REPOSITORY, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for child in children:
        _, said = child.communicate(timeout=100)
        assert child.returncode == 0, said.decode()

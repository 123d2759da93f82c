"""A process with the real engine underneath: `python -m tests.support.engines LOCATION TASK` prints what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import orjson

from archiver import clock
from archiver.jobs.database import Database, connect
from archiver.jobs.engine import Engine


class _StoppedError(Exception):
    pass


def _hand_over(base: Database, engine: Engine, *given: tuple[str, int, float], fails: bool = False) -> None:
    with contextlib.suppress(_StoppedError), base.transaction() as connection:
        for job, priority, delay_s in given:
            engine.hand_over(connection, f"{job}/1", job, priority, delay_s)
        if fails:
            raise _StoppedError


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def ordinary(base: Database, engine: Engine) -> dict[str, Any]:
    """Hand over in all ways, run it, forget it."""
    said: dict[str, Any] = {}
    _hand_over(base, engine, ("rolled", 0, 0.0), fails=True)
    said["unknown"] = sorted(engine.ended(["rolled/1"]))
    began = time.monotonic()
    _hand_over(base, engine, ("low", -100, 0.0), ("usual", 0, 0.0), ("high", 100, 0.0), ("late", 100, 3.0))
    _hand_over(base, engine, ("bad", -100, 0.0))
    names = [f"{name}/1" for name in ("low", "usual", "high", "late", "bad")]
    said["alive"] = sorted(engine.ended(names))
    order, at = list[str](), dict[str, float]()
    inside, most = 0, 0
    lock = threading.Lock()

    def run(workflow: str) -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            order.append(workflow)
            at[workflow] = time.monotonic() - began
        time.sleep(0.05)
        with lock:
            inside -= 1
        if workflow == "bad/1":
            raise RuntimeError("a fault")

    engine.launch("w1", 1, run)
    _wait(lambda: len(order) == 5 and len(engine.ended(names)) == 5)
    said |= {"order": order, "late_s": at["late/1"], "most": most, "running": len(engine.running())}
    said["many"] = len(engine.ended(f"x/{n}" for n in range(40_000)))
    said["forgotten_too_early"] = engine.forget(clock.now() - timedelta(hours=1))
    said["forgotten"] = engine.forget(clock.now() + timedelta(minutes=1))
    said["left"] = engine.forget(clock.now() + timedelta(minutes=1))
    engine.stop(1)
    return said


def die(base: Database, engine: Engine) -> dict[str, Any]:
    """Take up a workflow, and die of it."""
    _hand_over(base, engine, ("deadly", 0, 0.0))
    engine.launch("dead", 1, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    time.sleep(60)
    return {}


def go_on(base: Database, engine: Engine) -> dict[str, Any]:
    """Take over what a dead worker had taken up."""
    said: dict[str, Any] = {"left": [[each.workflow, each.worker] for each in engine.running()]}
    ran = list[str]()
    engine.launch("alive", 1, ran.append)
    time.sleep(1)
    said["before"] = list(ran)
    engine.resume([])
    engine.resume(["deadly/1"])
    _wait(lambda: engine.ended(["deadly/1"]))
    said["after"] = list(ran)
    engine.resume(["deadly/1"])  # has ended: nothing comes of it
    time.sleep(1)
    said["again"] = list(ran)
    engine.stop(1)
    return said


def main(location: str, task: str) -> int:
    base = connect(location)
    said = {"ordinary": ordinary, "die": die, "go_on": go_on}[task](base, Engine(base))
    os.write(1, orjson.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

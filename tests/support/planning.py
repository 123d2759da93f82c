"""Planners that are killed: two at a time plan what is due, one or the other is killed somewhere, the last three end.

    python -m tests.support.planning LOCATION START_MS UNTIL_MS KILLS SEED

Each plans further than the one before it, so that there is work for all.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from archiver.jobs import planner as planning
from archiver.jobs.database import connect
from archiver.moments import from_ms
from tests.support.scheduling import Office


def _plan(location: str, until_ms: int, *, last: bool) -> None:
    """What a child does: the last ones end when nothing is due any more, the others when they are killed."""
    office = Office(connect(location))
    while office.planner.tick(from_ms(until_ms)) or not last:
        pass


def _child(location: str, until_ms: int, *, last: bool) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _plan(location, until_ms, last=last)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001  # a child must not go on as its parent
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
    return pid


def main(location: str, start_ms: str, until_ms: str, kills: str, seed: str) -> int:
    chance = random.Random(int(seed))
    planning._ALL_AT_ONCE, planning._LATEST_AT_ONCE = 3, 10
    running = list[int]()
    for number in range(int(kills) + 2):
        until = int(start_ms) + (int(until_ms) - int(start_ms)) * (number + 1) // (int(kills) + 2)
        running.append(_child(location, until, last=number >= int(kills)))
        if len(running) > 2:
            time.sleep(chance.uniform(0.0, 0.12))
            pid = running.pop(0)
            os.kill(pid, signal.SIGKILL)
            if not os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
                return 1
    # What one of them holds the other passes over, as the next round would not: so one goes over all of it alone.
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in running]
    alone = _child(location, int(until_ms), last=True)
    return max(*ended, os.waitstatus_to_exitcode(os.waitpid(alone, 0)[1]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

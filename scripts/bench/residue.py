#!/usr/bin/env python3
"""What killed captures leave behind: captures of a local page, some of them killed at a random moment.

    .venv/bin/python scripts/bench/residue.py [100] [--killed 30] [--seed 1]

Two captures run at a time, in one TMPDIR and one archive. After each pair there is one more run of the program, and
then nothing of theirs may be left: no process, no temporary file, no half-written snapshot. As root all of it happens
in a /tmp and a /dev/shm of its own, so that what is put there is seen as well. Exits with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.sites.server import LocalWeb
from tests.support.residue import HEAVY_URL, KILLS, URL, Place, Run, site

_NONE = "none"
_APART = "ARCHIVER_BENCH_APART"
_MOUNT = 'for d in /tmp /dev/shm; do mount -t tmpfs -o mode=1777 tmpfs "$d"; done; exec "$@"'


@dataclass
class Row:
    """What came of one kind of kill."""

    runs: int = 0
    late: int = 0  # the run was over before its moment came
    codes: Counter[int] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Bench:
    def __init__(self, place: Place, chance: random.Random) -> None:
        self._place = place
        self._chance = chance
        self.rows: defaultdict[str, Row] = defaultdict(Row)
        self.left: list[str] = []
        self.stored = 0  # by exit codes: snapshots there must be
        self.maybe = 0  # killed while storing: snapshots there may be
        self._killed: dict[Run, str] = {}  # of the present pair: the step at which it was
        self._took_s: list[float] = []

    def _usual_s(self) -> float:
        return statistics.median(self._took_s) if self._took_s else 8.0

    def pair(self, kills: Sequence[str]) -> None:
        """Two runs at a time, each with its kind of kill; then a further run, and a look at what is left."""
        began = time.monotonic()
        runs = [(kill, self._place.start(self._chance.choice((URL, URL, HEAVY_URL)))) for kill in kills]
        moments = sorted(
            ((self._chance.uniform(0.0, 0.95 * self._usual_s()), kill, run) for kill, run in runs if kill != _NONE),
            key=lambda moment: moment[0],
        )
        for at_s, kill, run in moments:
            self._kill(began + at_s, kill, run)
        for kill, run in runs:
            self._note(kill, run, killed=run in self._killed)
        if all(kill == _NONE for kill in kills):
            self._took_s.append(time.monotonic() - began)
        self._killed.clear()
        self._place.further_run()
        self.left += self._place.left()

    def _kill(self, at: float, kill: str, run: Run) -> None:
        # Before it has a working directory a run has nothing that it could leave, nor handlers for signals.
        run.wait_until(lambda: run.step and time.monotonic() >= at)
        while run.process.poll() is None:
            step = run.step
            if self._place.kill(kill, run):
                self._killed[run] = step
                self.rows[kill].steps[step] += 1
                return
            time.sleep(0.01)

    def _note(self, kill: str, run: Run, *, killed: bool) -> None:
        row, code = self.rows[kill], run.end()
        row.runs += 1
        row.codes[code] += 1
        if kill != _NONE and not killed:
            row.late += 1
        # A kill may come when all is done: then it changes nothing.
        allowed = {0} | (KILLS[kill] if killed else set())
        if code not in allowed:
            row.wrong.append(f"exit code {code}: {run.lines}")
        expected_lines = 0 if code in (0, 3, -9) else 1
        if len(run.lines) != expected_lines:
            row.wrong.append(f"exit code {code} with {len(run.lines)} lines: {run.lines}")
        self.stored += code in (0, 3)
        self.maybe += code in (-9, 130) and self._killed.get(run) == "store"


def kinds(count: int, killed: int, chance: random.Random) -> list[str]:
    names = [name for name, _ in zip((kind for _ in range(killed) for kind in KILLS), range(killed), strict=False)]
    plan = names + [_NONE] * (count - killed)
    chance.shuffle(plan)
    return [_NONE, _NONE, *plan]  # the first pair shows how long a run takes


def apart() -> None:
    """Start again in a /tmp and a /dev/shm of our own, where that is allowed."""
    if _APART in os.environ or os.geteuid() != 0 or shutil.which("unshare") is None:
        return
    command = ["unshare", "-m", "sh", "-c", _MOUNT, "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603
        os.environ[_APART] = "1"
        os.execvp(command[0], [*command, sys.executable, *sys.argv])  # noqa: S606


def elsewhere(place: Place) -> list[str]:
    """What lies in /tmp and /dev/shm that is neither the place's nor the web's; only told when they are our own."""
    if _APART not in os.environ:
        return []
    ours = (place.root.name, "local-web-")
    entries = [path for folder in ("/tmp", "/dev/shm") for path in Path(folder).iterdir()]  # noqa: S108
    return [str(path) for path in entries if not path.name.startswith(ours)]


def main() -> None:
    apart()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--killed", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)  # noqa: S311  # moments, nothing secret
    began = time.monotonic()
    with LocalWeb(site) as web, Place(web) as place:
        bench = Bench(place, chance)
        plan = kinds(arguments.count, arguments.killed, chance)
        for at in range(0, len(plan), 2):
            bench.pair(plan[at : at + 2])
            sys.stderr.write(f"\r{min(at + 2, len(plan))} of {len(plan)} runs, {len(bench.left)} left-overs")
        left = [*bench.left, *elsewhere(place)]
        stored, damaged = len(place.snapshots()), place.damaged()
    if not bench.stored <= stored <= bench.stored + bench.maybe:
        damaged.append(f"{stored} snapshots, {bench.stored} to {bench.stored + bench.maybe} expected")
    sys.stdout.write(f"\n{'killed':<18} {'runs':>4} {'late':>4}  {'exit codes':<24} wrong  at the step\n")
    for name in (_NONE, *KILLS):
        row = bench.rows[name]
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(row.codes.items()))
        steps = ", ".join(f"{step} {count}" for step, count in row.steps.items())
        sys.stdout.write(f"{name:<18} {row.runs:>4} {row.late:>4}  {codes:<24} {len(row.wrong):>5}  {steps}\n")
    wrong = [text for row in bench.rows.values() for text in row.wrong]
    sys.stdout.write(f"snapshots {stored}, damaged {len(damaged)}; left behind {len(left)}; ")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s in all\n")
    for text in (*wrong, *left, *damaged):
        sys.stdout.write(f"WRONG {text}\n")
    sys.exit(1 if wrong or left or damaged else 0)


if __name__ == "__main__":
    main()

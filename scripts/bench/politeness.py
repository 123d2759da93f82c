#!/usr/bin/env python3
"""How several workers treat hosts when one of them has half of all jobs, judged from the server's log.

    .venv/bin/python scripts/bench/politeness.py [200] [--hosts 10] [--workers 3] [--delay 1.0] [--database sqlite]

Real captures of small pages. They are made once with the busy host, and once more without its jobs, which shows whether
the other hosts finish later for its sake. Exits with 1 when a host was visited twice at once or too soon, or a job has
no result.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import postgres
from tests.support.places import own_folders
from tests.support.workers import crew, impolite, visits

_LONGEST_S = 4 * 3600.0


@dataclass(frozen=True)
class Made:
    """What came of one run."""

    wall_s: float
    others_s: float  # from the first visit to the end of the last one of a host that is not busy
    captures: int
    wrong: tuple[str, ...]

    @property
    def a_minute(self) -> float:
        return 60 * self.captures / self.wall_s


@contextlib.contextmanager
def database(kind: str) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    with postgres.running() as server, server.database() as url:
        yield url


def run(kind: str, urls: Sequence[str], workers: int, delay_s: float) -> Made:
    with database(kind) as url, crew(url, JOBS__DELAY_S=str(delay_s)) as (team, _):
        ids = team.queue(*urls)
        started = [team.start("--once") for _ in range(workers)]
        team.wait_ended(ids, _LONGEST_S, poll_s=1.0)
        codes = [worker.end() for worker in started]
        made = visits(team.place.web.log)
        wrong = impolite(made, delay_s) + team.wrong_results(ids) + team.left()
        wrong += [f"a worker ended with {code}" for code in codes if code]
        if len(made) != len(ids):
            wrong.append(f"{len(ids)} jobs brought {len(made)} visits")
    began = min(visit.began_s for visit in made)
    others = max(visit.ended_s for visit in made if visit.host != "busy.test")
    return Made(max(visit.ended_s for visit in made) - began, others - began, len(made), tuple(wrong))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", type=int, nargs="?", default=200)
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--delay", type=float, default=1.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    given = parser.parse_args()
    half = given.jobs // 2
    busy = [f"http://busy.test/b{number}/" for number in range(half)]
    others = [f"http://other{number % (given.hosts - 1)}.test/o{number}/" for number in range(given.jobs - half)]
    sys.stdout.write(f"{'database':<11} {'jobs':>5} {'wall s':>7} {'a minute':>8} {'others done s':>13}  violations\n")
    wrong: list[str] = []
    with own_folders():
        for kind in given.database or ["sqlite", "postgresql"]:
            for urls in (busy + others, others):
                began = time.monotonic()
                made = run(kind, urls, given.workers, given.delay)
                wrong += made.wrong
                sys.stdout.write(
                    f"{kind:<11} {made.captures:>5} {made.wall_s:>7.0f} {made.a_minute:>8.1f} {made.others_s:>13.0f}  "
                    f"{len(made.wrong)} ({time.monotonic() - began:.0f} s in all)\n"
                )
                sys.stdout.flush()
    for text in wrong:
        sys.stdout.write(f"WRONG {text}\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

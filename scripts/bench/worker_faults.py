#!/usr/bin/env python3
"""Workers under random faults: what is killed, stopped or taken away while they capture, and how soon they recover.

    .venv/bin/python scripts/bench/worker_faults.py [20] [--database postgresql] [--store s3] [--lease 4] [--seed 1]

Two workers are at work; each round queues some jobs, strikes at a random moment after the first visit has begun, and
waits until all jobs have ended. Each is to have one result that counts. Recovery is from the strike to that moment. In
the end nothing may be left: no process, no temporary file. Exits with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support import postgres, seaweed
from tests.support.faulty_s3 import FaultyS3
from tests.support.places import own_folders
from tests.support.postgres import Postgres
from tests.support.workers import Crew, Running, crew, impolite, visits

_JOBS = 3
_DELAY_S = 0.5
_LONGEST_S = 400.0
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")


@dataclass
class Row:
    """What came of one kind of fault."""

    took_s: list[float] = field(default_factory=list)
    duplicates: int = 0
    attempts: int = 0
    wrong: list[str] = field(default_factory=list)


class Bench:
    def __init__(
        self, team: Crew, lease_s: float, chance: random.Random, server: Postgres | None, proxy: FaultyS3 | None
    ) -> None:
        self._team, self._lease_s, self._chance, self._server, self._proxy = team, lease_s, chance, server, proxy
        self._alive: list[Running] = []
        self.rows: defaultdict[str, Row] = defaultdict(Row)
        self.faults: dict[str, Callable[[Running], None]] = {
            "none": lambda _: None,
            "worker killed": lambda worker: worker.signal(signal.SIGKILL),
            "worker stopped": lambda worker: self._stand_still([worker.pid]),
            "worker and runner stopped": lambda worker: self._stand_still([worker.pid, *worker.runners()]),
            "runner killed": lambda worker: _kill(worker.runners()),
            "browser killed": lambda worker: _kill(worker.browsers()),
            "told to stop": lambda worker: worker.signal(signal.SIGTERM),
            "Ctrl-C": lambda worker: worker.signal_group(signal.SIGINT),
        }
        if server is not None:
            self.faults["database away"] = lambda _: self._without_database(1.0)
            self.faults["database away for long"] = lambda _: self._without_database(2.5 * lease_s)
        if proxy is not None:
            self.faults["store away"] = lambda _: self._without_store()

    def round(self, number: int, name: str) -> None:
        """Queue some jobs, strike, and see what comes of it."""
        team, row = self._team, self.rows[name]
        self._alive = [worker for worker in self._alive if worker.process.poll() is None]
        while len(self._alive) < 2:
            self._alive.append(team.start(JOBS__GRACE_S=self._chance.choice(["0.5", "60"])))
        team.wait_ready(*self._alive, timeout_s=120)
        pages = [f"slow1.r{number}.{job}" for job in range(_JOBS)]
        before = team.duplicates()
        ids = team.queue(*(f"http://h{self._chance.randrange(2)}.test/{page}/" for page in pages))
        team.wait(lambda: any(f"/r{number}." in one.target.replace("slow1.", "") for one in team.place.web.log), 120)
        time.sleep(self._chance.uniform(0.0, 6.0))
        began = time.monotonic()
        busy = [worker for worker in self._alive if worker.browsers()] or self._alive
        self.faults[name](self._chance.choice(busy))
        team.wait_ended(ids, _LONGEST_S)
        row.took_s.append(time.monotonic() - began)
        row.wrong += team.wrong_results(ids)
        row.duplicates += team.duplicates() - before
        row.attempts += sum(job.attempts for id_, job in team.jobs().items() if id_ in set(ids))

    def finish(self) -> list[str]:
        """Stop the workers; what is left of all that, and where hosts were visited too soon."""
        wrong = []
        for worker in self._alive:
            code = worker.stop(120)
            if code not in (0, -signal.SIGKILL):
                wrong.append(f"a worker ended with {code}: {worker.text[-300:]}")
        return wrong + self._team.left() + impolite(visits(self._team.place.web.log), _DELAY_S)

    def _stand_still(self, pids: list[int]) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(self._lease_s * self._chance.uniform(1.1, 3.0))
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    def _without_database(self, seconds: float) -> None:
        assert self._server is not None
        self._server.stop()
        time.sleep(seconds)
        self._server.go_on()

    def _without_store(self) -> None:
        assert self._proxy is not None
        for method in _METHODS:
            self._proxy.add("reset before", method, times=-1)
        time.sleep(60.0)
        self._proxy.clear()


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def surroundings(database: str, store: str, lease_s: float, chance: random.Random) -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        server = url = proxy = archive = None
        if database == "postgresql":
            server = stack.enter_context(postgres.running())
            url = stack.enter_context(server.database())
        if store == "s3":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="archiver-bench-"))
            real = stack.enter_context(seaweed.running(Path(folder)))
            proxy = stack.enter_context(FaultyS3(real.endpoint))
            client = real.client()
            client.create_bucket(Bucket="queue")
            client.close()
            os.environ |= {**real.environment, "AWS_ENDPOINT_URL_S3": proxy.endpoint}
            archive = "s3://queue/archive"
        manners = {"JOBS__LEASE_S": str(lease_s), "JOBS__DELAY_S": str(_DELAY_S), "JOBS__RETRY_S": "1"}
        team, _ = stack.enter_context(crew(url, archive, **manners))
        yield Bench(team, lease_s, chance, server, proxy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=20)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--store", choices=["local", "s3"], default="local")
    parser.add_argument("--lease", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", action="append", help="only these")
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311  # moments, nothing secret
    began = time.monotonic()
    with own_folders(), surroundings(given.database, given.store, given.lease, chance) as bench:
        names = given.fault or list(bench.faults)
        plan = [names[number % len(names)] for number in range(given.rounds)]
        chance.shuffle(plan)
        for number, name in enumerate(plan):
            sys.stderr.write(f"\rround {number + 1} of {given.rounds}: {name}\x1b[K")
            bench.round(number, name)
        left = bench.finish()
    sys.stdout.write(
        f"\n{'fault':<26} {'rounds':>6} {'median s':>8} {'longest s':>9} {'attempts':>8} {'again':>5}  wrong\n"
    )
    for name, row in sorted(bench.rows.items()):
        sys.stdout.write(
            f"{name:<26} {len(row.took_s):>6} {statistics.median(row.took_s):>8.1f} {max(row.took_s):>9.1f} "
            f"{row.attempts:>8} {row.duplicates:>5}  {len(row.wrong)}\n"
        )
    sys.stdout.write(f"left behind or impolite: {len(left)}; {time.monotonic() - began:.0f} s in all\n")
    wrong = [*(text for row in bench.rows.values() for text in row.wrong), *left]
    for text in wrong:
        sys.stdout.write(f"WRONG {text}\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

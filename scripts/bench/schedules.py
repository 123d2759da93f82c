#!/usr/bin/env python3
"""What very many schedules cost: a round of planning, listing them, memory, and adding them through the log.

    .venv/bin/python scripts/bench/schedules.py [--schedules 10000] [--stated 100] [--seconds 600]
                                                [--database sqlite postgresql]

Rows are put in directly, each of a host of its own, hourly. Then a round is measured when none is due, when a hundred
are, and when all are: a worker makes one every second, so the first should take milliseconds. The last figures are of
schedules that are added as people add them: a signed statement in a log on disk each, which the queue then follows.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orjson
import sqlalchemy as sa
from pydantic import SecretStr

from archiver import clock
from archiver.archive import Archive
from archiver.config import Settings
from archiver.jobs import opening
from archiver.jobs.engine import Engine
from archiver.jobs.opening import Opened
from archiver.jobs.schema import schedules
from archiver.moments import to_ms
from archiver.schedules.definition import Definition, define
from archiver.storage import layout
from tests.support import postgres

_START = datetime(2026, 3, 1, tzinfo=UTC)
_FEW = 100


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def defined(number: int, start: datetime) -> Definition:
    return define(f"s{number}", {"urls": (f"https://host{number}.example/news",), "every": "1h"}, start)


def fill(found: Opened, count: int) -> None:
    """Rows as they are when all are planned up to the start."""
    rows = [
        {
            "id": layout.new_id(_START),
            "name": f"s{number}",
            "definition": orjson.dumps(defined(number, _START).document()).decode(),
            "paused": False,
            "changed_at": clock.rfc3339(_START),
            "high_ms": to_ms(_START),
            "next_ms": to_ms(_START + timedelta(hours=1)),
            "next_seq": 2,
        }
        for number in range(count)
    ]
    with found.database.transaction() as connection:
        for at in range(0, count, 1000):
            connection.execute(schedules.insert(), rows[at : at + 1000])


def timed(what: Callable[[], Any]) -> tuple[float, float, Any]:
    """How long it took, how long this process worked for it, and what came of it."""
    began, worked = time.perf_counter(), time.process_time()
    result = what()
    return time.perf_counter() - began, time.process_time() - worked, result


def row(said: str, took_s: float, worked_s: float, each: int = 1) -> None:
    say(f"  {said:<62}{took_s / each * 1000:>12.2f} ms{worked_s / each * 1000:>12.2f} ms")


def measure(found: Opened, count: int, limit_s: float) -> None:
    planner = found.planner
    rounds = 50
    took, worked, _ = timed(lambda: [planner.tick(_START + timedelta(minutes=30)) for _ in range(rounds)])
    row("a round when none is due", took, worked, rounds)
    with found.database.transaction() as connection:
        few = connection.execute(sa.select(schedules).order_by(schedules.c.name).limit(_FEW)).all()
        for each in few:
            document = {**orjson.loads(each.definition), "every_s": 1200}
            values = {"definition": orjson.dumps(document).decode(), "next_ms": to_ms(_START + timedelta(minutes=20))}
            connection.execute(schedules.update().where(schedules.c.id == each.id).values(values))
    took, worked, done = timed(lambda: planner.tick(_START + timedelta(minutes=30)))
    row(f"a round when {done} are due", took, worked)

    def all_due() -> int:
        total, deadline = 0, time.perf_counter() + limit_s
        while time.perf_counter() < deadline and (done := planner.tick(_START + timedelta(hours=1, minutes=1))):
            total += done
        return total

    took, worked, done = timed(all_due)
    row(f"rounds when all are due, each of the first {done}", took, worked, max(done, 1))
    took, worked, listed = timed(lambda: len(list(found.scheduling.listing())))
    row(f"schedule list, {listed} with their newest jobs", took, worked)
    took, worked, _ = timed(found.queue.pump_ready)
    row("looking for what waits and can be handed over", took, worked)
    took, worked, counts = timed(found.queue.counts)
    row(f"counting {sum(counts.values())} jobs by state", took, worked)
    say(f"  memory, at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def state(found: Opened, count: int) -> None:
    took, worked, _ = timed(lambda: [found.scheduling.add(f"t{n}", defined(n, clock.now())) for n in range(count)])
    row(f"adding {count} schedules through the log, each", took, worked, count)


@contextlib.contextmanager
def opened(kind: str) -> Iterator[Opened]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(archive=str(folder / "archive"))
        if kind == "postgresql":
            server = stack.enter_context(postgres.running())
            url = stack.enter_context(server.database())
            settings = settings.model_copy(update={"database_url": SecretStr(url)})
        archive = stack.enter_context(Archive(settings))
        made = stack.enter_context(opening.opened(archive, settings))
        engine = Engine(made.database)
        yield opening.assemble(archive, settings, made.database, engine)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--stated", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=600, help="how long to plan at most when all are due")
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    for kind in arguments.database:
        with opened(kind) as found:
            say(f"{kind}, {arguments.schedules} schedules: how long it took, and how long this process worked for it")
            found.scheduling.follow()
            fill(found, arguments.schedules)
            measure(found, arguments.schedules, arguments.seconds)
            state(found, arguments.stated)
    return 0


if __name__ == "__main__":
    sys.exit(main())
